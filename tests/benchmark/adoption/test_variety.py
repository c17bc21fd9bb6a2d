"""How much of an engine predicted avatars use."""

import numpy as np

from benchmark.adoption.variety import measure_variety
from benchmark.avatars import AvatarSpec, AvatarVectors, Continuous, Discrete
from benchmark.avatars.spec import Condition

SPEC = AvatarSpec(
    "varied",
    (
        Continuous("width", "head"),
        Continuous("fixed", "head"),
        Discrete("hat", "hat", ("none", "cap", "top_hat"), optional=True),
        Discrete(
            "colour", "hat", ("red", "blue"), active_when=Condition("hat", ("cap",))
        ),
    ),
)


def test_parameters_with_one_answer_are_marked():
    count = 10
    scalars = np.full((count, 2), 0.5, np.float32)
    scalars[:, 0] = np.linspace(0, 1, count)
    choices = np.zeros((count, 2), np.int64)
    choices[:4, 0] = 1
    found = measure_variety(AvatarVectors(SPEC, scalars, choices))
    width, fixed, hat, colour = found
    assert [each.name for each in found] == list(SPEC.names)
    assert (width.answers, width.usual, width.stuck) == ("0.10 to 0.90", "0.50", False)
    assert fixed.stuck
    assert (hat.answers, hat.usual, hat.share, hat.stuck) == (
        "2 of 3",
        "none",
        0.6,
        False,
    )
    # It has an effect on four faces only, which say nothing.
    assert (colour.faces, colour.answers, colour.stuck) == (4, "1 of 2", False)


def test_a_parameter_without_effect_has_no_answer():
    vectors = AvatarVectors.defaults(SPEC, 9)
    *_, colour = measure_variety(vectors)
    assert (colour.faces, colour.answers, colour.share) == (0, "", None)
