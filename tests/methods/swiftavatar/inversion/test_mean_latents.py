import pytest
import tiny_pair
import torch

from benchmark.storage.store import Store
from benchmark.system.progress import Silent
from methods.base import MethodError
from methods.swiftavatar.mean_latents import mean_latents, mean_latents_stage
from methods.swiftavatar.options import MeanOptions

GLASSES = slice(22, 24)
"""The rows of part 10; two rows of structure come first."""


def find_means(avatar, root, seed=0, **options):
    options = MeanOptions(**{"samples": 400, "glasses_samples": 300, **options})
    return mean_latents(avatar, "avatar", options, seed, Store(root), Silent())


def test_the_mean_is_that_of_mapped_latents_in_every_row(spectacled, tmp_path):
    means = find_means(spectacled, tmp_path)
    assert means.mean.shape == (28, 4)
    assert (means.mean == means.mean[0]).all()
    torch.testing.assert_close(means.mean[0], torch.full((4,), 0.25), atol=0.02, rtol=0)


def test_only_the_glasses_rows_come_from_latents_with_glasses(spectacled, tmp_path):
    means = find_means(spectacled, tmp_path, glasses_share=0.25)
    moved = (means.start != means.mean).any(1).nonzero().flatten().tolist()
    assert moved == [22, 23]
    assert (means.start[GLASSES, 0] > 0.25).all()
    # Half the latents have a first number above 1/4, the others do not show glasses.
    assert 100 < means.shown < 200
    torch.testing.assert_close(
        means.start[22, 1:], means.mean[22, 1:], atol=0.03, rtol=0
    )


def test_latents_without_glasses_raise_an_error_with_their_share(bare_faced, tmp_path):
    with pytest.raises(MethodError) as caught:
        find_means(bare_faced, tmp_path, glasses_share=0.2)
    message = str(caught.value)
    assert "none of 300" in message
    assert "6.25%" in message
    assert "20.00%" in message
    assert "mean.glasses: false" in message


def test_without_the_option_no_glasses_are_searched(bare_faced, tmp_path):
    means = find_means(bare_faced, tmp_path, glasses=False)
    assert torch.equal(means.start, means.mean)
    assert means.shown == bare_faced.looked_at == 0


def test_a_generator_without_glasses_is_refused(tmp_path):
    options = {**tiny_pair.GENERATOR, "seg_dim": 8, "transparent_dims": ()}
    generator, _ = tiny_pair.make_networks(generator=options)
    with pytest.raises(MethodError, match=r"has 8 parts and none .*glasses: false"):
        find_means(generator, tmp_path)


def test_stored_means_are_read(spectacled, tmp_path):
    first, second = find_means(spectacled, tmp_path), find_means(spectacled, tmp_path)
    assert spectacled.looked_at == 300
    assert torch.equal(first.start, second.start)
    assert (first.shown, first.digest) == (second.shown, second.digest)
    other = find_means(spectacled, tmp_path, seed=1)
    assert not torch.equal(other.mean, first.mean)


def test_the_key_has_only_options_that_are_used():
    def key(seed=0, digest="avatar", **options):
        return mean_latents_stage(digest, MeanOptions(**options), seed, "cpu").key

    others = [
        key(seed=1),
        key(digest="another"),
        key(samples=5),
        key(glasses=False),
        key(glasses_share=0.5),
        key(glasses_samples=7),
    ]
    assert len({key(), *others}) == 7
    assert key(glasses=False) == key(glasses=False, glasses_share=0.5)
