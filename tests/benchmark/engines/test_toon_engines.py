"""The toon engines: specs, pictures, and part maps that match both."""

from itertools import combinations

import numpy as np
import pytest

from benchmark.avatars import AvatarError, AvatarVectors
from benchmark.avatars.colour import ciede2000, hex_to_rgb, srgb_to_lab
from benchmark.avatars.part_classes import PART_IDS
from benchmark.engines.base import Engine, PartMapped
from benchmark.engines.toon import ToonAlter, ToonTikTok


@pytest.fixture(scope="module")
def tiktok():
    return ToonTikTok()


@pytest.fixture(scope="module", params=[ToonTikTok, ToonAlter])
def engine(request):
    return request.param()


def plain(engine, **values):
    """The default avatar in clear colours, with some values changed."""
    start = {"skin_tone": "d04_neutral", "hair_colour": "auburn", **values}
    vectors = AvatarVectors.defaults(engine.spec)
    for name, value in start.items():
        vectors = vectors.with_value(name, value)
    return vectors


def without_glasses(engine, count):
    """Sampled avatars without glasses."""
    vectors = AvatarVectors.sample(engine.spec, count, seed=8)
    return vectors.with_value("glasses", "none")


def area(engine, part, vectors, size=256):
    """Pixels of a part in the first avatar's map."""
    return int((engine.parts(vectors, size)[0] == PART_IDS[part]).sum())


def spread(engine, part, vectors, axis, size=256):
    """First and last column (axis 1) or row (axis 0) that a part reaches."""
    places = np.nonzero(engine.parts(vectors, size)[0] == PART_IDS[part])[axis]
    return int(places.min()), int(places.max())


def test_table_4_counts(tiktok):
    groups = [c.group for c in tiktok.spec.continuous]
    assert groups.count("head_type") == 6
    assert groups.count("eye_type") == 4
    assert groups.count(None) == 11
    assert {d.name: len(d.options) - d.optional for d in tiktok.spec.discrete} == {
        "skin_tone": 39,
        "mouth_type": 9,
        "nose_type": 5,
        "hair_type": 36,
        "hair_colour": 9,
        "brow_type": 8,
        "facial_hair": 4,
        "glasses": 1,
    }


def test_table_5_counts():
    spec = ToonAlter().spec
    assert spec.continuous == ()
    assert {d.name: len(d.options) - d.optional for d in spec.discrete} == {
        "head_type": 6,
        "skin_tone": 8,
        "hair_type": 22,
        "hair_colour": 7,
        "brow_type": 5,
        "glasses": 1,
    }


def test_alter_takes_its_options_from_tiktok(tiktok):
    for choice in ToonAlter().spec.discrete:
        if choice.name != "head_type":
            assert set(choice.options) <= set(tiktok.spec[choice.name].options)


def test_skin_tones_are_distinguishable(tiktok):
    labs = [
        srgb_to_lab(np.array(hex_to_rgb(colour)))
        for colour in tiktok.spec["skin_tone"].colours
    ]
    assert min(float(ciede2000(a, b)) for a, b in combinations(labs, 2)) >= 1.5


def test_engines_conform_to_their_contracts(engine):
    assert isinstance(engine, Engine)
    assert isinstance(engine, PartMapped)
    vectors = AvatarVectors.sample(engine.spec, 3, seed=2)
    assert engine.render(vectors, 96).shape == (3, 96, 96, 3)
    assert engine.parts(vectors, 96).shape == (3, 96, 96)
    with pytest.raises(AvatarError, match="size"):
        engine.parts(vectors, 32)


def test_a_batch_equals_its_rows(engine):
    vectors = AvatarVectors.sample(engine.spec, 12, seed=5)
    together = engine.render(vectors, 64)
    alone = [engine.render(vectors[row], 64)[0] for row in range(len(vectors))]
    assert np.array_equal(together, alone)
    assert np.array_equal(together, type(engine)().render(vectors, 64))


def test_an_empty_batch_gives_no_pictures(engine):
    none = AvatarVectors.sample(engine.spec, 0, seed=0)
    assert engine.render(none, 64).shape == (0, 64, 64, 3)
    assert engine.parts(none, 64).shape == (0, 64, 64)


def test_vectors_of_the_other_engine_are_refused(tiktok):
    alter = ToonAlter()
    with pytest.raises(AvatarError, match="toon-alter"):
        tiktok.render(AvatarVectors.defaults(alter.spec), 64)


@pytest.mark.parametrize("part", ["skin", "hair"])
def test_part_colours_are_near_their_swatches(tiktok, part):
    name = {"skin": "skin_tone", "hair": "hair_colour"}[part]
    options = tiktok.spec[name].options[:: 4 if part == "skin" else 1]
    vectors = AvatarVectors.concatenate(
        plain(tiktok, hair_type="mop_straight", **{name: option}) for option in options
    )
    pictures, parts = tiktok.render(vectors, 128), tiktok.parts(vectors, 128)
    for option, picture, where in zip(options, pictures, parts, strict=True):
        colours = dict(
            zip(tiktok.spec[name].options, tiktok.spec[name].colours, strict=True)
        )
        shown = np.median(picture[where == PART_IDS[part]], axis=0) / 255
        swatch = np.array(hex_to_rgb(colours[option]))
        gap = float(ciede2000(srgb_to_lab(shown), srgb_to_lab(swatch)))
        assert gap < 8, option


def test_every_avatar_shows_the_parts_of_a_face(tiktok):
    parts = tiktok.parts(without_glasses(tiktok, 40), 128)
    for where in parts:
        counts = np.bincount(where.ravel(), minlength=13)
        for part in ("background", "skin", "eyes", "mouth", "nose", "neck", "cloth"):
            assert counts[PART_IDS[part]] > 15, part
        assert counts[PART_IDS["hat"]] == counts[PART_IDS["earring"]] == 0


def test_glasses_show_only_where_chosen(tiktok):
    assert area(tiktok, "glasses", plain(tiktok)) == 0
    assert area(tiktok, "glasses", plain(tiktok, glasses="glasses")) > 800


def test_glasses_stand_before_the_eyes_at_any_spacing(tiktok):
    for spacing in (0.0, 1.0):
        bare = plain(tiktok, eye_spacing=spacing)
        worn = bare.with_value("glasses", "glasses")
        eyes = tiktok.parts(bare, 256)[0] == PART_IDS["eyes"]
        covered = tiktok.parts(worn, 256)[0][eyes] == PART_IDS["glasses"]
        assert covered.mean() > 0.9


def test_a_bald_head_has_no_hair(tiktok):
    assert area(tiktok, "hair", plain(tiktok, hair_type="bald")) == 0


def test_long_hair_reaches_lower_than_short_hair(tiktok):
    lows = [
        spread(tiktok, "hair", plain(tiktok, hair_type=name), axis=0)[1]
        for name in ("crew_cut", "bob_straight", "curtain_medium", "long_straight")
    ]
    assert lows == sorted(set(lows))


def test_no_backdrop_shows_between_face_and_hair(tiktok):
    """In the rows of the forehead, backdrop appears only outside the head."""
    heads = [{"head_diamond": 1.0}, {"head_pear": 1.0, "head_width": 0.0}, {}]
    loose = "ponytail"
    for hair in set(tiktok.spec["hair_type"].options) - {loose}:
        vectors = AvatarVectors.concatenate(
            plain(tiktok, hair_type=hair, **head) for head in heads
        )
        for where in tiktok.parts(vectors, 128):
            for row in where[36:56]:
                solid = np.nonzero(np.isin(row, _ids("skin", "hair", "brows")))[0]
                inside = row[solid.min() : solid.max()]
                assert not (inside == PART_IDS["background"]).any(), hair


def _ids(*names):
    return [PART_IDS[name] for name in names]


@pytest.mark.parametrize(
    ("name", "part", "axis"),
    [
        ("mouth_width", "mouth", 1),
        ("nose_width", "nose", 1),
        ("nose_height", "nose", 0),
        ("head_width", "ears", 1),
    ],
)
def test_a_scalar_widens_its_part(tiktok, name, part, axis):
    extents = []
    for value in (0.0, 0.5, 1.0):
        first, last = spread(tiktok, part, plain(tiktok, **{name: value}), axis)
        extents.append(last - first)
    assert extents == sorted(set(extents))


@pytest.mark.parametrize("part", ["mouth", "nose"])
def test_position_one_is_high(tiktok, part):
    low, high = (
        spread(tiktok, part, plain(tiktok, **{f"{part}_position": value}), axis=0)
        for value in (0.0, 1.0)
    )
    assert high[1] < low[1]


def test_the_mouth_stays_within_any_head(tiktok):
    """No mouth pixel lies outside the face."""
    for where in tiktok.parts(without_glasses(tiktok, 60), 128):
        rows, columns = np.nonzero(where == PART_IDS["mouth"])
        for row in np.unique(rows):
            skin = np.nonzero(where[row] == PART_IDS["skin"])[0]
            assert skin.min() < columns[rows == row].min()
            assert skin.max() > columns[rows == row].max()


def test_a_beard_is_skin_and_follows_the_chin(tiktok):
    for length in (0.0, 1.0):
        bare = plain(tiktok, head_length=length)
        beard = bare.with_value("facial_hair", "full_beard")
        low_bare = spread(tiktok, "skin", bare, axis=0)[1]
        low_beard = spread(tiktok, "skin", beard, axis=0)[1]
        assert 0 < low_beard - low_bare < 10
        assert area(tiktok, "hair", beard) == area(tiktok, "hair", bare)


def test_extreme_blends_of_heads_still_draw(tiktok):
    vectors = plain(tiktok)
    for name in tiktok.spec.names:
        if name.startswith(("head_", "eye_")):
            vectors = vectors.with_value(name, 1.0)
    assert area(tiktok, "skin", vectors) > 5000
    assert area(tiktok, "eyes", vectors) > 300
