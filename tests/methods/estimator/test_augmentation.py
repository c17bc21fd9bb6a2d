import pytest
import torch

from methods.estimator.augmentation import Augmentation, augment
from methods.estimator.options import EstimatorOptions
from methods.shared.randomness import generator_of

SWITCHES = tuple(k for k in Augmentation.model_fields if k != "strength")
NOTHING = Augmentation(**dict.fromkeys(SWITCHES, False))


@pytest.fixture
def pictures():
    """Three times the same gradients before a plain backdrop."""
    side = torch.linspace(-0.6, 0.6, 64)
    image = torch.stack(
        [side.expand(64, 64), side[:, None].expand(64, 64), side.expand(64, 64) ** 2]
    )
    image[:, :20] = image[:, :, :12] = image[:, :, 52:] = 0.3
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


def test_camera_and_background_keep_the_draws_of_the_others(pictures):
    def changed(before, *names):
        switches = NOTHING.model_copy(update=dict.fromkeys(names, True))
        return augment(before, switches, generator_of(2))

    together = changed(pictures, "background", "colour", "camera")
    steps = pictures
    for name in ("background", "colour", "camera"):
        steps = changed(steps, name)
    torch.testing.assert_close(together, steps)


def test_newer_options_change_nothing_by_default(pictures):
    old = {"light": True, "blur": True, "crop": True, "colour": True, "flip": False}
    assert Augmentation().model_dump() == old
    assert EstimatorOptions().model_dump()["augmentation"] == old
    generator, plain = generator_of(3), generator_of(3)
    augment(pictures, Augmentation(), generator)
    torch.rand(3, 14, generator=plain)
    assert torch.equal(generator.get_state(), plain.get_state())


def test_strength_widens_every_range(pictures):
    def distance(name, strength):
        switches = NOTHING.model_copy(update={name: True, "strength": strength})
        result = augment(pictures, switches, generator_of(5))
        return float((result - pictures).abs().mean())

    for name in ("light", "blur", "crop", "colour", "camera"):
        assert distance(name, 0) < 2e-3
        assert distance(name, 0.5) < distance(name, 1) < distance(name, 2)
    assert distance("background", 0) == pytest.approx(0, abs=1e-6)
    assert Augmentation(strength=2).model_dump()["strength"] == 2


def test_pictures_are_not_flipped_unless_asked():
    assert not Augmentation().flip
