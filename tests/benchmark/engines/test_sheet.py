"""Contact sheets show every parameter; descriptions list their values."""

import numpy as np
import pytest
from PIL import Image

from benchmark.avatars.spec import (
    AvatarError,
    AvatarSpec,
    Condition,
    Continuous,
    Discrete,
)
from benchmark.engines.base import EngineMeta, check_request
from benchmark.engines.sheet import describe, draw_sheet, summary


class Recorder:
    """An engine that records the vectors it renders and draws only the skin tone."""

    meta = EngineMeta("recorder", "Recorder", "1", "here", "CC0-1.0")
    spec = AvatarSpec(
        "recorder",
        (
            Continuous("head_round", "head", "head_type", 0.0),
            Discrete("skin_tone", "head", ("a", "b"), colours=("#804020", "#c08050")),
            Discrete("hair_type", "hair", ("bald", "bob", "bun")),
            Discrete(
                "hair_colour",
                "hair",
                ("red", "blue"),
                colours=("#ff0000", "#0000ff"),
                active_when=Condition("hair_type", ("bob", "bun")),
            ),
        ),
    )

    def __init__(self):
        self.rendered = []

    def render(self, vectors, size):
        check_request(self.spec, vectors, size)
        self.rendered.append(vectors)
        shade = np.where(vectors.column("skin_tone") == 0, 40, 200).astype(np.uint8)
        return np.tile(shade[:, None, None, None], (1, size, size, 3))


def test_a_sheet_shows_every_option_and_sweep_while_active(tmp_path):
    engine = Recorder()
    draw_sheet(engine, tmp_path / "sheet.png", size=64)
    _, skins, hairs, colours, sweep = engine.rendered
    assert [r["skin_tone"] for r in skins.to_records()] == ["a", "b"]
    assert [r["hair_type"] for r in hairs.to_records()] == ["bald", "bob", "bun"]
    assert colours.active().discrete.all()
    np.testing.assert_allclose(sweep.column("head_round"), np.linspace(0, 1, 6))
    with Image.open(tmp_path / "sheet.png") as page:
        colours_seen = {colour for _, colour in page.getcolors(1 << 24)}
    assert {(40, 40, 40), (200, 200, 200), (0x80, 0x40, 0x20)} <= colours_seen


def test_the_same_seed_draws_the_same_sheet(tmp_path):
    for name in ("one.png", "two.png"):
        draw_sheet(Recorder(), tmp_path / name, size=64, seed=3)
    one, two = (tmp_path / name for name in ("one.png", "two.png"))
    assert one.read_bytes() == two.read_bytes()


def test_a_sheet_of_avatars_too_small_is_refused(tmp_path):
    with pytest.raises(AvatarError, match="64-1024"):
        draw_sheet(Recorder(), tmp_path / "sheet.png", size=32)
    assert not (tmp_path / "sheet.png").exists()


def test_descriptions_list_the_values_of_parameters():
    assert describe(Recorder()) == [
        ("head_round", "head", "0 to 1, default 0, weight of head_type", ""),
        ("skin_tone", "head", "2: a, b", ""),
        ("hair_type", "hair", "3: bald, bob, bun", ""),
        ("hair_colour", "hair", "2: red, blue", "hair_type is not bald"),
    ]
    assert summary(Recorder.spec) == (
        "1 continuous and 3 discrete parameters, 7 options in all"
    )
