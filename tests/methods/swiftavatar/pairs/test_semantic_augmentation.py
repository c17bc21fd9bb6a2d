import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmark.avatars.part_classes import PART_IDS
from methods.base import MethodError
from methods.shared.randomness import generator_of
from methods.swiftavatar.options import NO_SEMANTIC, SemanticOptions
from methods.swiftavatar.semantic_augmentation import AMBIGUOUS, augmented_latents

LAMBDAS = st.floats(0, 1)


def rows_of(generator, *parts):
    """A mask of the rows of W+ that belong to some parts."""
    mask = torch.zeros(generator.layout.rows, dtype=torch.bool)
    for part in parts:
        mask[generator.layout.part_rows(PART_IDS[part])] = True
    return mask


def numbers(*values):
    return np.array(values, np.int64)


@settings(max_examples=25)
@given(background=LAMBDAS, hair=LAMBDAS, glasses=LAMBDAS, seed=st.integers(0, 99))
def test_equation_seven_row_by_row(
    realistic, make_latents, background, hair, glasses, seed
):
    options = SemanticOptions(
        background=background, hair=hair, glasses=glasses, copies=1
    )
    latents = make_latents(3).latents
    found = augmented_latents(latents, numbers(2), numbers(4), realistic, options, seed)
    z = torch.randn(
        3, realistic.config.style_dim, generator=generator_of("semantic", seed, 2, 4)
    )
    with torch.no_grad():
        noise = realistic.style(z)
    expected = latents[2].clone()
    for part, share, own in zip(
        AMBIGUOUS, (background, hair, glasses), noise, strict=True
    ):
        rows = rows_of(realistic, part)
        expected[rows] = (1 - share) * latents[2][rows] + share * own
    torch.testing.assert_close(found[0], expected)


def test_other_rows_stay_bit_by_bit(realistic, make_latents):
    latents, options = make_latents(4).latents, SemanticOptions()
    before = latents.clone()
    avatars = numbers(0, 1, 2, 3, 0)
    found = augmented_latents(
        latents, avatars, numbers(0, 0, 0, 0, 1), realistic, options, 0
    )
    others = ~rows_of(realistic, *AMBIGUOUS)
    assert torch.equal(latents, before)
    assert torch.equal(found[:, others], latents[avatars][:, others])
    for part in AMBIGUOUS:
        mine = rows_of(realistic, part)
        assert (found[:, mine] != latents[avatars][:, mine]).all(-1).all()
    background = rows_of(realistic, "background")
    # With lambda 1 both rows equal the noise.
    assert torch.equal(found[:, background][:, 0], found[:, background][:, 1])


def test_without_augmentation_a_copy_is_the_latent_itself(
    realistic, make_latents, few_parts
):
    latents = make_latents(3).latents
    for generator in (realistic, few_parts):
        found = augmented_latents(
            latents, numbers(2, 0), numbers(0, 0), generator, NO_SEMANTIC, 0
        )
        assert torch.equal(found, latents[[2, 0]])


def test_a_copy_depends_only_on_its_numbers(realistic, make_latents):
    latents, options = make_latents(5).latents, SemanticOptions()
    avatars, copies = numbers(0, 1, 2, 3, 4, 3), numbers(0, 0, 0, 0, 0, 7)
    made = augmented_latents(latents, avatars, copies, realistic, options, 5)
    for row in (1, 5):
        alone = augmented_latents(
            latents, avatars[[row]], copies[[row]], realistic, options, 5
        )
        assert torch.equal(alone[0], made[row])
    other = augmented_latents(latents, avatars, copies, realistic, options, 6)
    different = (made != other).flatten(1).any(1)
    assert different.all()
    assert not torch.equal(made[3], made[5])


def test_one_lambda_does_not_change_other_parts(realistic, make_latents):
    latents = make_latents(2).latents
    first, second = (
        augmented_latents(
            latents,
            numbers(0, 1),
            numbers(0, 0),
            realistic,
            SemanticOptions(hair=share),
            0,
        )
        for share in (0.0, 0.9)
    )
    hair = rows_of(realistic, "hair")
    assert torch.equal(first[:, ~hair], second[:, ~hair])
    assert torch.equal(first[:, hair], latents[:, hair])
    assert not torch.equal(second[:, hair], first[:, hair])


def test_a_part_that_the_generator_lacks_is_named(few_parts, make_latents):
    with pytest.raises(MethodError, match=r"semantic\.glasses: the generator has 8"):
        augmented_latents(
            make_latents(1).latents,
            numbers(0),
            numbers(0),
            few_parts,
            SemanticOptions(),
            0,
        )
