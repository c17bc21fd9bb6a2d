import warnings

import pytest
import torch
from safetensors.torch import load_file
from torch import nn
from torch.nn import functional

from benchmark.weights import ALEXNET, EFFICIENTNET_LITE0, describe, find
from methods.base import MethodError
from methods.swiftavatar.perceptual import open_perceptual, required_weights

NAMES = ("lpips-alex", "lpips-vgg", "lite0-features")


def blobs(count, size, seed=0):
    """Smooth (count, 3, size, size) pictures in [-1, 1]."""
    rng = torch.Generator().manual_seed(seed)
    coarse = torch.rand(count, 3, 6, 6, generator=rng) * 2 - 1
    return functional.interpolate(coarse, size=size, mode="bilinear")


@pytest.fixture(scope="module")
def lite0():
    file = find(EFFICIENTNET_LITE0)
    if file is None:
        pytest.skip("efficientnet-lite0 was not fetched")
    return {EFFICIENTNET_LITE0: file}


def package_lpips(net, file):
    """The lpips package's module with the same backbone."""
    with warnings.catch_warnings(), pytest.MonkeyPatch.context() as patch:
        warnings.simplefilter("ignore")
        import lpips

        # No random weight is used, and the classifiers have 100 million.
        for draw in ("normal_", "kaiming_normal_", "kaiming_uniform_", "uniform_"):
            patch.setattr(nn.init, draw, lambda tensor, *given, **named: tensor)
        made = lpips.LPIPS(net=net, version="0.1", pnet_rand=True, verbose=False)
    state = load_file(file)
    keys = made.net.state_dict()
    made.net.load_state_dict({k: state["features." + k.split(".", 1)[1]] for k in keys})
    return made


@pytest.fixture(scope="module", params=["lpips-alex", "lpips-vgg"])
def twins(request, trunks):
    """Our network and the lpips package's, with the same backbone."""
    (file,) = required_weights(request.param)
    theirs = package_lpips(request.param.removeprefix("lpips-"), trunks[file])
    return open_perceptual(request.param, 256, trunks, "cpu"), theirs


def test_values_and_gradients_equal_the_lpips_package(twins):
    ours, theirs = twins
    one, other = blobs(2, 64).requires_grad_(True), blobs(2, 64, seed=1)
    expected = theirs(one, other).flatten()
    found = ours.distances(one, ours.features(other))
    assert (expected > 0).all()
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-7)
    (found,) = torch.autograd.grad(found.sum(), one)
    (expected,) = torch.autograd.grad(expected.sum(), one)
    assert found.isfinite().all()
    # The package's root has no gradient where all features of a position are zero.
    known = expected.isfinite()
    bound = 1e-3 * float(found.abs().max())
    torch.testing.assert_close(found[known], expected[known], rtol=0, atol=bound)


def test_lite0_distances_grow_with_visible_changes(lite0):
    net = open_perceptual("lite0-features", 256, lite0, "cpu")
    picture = blobs(1, 66)[..., 1:-1, 1:-1]
    shifted = blobs(1, 66)[..., 1:-1, :-2]
    noisy = (
        torch.rand(picture.shape, generator=torch.Generator().manual_seed(0)) * 2 - 1
    )
    blurred = functional.avg_pool2d(picture, 9, 1, 4, count_include_pad=False)
    changed = torch.cat([picture, shifted, blurred, picture.flip(3), noisy])
    features = net.features(picture)
    same, *rest = net.distances(changed, features).tolist()
    assert same == 0
    assert rest == sorted(rest)
    back = net.distances(picture, net.features(noisy))
    assert float(back) == pytest.approx(rest[-1], rel=1e-4)


def test_larger_pictures_are_averaged_and_smaller_ones_stay(trunks):
    net = open_perceptual("lpips-alex", 64, trunks, "cpu")
    one, other = blobs(2, 128), blobs(2, 128, seed=1)
    large = net.distances(one, net.features(other))
    one, other = functional.avg_pool2d(one, 2), functional.avg_pool2d(other, 2)
    torch.testing.assert_close(large, net.distances(one, net.features(other)))
    free = open_perceptual("lpips-alex", 4096, trunks, "cpu")
    torch.testing.assert_close(large, free.distances(one, free.features(other)))


@pytest.mark.parametrize(("size", "limit"), [(16, 256), (64, 16)])
def test_pictures_too_small_for_the_net_are_refused(trunks, size, limit):
    net = open_perceptual("lpips-alex", limit, trunks, "cpu")
    message = rf"32 px or more, got {size} px at a perceptual_size of {limit}"
    with pytest.raises(MethodError, match=message):
        net.features(blobs(1, size))


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_weight_file_is_named(name):
    (file,) = required_weights(name)
    assert describe(file).name == file
    with pytest.raises(MethodError, match=f"weights fetch {file}"):
        open_perceptual(name, 256, {}, "cpu")


@pytest.mark.parametrize("name", ["lpips-alex", "lite0-features"])
def test_other_weights_are_refused(name, tmp_path):
    file = tmp_path / "other.pth"
    torch.save({"features.0.weight": torch.zeros(3)}, file)
    with pytest.raises(MethodError, match=r"other\.pth does not hold the weights"):
        open_perceptual(name, 256, {required_weights(name)[0]: file}, "cpu")


def test_opening_a_network_keeps_the_random_state(trunks):
    before = torch.random.get_rng_state()
    net = open_perceptual("lpips-alex", 64, {ALEXNET: trunks[ALEXNET]}, "cpu")
    assert torch.equal(before, torch.random.get_rng_state())
    assert not any(p.requires_grad for p in net.parameters())
