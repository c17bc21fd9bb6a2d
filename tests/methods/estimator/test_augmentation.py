import pytest
import torch

from methods.estimator.augmentation import Augmentation, augment
from methods.shared.randomness import generator_of

SWITCHES = tuple(Augmentation.model_fields)
NOTHING = Augmentation(**dict.fromkeys(SWITCHES, False))


@pytest.fixture
def pictures():
    side = torch.linspace(-0.6, 0.6, 64)
    image = torch.stack(
        [side.expand(64, 64), side[:, None].expand(64, 64), side.expand(64, 64) ** 2]
    )
    return image.repeat(3, 1, 1, 1)


def test_without_switches_nothing_changes(pictures):
    assert torch.equal(augment(pictures, NOTHING, generator_of(0)), pictures)


@pytest.mark.parametrize("name", SWITCHES)
def test_each_switch_changes_pictures_within_range(pictures, name):
    switches = NOTHING.model_copy(update={name: True})
    result = augment(pictures, switches, generator_of(1))
    assert result.shape == pictures.shape
    assert result.dtype == torch.float32
    assert not torch.equal(result, pictures)
    assert float(result.abs().max()) <= 1


@pytest.mark.parametrize("name", [n for n in SWITCHES if n != "flip"])
def test_every_picture_is_changed_differently(pictures, name):
    switches = NOTHING.model_copy(update={name: True})
    result = augment(pictures, switches, generator_of(1))
    assert not torch.equal(result[0], result[1])


def test_the_same_seed_gives_the_same_pictures(pictures):
    first, again, other = (
        augment(pictures, Augmentation(), generator_of(seed)) for seed in (4, 4, 5)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_switches_are_independent(pictures):
    light = augment(
        pictures, NOTHING.model_copy(update={"light": True}), generator_of(2)
    )
    both = Augmentation(blur=False, crop=False, colour=True, light=True)
    colour = NOTHING.model_copy(update={"colour": True})
    coloured = augment(pictures, colour, generator_of(2))
    lit_later = augment(
        coloured, NOTHING.model_copy(update={"light": True}), generator_of(2)
    )
    together = augment(pictures, both, generator_of(2))
    torch.testing.assert_close(together, lit_later)
    assert not torch.equal(light, together)


def test_pictures_are_not_flipped_unless_asked():
    assert not Augmentation().flip
