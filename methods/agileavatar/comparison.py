"""Stage 3: a discrete search by comparison, from a relaxed vector to a strict one.

Every option of a discrete parameter is drawn by the imitator while the others are held,
and the one whose drawing is nearest to the stylised picture is kept. Parameters that
change the drawing most come first.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from benchmark.avatars import AvatarSpec, AvatarVectors, Discrete
from methods.agileavatar.likeness import Likeness, Targets
from methods.agileavatar.options import ComparisonOptions
from methods.f2p.relaxed import relaxed, strict

Draw = Callable[[Tensor], Tensor]
"""Draws (n, 3, S, S) pictures of (n, flat_size) relaxed vectors."""


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
) -> Tensor:
    """(1, flat_size) numbers, one-hot in every choice, after `sweeps` comparisons.

    `start` are strict numbers of one face, and `targets` are those of one picture. The
    distance never grows from one choice to the next. The search ends early where every
    choice was compared since the last change.
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
) -> AvatarVectors:
    """The vector of one face: refined, compared, with scalars fitted again.

    Args:
        spec: of the engine.
        numbers: (1, flat_size) free numbers of the mapper.
        draw: the imitator.
        likeness: the distance.
        target: (1, 3, S, S), the stylised picture.
        options: of the search.
    """
    targets = likeness.targets(target)
    own = (draw, likeness, targets)
    free = refined(spec, numbers, *own, options.refinement, options.refinement_rate)
    start = torch.from_numpy(strict(spec, free).flat()).to(numbers.device)
    vector = compared(spec, start, *own, options.sweeps)
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
