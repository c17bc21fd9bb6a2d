import copy

import numpy as np
import pytest
import torch

from benchmark.avatars.colour import ciede2000, srgb_to_lab
from benchmark.avatars.part_classes import PART_IDS
from methods.generator.sampling import Samples, draw_latents, synthesise
from methods.swiftavatar.dual_domain import (
    DualSamples,
    agreement,
    colour_distances,
    dual_measures,
    dual_samples,
)

HAIR, SKIN = PART_IDS["hair"], PART_IDS["skin"]


def test_agreement_equals_a_count_by_hand():
    one = np.array([[[0, 0, 1, 1]], [[7, 7, 7, 7]]], dtype=np.uint8)
    other = np.array([[[0, 1, 1, 2]], [[7, 7, 7, 7]]], dtype=np.uint8)
    found = agreement(one, other)
    assert found.pixel_accuracy == 6 / 8
    # A part of one stack only has IoU 0; a part of neither has none.
    assert found.iou == {0: 1 / 2, 1: 1 / 3, 2: 0, 7: 1}
    assert found.mean_iou == pytest.approx((1 / 2 + 1 / 3 + 0 + 1) / 4)


def test_parts_agree_with_themselves():
    parts = np.random.default_rng(0).integers(0, 13, (3, 8, 8), dtype=np.uint8)
    found = agreement(parts, parts)
    assert found.pixel_accuracy == found.mean_iou == 1
    assert set(found.iou) == set(np.unique(parts))


def halves(upper, hair, skin):
    """A picture with the part `upper` above and skin below."""
    image = np.zeros((1, 4, 4, 3), np.uint8)
    image[:, :2], image[:, 2:] = hair, skin
    parts = np.full((1, 4, 4), SKIN, np.uint8)
    parts[:, :2] = upper
    return Samples(image, parts)


def test_colours_are_compared_where_both_pictures_show_the_region():
    black, red, white = (0, 0, 0), (255, 0, 0), (255, 255, 255)
    faces = [halves(HAIR, black, white), halves(HAIR, black, white)]
    avatars = [halves(HAIR, red, white), halves(SKIN, red, red)]
    samples = DualSamples(
        *(
            Samples(*map(np.concatenate, zip(*some, strict=True)))
            for some in (faces, avatars)
        )
    )
    found = colour_distances(samples, 0.1)
    assert found["colour/hair_share"] == 0.5
    assert found["colour/hair"] == pytest.approx(1)
    shade = ciede2000(*(srgb_to_lab(np.array(c, np.uint8)) for c in (black, red)))
    assert found["colour/hair_ciede2000"] == pytest.approx(float(shade))
    assert found["colour/skin_share"] == 1
    assert found["colour/skin"] == pytest.approx((0 + np.sqrt(2)) / 2)


def test_a_region_without_pixels_has_only_a_share():
    bald = halves(SKIN, (9, 9, 9), (9, 9, 9))
    found = colour_distances(DualSamples(bald, bald), 0.0)
    assert {k: v for k, v in found.items() if "hair" in k} == {"colour/hair_share": 0}
    assert found["colour/skin"] == 0


def test_both_generators_get_latents_of_the_avatar_generator(pair):
    avatar = copy.deepcopy(pair.realistic)
    with torch.no_grad():
        avatar.style[1].weight.mul_(-1)
    found = dual_samples(pair.realistic, avatar, 5, seed=2)
    latents = draw_latents(avatar, 5, 2)
    for ours, generator in zip(found, (pair.realistic, avatar), strict=True):
        for one, other in zip(ours, synthesise(generator, latents), strict=True):
            np.testing.assert_array_equal(one, other)
    # Only the mapping networks differ, so latents give the same pictures in both.
    np.testing.assert_array_equal(found.realistic.pictures, found.avatar.pictures)


def test_a_generator_agrees_with_itself(pair):
    found = dual_measures(pair.realistic, pair.realistic, 0.005, count=20)
    assert found["agreement/mean_iou"] == found["agreement/pixel_accuracy"] == 1
    assert found["colour/hair"] == found["colour/skin_ciede2000"] == 0
    assert found["agreement/iou_hair"] == 1
    assert all(type(value) is float for value in found.values())
    assert found == dual_measures(pair.realistic, pair.realistic, 0.005, count=20)
