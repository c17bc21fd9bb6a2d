"""Random specs and batches for property tests."""

from hypothesis import strategies as st

from benchmark.avatars import AvatarSpec, AvatarVectors, Condition, Continuous, Discrete

_SHARES = st.floats(0, 1, width=32)


@st.composite
def specs(draw):
    """Specs of 1 to 4 shapes, up to 4 scalars and up to 2 conditional colours."""
    shapes = [_shape(draw, f"shape_{i}") for i in range(draw(st.integers(1, 4)))]
    scalars = [
        Continuous(f"scalar_{i}", "head", default=draw(_SHARES))
        for i in range(draw(st.integers(0, 4)))
    ]
    colours = [
        Discrete(
            f"colour_{i}",
            "hair",
            ("red", "black"),
            colours=("#ff0000", "#000000"),
            active_when=_condition(draw, shapes),
        )
        for i in range(draw(st.integers(0, 2)))
    ]
    order = draw(st.permutations([*shapes, *scalars, *colours]))
    return AvatarSpec("drawn", tuple(order))


def _shape(draw, name):
    optional = draw(st.booleans())
    options = [f"option_{i}" for i in range(draw(st.integers(2, 5)))]
    return Discrete(
        name, "hair", tuple((["none"] if optional else []) + options), optional
    )


def _condition(draw, shapes):
    owner = draw(st.sampled_from(shapes))
    chosen = draw(st.lists(st.sampled_from(owner.options), min_size=1, unique=True))
    return Condition(owner.name, tuple(chosen))


@st.composite
def batches(draw):
    """Batches of 0 to 6 vectors of a random spec."""
    spec = draw(specs())
    count = draw(st.integers(0, 6))
    return AvatarVectors.sample(spec, count, draw(st.integers(0, 2**32 - 1)))
