"""Files of weights folders are found by name or path and checked at plan time."""

import hashlib
import json
import pwd
import re
import shutil

import pytest
import tiny_suite

from benchmark import weights
from benchmark.commands.train_export import require_replaceable
from benchmark.config.resolve import resolve
from benchmark.config.suite import SuiteError, parse_suite
from benchmark.run.plan import make_plan
from benchmark.weights import WeightsError
from benchmark.weights.folders import ESTIMATOR, SHIPPED, known_weights, require_free
from benchmark.weights.sources import torch_downloads

PAIR = ("generator.safetensors", "discriminator.safetensors")


def make_folder(folder, files=PAIR, content="numbers"):
    folder.mkdir(parents=True)
    digests = {}
    for file in files:
        data = f"{content} of {file}".encode()
        (folder / file).write_bytes(data)
        digests[file] = hashlib.sha256(data).hexdigest()
    (folder / "card.json").write_text(json.dumps({"digests": digests}))
    return folder


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """A cache that holds one imported pair, `mine`."""
    monkeypatch.setenv("AVATARBENCH_CACHE", str(tmp_path / "cache"))
    make_folder(tmp_path / "cache" / "mine")
    return tmp_path / "cache"


def resolved(tiny, *needs, **changes):
    rows = [
        {"name": f"row{n}", "method": "tiny", "options": {"needs": need}}
        for n, need in enumerate(needs)
    ]
    data = tiny_suite.suite_data(variants=rows, **changes)
    return resolve(parse_suite(data, "tiny.yaml", tiny.parent))


@pytest.mark.parametrize("file", [*PAIR, "card.json"])
def test_files_go_by_a_name_or_a_path(cache, file):
    path = cache / "mine" / file
    assert weights.find(f"mine/{file}") == path
    assert weights.find(f"{cache}/mine/{file}") == path
    assert weights.check(f"mine/{file}", path) == path
    assert weights.find(f"other/{file}") is None
    assert weights.find(f"{cache}/other/{file}") is None


def test_shipped_weights_are_found_by_name():
    shipped = [name for name, path in known_weights().items() if path.parent == SHIPPED]
    assert "portraits64" in shipped
    for name in shipped:
        files = json.loads((SHIPPED / name / "card.json").read_text())["digests"]
        assert files
        for file in set(files) - {ESTIMATOR}:  # no suite reads estimators
            assert weights.find(f"{name}/{file}") == SHIPPED / name / file


def test_names_of_shipped_weights_are_no_exports_to_the_cache(cache, tmp_path):
    for name in ("portraits64", "parser128"):
        with pytest.raises(WeightsError, match=f"{name} is the name of weights that"):
            require_free(cache / name)
        require_free(tmp_path / name)
        with pytest.raises(WeightsError, match=f"{name} is the name of weights that"):
            require_replaceable(cache / name, {})


def test_a_changed_file_is_noticed(cache):
    (cache / "mine" / PAIR[0]).write_bytes(b"others")
    with pytest.raises(WeightsError, match=r"generator\.safetensors is damaged"):
        weights.find(f"mine/{PAIR[0]}")


@pytest.mark.parametrize("card", ["{", "[]", "{}", '{"digests": 3}'])
def test_a_card_that_is_none_is_noticed(cache, card):
    (cache / "mine" / "card.json").write_text(card)
    for file in (PAIR[0], "card.json"):
        with pytest.raises(WeightsError, match=r"card\.json is missing or invalid"):
            weights.find(f"mine/{file}")


def test_files_of_folders_cannot_be_fetched():
    with pytest.raises(WeightsError, match="unknown weight file 'mine/gen"):
        weights.fetch(f"mine/{PAIR[0]}")


def test_the_files_bytes_are_part_of_the_fits_key(tiny, cache):
    def fit():
        return make_plan(resolved(tiny, f"mine/{PAIR[0]}")).trials[0]

    before = fit()
    assert before.variant.weights == {f"mine/{PAIR[0]}": cache / "mine" / PAIR[0]}
    assert fit().fit.key == before.fit.key
    shutil.rmtree(cache / "mine")
    make_folder(cache / "mine", content="other numbers")
    assert fit().fit.key != before.fit.key


def test_all_missing_or_damaged_weights_are_reported_together(tiny, cache):
    make_folder(cache / "alone", files=PAIR[:1])
    make_folder(cache / "hurt")
    (cache / "hurt" / PAIR[0]).write_bytes(b"others")
    with pytest.raises(SuiteError) as caught:
        resolved(
            tiny,
            f"nowhere/{PAIR[0]}",
            f"alone/{PAIR[1]}",
            f"hurt/{PAIR[0]}",
            metrics=["mouth-eror"],
        )
    unknown, alone, hurt, metric = caught.value.problems
    assert unknown.startswith("variants.row0: nowhere is neither a folder nor a name")
    assert f"one of {', '.join(known_weights())}" in unknown
    assert {"alone", "hurt", "mine", "portraits64"} <= set(known_weights())
    assert re.match(r"variants\.row1: \S+ has no discriminator\.safetensors: ", alone)
    assert "train generator" in alone
    assert hurt.startswith("variants.row2: ")
    assert "damaged or was changed" in hurt
    assert "mouth-eror" in metric


ADVICE = {
    "portraits64": ("faces crowd", "train generator", "options.generator=FOLDER"),
    "parser128": ("train parser", "options.similarity.parser=FOLDER"),
}


@pytest.mark.parametrize(
    ("ships", "file"), [("portraits64", PAIR[0]), ("parser128", "parser.safetensors")]
)
def test_from_scratch_refuses_shipped_weights(tiny, tmp_path, ships, file):
    copy = shutil.copytree(SHIPPED / ships, tmp_path / "copy")
    for place in (ships, copy):
        need = f"{place}/{file}"
        assert resolved(tiny, need).variants[0].weights
        with pytest.raises(SuiteError, match=f"{ships} is shipped: ") as caught:
            resolved(tiny, need, from_scratch=True)
        (problem,) = caught.value.problems
        advised = {
            name for name in ADVICE if all(word in problem for word in ADVICE[name])
        }
        assert advised == {ships}


def test_from_scratch_accepts_own_weights_with_the_same_numbers(tiny, tmp_path):
    """Training may reproduce the weights exactly; the card still differs."""
    own = shutil.copytree(SHIPPED / "parser128", tmp_path / "own")
    card = json.loads((own / "card.json").read_text()) | {"hours": 0.3}
    (own / "card.json").write_text(json.dumps(card))
    found = resolved(tiny, f"{own}/parser.safetensors", from_scratch=True)
    assert found.variants[0].weights


def test_from_scratch_reports_missing_and_shipped_weights_together(tiny, monkeypatch):
    needs = staticmethod(lambda options: ("torchvision-vgg16", options.needs))
    monkeypatch.setattr(tiny_suite.TinyMethod, "required_weights", needs)
    monkeypatch.setenv("TORCH_HOME", str(tiny.parent))
    with pytest.raises(SuiteError) as caught:
        resolved(tiny, f"portraits64/{PAIR[0]}", from_scratch=True)
    missing, ships = caught.value.problems
    assert "torchvision-vgg16 is not at hand" in missing
    assert "portraits64 is shipped" in ships


def test_from_scratch_shares_only_fits_without_weights(tiny):
    needs = (f"mine/{PAIR[0]}", "")
    plain = resolved(tiny, *needs)
    scratch = resolved(tiny, *needs, from_scratch=True)
    assert scratch.to_data()["from_scratch"]
    assert scratch.digest != plain.digest
    before, after = make_plan(plain), make_plan(scratch)
    with_generator, without = range(2)
    old, new = before.trials, after.trials
    assert old[with_generator].fit.key != new[with_generator].fit.key
    assert old[without].fit.key == new[without].fit.key
    for a, b in zip(old, new, strict=True):
        assert before.trial_key(a) != after.trial_key(b)


@pytest.fixture
def homeless(monkeypatch):
    """A user without a home directory, as in many containers."""
    for name in ("HOME", "XDG_CACHE_HOME", "TORCH_HOME"):
        monkeypatch.delenv(name, raising=False)

    def unknown(uid):
        raise KeyError(f"getpwuid(): uid not found: {uid}")

    monkeypatch.setattr(pwd, "getpwuid", unknown)


@pytest.mark.usefixtures("homeless")
def test_a_user_without_a_home_needs_the_cache_variable_only(monkeypatch):
    assert weights.find("torchvision-resnet18") is None
    assert "mine" in known_weights()
    monkeypatch.delenv("AVATARBENCH_CACHE")
    with pytest.raises(WeightsError, match="set HOME, or set AVATARBENCH_CACHE"):
        weights.find("torchvision-resnet18")


def test_a_tilde_in_the_variables_is_the_home_directory(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AVATARBENCH_CACHE", "~/cache")
    monkeypatch.setenv("TORCH_HOME", "~/torch")
    assert weights.cache_folder() == tmp_path / "cache"
    assert torch_downloads() == tmp_path / "torch" / "hub" / "checkpoints"
