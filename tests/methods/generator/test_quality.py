import numpy as np
import pytest
import torch

from benchmark import weights
from benchmark.faces.parsed import ParsedArrays
from methods.generator import quality
from methods.generator.quality import (
    QualityError,
    SampleQuality,
    frechet_distance,
    kernel_distance,
    mean_distance,
    squared_mmd,
    two_samples,
)
from methods.networks.backbones import WeightMismatch


@pytest.fixture
def draw():
    rng = np.random.default_rng(5)
    return lambda n, shift=0.0, d=6: rng.normal(shift, 1, (n, d))


@pytest.fixture
def untrained(tmp_path, monkeypatch):
    """A placeholder of the weight file; features are of an untrained network."""
    torch.manual_seed(0)
    monkeypatch.setattr(quality, "load_imagenet", lambda *given: None)
    (tmp_path / "lite0.pth").write_bytes(b"weights")
    return tmp_path / "lite0.pth"


def faces(count, seed, top=256):
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, top, (count, 4, 4, 3), dtype=np.uint8)
    return coarse.repeat(16, axis=1).repeat(16, axis=2)


def test_squared_mmd_is_the_published_formula(draw):
    x, y = draw(5), draw(7, 0.5)

    def kernel(a, b):
        return (a @ b / len(a) + 1) ** 3

    within = [
        sum(kernel(a, b) for i, a in enumerate(z) for j, b in enumerate(z) if i != j)
        / (len(z) * (len(z) - 1))
        for z in (x, y)
    ]
    between = sum(kernel(a, b) for a in x for b in y) / (len(x) * len(y))
    assert squared_mmd(x, y) == pytest.approx(sum(within) - 2 * between)


def test_kernel_distance_is_unbiased_and_detects_a_shift(draw):
    values, errors = zip(
        *(kernel_distance(draw(60), draw(60), 20) for _ in range(200)), strict=True
    )
    # The stated errors equal the standard deviation of the values around zero.
    assert abs(np.mean(values)) < 3 * np.std(values) / np.sqrt(200)
    assert np.sqrt(np.mean(np.square(errors))) == pytest.approx(np.std(values), rel=0.3)
    distance, error = kernel_distance(draw(60), draw(90, 0.7), 20)
    assert distance > 3 * error > 0


def test_frechet_distance_is_that_of_normal_distributions(draw):
    x = draw(400)
    assert frechet_distance(x, x) == pytest.approx(0, abs=1e-9)
    assert frechet_distance(x, x + 2) == pytest.approx(4 * 6)
    # Covariances C and 9 C: tr C + 9 tr C - 2 x 3 tr C.
    y = 3 * (x - x.mean(axis=0)) + x.mean(axis=0)
    assert frechet_distance(x, y) == pytest.approx(4 * np.trace(np.cov(x.T)))


def test_frechet_distance_takes_fewer_pictures_than_features(draw):
    x = draw(4)
    wide = np.hstack([x, np.zeros((4, 20))])
    assert frechet_distance(wide, wide + 1) == pytest.approx(26)
    assert frechet_distance(wide, 2 * wide) == pytest.approx(frechet_distance(x, 2 * x))


def test_mean_distance_is_over_pairs():
    assert mean_distance(np.array([[0.0], [1.0], [3.0]])) == pytest.approx(2)


@pytest.mark.slow
def test_scores_detect_equal_dull_and_collapsed_samples(untrained):
    scorer = SampleQuality(faces(40, seed=1), untrained)
    floor = scorer.floor(faces(40, seed=2))
    assert set(floor) == {
        "kernel_distance",
        "kernel_distance_error",
        "frechet_distance",
        "diversity",
    }
    assert scorer.floor(faces(40, seed=2)) == floor == scorer.score(faces(40, seed=2))
    dull = scorer.score(faces(40, seed=2, top=30))
    assert dull["frechet_distance"] > floor["frechet_distance"]
    same = scorer.score(faces(1, seed=2).repeat(40, axis=0))
    assert same["diversity"] == pytest.approx(0, abs=1e-3)
    assert floor["diversity"] == pytest.approx(1, abs=0.2)


def test_scoring_does_not_change_the_random_state(untrained):
    before = torch.get_rng_state()
    SampleQuality(faces(8, seed=1), untrained)
    assert torch.equal(torch.get_rng_state(), before)


def test_two_real_samples_share_no_face():
    pictures = faces(9, seed=3)
    crowd = ParsedArrays("nine", pictures, pictures[..., 0] % 13, "CC0-1.0", True)
    first, second = two_samples(crowd, 4)
    drawn = {picture.tobytes() for picture in (*first, *second)}
    assert len(drawn) == 8
    with pytest.raises(QualityError, match=r"nine has 9 faces, .* take 4 or fewer"):
        two_samples(crowd, 5)


def test_the_identity_names_network_data_and_counts(untrained):
    text = SampleQuality(faces(8, seed=1), untrained).identity(12)
    for word in ("EfficientNet-Lite0", "ImageNet", "128 px", "Lanczos", "12 samples"):
        assert word in text
    assert "8 real" in text
    assert "Inception" not in text


@pytest.mark.parametrize(
    ("pictures", "complaint"),
    [
        (np.zeros((3, 64, 64, 3), np.uint8), "3 pictures: too few"),
        (np.zeros((9, 64, 64), np.uint8), r"must be \(n, S, S, 3\) uint8"),
        (np.zeros((9, 64, 64, 3), np.float32), "got .* float32"),
    ],
)
def test_pictures_of_wrong_shape_or_number_are_an_error(untrained, pictures, complaint):
    with pytest.raises(QualityError, match=complaint):
        SampleQuality(pictures, untrained)


def test_another_weight_file_is_an_error(tmp_path):
    torch.save({"x": torch.zeros(1)}, tmp_path / "other.pth")
    with pytest.raises(WeightMismatch, match=r"other\.pth does not hold"):
        SampleQuality(faces(8, seed=1), tmp_path / "other.pth")


@pytest.mark.slow
def test_published_features_distinguish_noise_from_a_second_sample():
    file = weights.find(weights.EFFICIENTNET_LITE0)
    if file is None:
        pytest.skip("efficientnet-lite0 was not fetched")
    scorer = SampleQuality(faces(24, seed=1), file)
    floor = scorer.floor(faces(24, seed=2))
    noise = np.random.default_rng(0).integers(0, 256, (24, 64, 64, 3), dtype=np.uint8)
    assert scorer.score(noise)["kernel_distance"] > 10 * abs(floor["kernel_distance"])
