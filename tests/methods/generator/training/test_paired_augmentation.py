import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from methods.generator.augmentation import augment
from methods.generator.recipe import Augmentation

COUNT, SIZE = 4, 32


def pair(seed=0):
    """Maps of three large regions, and pictures that show them in red, green, blue."""
    draws = torch.Generator().manual_seed(seed)
    coarse = torch.randn(COUNT, 3, 4, 4, generator=draws)
    fine = functional.interpolate(coarse, size=SIZE, mode="bilinear")
    seg = functional.one_hot(fine.argmax(1), 3).movedim(3, 1).float() * 2 - 1
    return seg.clone(), seg


def draws(seed):
    return torch.Generator().manual_seed(seed)


def test_off_changes_nothing():
    picture, seg = pair()
    moved = augment(picture, seg, Augmentation(), draws(0))
    assert torch.equal(moved[0], picture)
    assert torch.equal(moved[1], seg)


def test_a_mirror_is_exact():
    picture, seg = pair()
    picture = picture + torch.randn(picture.shape, generator=draws(1))
    moved = augment(picture, seg, Augmentation(flip=1), draws(0))
    assert torch.equal(moved[0], picture.flip(3))
    assert torch.equal(moved[1], seg.flip(3))


def test_about_a_share_is_mirrored():
    picture, seg = (x[:1].expand(400, -1, -1, -1) for x in pair())
    moved, _ = augment(picture, seg, Augmentation(flip=0.3), draws(0))
    same = (moved == picture).flatten(1).all(1)
    mirrored = (moved == picture.flip(3)).flatten(1).all(1)
    assert bool((same ^ mirrored).all())
    assert 80 < int(mirrored.sum()) < 160


@settings(max_examples=25)
@given(
    flip=st.floats(0, 1),
    shift=st.floats(0, 0.5),
    scale=st.floats(0, 0.5),
    turn=st.floats(0, 180),
    seed=st.integers(0, 9),
)
def test_picture_and_map_move_together(flip, shift, scale, turn, seed):
    options = Augmentation(flip=flip, shift=shift, scale=scale, turn=turn)
    picture, seg = augment(*pair(), options, draws(seed))
    assert set(seg.unique().tolist()) <= {-1.0, 1.0}
    assert torch.equal(seg.sum(1), torch.full((COUNT, SIZE, SIZE), -1.0))
    agree = picture.argmax(1) == seg.argmax(1)
    assert float(agree.float().mean()) > 0.97


def test_a_shift_is_of_the_stated_size():
    ramp = torch.linspace(-1, 1, SIZE).expand(200, 3, SIZE, SIZE).contiguous()
    moved, _ = augment(ramp, ramp, Augmentation(shift=0.25), draws(0))
    middle = moved[:, 0, SIZE // 2, SIZE // 2] - ramp[0, 0, 0, SIZE // 2]
    pixels = middle / (2 / (SIZE - 1))
    assert 0.22 * SIZE < float(pixels.abs().max()) <= 0.25 * SIZE + 1e-3
    assert abs(float(pixels.mean())) < 1.5
