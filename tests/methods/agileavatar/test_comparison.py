"""The search by comparison, with a painter as imitator."""

from __future__ import annotations

import pytest
import torch
from tiny_tied_setup import SIDE, SPEC, Painter, painted

from benchmark.avatars import AvatarVectors
from methods.agileavatar.comparison import Finalists, compared, rendered, searched
from methods.agileavatar.likeness import Likeness
from methods.agileavatar.options import ComparisonOptions, LikenessOptions
from methods.f2p.imitation import TrainedImitator

IMITATOR = TrainedImitator(SPEC, Painter().eval(), "painter", {})
LIKENESS = Likeness(LikenessOptions(perceptual_weight=0, side=16), None)
TRUTH = AvatarVectors.sample(SPEC, 12, seed=3)
START = AvatarVectors.defaults(SPEC)


def numbers_of(vectors):
    return torch.from_numpy(vectors.flat())


def drawn(vectors):
    return IMITATOR.draw(numbers_of(vectors))


def found(row, **options):
    """The vector of one drawing, searched from the default avatar."""
    settings = ComparisonOptions(**{"refinement_rate": 0.1, **options})
    target = drawn(TRUTH)[row : row + 1]
    own = (numbers_of(START), IMITATOR.draw, LIKENESS, target, settings)
    return searched(SPEC, *own)


def distance(numbers, row):
    targets = LIKENESS.targets(drawn(TRUTH)[row : row + 1])
    return float(LIKENESS.distances(IMITATOR.draw(numbers), targets))


def test_the_choices_of_a_drawing_are_found():
    rows = [found(row, scalar_steps=40) for row in range(len(TRUTH))]
    vectors, shown = AvatarVectors.concatenate(rows), TRUTH.active().discrete
    assert (vectors.discrete == TRUTH.discrete)[shown].all()
    assert abs(vectors.continuous - TRUTH.continuous).mean() < 0.1


@pytest.mark.parametrize("row", range(4))
def test_more_sweeps_never_increase_the_distance(row):
    targets = LIKENESS.targets(drawn(TRUTH)[row : row + 1])
    start = numbers_of(START)
    distances = [distance(start, row)]
    for sweeps in (1, 2, 3):
        own = (SPEC, start, IMITATOR.draw, LIKENESS, targets)
        distances.append(distance(compared(*own, sweeps), row))
    assert distances == sorted(distances, reverse=True)


def test_a_search_ends_where_a_whole_sweep_would_change_nothing():
    def compare(sweeps):
        drawings = 0

        def draw(numbers):
            nonlocal drawings
            drawings += 1
            return IMITATOR.draw(numbers)

        targets = LIKENESS.targets(drawn(TRUTH)[:1])
        own = (SPEC, numbers_of(START), draw, LIKENESS, targets)
        return compared(*own, sweeps), drawings

    (few, drawings), (many, same) = compare(4), compare(40)
    assert torch.equal(few, many)
    assert drawings == same < len(SPEC.discrete) * 5


def test_the_engine_chooses_where_the_imitator_draws_options_alike():
    choice = SPEC.discrete[0]
    block, options = SPEC.flat_slices[choice.name], len(choice.options)
    truth = numbers_of(TRUTH[:1])
    start = truth.clone()
    start[:, block] = truth[:, block].roll(1, dims=1)

    def blind(numbers):
        alike = numbers.clone()
        alike[:, block] = 1 / options
        return IMITATOR.draw(alike)

    own = (SPEC, start, blind, LIKENESS, LIKENESS.targets(IMITATOR.draw(truth)), 1)
    assert torch.equal(compared(*own)[:, block], start[:, block])
    found = compared(*own, Finalists(options, IMITATOR.draw))
    assert torch.equal(found[:, block], truth[:, block])


def test_the_nearest_candidates_alone_are_drawn_again():
    drawn_again = []

    def redraw(numbers):
        drawn_again.append(len(numbers))
        return IMITATOR.draw(numbers)

    truth = numbers_of(TRUTH)
    for row in range(4):
        target = LIKENESS.targets(IMITATOR.draw(truth[row : row + 1]))
        own = (SPEC, numbers_of(START), IMITATOR.draw, LIKENESS, target, 2)
        assert torch.equal(compared(*own, Finalists(1, redraw)), compared(*own))
    assert set(drawn_again) == {2}  # the nearest candidate, and the vector itself


def test_an_engine_draws_what_its_spec_says():
    class PainterEngine:
        spec = SPEC

        def render(self, vectors, size):
            return painted(vectors)

    draw = rendered(PainterEngine(), SIDE, torch.device("cpu"))
    numbers = numbers_of(TRUTH)
    torch.testing.assert_close(draw(numbers), IMITATOR.draw(numbers), atol=0.01, rtol=0)


def test_without_sweeps_the_largest_numbers_are_chosen():
    assert found(0, sweeps=0) == START


def test_a_refinement_moves_the_numbers_towards_the_drawing():
    refined = found(0, sweeps=0, refinement=60)
    assert distance(numbers_of(refined), 0) < distance(numbers_of(START), 0)
