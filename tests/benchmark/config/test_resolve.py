import math
from dataclasses import replace

import numpy as np
import pytest
import tiny_suite

from benchmark import weights
from benchmark.config.resolve import resolve
from benchmark.config.suite import SuiteError, parse_suite
from benchmark.engines.toon import ToonTikTok
from benchmark.faces.parquet_set import ParquetFace, write_manifest, write_split
from benchmark.run.fresh import stage_users
from benchmark.run.plan import fit_of_record, make_plan
from benchmark.run.trial_writer import trial_record
from benchmark.storage.trial_folder import webp_bytes


def resolved(tiny, **changes):
    data = tiny_suite.suite_data(**changes)
    return resolve(parse_suite(data, "tiny.yaml", tiny.parent))


def variants(**options):
    return [{"name": "one", "method": "tiny", "options": options}]


def test_all_unknown_names_are_reported_at_once(tiny):
    with pytest.raises(SuiteError) as caught:
        resolved(
            tiny,
            engines=["tny"],
            metrics=["mouth-eror"],
            variants=[
                {"name": "one", "method": "tinny"},
                {"name": "two", "method": "tiny", "options": {"stepz": 1}},
                {"name": "three", "method": "tiny", "options": {"steps": "many"}},
            ],
        )
    text = str(caught.value)
    assert len(caught.value.problems) == 5
    assert "did you mean tiny" in text
    assert "did you mean mouth-error" in text
    assert "variants.two.options: stepz: unknown key (did you mean steps?)" in text
    assert "variants.three.options: steps: " in text


def test_missing_truths_and_too_few_faces_are_reported(tiny):
    faces = tiny_suite.suite_data()["faces"] | {"heldout_count": 99}
    with pytest.raises(SuiteError) as caught:
        resolved(tiny, faces=faces, designers=["designer-c"])
    assert "99 were asked for" in str(caught.value)
    assert "no designer 'designer-c'" in str(caught.value)


def test_shared_options_reach_methods_that_have_them(tiny):
    found = resolved(tiny, options={"steps": 8})
    assert found.variants[0].options.steps == 8
    with pytest.raises(SuiteError, match="no variant's method has an option"):
        resolved(tiny, options={"stepz": 8})


def test_options_of_an_engine_override_those_of_the_variant(tiny):
    own = {"tiny": {"steps": 5}}
    rows = [
        {"name": "one", "method": "tiny", "options": {"steps": 4, "input_size": 65}},
        {"name": "two", "method": "tiny", "engine_options": own},
    ]
    rows[1] |= {"options": rows[0]["options"]}
    found = resolved(tiny, variants=rows)
    one, two = (trial.variant.options for trial in make_plan(found).trials)
    assert (one.steps, two.steps) == (4, 5)
    assert one.input_size == two.input_size == 65
    data = found.to_data()["variants"]
    assert "engine_options" not in data["one"]
    assert data["two"]["options"]["steps"] == 4
    assert data["two"]["engine_options"]["tiny"]["steps"] == 5


def test_mistakes_in_options_of_an_engine_are_named(tiny):
    own = {"tny": {"steps": 5}, "tiny": {"stepz": 1}}
    with pytest.raises(SuiteError) as caught:
        resolved(
            tiny,
            variants=[{"name": "one", "method": "tiny", "engine_options": own}],
        )
    first, second = caught.value.problems
    assert first == (
        "variants.one.engine_options: tny is not an engine of the suite (did you mean "
        "tiny?)"
    )
    assert second.startswith(
        "variants.one.engine_options.tiny: stepz: unknown key (did you mean steps?)"
    )


def test_options_of_an_engine_cannot_need_other_weights(tiny):
    own = {"tiny": {"needs": "efficientnet-lite0"}}
    with pytest.raises(SuiteError, match="need other weight files than those of the"):
        resolved(
            tiny,
            variants=[{"name": "one", "method": "tiny", "engine_options": own}],
        )


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"stepz": 1}, "options.stepz: no variant's method has an option of this name"),
        ({"input_sise": 64}, "of this name (did you mean input_size?)"),
        (
            {"steps": True},
            "variants.one.options: steps: expected a whole number, got t",
        ),
        (
            {"steps": "8"},
            "variants.one.options: steps: expected a whole number, got '8'",
        ),
        (
            {"steps": 8.0},
            "variants.one.options: steps: expected a whole number, got 8.0",
        ),
    ],
)
def test_shared_options_are_checked(options, expected, tiny):
    with pytest.raises(SuiteError) as caught:
        resolved(tiny, options=options)
    assert expected in str(caught.value)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"pretrained": "no"}, "pretrained: expected true or false, got 'no'"),
        ({"augmentation": {"flip": 1}}, "augmentation.flip: expected true or false"),
        ({"learning_rate": "0.1"}, "learning_rate: expected a number, got '0.1'"),
        (
            {"learning_rate": math.inf},
            "learning_rate: expected a finite number, got .inf",
        ),
        (
            {"learning_rate": math.nan},
            "learning_rate: expected a finite number, got .nan",
        ),
        ({"see_size": True}, "effective_resolution: expected a whole number, got tru"),
    ],
)
def test_values_of_another_type_are_not_converted(options, expected, tiny):
    rows = variants(**options)
    rows[0]["method"] = "baseline"
    with pytest.raises(SuiteError) as caught:
        resolved(tiny, variants=rows)
    assert f"variants.one.options: {expected}" in str(caught.value)


def test_a_whole_number_is_a_number(tiny):
    rows = variants(learning_rate=1, pretrained=False)
    rows[0]["method"] = "baseline"
    assert resolved(tiny, variants=rows).variants[0].options.learning_rate == 1.0


def test_the_unknown_key_of_a_nested_option_gets_the_keys_of_its_section(tiny):
    rows = variants(augmentation={"flipp": 1})
    rows[0]["method"] = "baseline"
    with pytest.raises(SuiteError) as caught:
        resolved(tiny, variants=rows)
    text = str(caught.value)
    assert "options: augmentation.flipp: unknown key" in text
    assert "backbone" not in text.partition("the keys here are")[2].splitlines()[0]


NAMES = ("see_size", "effective_resolution")


@pytest.mark.parametrize("shared", NAMES)
@pytest.mark.parametrize("own", NAMES)
def test_old_and_new_spellings_override_each_other(shared, own, tiny):
    tiny_options = {"pretrained": False, "input_size": 64}
    rows = variants(**{own: 32}, **tiny_options)
    rows[0]["method"] = "baseline"
    found = resolved(tiny, options={shared: 48}, variants=rows)
    assert found.variants[0].options.effective_resolution == 32


@pytest.mark.parametrize("own", [{}, {"effective_resolution": 32}, {"see_size": 32}])
def test_both_spellings_among_shared_options_are_refused_there(own, tiny):
    rows = variants(pretrained=False, **own)
    rows[0]["method"] = "baseline"
    with pytest.raises(SuiteError) as caught:
        resolved(tiny, options=dict.fromkeys(NAMES, 48), variants=rows)
    assert str(caught.value) == (
        "options: see_size is another name of effective_resolution, which is given "
        "too; remove one"
    )


def test_both_spellings_in_one_place_are_refused_in_one_sentence(tiny):
    rows = variants(see_size=32, effective_resolution=48, pretrained=False)
    rows[0]["method"] = "baseline"
    with pytest.raises(SuiteError) as caught:
        resolved(tiny, variants=rows)
    assert str(caught.value) == (
        "variants.one.options: see_size is another name of effective_resolution, "
        "which is given too; remove one"
    )


def test_titles_tell_variants_apart(tiny):
    rows = [{"name": name, "method": "tiny"} for name in ("one", "two")]
    found = resolved(tiny, variants=rows)
    assert [v.title for v in found.variants] == ["Tiny (one)", "Tiny (two)"]
    rows = [row | {"title": "Same"} for row in rows]
    with pytest.raises(SuiteError, match="2 have the title 'Same'"):
        resolved(tiny, variants=rows)


def test_a_metric_without_its_weights_is_skipped_with_the_reason(tiny, monkeypatch):
    monkeypatch.setattr(weights, "find", lambda name: None)
    found = resolved(tiny, metrics=["needy", "mouth-error"])
    assert "avatarbench weights fetch" in found.bound_metrics[0].skipped
    assert (
        found.to_data()["metrics"]["needy"]["skipped"] == found.bound_metrics[0].skipped
    )
    plan = make_plan(found)
    assert {name for _, _, name in plan.trials[0].scores} == {"mouth-error"}


def test_a_variant_without_its_weights_is_a_problem(tiny, monkeypatch):
    monkeypatch.setattr(weights, "find", lambda name: None)
    with pytest.raises(SuiteError, match=r"variants\.one: the weight file big"):
        resolved(tiny, variants=variants(needs="big"))


def test_the_first_usable_fallback_is_taken_and_recorded(tiny, monkeypatch, tmp_path):
    small = tmp_path / "small.pth"
    small.write_bytes(b"weights")
    here = {"small": small}
    monkeypatch.setattr(weights, "find", here.get)
    found = resolved(tiny, variants=variants(needs={"fallbacks": ["big", "small"]}))
    assert found.variants[0].options.needs == "small"
    data = found.to_data()["variants"]["one"]
    assert data["options"]["needs"] == "small"
    assert list(data["weights"]) == ["small"]
    before = make_plan(found).trials[0].fit.key
    small.write_bytes(b"other weights")
    found = resolved(tiny, variants=variants(needs="small"))
    assert make_plan(found).trials[0].fit.key != before


def test_keys_change_with_what_a_stage_reads_and_with_nothing_else(tiny):
    def fit(**changes):
        return make_plan(resolved(tiny, **changes)).trials[0].fit.key

    first = fit()
    assert fit(title="Other", metrics=["skin-share"], render_size=128) == first
    assert fit(splits=["validation"]) == first
    assert fit(variants=variants(steps=4)) != first
    assert fit(seeds=[1]) != first
    assert fit(threads=1) != first


def test_a_changed_face_changes_keys(tiny):
    before = make_plan(resolved(tiny)).trials[0]
    faces = tiny.parent / "faces"
    train, heldout = faces / "face00.png", faces / "face09.png"
    train.write_bytes((faces / "face01.png").read_bytes())
    after = make_plan(resolved(tiny)).trials[0]
    assert after.fit.key != before.fit.key
    heldout.write_bytes((faces / "face10.png").read_bytes())
    last = make_plan(resolved(tiny)).trials[0]
    assert last.fit.key == after.fit.key
    assert last.predict["heldout"].key != after.predict["heldout"].key
    assert last.predict["validation"].key == after.predict["validation"].key


def use_others(monkeypatch, *names):
    """Make the tiny method one whose fit uses renders of these engines, too.

    With four steps it uses none.
    """

    class Others(tiny_suite.TinyMethod):
        @classmethod
        def other_engines(cls, options):
            return () if options.steps == 4 else names

    monkeypatch.setattr(tiny_suite, "TinyMethod", Others)


def test_other_engines_that_a_fit_uses_are_part_of_its_key(tiny, monkeypatch):
    before = make_plan(resolved(tiny)).trials[0].fit.key
    use_others(monkeypatch, "toon-tiktok")
    found = resolved(tiny)
    assert list(found.variants[0].other_engines) == ["toon-tiktok"]
    plan = make_plan(found)
    record = trial_record(plan, plan.trials[0])
    assert fit_of_record(found.to_data(), record) == plan.trials[0].fit
    after = plan.trials[0].fit.key
    assert after != before
    assert "engine toon-tiktok" in stage_users(plan)[after]
    newer = replace(ToonTikTok.meta, version="later")
    monkeypatch.setattr(ToonTikTok, "meta", newer)
    assert make_plan(resolved(tiny)).trials[0].fit.key not in {before, after}


def test_an_unknown_other_engine_is_a_problem(tiny, monkeypatch):
    use_others(monkeypatch, "toon-titok")
    with pytest.raises(SuiteError, match=r"variants.one.options: .*'toon-titok'"):
        resolved(tiny)


def test_options_of_an_engine_cannot_use_other_engines(tiny, monkeypatch):
    use_others(monkeypatch, "toon-tiktok")
    row = {**variants()[0], "engine_options": {"tiny": {"steps": 4}}}
    with pytest.raises(SuiteError, match=r"engine_options.tiny: these options use"):
        resolved(tiny, variants=[row])


def test_truths_are_part_of_an_oracles_key_alone(tiny):
    rows = [{"name": name, "method": name} for name in ("tiny", "oracle")]
    before = make_plan(resolved(tiny, variants=rows)).trials
    truth = tiny.parent / "designer-a.csv"
    truth.write_text(truth.read_text().replace("face01,0.091", "face01,0.5"))
    after = make_plan(resolved(tiny, variants=rows)).trials
    assert before[0].fit.key == after[0].fit.key
    assert before[1].fit.key != after[1].fit.key


@pytest.mark.parametrize("candidates", [3, [], None])
def test_fallbacks_need_a_list(tiny, candidates):
    chosen = variants(steps={"fallbacks": candidates})
    with pytest.raises(SuiteError, match="steps: fallbacks must be a list") as caught:
        resolved(tiny, variants=chosen)
    assert len(caught.value.problems) == 1


def test_a_problem_of_two_splits_is_reported_once(tiny):
    with pytest.raises(SuiteError) as caught:
        resolved(tiny, designers=["designer-c"])
    assert len(caught.value.problems) == 1


def test_no_face_of_a_sealed_set_is_in_two_splits(tiny):
    picture = webp_bytes(np.zeros((64, 64, 3), np.uint8))
    faces = [ParquetFace(f"face{row}", picture, None, None, "CC0") for row in range(4)]
    folder = tiny.parent / "packed"
    (folder / "truth").mkdir(parents=True)
    for split in ("train", "validation", "heldout"):
        write_split(folder / f"{split}.parquet", faces)
    lines = ["face,mouth,skin", *(f"face{row},0.5,dark" for row in range(4))]
    for designer in ("designer-a", "designer-b"):
        path = folder / "truth" / f"tiny.{designer}.csv"
        path.write_text("\n".join(lines) + "\n")
    write_manifest(folder, "packed", "1", "CC0", stand_in=False)
    with pytest.raises(SuiteError, match="face0 and 3 more are in split train and"):
        resolved(tiny, faces={"packed": "packed"})


def test_a_method_that_fails_to_name_its_weights_is_a_problem(tiny, monkeypatch):
    required = staticmethod(lambda options: exit(3))
    monkeypatch.setattr(tiny_suite.TinyMethod, "required_weights", required)
    with pytest.raises(SuiteError) as caught:
        resolved(tiny)
    (problem,) = caught.value.problems
    assert problem.startswith(
        "variants.one: required_weights of tiny raised SystemExit"
    )
