import json
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

from benchmark.storage.trial_folder import webp_bytes
from reports.human_study.design.creation import Rule, StudyPlan, create_study
from reports.human_study.design.key import read_key
from reports.human_study.design.selection import NoStudy, select
from reports.human_study.design.study import StudyError, read_study
from reports.human_study.design.texts import study_texts
from reports.trials import read_run

SHADES = {"baseline": 40, "adapted": 90, "swift": 140, "few-pairs": 190}
FACES = 20


@pytest.fixture(scope="module")
def run_folder(ablation_run, tmp_path_factory):
    """A run with an ablation. The shade of an avatar identifies its variant."""
    folder = tmp_path_factory.mktemp("painted") / "0123456789ab"
    shutil.copytree(ablation_run, folder)
    for trial in (folder / "trials").iterdir():
        shade = SHADES.get(trial.name.split("__")[0], 250)
        place = trial / "pictures" / "validation"
        for row in range(FACES):
            face = f"validation-{row:03}"
            paint(place / f"{face}.prediction.webp", (10 * row, shade, 0))
            paint(place / f"{face}.face.webp", (10 * row, 128, 128))
    for truths in folder.glob("truths/*/designer-a/validation"):
        for row in range(FACES):
            paint(truths / f"validation-{row:03}.webp", (10 * row, 0, 250))
    return folder


@pytest.fixture
def own_run(run_folder, tmp_path):
    """A copy of the run that a test may damage."""
    return Path(shutil.copytree(run_folder, tmp_path / "0123456789ab"))


def chosen(folder, methods=()):
    """The selection on the validation split, the only one with pictures."""
    return select(read_run(folder), methods, split="validation")


def paint(path, colour):
    path.write_bytes(webp_bytes(np.full((64, 64, 3), colour, np.uint8)))


def plan(**changes):
    made = {
        "name": "tiny",
        "seed": 3,
        "created": "2026-11-22",
        "texts": study_texts(("en", "de")),
    }
    return StudyPlan(**made | changes)


def pixel(path):
    with Image.open(path) as opened:
        return np.asarray(opened.convert("RGB"))[32, 32].astype(int)


def test_a_study_shows_the_methods_of_table_1_and_no_control(run_folder, tmp_path):
    selection = chosen(run_folder)
    study = create_study(selection, plan(faces=6), tmp_path / "study")
    key = read_key(study)
    assert list(key.methods) == ["baseline", "swift"]
    assert (key.suite, key.run, key.stand_in) == ("quick", "0123456789ab", True)
    assert key.face_set == "portraits version 1 (digest abababababab)"
    kinds = Counter(trial.kind for trial in study.trials)
    assert kinds == {"rating": 12, "repeat": 2, "catch": 4}
    assert study.engines == ("toon-tiktok", "avataaars")
    assert study == read_study(tmp_path / "study")


def test_every_option_is_the_picture_that_the_key_says(run_folder, tmp_path):
    names = ("baseline", "adapted", "swift", "few-pairs")
    selection = chosen(run_folder, names)
    study = create_study(selection, plan(), tmp_path / "study")
    key = read_key(study)
    for trial in study.trials:
        face = pixel(study.pictures[study.by_face[trial.face].picture])
        assert key.faces[trial.face] == f"validation-{round(face[0] / 10):03}"
        for option in trial.options:
            red, green, blue = pixel(study.pictures[option])
            if trial.kind == "catch":
                assert blue > 200
                right = option == key.catches[trial.id]
                assert (abs(red - face[0]) < 6) == right
            else:
                assert abs(green - SHADES[key.pictures[option]]) < 12
                assert abs(red - face[0]) < 6


def test_scores_in_the_key_are_those_of_the_trials(run_folder, tmp_path):
    run = read_run(run_folder)
    study = create_study(chosen(run_folder), plan(faces=3), tmp_path / "study")
    key = read_key(study)
    assert "st-lpips" in key.metrics
    assert "lpips" not in key.metrics  # skipped in this run
    assert "macro-f1" not in key.metrics  # not measured face by face
    trial = next(t for t in study.trials if t.kind == "rating")
    for option in trial.options:
        cases = run.finished_trials(key.pictures[option], trial.engine)[0].scores(
            "validation", "designer-a"
        )
        row = cases.loc[cases["face"] == key.faces[trial.face]].iloc[0]
        for metric, scores in key.scores.items():
            expected = None if np.isnan(row[metric]) else row[metric]
            assert scores[option] == expected
    assert any(v is None for v in key.scores["skin-ciede2000"].values()) == (
        "validation-000" in key.faces.values()
    )


def test_a_repeat_shows_the_same_in_another_order(run_folder, tmp_path):
    study = create_study(chosen(run_folder), plan(), tmp_path / "study")
    again = [trial for trial in study.trials if trial.kind == "repeat"]
    assert len(again) == 4
    for trial in again:
        first = study.by_trial[str(trial.repeats)]
        assert (trial.face, trial.engine) == (first.face, first.engine)
        assert sorted(trial.options) == sorted(first.options)
        assert trial.options != first.options


def test_only_the_key_reveals_methods(run_folder, tmp_path):
    folder = tmp_path / "study"
    study = create_study(chosen(run_folder), plan(), folder)
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert {path.name for path in files if path.parent == folder} == {
        "study.json",
        "key.json",
        "exclusions.yaml",
    }
    secrets = [b"baseline", b"swift", b"Swift", b"validation-0", b"0123456789ab"]
    for path in files:
        if path.name != "key.json":
            assert not [s for s in secrets if s in path.read_bytes()], path
    pictures = list(study.pictures.values())
    assert len({path.stat().st_mtime for path in pictures}) == 1
    assert sorted(path.name for path in (folder / "pictures").iterdir()) == sorted(
        path.name for path in pictures
    )
    for path in pictures:
        with Image.open(path) as opened:
            assert (opened.format, opened.size) == ("WEBP", (64, 64))
            assert "exif" not in opened.info
            assert "icc_profile" not in opened.info
    ids = [trial.id for trial in study.trials]
    assert ids == sorted(ids)


def test_file_lengths_do_not_reveal_methods(own_run, tmp_path):
    for path in own_run.glob("trials/swift__*/pictures/validation/*.prediction.webp"):
        noise = np.random.default_rng(7).integers(0, 256, (64, 64, 3), np.uint8)
        path.write_bytes(webp_bytes(noise))
    study = create_study(chosen(own_run), plan(catches=2), tmp_path / "study")
    for engine in study.engines:
        options = {
            option
            for trial in study.trials
            if trial.engine == engine
            for option in trial.options
        }
        assert len(options) > 40
        assert len({study.pictures[name].stat().st_size for name in options}) == 1
    key = read_key(study)
    noisy = next(name for name, method in key.pictures.items() if method == "swift")
    with Image.open(study.pictures[noisy]) as opened:
        assert np.asarray(opened.convert("RGB")).std() > 40


def test_the_same_seed_draws_the_same_faces_and_new_ids(run_folder, tmp_path):
    selection = chosen(run_folder)
    one, two, other = (
        create_study(selection, plan(seed=seed, faces=5, catches=0), tmp_path / name)
        for seed, name in ((3, "one"), (3, "two"), (4, "other"))
    )
    faces = [set(read_key(study).faces.values()) for study in (one, two, other)]
    assert faces[0] == faces[1] != faces[2]
    assert not set(one.by_trial) & set(two.by_trial)
    assert not set(one.pictures) & set(two.pictures)


def test_the_leaders_rule_and_settings_are_frozen(run_folder, tmp_path):
    rule = Rule(2, 0.7, 0.8, "shared")
    made = plan(faces=4, catches=5, repeats=0, tie=True, back="no", rule=rule)
    study = create_study(chosen(run_folder), made, tmp_path / "study")
    assert (study.settings.tie, study.settings.back) == (True, "no")
    frozen = yaml.safe_load((tmp_path / "study" / "exclusions.yaml").read_text())
    assert frozen == {
        "max_failed_catches": 2,
        "min_median_seconds": 0.7,
        "min_finished": 0.8,
        "ties": "shared",
    }
    assert Counter(t.kind for t in study.trials) == {"rating": 8, "catch": 5}


def test_by_default_a_quarter_of_catch_trials_may_fail(run_folder, tmp_path):
    create_study(chosen(run_folder), plan(catches=9), tmp_path / "study")
    frozen = yaml.safe_load((tmp_path / "study" / "exclusions.yaml").read_text())
    assert frozen["max_failed_catches"] == 2


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        ({"methods": ("swft",)}, "no variant swft .did you mean swift..; it has"),
        ({"methods": ("random", "swift")}, "no variant random"),
        ({"methods": ("swift",)}, "two or more methods, but the run has only one"),
        ({"engines": ("toon",)}, "the run has no engine toon"),
        ({"split": "train"}, "the run has no split train"),
    ],
)
def test_what_the_run_does_not_have_is_refused(run_folder, asked, problem):
    with pytest.raises(StudyError, match=problem):
        select(read_run(run_folder), **asked)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"faces": 21}, "--faces 21: the validation split of the run has 20 faces"),
        ({"faces": 2, "repeats": 3}, "3 repeats: too many for 4 rating trials"),
        (
            {"name": "A study"},
            "--name A study: a name has at most 64 lower-case letters",
        ),
    ],
)
def test_what_cannot_be_asked_is_refused(run_folder, tmp_path, changes, problem):
    selection = chosen(run_folder)
    with pytest.raises(StudyError, match=problem):
        create_study(selection, plan(**changes), tmp_path / "study")
    assert not (tmp_path / "study").exists()


def test_a_missing_picture_is_named_and_nothing_is_left(own_run, tmp_path):
    lost = next(own_run.glob("trials/swift__*_s0/pictures/validation/*.prediction.*"))
    lost.unlink()
    with pytest.raises(StudyError, match="is missing or damaged") as caught:
        create_study(chosen(own_run), plan(), tmp_path / "study")
    assert str(lost) in str(caught.value)
    assert not (tmp_path / "study").exists()


SMALL = {"engines": ("toon-tiktok",), "seeds": (0,), "splits": {"validation": 2}}


def test_a_failed_method_means_no_study(make_run):
    run = read_run(make_run(**SMALL, ablation=True, failed=("swift",)))
    with pytest.raises(NoStudy, match="SwiftAvatar has no seed that finished on"):
        select(run)


def test_one_method_means_no_study(make_run):
    with pytest.raises(NoStudy, match=r"the run has only one \(baseline\)"):
        select(read_run(make_run(**SMALL)))


def test_the_seed_that_is_shown_finished_on_every_engine(own_run):
    assert chosen(own_run).seeds == {"baseline": 0, "swift": 0}
    break_trial(own_run / "trials" / "swift__avataaars__s0")
    assert chosen(own_run).seeds == {"baseline": 0, "swift": 1}
    break_trial(own_run / "trials" / "swift__toon-tiktok__s1")
    with pytest.raises(NoStudy, match=r"no seed .* on toon-tiktok and avataaars"):
        chosen(own_run)
    assert select(read_run(own_run), engines=("avataaars",)).seeds["swift"] == 1


def break_trial(folder):
    record = json.loads((folder / "trial.json").read_text())
    broken = record | {"status": "failed", "error": "no luck"}
    (folder / "trial.json").write_text(json.dumps(broken))
