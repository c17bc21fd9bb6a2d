import numpy as np
import pytest
import torch
from torch import nn

from benchmark.avatars import AvatarSpec, AvatarVectors, Continuous, Discrete
from methods.f2p.options import SearchOptions, SimilarityOptions
from methods.f2p.prior import Prior
from methods.f2p.search import Search, learning_rate_at

SPEC = AvatarSpec(
    "tiny",
    (
        Continuous("width", "head"),
        Continuous("length", "head"),
        Discrete("shape", "head", ("round", "square", "oval")),
    ),
)
WEIGHTS = SimilarityOptions()


class Painter(nn.Module):
    """Replaces an imitator: each number of the vector is a column."""

    def __init__(self):
        super().__init__()
        self.ink = nn.Parameter(torch.ones(1), requires_grad=False)

    def forward(self, vectors):
        columns = (vectors * 2 - 1) * self.ink
        return columns[:, None, None].expand(-1, 3, 5, -1)


class Apart:
    """Mean squared differences to target pictures, as content; no identity."""

    def __init__(self, targets, scale=1.0):
        self.targets, self.scale, self.seen = targets, scale, []

    def __call__(self, pictures):
        self.seen.append(pictures.detach().clone())
        content = (pictures - self.targets).square().mean((1, 2, 3)) * self.scale
        return torch.stack([torch.zeros_like(content), content], dim=1)


def painted(vectors):
    return Painter()(torch.from_numpy(vectors.flat()))


def make(prior=None, **changes):
    options = SearchOptions(**{"steps": 30, "learning_rate": 1.0, **changes})
    return Search(SPEC, Painter(), options, WEIGHTS, prior)


def test_the_rate_falls_by_a_fifth_every_five_steps():
    options = SearchOptions()
    rates = [learning_rate_at(step, options) for step in (0, 4, 5, 9, 10, 49)]
    assert rates == pytest.approx([10, 10, 8, 8, 6.4, 10 * 0.8**9])


def test_finds_the_vector_behind_a_picture():
    targets = AvatarVectors.sample(SPEC, 6, seed=0)
    found = make(sharpness=5).run(Apart(painted(targets)), 6)
    np.testing.assert_array_equal(found.vectors.discrete, targets.discrete)
    np.testing.assert_allclose(found.vectors.continuous, targets.continuous, atol=0.05)


def test_starts_from_the_mean_avatar():
    similarity = Apart(torch.zeros(2, 3, 5, 5))
    make(steps=1).run(similarity, 2)
    expected = torch.tensor([0.5, 0.5, 1 / 3, 1 / 3, 1 / 3]) * 2 - 1
    torch.testing.assert_close(similarity.seen[0][1, 2, 3], expected)


def test_a_step_is_plain_descent_and_then_a_clamp():
    scalars = AvatarSpec("scalars", (Continuous("a", "x"), Continuous("b", "x")))
    targets = torch.tensor([[0.6, 1.0]])
    similarity = Apart(Painter()(targets).clone())
    options = SearchOptions(steps=1, learning_rate=1.0)
    search = Search(scalars, Painter(), options, WEIGHTS)
    found = search.run(similarity, 1)
    # The loss is the mean over both columns of (2 (x - target))².
    expected = 0.5 - 1.0 * 4 * (0.5 - targets)
    np.testing.assert_allclose(
        found.vectors.continuous, expected.clamp(0, 1).numpy(), atol=1e-6
    )


def test_the_loss_is_the_weighted_sum_of_terms():
    class Both(Apart):
        def __call__(self, pictures):
            content = super().__call__(pictures)[:, 1]
            return torch.stack([content * 3, content], dim=1)

    weights = SimilarityOptions(identity_weight=0.01, content_weight=2.0)
    search = Search(SPEC, Painter(), SearchOptions(steps=0), weights)
    found = search.run(Both(torch.zeros(1, 3, 5, 5)), 1)
    identity, content = found.before[0]
    assert identity == pytest.approx(3 * content)
    torch.testing.assert_close(found.curve[0, 0], 0.01 * identity + 2 * content)


def test_the_path_of_a_face_does_not_depend_on_the_others():
    targets = painted(AvatarVectors.sample(SPEC, 5, seed=1))
    together = make().run(Apart(targets), 5)
    for row in range(5):
        alone = make().run(Apart(targets[row : row + 1]), 1)
        np.testing.assert_array_equal(
            alone.vectors.discrete[0], together.vectors.discrete[row]
        )
        np.testing.assert_allclose(
            alone.vectors.continuous[0], together.vectors.continuous[row], atol=1e-5
        )
        torch.testing.assert_close(alone.curve[:, 0], together.curve[:, row])


def test_a_result_has_the_terms_before_and_after():
    targets = AvatarVectors.sample(SPEC, 3, seed=2)
    similarity = Apart(painted(targets))
    found = make(sharpness=5).run(similarity, 3)
    assert (found.after[:, 1] < found.before[:, 1]).all()
    torch.testing.assert_close(found.after, similarity(painted(found.vectors)))
    assert found.curve.shape == (31, 3)
    torch.testing.assert_close(found.curve[-1], found.relaxed[:, 1])


def test_without_steps_the_result_is_the_mean_avatar():
    found = make(steps=0).run(Apart(torch.ones(2, 3, 5, 5)), 2)
    assert found.vectors.to_records()[1] == {
        "width": 0.5,
        "length": 0.5,
        "shape": "round",
    }


def test_values_stay_in_range_with_a_steep_loss():
    targets = painted(AvatarVectors.sample(SPEC, 4, seed=3))
    similarity = Apart(targets, scale=1e6)
    found = make(learning_rate=10.0).run(similarity, 4)
    assert all(float(seen.abs().max()) <= 1 for seen in similarity.seen)
    assert found.curve.isfinite().all()


def test_a_loss_that_is_not_finite_stops_the_search():
    with pytest.raises(FloatingPointError, match="learning_rate"):
        make().run(Apart(torch.full((1, 3, 5, 5), float("nan"))), 1)


def test_a_prior_keeps_the_search_in_its_space():
    mean = torch.tensor([0.3, 0.4, 0.8, 0.1, 0.1])
    only_width = torch.eye(5)[:, :1]
    targets = AvatarVectors.defaults(SPEC).with_value("width", 0.9)
    found = make(Prior(mean, only_width), learning_rate=0.5).run(
        Apart(painted(targets.with_value("length", 1.0))), 1
    )
    width, length = found.vectors.continuous[0]
    assert width == pytest.approx(0.9, abs=0.02)
    assert length == pytest.approx(0.4)
    assert found.vectors.to_records()[0]["shape"] == "round"
