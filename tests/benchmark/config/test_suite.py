import pytest
import yaml
from tiny_suite import suite_data

from benchmark.config.suite import SuiteError, load_suite, parse_suite, suite_names


def problems(data, tmp_path):
    with pytest.raises(SuiteError) as caught:
        parse_suite(data, "mine.yaml", tmp_path)
    return caught.value.problems


@pytest.mark.parametrize("name", suite_names())
def test_built_in_suites_are_valid(name):
    assert load_suite(name).name == name


def test_controls_stand_in_every_built_in_suite():
    rows = {"random", "constant"}
    bounds = {"supervised", "supervised-shuffled"}
    for name in suite_names():
        # FFHQ has no ground truth of train faces, which upper bounds learn from.
        wanted = rows if name.startswith("paper") else rows | bounds
        assert wanted <= {variant.name for variant in load_suite(name).variants}


def test_unknown_key_gets_a_suggestion(tmp_path):
    (problem,) = problems(suite_data(enginse=["tiny"]), tmp_path)
    assert "enginse: unknown key (did you mean engines" in problem


def test_unknown_key_of_a_variant_names_the_variant(tmp_path):
    variants = [{"name": "one", "method": "tiny", "optoins": {}}]
    (problem,) = problems(suite_data(variants=variants), tmp_path)
    assert "variants.one.optoins: unknown key (did you mean options?)" in problem


def test_all_problems_are_reported_at_once(tmp_path):
    data = suite_data(seeds="many", render_size=3, metrics=[], fases={})
    found = problems(data, tmp_path)
    assert len(found) == 4
    assert any("render_size" in problem and "64" in problem for problem in found)


@pytest.mark.parametrize(
    ("faces", "expected"),
    [
        ({}, "exactly one of"),
        ({"set": "portraits", "folder": "x"}, "exactly one of"),
        ({"folder": "x"}, "needs truth"),
    ],
)
def test_faces_come_from_one_source(faces, expected, tmp_path):
    (problem,) = problems(suite_data(faces=faces), tmp_path)
    assert expected in problem


def test_a_name_listed_twice_is_refused(tmp_path):
    (problem,) = problems(suite_data(engines=["tiny", "tiny"]), tmp_path)
    assert "engines lists tiny twice" in problem


@pytest.mark.parametrize("key", ["designers", "engines"])
def test_names_that_differ_only_in_case_are_refused(key, tmp_path):
    (problem,) = problems(suite_data(**{key: ["anna", "Anna"]}), tmp_path)
    assert f"{key}: anna and Anna differ only in case" in problem


def test_paths_are_relative_to_the_suite_file(tmp_path):
    suite = parse_suite(suite_data(), "mine.yaml", tmp_path)
    assert suite.faces.folder == tmp_path / "faces"
    assert suite.faces.truth["tiny"]["designer-a"] == tmp_path / "designer-a.csv"


def test_set_changes_keys_lists_and_named_items():
    suite = load_suite(
        "quick",
        ["seeds=[3,4]", "options.steps=7", "variants.baseline.options.steps=9"],
    )
    assert suite.seeds == (3, 4)
    assert suite.options["steps"] == 7
    (baseline,) = [v for v in suite.variants if v.name == "baseline"]
    assert baseline.options["steps"] == 9


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("seeds", "expected key=value"),
        ("seeds=[1", "not valid YAML"),
        ("options={a: 1, a: 2}", "key 'a' is given twice"),
        ("variants.baselin.title=x", "did you mean baseline?"),
        ("title.x=1", "is not a mapping"),
        ("sedes=[1]", "did you mean seeds"),
    ],
)
def test_bad_overrides_are_explained(override, expected):
    with pytest.raises(SuiteError, match=expected.replace("?", "\\?")):
        load_suite("quick", [override])


def test_unknown_suite_names_the_nearest():
    with pytest.raises(SuiteError, match="did you mean quick"):
        load_suite("quik")


def test_paths_of_a_built_in_suite_are_relative_to_the_current_folder(
    tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    suite = load_suite("quick", ["faces={packed: mine}"])
    assert suite.faces.packed == tmp_path / "mine"


def test_missing_file_is_named(tmp_path):
    with pytest.raises(SuiteError, match="no such suite file"):
        load_suite(str(tmp_path / "none.yaml"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("name: [", "not valid YAML"),
        ("- a\n- b", "must be a mapping"),
        ("name: a\nname: b", "'name' is given twice"),
    ],
)
def test_a_file_that_is_no_suite_is_refused(text, expected, tmp_path):
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    with pytest.raises(SuiteError, match=expected):
        load_suite(str(path))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("? [1, 2]\n: 3\n", "line 1: not valid YAML: a key must be a plain scalar"),
        ("? {a: 1}\n: 3\n", "line 1: not valid YAML: a key must be a plain scalar"),
        ("name: a\nname: b\n", "line 2: not valid YAML: key 'name' is given twice"),
        ("", "a suite must be a mapping"),
        ("- a\n", "a suite must be a mapping"),
    ],
)
def test_a_file_that_is_no_suite_is_reported_with_its_line(text, expected, tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(SuiteError, match=r"mine\.yaml") as caught:
        load_suite(str(path))
    assert expected in str(caught.value)


def test_sections_may_be_merged_by_yaml(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(suite_data()) + "options: &o {a: 1}\n")
    path.write_text(path.read_text().replace("options: &o {a: 1}", MERGED))
    assert load_suite(str(path)).options == {"a": 1, "b": 2}


ABLATION_ROWS = [
    {"name": name, "method": "tiny"} for name in ("plain", "adapted", "whole")
]


@pytest.mark.parametrize("key", ["steps", "rungs"])
def test_an_ablation_lists_its_steps_in_order(key, tmp_path):
    ablation = {"title": "Ablation", key: ["plain", "whole"], "beyond": ["adapted"]}
    data = suite_data(variants=ABLATION_ROWS, ablation=ablation)
    found = parse_suite(data, "mine.yaml", tmp_path).ablation
    assert found is not None
    assert found.steps == ("plain", "whole")
    # The serialised key is part of digests.
    assert found.model_dump(by_alias=True)["rungs"] == found.steps
    assert found.members == ("plain", "whole", "adapted")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"steps": ["plain", "hole"]},
            "ablation: no variant is called 'hole' (did you mean whole?); the variants "
            "are plain, adapted, whole",
        ),
        ({"beyond": ["fast"]}, "ablation: no variant is called 'fast'"),
        ({"steps": ["plain"]}, "ablation: steps must list at least two variants"),
        ({"beyond": ["whole"]}, "whole is listed twice among steps and beyond"),
        ({"labels": {"adapted": "+ x"}}, "labels: adapted is in neither steps"),
        ({"stages": 1}, "ablation.stages: unknown key"),
        ({"labls": {}}, "ablation.labls: unknown key (did you mean labels?)"),
        (
            {"rungs": ["plain", "whole"]},
            "ablation.rungs: is another name of steps, which is given too; remove one",
        ),
        ({"title": " "}, "ablation.title: string should have at least 1 character"),
    ],
)
def test_a_wrong_ablation_is_reported_in_one_sentence(changes, expected, tmp_path):
    ablation = {"title": "Ablation", "steps": ["plain", "whole"]} | changes
    (problem,) = problems(
        suite_data(variants=ABLATION_ROWS, ablation=ablation), tmp_path
    )
    assert expected in problem


MERGED = "options:\n  <<: &o {a: 1}\n  b: 2\n"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"metrics": "lpips"}, "metrics: expected a list, as in [a, b], got 'lpips'"),
        ({"metrics": []}, "metrics: the list is empty; give at least one item"),
        ({"faces": None}, "faces: expected keys with values below it, got null"),
        ({"speed": 3}, "speed: expected keys with values below it, got 3"),
        ({"seeds": [2**40]}, "seeds.0: input should be less than 2147483648"),
        ({"title": " "}, "title: string should have at least 1 character"),
        ({"seeds": [True]}, "seeds.0: expected a whole number, got true"),
        ({"seeds": ["0"]}, "seeds.0: expected a whole number, got '0'"),
        ({"threads": True}, "threads: expected a whole number, got true"),
        ({"threads": 2.0}, "threads: expected a whole number, got 2.0; write 2"),
        ({"threads": 1e3}, "threads: expected a whole number, got 1000.0; write 1000"),
        ({"threads": 2.5}, "threads: expected a whole number, got 2.5"),
        ({"threads": float("inf")}, "threads: expected a whole number, got .inf"),
        ({"threads": "many"}, "threads: expected a whole number, got 'many'"),
        ({"from_scratch": 1}, "from_scratch: expected true or false, got 1"),
        ({"from_scratch": "yes"}, "from_scratch: expected true or false, got 'yes'"),
        ({"notes": 2026}, "notes: expected text (in quotes), got 2026"),
        ({"speed": {"warmup": True}}, "speed.warmup: expected a whole number, got tru"),
        (
            {"faces": {"set": "portraits", "train_count": "4"}},
            "faces.train_count: expected a whole number, got '4'",
        ),
        (
            {"name": "My Suite"},
            "name: 'My Suite' is not allowed: a name has at most 60",
        ),
    ],
)
def test_mistakes_are_explained_in_terms_of_yaml(changes, expected, tmp_path):
    (problem,) = problems(suite_data(**changes), tmp_path)
    assert expected in problem


def test_an_unsafe_key_is_named_by_its_path(tmp_path):
    faces = {"folder": "faces", "truth": {"avataaars": {"a@b": "x.csv"}}}
    (problem,) = problems(suite_data(faces=faces), tmp_path)
    assert "faces.truth.avataaars.a@b: 'a@b' is not allowed: a name has" in problem


@pytest.mark.parametrize("name", ["../../../../escaped", "a/b", "a@b", ""])
def test_unsafe_names_of_designers_are_refused_in_words(name, tmp_path):
    (problem,) = problems(suite_data(designers=[name]), tmp_path)
    assert f"designers.0: {name!r} is not allowed: a name has at most 60" in problem
