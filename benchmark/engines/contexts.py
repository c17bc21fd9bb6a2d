"""Vectors that show one parameter: the default avatar, with the parameter active."""

from __future__ import annotations

import numpy as np

from benchmark.avatars import AvatarVectors
from benchmark.avatars.spec import AvatarSpec, Discrete, Parameter


def active_context(spec: AvatarSpec, parameter: Parameter) -> AvatarVectors:
    """The default avatar (one row), changed if necessary so that it is active."""
    condition = parameter.active_when
    context = AvatarVectors.defaults(spec)
    if condition is None:
        return context
    if context.to_records()[0][condition.parameter] in condition.options:
        return context
    return context.with_value(condition.parameter, condition.options[0])


def options_in_context(spec: AvatarSpec, choice: Discrete) -> AvatarVectors:
    """One row per option of `choice`, in its active context."""
    context = active_context(spec, choice)
    return AvatarVectors.concatenate(
        context.with_value(choice.name, option) for option in choice.options
    )


def sweep_in_context(spec: AvatarSpec, name: str, steps: int) -> AvatarVectors:
    """`steps` rows over the range of a continuous parameter, in its active context."""
    context = active_context(spec, spec[name])
    return AvatarVectors.concatenate(
        context.with_value(name, float(value)) for value in np.linspace(0, 1, steps)
    )
