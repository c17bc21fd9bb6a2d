from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

pytest.importorskip("warp", reason="the [portraits] extra is not installed")

from benchmark.avatars.part_classes import PART_IDS
from benchmark.faces.portraits.hair.drawing import cast_shadows, draw_hair
from benchmark.faces.portraits.hair.families import FAMILIES
from benchmark.faces.portraits.hair.frame import scan_head
from benchmark.faces.portraits.hair.grow import grow_hair, hex_to_linear
from benchmark.faces.portraits.hair.styles import STYLES, style_of
from benchmark.faces.portraits.head import build_head
from benchmark.faces.portraits.light import light_rig
from benchmark.faces.portraits.people import sample_person
from benchmark.faces.portraits.portrait import aim_camera
from benchmark.faces.portraits.raycast import Tracer

SIZE = 128
LIGHTS = light_rig("studio", 0)


@cache
def _bare():
    """A head without hair, and what a camera sees of it."""
    person = replace(sample_person(0, 0, "train"), facial_hair="none", age=30)
    head = build_head(person)
    camera = aim_camera(person, head, SIZE)
    hits = Tracer(head.vertices, head.triangles).cast_camera_rays(camera)
    return person, head, camera, hits


@cache
def _depth() -> np.ndarray:
    from benchmark.faces.portraits.surface import visible_pixels

    _, head, camera, hits = _bare()
    pixels = visible_pixels(camera, hits, head.triangles, head.normals, {})
    depth = np.full((SIZE, SIZE), np.inf, np.float32)
    depth[pixels.rows, pixels.columns] = pixels.depth
    return depth


def _grown(seed: int = 0, **changes: Any):
    person, head, *_ = _bare()
    return grow_hair(replace(person, **changes), head, np.random.default_rng(seed))


def _drawn(growth):
    _, _, camera, _ = _bare()
    return draw_hair(growth, camera, _depth(), LIGHTS, cast_shadows(growth, LIGHTS))


def test_every_family_has_a_style_and_every_style_a_family():
    assert set(STYLES) | {"bald"} == set(FAMILIES)
    with pytest.raises(ValueError, match="'tonsure' has no style"):
        style_of("tonsure")


@pytest.mark.parametrize("family", ["long_wavy", "twin_braids", "afro_short"])
def test_equal_seeds_grow_and_draw_equal_hair(family):
    first, again = (_grown(3, hair_family=family) for _ in range(2))
    for a, b in zip(first.bundles, again.bundles, strict=True):
        np.testing.assert_array_equal(a.points, b.points)
        np.testing.assert_array_equal(a.root, b.root)
    np.testing.assert_array_equal(_drawn(first).rgb, _drawn(again).rgb)
    other = _grown(4, hair_family=family)
    assert not np.array_equal(other.bundles[0].points[:9], first.bundles[0].points[:9])


@pytest.mark.parametrize(
    "family", [f.name for f in FAMILIES.values() if f.hair_length != "bald"]
)
def test_scalp_hair_stays_outside_the_head(family):
    _, head, *_ = _bare()
    frame = scan_head(head)
    middle: dict[str, Any] = {
        name: sum(getattr(FAMILIES[family], name)) / 2
        for name in ("hair_volume", "hair_top", "hair_recession")
    }
    growth = _grown(hair_family=family, **middle)
    hair = growth.bundles[0]
    assert hair.part == PART_IDS["hair"]
    assert len(hair) > 200
    assert np.isfinite(hair.points).all()
    radius, surface = frame.outer_radius(hair.points[:, 1:].reshape(-1, 3))
    assert np.mean(radius < surface - 0.15) < 0.002


@pytest.mark.parametrize("family", ["bald", "buzz", "bob_fringe", "ponytail"])
def test_layer_is_premultiplied_and_in_range(family):
    layer = _drawn(_grown(hair_family=family))
    assert layer.rgb.shape == (SIZE, SIZE, 3)
    assert layer.alpha.shape == layer.depth.shape == layer.part.shape == (SIZE, SIZE)
    assert np.isfinite(layer.rgb).all()
    assert layer.rgb.min() >= 0
    assert layer.alpha.min() >= -1e-6
    assert layer.alpha.max() <= 1 + 1e-6
    assert not layer.rgb[layer.alpha < 1e-6].any()
    assert (layer.part[layer.alpha < 0.5] == 0).all()
    assert np.isfinite(layer.depth[layer.part > 0]).all()
    hair = np.mean(layer.part == PART_IDS["hair"])
    assert hair == 0 if family == "bald" else hair > 0.03


def test_longer_hair_covers_more_of_the_picture():
    share = [
        np.mean(_drawn(_grown(hair_family=name)).part == PART_IDS["hair"])
        for name in ("buzz", "bob_straight", "long_straight_centre")
    ]
    assert share[0] < share[1] < share[2]


@pytest.mark.parametrize("axis", ["brow_thickness", "brow_arch", "brow_angle"])
def test_brow_axes_move_pixels(axis):
    still: dict[str, Any] = dict.fromkeys(
        ("brow_thickness", "brow_arch", "brow_angle"), 0.5
    )
    masks = [
        _drawn(_grown(hair_family="bald", **{**still, axis: value})).part
        == PART_IDS["brows"]
        for value in (0.0, 1.0)
    ]
    assert (masks[0] ^ masks[1]).sum() >= 20
    if axis == "brow_thickness":
        assert masks[1].sum() > 1.5 * masks[0].sum()


def test_facial_hair_counts_as_skin_and_grows_with_its_kind():
    bare = _drawn(_grown(hair_family="bald")).alpha.sum()
    shares = []
    for kind in ("stubble", "moustache", "goatee", "short_beard", "full_beard"):
        growth = _grown(hair_family="bald", facial_hair=kind)
        assert growth.bundles[-1].part == PART_IDS["skin"]
        shares.append(_drawn(growth).alpha.sum() - bare)
    assert min(shares) > 20
    assert shares[1] < shares[2] < shares[3] < shares[4]
    with pytest.raises(ValueError, match="facial_hair 'walrus' is unknown"):
        _grown(facial_hair="walrus")


def test_hair_darkens_the_skin_under_it_only():
    growth = _grown(hair_family="bob_fringe")
    shadows = cast_shadows(growth, LIGHTS)
    roots = growth.bundles[0].points[:50, 0]
    reach = shadows.lamp_transmission(roots)
    openness = shadows.ambient_transmission(roots)
    assert reach.shape == (len(LIGHTS.lamps), 50)
    assert openness.shape == (50,)
    assert openness.mean() < 0.9
    far = np.array([[0.0, -40.0, 60.0]])
    assert shadows.ambient_transmission(far)[0] > 0.95
    clear = cast_shadows(_grown(hair_family="bald"), LIGHTS)
    assert clear.lamp_transmission(roots).min() > 0.999


def test_colour_follows_hair_rgb():
    dark, light = (
        _drawn(_grown(hair_family="bob_straight", hair_rgb=colour))
        for colour in ("#1c1714", "#c9a46a")
    )
    mask = (dark.part == PART_IDS["hair"]) & (light.part == PART_IDS["hair"])
    assert light.rgb[mask].mean() > 3 * dark.rgb[mask].mean()
    with pytest.raises(ValueError, match="expected a colour like"):
        hex_to_linear("brown")


def test_wrong_depth_buffer_is_refused():
    growth = _grown(hair_family="bald")
    _, _, camera, _ = _bare()
    with pytest.raises(ValueError, match="depth has shape"):
        draw_hair(
            growth, camera, np.zeros((4, 4)), LIGHTS, cast_shadows(growth, LIGHTS)
        )
