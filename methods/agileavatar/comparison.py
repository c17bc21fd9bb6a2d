"""Stage 3: a discrete search by comparison, from a relaxed vector to a strict one.

Every option of a discrete parameter is drawn by the imitator while the others are held.
The nearest few are drawn again by the engine, and the one whose picture is nearest to
the stylised picture is kept. Parameters that change the drawing most come first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from benchmark.avatars import AvatarSpec, AvatarVectors, Discrete
from benchmark.engines.base import Engine
from methods.agileavatar.likeness import Likeness, Targets
from methods.agileavatar.options import ComparisonOptions
from methods.f2p.relaxed import relaxed, strict
from methods.shared.pictures import as_tensor

Draw = Callable[[Tensor], Tensor]
"""Draws (n, 3, S, S) pictures in [-1, 1] of (n, flat_size) numbers."""


@dataclass(frozen=True)
class Finalists:
    """The candidates of each choice that are drawn again.

    Attributes:
        count: how many of them, the nearest first.
        draw: draws them, and the vector itself, in place of the imitator.
    """

    count: int
    draw: Draw


def rendered(engine: Engine, size: int, device: torch.device) -> Draw:
    """Draw (n, flat_size) strict numbers with the engine, S = `size`."""

    def draw(numbers: Tensor) -> Tensor:
        pictures = engine.render(strict(engine.spec, numbers), size)
        return as_tensor(pictures, str(device))

    return draw


def refined(
    spec: AvatarSpec,
    numbers: Tensor,
    draw: Draw,
    likeness: Likeness,
    targets: Targets,
    steps: int,
    rate: float,
) -> Tensor:
    """(1, flat_size) free numbers after `steps` of Adam towards the targets."""
    if not steps:
        return numbers
    with torch.inference_mode(False), torch.enable_grad():
        free = numbers.clone().requires_grad_()
        optimiser = torch.optim.Adam([free], lr=rate)
        for _ in range(steps):
            optimiser.zero_grad(set_to_none=True)
            pictures = draw(relaxed(spec, free, 1.0))
            likeness.distances(pictures, targets).sum().backward()
            optimiser.step()
        return free.detach()


@torch.no_grad()
def compared(
    spec: AvatarSpec,
    start: Tensor,
    draw: Draw,
    likeness: Likeness,
    targets: Targets,
    sweeps: int,
    finalists: Finalists | None = None,
) -> Tensor:
    """(1, flat_size) numbers, one-hot in every choice, after `sweeps` comparisons.

    `start` are strict numbers of one face, and `targets` are those of one picture. The
    distance, of the finalists' drawings if there are some, never grows from one choice
    to the next. The search ends early where every choice was compared since the last
    change.
    """
    vector = start.clone()
    if not sweeps or not spec.discrete:
        return vector
    order, unchanged = _by_influence(spec, vector, draw), 0
    for choice in order * sweeps:
        if unchanged == len(order):
            break
        candidates = _candidates(spec, vector, choice)
        distances = likeness.distances(draw(candidates), targets)
        if finalists is not None:
            nearest = candidates[distances.argsort(stable=True)[: finalists.count]]
            candidates = torch.cat([vector, nearest])
            distances = likeness.distances(finalists.draw(candidates), targets)
        best = candidates[distances.argmin()][None]
        unchanged = unchanged + 1 if torch.equal(best, vector) else 0
        vector = best
    return vector


def searched(
    spec: AvatarSpec,
    numbers: Tensor,
    draw: Draw,
    likeness: Likeness,
    target: Tensor,
    options: ComparisonOptions,
    redraw: Draw | None = None,
) -> AvatarVectors:
    """The vector of one face: refined, compared, with scalars fitted again.

    Args:
        spec: of the engine.
        numbers: (1, flat_size) free numbers of the mapper.
        draw: the imitator.
        likeness: the distance.
        target: (1, 3, S, S), the stylised picture.
        options: of the search.
        redraw: the engine, which draws the finalists; None leaves all to the imitator.
    """
    targets = likeness.targets(target)
    own = (draw, likeness, targets)
    free = refined(spec, numbers, *own, options.refinement, options.refinement_rate)
    start = torch.from_numpy(strict(spec, free).flat()).to(numbers.device)
    finalists = None if redraw is None else Finalists(options.finalists, redraw)
    vector = compared(spec, start, *own, options.sweeps, finalists)
    if options.sweeps and spec.continuous:
        vector = _fitted_scalars(spec, vector, *own, options)
    return strict(spec, vector)


def _candidates(spec: AvatarSpec, vector: Tensor, choice: Discrete) -> Tensor:
    """(options, flat_size): the vector with every option of a choice."""
    count, block = len(choice.options), spec.flat_slices[choice.name]
    candidates = vector.repeat(count, 1)
    candidates[:, block] = torch.eye(count, device=vector.device)
    return candidates


def _by_influence(spec: AvatarSpec, vector: Tensor, draw: Draw) -> list[Discrete]:
    """The discrete parameters, first those whose options change the drawing most."""

    def influence(choice: Discrete) -> float:
        return float(draw(_candidates(spec, vector, choice)).var(dim=0).mean())

    return sorted(spec.discrete, key=influence, reverse=True)


def _fitted_scalars(
    spec: AvatarSpec,
    vector: Tensor,
    draw: Draw,
    likeness: Likeness,
    targets: Targets,
    options: ComparisonOptions,
) -> Tensor:
    """The vector with its continuous parameters fitted again to the targets."""
    count = len(spec.continuous)
    with torch.inference_mode(False), torch.enable_grad():
        scalars = vector[:, :count].clone().requires_grad_()
        rest = vector[:, count:].clone()
        optimiser = torch.optim.Adam([scalars], lr=options.refinement_rate)
        for _ in range(options.scalar_steps):
            optimiser.zero_grad(set_to_none=True)
            pictures = draw(torch.cat([scalars, rest], dim=1))
            likeness.distances(pictures, targets).sum().backward()
            optimiser.step()
            with torch.no_grad():
                scalars.clamp_(0, 1)
        return torch.cat([scalars.detach(), rest], dim=1)
