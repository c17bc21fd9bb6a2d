import json
import math
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from tiny_training import make_faces, make_recipe, train

from methods.generator import training
from methods.generator.adversarial import AdversarialStep
from methods.generator.curves import CURVES, read_curves
from methods.generator.state import TrainingError, TrainingState
from methods.generator.training import CHECKPOINT, Unobserved, require_trainable


@pytest.fixture(scope="module", autouse=True)
def _often():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "LOG_EVERY", 4)
        yield


class Notes(Unobserved):
    """Records its calls; a preview returns the number of pictures."""

    def __init__(self):
        self.steps, self.previews = [], []

    def figures(self, values, iteration):
        self.steps.append(iteration)

    def preview(self, average, images):
        assert not average.training
        self.previews.append(images)
        return {"quality/images": images}


def curve(folder):
    """The records of the curve file, without machine time."""
    lines = (folder / CURVES).read_text().splitlines()
    records = [json.loads(line) for line in lines]
    for record in records:
        assert record.pop("train/hours") >= 0
    return records


@pytest.fixture(scope="module")
def whole(_often, recipe, faces, tmp_path_factory):
    """An uninterrupted training: its folder, its notes and its end."""
    folder, notes = tmp_path_factory.mktemp("whole"), Notes()
    end = train(recipe, faces, folder, observer=notes)
    return SimpleNamespace(folder=folder, notes=notes, end=end)


def test_a_training_in_pieces_equals_an_uninterrupted_one(
    recipe, faces, whole, tmp_path
):
    pieces, done = Notes(), []
    while not done or not done[-1].finished:
        done.append(
            train(recipe, faces, tmp_path / "pieces", observer=pieces, minutes=0)
        )
    assert [trained.images for trained in done] == list(range(4, 49, 4))
    assert pieces.previews == whole.notes.previews == [16, 32, 48]
    assert pieces.steps == whole.notes.steps == [4, 8, 12]
    ours, theirs = (f / CHECKPOINT for f in (whole.folder, tmp_path / "pieces"))
    assert ours.read_bytes() == theirs.read_bytes()
    assert curve(whole.folder) == curve(tmp_path / "pieces")
    steps = [record["step"] for record in curve(whole.folder)]
    assert steps == [4, 4, 8, 8, 12, 12]


@pytest.mark.slow
def test_records_after_the_last_checkpoint_are_written_again(
    recipe, faces, whole, tmp_path
):
    train(recipe, faces, tmp_path, minutes=0)
    # State after a kill between two checkpoints: an old one, and a longer curve.
    folder = Path(shutil.copytree(whole.folder, tmp_path / "killed"))
    shutil.copy(tmp_path / CHECKPOINT, folder)
    with (folder / CURVES).open("a") as file:
        file.write('{"step": 16, "train/lo')
    train(recipe, faces, folder, observer=Notes())
    assert curve(folder) == curve(whole.folder)
    ours, theirs = (f / CHECKPOINT for f in (folder, whole.folder))
    assert ours.read_bytes() == theirs.read_bytes()


def test_the_last_checkpoint_is_written_once(recipe, faces, tmp_path, monkeypatch):
    written = []
    monkeypatch.setattr(
        TrainingState, "save", lambda state, *given: written.append(state.iteration)
    )
    train(recipe, faces, tmp_path, minutes=0)
    assert written == [1]


def test_partly_written_checkpoints_are_deleted(recipe, faces, tmp_path):
    cut = tmp_path / f".{CHECKPOINT}.77-88.tmp"
    cut.write_bytes(b"half")
    train(recipe, faces, tmp_path, minutes=0)
    assert {path.name for path in tmp_path.iterdir()} == {CHECKPOINT, CURVES}


def test_every_process_stops_at_weights_that_are_not_finite(recipe, faces, tmp_path):
    state = TrainingState(recipe, torch.device("cpu"))
    with torch.no_grad():
        next(state.discriminator.parameters()).fill_(torch.nan)
    second = SimpleNamespace(is_global_zero=False, world_size=2, device=state.device)
    trainer = training._Trainer(recipe, faces, tmp_path, second, Unobserved(), state)
    with pytest.raises(FloatingPointError, match="a weight of the discriminator"):
        trainer._save()
    trainer.examples.close()


def test_a_finished_training_is_kept_and_can_be_extended(
    recipe, faces, whole, tmp_path
):
    shutil.copytree(whole.folder, tmp_path, dirs_exist_ok=True)
    before = (tmp_path / CHECKPOINT).read_bytes()
    again = train(recipe, faces, tmp_path)
    assert again.finished
    assert again.images == 48
    assert (tmp_path / CHECKPOINT).read_bytes() == before
    longer = train(make_recipe(images=56), faces, tmp_path)
    assert longer.images == 56


def test_every_loss_is_logged_and_every_parameter_changes(recipe, whole):
    found = whole.end.state
    records = read_curves(whole.folder)
    names = {name for record in records for name in record}
    terms = ("loss_d", "loss_g", "mask", "r1_img", "r1_seg", "path", "path_length")
    assert {f"train/{term}" for term in terms} <= names
    fresh = training.TrainingState(recipe, torch.device("cpu"))
    for network in ("generator", "average", "discriminator"):
        before = dict(getattr(fresh, network).named_parameters())
        for name, parameter in getattr(found, network).named_parameters():
            assert not torch.equal(parameter, before[name]), name
    assert float(found.path_mean) > 0


def test_weight_0_disables_path_regularisation(faces, tmp_path):
    train(make_recipe(objective={"path": 0}, images=16), faces, tmp_path)
    assert "train/path" not in curve(tmp_path)[-1]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"seed": 1}, "recipe.seed was 0 and is now 1"),
        ({"learning_rate": 0.1}, "recipe.learning_rate was 0.002 and is now 0.1"),
    ],
)
def test_the_folder_of_another_recipe_is_refused(
    change, message, recipe, faces, tmp_path
):
    train(recipe, faces, tmp_path, minutes=0)
    before = (tmp_path / CHECKPOINT).read_bytes(), (tmp_path / CURVES).read_bytes()
    with pytest.raises(TrainingError, match=message):
        train(make_recipe(**change), faces, tmp_path)
    after = (tmp_path / CHECKPOINT).read_bytes(), (tmp_path / CURVES).read_bytes()
    assert after == before


def test_other_faces_are_refused(recipe, faces, tmp_path):
    train(recipe, faces, tmp_path, minutes=0)
    with pytest.raises(TrainingError, match="another training: faces was"):
        train(recipe, make_faces(seed=1), tmp_path)


def test_a_loss_that_is_not_finite_ends_the_training(faces, tmp_path):
    recipe = make_recipe(learning_rate=1e30)
    with pytest.raises(FloatingPointError, match=r"train/\w+ is not finite at iter"):
        train(recipe, faces, tmp_path)
    assert not (tmp_path / CHECKPOINT).exists()


def test_a_training_that_diverges_later_keeps_its_checkpoint(
    recipe, faces, tmp_path, monkeypatch
):
    train(recipe, faces, tmp_path, minutes=0)
    good = (tmp_path / CHECKPOINT).read_bytes()
    take = AdversarialStep.take
    monkeypatch.setattr(
        AdversarialStep,
        "take",
        lambda *arguments: dict.fromkeys(take(*arguments), math.nan),
    )
    with pytest.raises(FloatingPointError, match="is not finite at iteration 1: lower"):
        train(recipe, faces, tmp_path)
    assert (tmp_path / CHECKPOINT).read_bytes() == good


@pytest.mark.parametrize(
    ("change", "size", "count", "processes", "message"),
    [
        ({}, 32, 10, 1, "has 32-px pictures and the generator makes 16-px ones"),
        ({}, 16, 3, 1, "has 3 faces, fewer than a batch of 4"),
        ({}, 16, 10, 3, "a batch of 4 cannot be shared by 3 devices"),
        ({"batch": 12}, 16, 20, 2, "a batch of 12 cannot be shared by 2 devices"),
    ],
)
def test_an_impossible_training_is_an_error(change, size, count, processes, message):
    with pytest.raises(TrainingError, match=message):
        require_trainable(make_recipe(**change), make_faces(count, size), processes)


def test_a_generator_of_other_parts_is_refused(recipe, faces):
    options = {**recipe.generator, "seg_dim": 3, "transparent_dims": []}
    with pytest.raises(TrainingError, match="seg_dim is 3, and the part maps"):
        require_trainable(make_recipe(generator=options), faces)
