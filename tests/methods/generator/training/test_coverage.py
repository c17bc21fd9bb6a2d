"""Pulling samples towards train faces."""

import numpy as np
import pytest
import torch
from tiny_training import PARTS, SIZE, make_faces, make_recipe, train

from benchmark.faces.parsed import ParsedArrays
from methods.generator import training
from methods.generator.coverage import (
    GRID,
    MISSING,
    Coverage,
    Covered,
    assign,
    colour_distances,
    colour_errors,
    describe,
    shape_distances,
)
from methods.generator.curves import read_curves
from methods.generator.examples import one_hot
from methods.generator.recipe import CoverageOptions
from methods.generator.state import TrainingState
from methods.generator.training import CHECKPOINT
from methods.networks.semantic_stylegan import Synthesis

OBJECTIVE = {"r1_image": 0, "r1_seg": 0, "path": 0, "mask": 10, "mask_entropy": 1}
HEADS = {"width": 4, "head_widths": (4, 4, 4)}


def recipe_of(**changes):
    plain = make_recipe().model_dump(exclude={"discriminator", "projected"})
    options = {
        "objective": OBJECTIVE,
        "projected": HEADS,
        "coverage": {"group": 8},
        "images": 24,
        **changes,
    }
    return type(make_recipe())(**{**plain, **options})


def random_faces(count):
    draws = torch.Generator().manual_seed(0)
    picture = torch.rand(count, 3, SIZE, SIZE, generator=draws) * 2 - 1
    parsing = torch.randint(0, PARTS, (count, SIZE, SIZE), generator=draws)
    return picture, one_hot(parsing, PARTS)


def test_a_description_holds_the_share_and_mean_colour_of_each_part():
    picture, seg = random_faces(2)
    found = describe(picture, seg).float()
    assert found.shape == (2, PARTS, 4, GRID * GRID)
    torch.testing.assert_close(
        found[:, :, 0].sum(1), torch.ones(2, GRID * GRID), rtol=1e-2, atol=1e-2
    )
    cell = SIZE // GRID
    inside = seg[0, 3, :cell, :cell] > 0
    share, *colour = found[0, 3, :, 0].tolist()
    assert share == pytest.approx(float(inside.float().mean()), abs=1e-2)
    if bool(inside.any()):
        mean = picture[0, :, :cell, :cell][:, inside].mean(1)
        assert colour == pytest.approx(mean.tolist(), abs=1e-2)


def flat_faces(*faces):
    """Descriptions of faces whose left half is one part and right half another.

    Each is (left part, left grey, right part, right grey).
    """
    pictures = torch.zeros(len(faces), 3, SIZE, SIZE)
    parsing = torch.zeros(len(faces), SIZE, SIZE, dtype=torch.long)
    for k, (left, grey, right, other) in enumerate(faces):
        parsing[k, :, : SIZE // 2], parsing[k, :, SIZE // 2 :] = left, right
        pictures[k, :, :, : SIZE // 2], pictures[k, :, :, SIZE // 2 :] = grey, other
    return describe(pictures, one_hot(parsing, PARTS))


def test_mean_colours_are_compared_wherever_the_part_is():
    faces = flat_faces((1, 0.5, 7, -0.5))
    pool = flat_faces((1, 0.0, 7, -0.5), (1, 0.5, 2, 0.0), (7, 0.0, 1, 0.0))
    found = colour_distances(faces, pool)
    assert found[1, 0].tolist() == pytest.approx([0.75, 0, 0.75], abs=0.01)
    assert found[7, 0].tolist() == pytest.approx([0, MISSING, 0.75], abs=0.01)
    assert found[2, 0].tolist() == [0, 0, 0]
    places = shape_distances(faces, pool)
    assert float(places[1, 0, 0]) == 0
    assert float(places[7, 0, 1]) > 1


def test_samples_are_assigned_one_to_one_for_each_row():
    layout = make_recipe().make_generator().layout
    faces = flat_faces((1, 0.5, 7, -0.5), (1, 0.3, 7, 0.5))
    samples = flat_faces((1, 0.3, 7, -0.3), (1, 0.4, 7, 0.6))
    rows = assign(faces, samples, layout)
    assert rows.shape == (2, layout.rows)
    assert rows.sort(0).values.tolist() == [[0] * layout.rows, [1] * layout.rows]
    assert rows[:, layout.texture_row(1)].tolist() == [1, 0]
    assert rows[:, layout.texture_row(7)].tolist() == [0, 1]


def test_faces_that_equal_samples_are_assigned_to_them():
    layout = make_recipe().make_generator().layout
    draws = torch.Generator().manual_seed(0)
    cells = torch.rand(6, PARTS, 4, GRID * GRID, generator=draws)
    order = torch.randperm(6, generator=draws)
    rows = assign(cells, cells[order], layout)
    assert torch.equal(order[rows], torch.arange(6)[:, None].expand(-1, layout.rows))


def test_mean_colours_pull_parts_wherever_they_are():
    side = 16
    left = torch.zeros(1, side, side, dtype=torch.long)
    left[:, :, : side // 2] = 7
    image = torch.zeros(1, 3, side, side, requires_grad=True)
    maps = one_hot(left, PARTS)
    made = Synthesis(image, maps, maps, maps, torch.zeros(1, 1, 1))
    colours = torch.full((1, PARTS - 1, 3), 0.5)
    wanted = torch.ones(1, PARTS - 1, dtype=torch.bool)
    loss = colour_errors(made, colours, wanted)
    assert loss.item() == pytest.approx(3 * 0.5**2)
    loss.backward()
    assert image.grad is not None
    assert float(image.grad[..., : side // 2].max()) < 0
    assert not image.grad[..., side // 2 :].any()
    assert colour_errors(made, colours, ~wanted).item() == 0


def make_coverage(**options):
    recipe = recipe_of(coverage={"group": 8, **options})
    state = TrainingState(recipe, torch.device("cpu"))
    return Coverage(recipe, state, make_faces())


def test_each_face_of_a_group_has_its_own_sample():
    coverage = make_coverage()
    found: list[torch.Tensor] = []
    for coverage.state.iteration in range(4):
        covered = coverage.examples(0, 1)
        assert covered.picture.shape == (2, 3, SIZE, SIZE)
        assert covered.seg.shape == (2, PARTS, SIZE, SIZE)
        assert covered.whole.shape == (2, coverage.recipe.config.style_dim)
        assert covered.colours.shape == (4, PARTS - 1, 3)
        found.append(covered.rows)
    rows = torch.cat(found).transpose(0, 1)
    assert all(len(set(map(tuple, row.tolist()))) == 8 for row in rows)


def test_whole_samples_want_the_colours_of_the_faces_that_have_their_rows():
    coverage = make_coverage()
    layout = coverage.state.generator.layout
    found: list[Covered] = []
    for coverage.state.iteration in range(4):
        found.append(coverage.examples(0, 1))
    rows = torch.cat([part.rows for part in found])
    colours = torch.cat([part.colours[:2] for part in found])
    checked = 0
    for part in found:
        for latent, wanted in zip(part.whole, part.colours[2:], strict=True):
            for k in range(1, PARTS):
                (face,) = (rows[:, layout.texture_row(k)] == latent).all(1).nonzero()
                assert torch.equal(wanted[k - 1], colours[face[0], k - 1])
                checked += 1
    assert checked == 8 * (PARTS - 1)


@pytest.mark.slow
def test_processes_share_the_samples_of_an_iteration():
    whole = make_coverage().examples(0, 1)
    parts = [make_coverage().examples(rank, 2) for rank in range(2)]
    for name in ("picture", "seg", "rows", "whole"):
        shares = torch.cat([getattr(part, name) for part in parts])
        assert torch.equal(shares, getattr(whole, name))
    order = [0, 2, 1, 3]
    for name in ("colours", "shown"):
        shares = torch.cat([getattr(part, name) for part in parts])
        assert torch.equal(shares[order], getattr(whole, name))


def test_losses_ignore_the_background_and_vanish_for_equal_pictures():
    coverage = make_coverage()
    covered = coverage.examples(0, 1)
    with torch.no_grad():
        z = torch.randn(4, coverage.recipe.config.style_dim)
        made = coverage.state.generator([z])
    picture, seg = (torch.cat([x, x]) for x in (covered.picture, covered.seg))
    other = torch.where(seg[:, :1] > 0, -picture, picture)
    same = made._replace(image=other, seg=seg)
    mixed = covered._replace(shown=covered.shown & torch.tensor([[1], [1], [0], [0]]))
    found = {loss.name: loss for loss in coverage.losses(same, mixed)}
    assert found["pixels"].value.item() == 0
    assert found["colours"].value.item() == pytest.approx(0, abs=1e-4)
    assert found["maps"].value.item() < 0.05
    assert found["pixels"].weight == CoverageOptions().pixels
    found = {loss.name: loss for loss in coverage.losses(made, covered)}
    assert all(found[name].value.item() > 0.05 for name in ("pixels", "maps"))


@pytest.mark.slow
def test_training_brings_samples_nearer_to_the_faces(tmp_path, monkeypatch):
    monkeypatch.setattr(training, "LOG_EVERY", 4)
    strong = {"group": 16, "pixels": 1000, "colours": 0, "maps": 300}
    recipe = recipe_of(images=160, learning_rate=0.01, coverage=strong)
    pictures = np.full((4, SIZE, SIZE, 3), (250, 0, 0), np.uint8)
    parsing = np.ones((4, SIZE, SIZE), np.uint8)
    faces = ParsedArrays("flat faces", pictures, parsing, "CC0-1.0", stand_in=True)
    train(recipe, faces, tmp_path)
    curves = [r for r in read_curves(tmp_path) if "train/pixels" in r]
    for name in ("train/pixels", "train/maps"):
        assert curves[-1][name] < 0.8 * curves[0][name]


@pytest.mark.slow
def test_the_discriminator_can_take_part_later(tmp_path, monkeypatch):
    monkeypatch.setattr(training, "LOG_EVERY", 2)
    recipe = recipe_of(coverage={"group": 8, "first": 8})
    trained = train(recipe, make_faces(), tmp_path)
    assert trained.finished
    found = [
        {key.removeprefix("train/") for key in record} & {"loss_d", "loss_g", "pixels"}
        for record in read_curves(tmp_path)
        if "train/pixels" in record
    ]
    both = {"loss_d", "loss_g", "pixels"}
    assert found == [{"pixels"}, both, both]


@pytest.mark.slow
@pytest.mark.parametrize("first", [0, 8])
def test_a_training_in_pieces_equals_an_uninterrupted_one(tmp_path, first):
    recipe = recipe_of(coverage={"group": 8, "first": first})
    faces = make_faces()
    train(recipe, faces, tmp_path / "whole")
    while not train(recipe, faces, tmp_path / "pieces", minutes=0).finished:
        pass
    ours, theirs = (
        (tmp_path / name / CHECKPOINT).read_bytes() for name in ("whole", "pieces")
    )
    assert ours == theirs


@pytest.mark.parametrize(
    "wrong", [{"group": 6}, {"group": 8, "share": 0.3}, {"group": 4, "share": 0.75}]
)
def test_groups_consist_of_whole_batches(wrong):
    with pytest.raises(ValueError, match="multiple of it and of batch"):
        recipe_of(coverage=wrong)


def test_coverage_needs_a_projected_discriminator():
    with pytest.raises(ValueError, match="projected discriminator"):
        recipe_of(projected=None)
    with pytest.raises(ValueError, match="projected discriminator"):
        recipe_of(projected={**HEADS, "maps": False})
