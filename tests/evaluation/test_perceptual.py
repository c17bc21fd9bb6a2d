from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from benchmark.weights import ALEXNET, ST_LPIPS_ALEX, VGG16, find
from benchmark.weights.lpips_net import load_lpips
from evaluation.base import Cases, MetricError, MetricSetup
from evaluation.perceptual import Lpips, ShiftTolerantLpips, signed_pictures


def weight_file(name: str) -> Path:
    file = find(name)
    if file is None:
        pytest.skip(f"weight file {name} is not at hand: avatarbench weights fetch")
    return file


@pytest.fixture(scope="module")
def st_lpips() -> ShiftTolerantLpips:
    return ShiftTolerantLpips(MetricSetup({ST_LPIPS_ALEX: weight_file(ST_LPIPS_ALEX)}))


@pytest.fixture(scope="module")
def lpips() -> Lpips:
    return Lpips(MetricSetup({ALEXNET: weight_file(ALEXNET)}))


def pictures(size: int) -> dict[str, np.ndarray]:
    """A soft face-like picture and what may become of it; all (size, size, 3) uint8."""
    y, x = np.mgrid[: size + 2, : size + 2] / size
    head = np.exp(-(((x - 0.5) / 0.22) ** 4) - (((y - 0.52) / 0.3) ** 4))
    eyes = np.exp(-((np.abs(x - 0.5) - 0.1) ** 2 + (y - 0.45) ** 2) / 0.0012)
    stripes = 0.08 * np.sin(40 * x + 13 * y)
    planes = [head * tone - 0.5 * eyes + stripes + 0.2 for tone in (0.7, 0.55, 0.45)]
    whole = (np.clip(np.stack(planes, axis=-1), 0, 1) * 255).astype(np.uint8)
    picture = whole[1:-1, 1:-1]
    noise = np.random.default_rng(0).integers(0, 256, picture.shape, dtype=np.uint8)
    blurred = whole.astype(np.float64)
    for _ in range(6):
        for axis in (0, 1):
            blurred = (np.roll(blurred, 1, axis) + blurred * 2) / 4 + (
                np.roll(blurred, -1, axis) / 4
            )
    return {
        "same": picture,
        "shifted": whole[1:-1, :-2],
        "blurred": blurred[1:-1, 1:-1].astype(np.uint8),
        "mirrored": picture[::-1].copy(),
        "noise": noise,
    }


def distance(metric, first: np.ndarray, second: np.ndarray, truth) -> float:
    vector = truth[0]
    cases = Cases(vector, vector, first[None], second[None])
    return float(metric.score(cases)[0])


def test_st_lpips_orders_distortions_by_severity(st_lpips, truth):
    made = pictures(128)
    found = {k: distance(st_lpips, v, made["same"], truth) for k, v in made.items()}
    assert found["same"] == 0
    assert 0 < found["shifted"] < 0.03
    assert found["shifted"] < found["blurred"] < found["mirrored"] < found["noise"]


def test_st_lpips_is_symmetric(st_lpips, truth):
    made = pictures(128)
    there = distance(st_lpips, made["noise"], made["same"], truth)
    back = distance(st_lpips, made["same"], made["noise"], truth)
    assert there == pytest.approx(back, abs=1e-6)


@pytest.mark.parametrize(
    ("size", "published"),
    [
        # Figures of stlpips-pytorch 0.0.2 itself on the same pictures.
        (96, {"shifted": 0.0019408, "blurred": 0.0704048, "noise": 0.8512498}),
        (128, {"shifted": 0.0014657, "mirrored": 0.1187994, "noise": 0.9197097}),
    ],
)
def test_st_lpips_agrees_with_the_published_code(st_lpips, truth, size, published):
    made = pictures(size)
    for name, value in published.items():
        found = distance(st_lpips, made[name], made["same"], truth)
        assert found == pytest.approx(value, abs=1e-5)


RECORDED = {
    # Figures of the package lpips 0.1.4 itself on the same pictures, its trunk filled
    # with torchvision's convolutions.
    ("alex", 64): {"shifted": 0.0127777, "blurred": 0.1830941, "noise": 1.2707471},
    ("alex", 96): {"shifted": 0.0060979, "mirrored": 0.1693567, "noise": 1.5009948},
    ("alex", 256): {"blurred": 0.0016812, "mirrored": 0.1980333, "noise": 1.64021},
    ("vgg", 64): {"shifted": 0.0315454, "blurred": 0.0928779, "noise": 0.8160787},
    ("vgg", 256): {"shifted": 0.0055906, "mirrored": 0.3298981, "noise": 0.8989951},
}


@pytest.mark.parametrize("size", [64, 96, 256])
def test_lpips_agrees_with_the_package(lpips, truth, size):
    made = pictures(size)
    for name, value in RECORDED["alex", size].items():
        found = distance(lpips, made[name], made["same"], truth)
        assert found == pytest.approx(value, abs=1e-5)
    assert distance(lpips, made["same"], made["same"], truth) == 0


@pytest.mark.slow
@pytest.mark.parametrize("size", [64, 256])
def test_lpips_with_vgg_agrees_with_the_package(size):
    net, made = load_lpips("vgg", weight_file(VGG16)), pictures(size)
    one = {name: signed_pictures(picture[None]) for name, picture in made.items()}
    for name, value in RECORDED["vgg", size].items():
        assert float(net(one[name], one["same"])) == pytest.approx(value, abs=1e-5)


@pytest.mark.slow
def test_lpips_gives_the_published_distances(lpips, truth):
    """On ex_ref.png, ex_p0.png and ex_p1.png of the repository of LPIPS."""
    folder = os.environ.get("AVATARBENCH_LPIPS_EXAMPLES")
    if folder is None:
        pytest.skip("AVATARBENCH_LPIPS_EXAMPLES names no folder of example pictures")
    reference, first, second = (
        np.array(Image.open(Path(folder) / f"ex_{name}.png").convert("RGB"))
        for name in ("ref", "p0", "p1")
    )
    assert distance(lpips, first, reference, truth) == pytest.approx(0.722, abs=5e-4)
    assert distance(lpips, second, reference, truth) == pytest.approx(0.138, abs=5e-4)


def test_larger_renders_are_reduced_to_the_declared_size(st_lpips, truth):
    made = pictures(256)
    halved = {
        name: np.round(
            picture.reshape(128, 2, 128, 2, 3).mean(axis=(1, 3), dtype=np.float64)
        ).astype(np.uint8)
        for name, picture in made.items()
    }
    large = distance(st_lpips, made["mirrored"], made["same"], truth)
    small = distance(st_lpips, halved["mirrored"], halved["same"], truth)
    assert large == pytest.approx(small, rel=0.02)


def test_pictures_span_minus_one_to_one():
    render = np.array([[[[0, 127, 255]]]], dtype=np.uint8).repeat(2, 1).repeat(2, 2)
    tensor = signed_pictures(render)
    assert tensor.shape == (1, 3, 2, 2)
    np.testing.assert_allclose(tensor[0, :, 0, 0], [-1, -1 / 255, 1], atol=1e-6)


def test_lpips_takes_the_trunk_from_the_given_file(untrained_alexnet, truth):
    metric = Lpips(MetricSetup({ALEXNET: untrained_alexnet}))
    made = pictures(64)
    assert distance(metric, made["same"], made["same"], truth) == 0
    there = distance(metric, made["noise"], made["same"], truth)
    back = distance(metric, made["same"], made["noise"], truth)
    assert there == pytest.approx(back, rel=1e-5)
    again = Lpips(MetricSetup({ALEXNET: untrained_alexnet}))
    assert distance(again, made["noise"], made["same"], truth) == there


def test_lpips_declares_its_settings():
    identity = Lpips.meta.identity
    assert identity["net"] == "alex"
    assert identity["version"] == "0.1"
    assert identity["range"] == "[-1, 1]"
    assert str(identity["package"]).startswith("lpips 0.")


@pytest.mark.parametrize("metric", [Lpips, ShiftTolerantLpips])
def test_without_its_weight_file_a_metric_says_how_to_get_it(metric):
    with pytest.raises(MetricError, match=r"needs the weight file .*weights fetch"):
        metric(MetricSetup())


@pytest.mark.parametrize("metric", [Lpips, ShiftTolerantLpips])
def test_a_file_with_other_weights_is_refused(metric, tmp_path):
    file = tmp_path / "other.weights"
    save = save_file if metric is Lpips else torch.save
    save({"features.0.weight": torch.zeros(3)}, file)
    with pytest.raises(MetricError, match=r"other\.weights does not hold the weights"):
        metric(MetricSetup({metric.meta.needs[0]: file}))


def test_pictures_too_small_for_the_trunk_are_refused(untrained_alexnet, truth):
    metric = Lpips(MetricSetup({ALEXNET: untrained_alexnet}))
    small = np.zeros((16, 16, 3), dtype=np.uint8)
    with pytest.raises(MetricError, match=r"at least 64 px.*got 16"):
        distance(metric, small, small, truth)


def test_creating_a_metric_keeps_the_random_state(untrained_alexnet):
    before = torch.random.get_rng_state()
    Lpips(MetricSetup({ALEXNET: untrained_alexnet}))
    assert torch.equal(before, torch.random.get_rng_state())


def test_lpips_computes_the_features_of_a_picture_once(lpips, truth, monkeypatch):
    made = {name: picture[:80, :80] for name, picture in pictures(96).items()}
    calls, compute = [], lpips._features._compute
    monkeypatch.setattr(
        lpips._features, "_compute", lambda p: calls.append(1) or compute(p)
    )
    for one in made.values():
        for other in made.values():
            distance(lpips, one, other, truth)
    assert len(calls) == len(made)


@pytest.mark.slow
def test_cached_features_change_no_score(st_lpips, truth):
    made, net = pictures(96), st_lpips._net
    for one in made.values():
        for other in made.values():
            with torch.inference_mode():
                pair = signed_pictures(np.stack([one, other])).split(1)
                again = float(net.distance(*map(net.features, pair)))
            assert distance(st_lpips, one, other, truth) == again
