"""`avatarbench trace` on tiny networks: SwiftAvatar's chain and the other methods."""

import json
import sys
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from types import SimpleNamespace

import pandas as pd
import pytest
import tiny_pair
import tiny_similarity
import tiny_suite
import yaml
from tiny_easycraft import HEAD, PRETRAINING

from benchmark import weights
from benchmark.cli import main
from benchmark.commands.trace import _step_record
from benchmark.storage.recording_store import RequestedStage
from methods.generator import quality
from methods.tracing import Step

OPTIONS = {
    "input_size": 64,
    "backbone": "efficientnet_lite0",
    "backbone_stages": 2,
    "pretrained": False,
    "head_width": 4,
    "steps": 2,
    "batch_size": 4,
}
CHAIN = {
    "samples": 20,
    "inverted": 6,
    "adaptation": {"steps": 2, "batch": 4},
    "mean": {"samples": 20, "glasses": False},
    "inversion": {"steps": 4, "batch": 4, "perceptual_weight": 0},
    "semantic": {"copies": 2},
}
F2P = {
    "samples": 8,
    "imitator": {"size": 64, "width": 0.02, "steps": 1, "batch": 4},
    "similarity": {"identity_weight": 0, "parser": "parser"},
    "search": {"steps": 2},
    "prior": {"share": 0.5},
}
F2P_V2 = {
    "samples": 8,
    "imitator": F2P["imitator"],
    "similarity": {"parser": "parser"},
    "translator": {"width": 16, "steps": 1, "batch": 2},
}
TOS = {
    "samples": 8,
    "imitator": F2P["imitator"],
    "descriptor": {"parser": "parser", "colour_weight": 1, "side": 2},
    "tied": {"width": 2, "steps": 1, "batch": 2},
}
AGILE = {
    "samples": 20,
    "imitator": F2P["imitator"],
    "adaptation": CHAIN["adaptation"],
    "stylisation": {"samples": 4, "width": 4, "steps": 1, "batch": 2},
    "likeness": {"perceptual_weight": 0},
    "mapper": {"width": 2, "steps": 1, "batch": 2},
}
EASY = {"samples": 8, "pretraining": PRETRAINING, "head": HEAD}


STYLISED = ("adaptation", "dual-pictures", "stylisation")
SWIFT = ("tiny.yaml", "--variant", "swift", "--read", "8", "-q")


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def avatarbench(home):
    """Runs the command line in a folder with a tiny suite; returns its output."""
    with tiny_similarity.narrow_lightcnn(), pytest.MonkeyPatch.context() as patch:
        yield command_line(home, patch)


def command_line(home, monkeypatch):
    tiny_suite.register()
    widths = {4: 4, 8: 4, 16: 4, 32: 4, 64: 4}
    larger = {"size": 64, "channels": widths}
    tiny_pair.write(
        home / "pair",
        generator=tiny_pair.GENERATOR | larger,
        discriminator=tiny_pair.DISCRIMINATOR | larger,
    )
    chain = {**CHAIN, "generator": str(home / "pair")}
    agile = {**AGILE, "generator": str(home / "pair")}
    variants = [
        {"name": "swift", "method": "swiftavatar", "options": chain},
        {"name": "supervised", "method": "supervised"},
        {"name": "one", "method": "tiny"},
        {"name": "f2p", "method": "f2p", "options": F2P},
        {"name": "f2p-v2", "method": "f2p-v2", "options": F2P_V2},
        {"name": "tos", "method": "tos", "options": TOS},
        {"name": "agile", "method": "agileavatar", "options": agile},
        {"name": "easy", "method": "easycraft", "options": EASY},
    ]
    tiny_suite.make_suite(home, variants=variants, options=OPTIONS)
    tiny_similarity.write_tiny_parser(home / "parser")
    file = home / "features.pth"  # replaces the weights
    file.write_bytes(b"weights")
    monkeypatch.setattr(quality, "load_imagenet", lambda *given: None)
    stand_ins = dict.fromkeys(weights.names(), file)
    stand_ins[weights.LIGHTCNN_V4] = home / "lightcnn.pth.tar"
    tiny_similarity.write_lightcnn(stand_ins[weights.LIGHTCNN_V4])
    find = weights.find
    monkeypatch.setattr(weights, "find", lambda n: stand_ins.get(n) or find(n))
    monkeypatch.chdir(home)

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["avatarbench", "trace", *arguments])
        with (
            redirect_stdout(StringIO()) as said,
            redirect_stderr(StringIO()) as wrong,
            pytest.raises(SystemExit) as stop,
        ):
            main()
        return stop.value.code, said.getvalue(), wrong.getvalue()

    return run


@pytest.fixture(scope="module")
def traced(avatarbench):
    """The output of a trace of SwiftAvatar's chain."""
    status, said, wrong = avatarbench(*SWIFT)
    assert status == 0, wrong
    return said


def test_every_step_is_shown_with_its_cost(traced, home):
    said, folder = traced, home / "runs" / "trace" / "swift-tiny"
    data = json.loads((folder / "trace.json").read_text())
    names = [step["step"] for step in data["steps"]]
    assert names == ["renders", "adaptation", "mean-codes", "codes", "pairs"]
    for step in data["steps"]:
        assert step["seconds"] > 0
        assert step["step"] in said
    figures = {key: v for step in data["steps"] for key, v in step["figures"].items()}
    assert figures["pairs"] == 12
    assert figures["step 4/pixel"] == pytest.approx(figures["pixel"], rel=0.1)
    assert "quality/kernel_distance_floor" in figures
    table = pd.read_csv(folder / "fidelity.csv")
    assert list(table["parameter"]) == ["mouth", "skin"]
    # All columns fit on a terminal of 80 characters.
    assert "…" not in said[said.index("oracle on the training pairs") :]
    assert {path.name for path in folder.glob("*.png")} == {
        "dual-domain.png",
        "pairs.png",
    }


def test_a_step_of_several_stages_has_the_highest_known_peak():
    def shown(*peaks):
        stages = [
            RequestedStage("a", "k", {"seconds": 1, "peak_mib": peak}, False, False)
            for peak in peaks
        ]
        return _step_record(Step("a", {}), SimpleNamespace(requested=stages))

    assert shown(None, None)["peak_mib"] is None
    assert shown(3.0, None, 5.0)["peak_mib"] == 5.0


@pytest.mark.slow
def test_drawings_of_faces_are_shown_and_compared_with_them(avatarbench, home):
    variants = ("f2p", "f2p-v2", "tos", "agile", "easy")
    chosen = [word for name in variants for word in ("--variant", name)]
    asked = (*chosen, "--faces", "3", "-q")
    status, said, wrong = avatarbench("tiny.yaml", *asked)
    assert status == 0, wrong
    steps = {
        "f2p": ["renders", "imitator", "searched-faces"],
        "f2p-v2": ["renders", "imitator", "similarity-features", "translator"],
        "tos": ["renders", "imitator", "descriptors", "tied-output"],
        "agile": ["renders", "imitator", *STYLISED, "mapper"],
        "easy": ["renders", "masked-autoencoder", "easycraft-heads"],
    }
    terms = {
        "f2p": {"content"},
        "f2p-v2": {"identity", "content"},
        "tos": {"identity", "colour"},
        "agile": {"likeness"},
        "easy": {"features"},
    }
    drawn = {
        "tos": ["generated", "emulated"],
        "agile": ["stylised", "relaxed", "searched"],
        "easy": [],
    }
    own_sheet = {"easy": "reconstructions.png"}
    for name in steps:
        folder = home / "runs" / "trace" / f"{name}-tiny"
        data = json.loads((folder / "trace.json").read_text())
        assert [step["step"] for step in data["steps"]] == steps[name]
        # Renders that no missing stage needs are not made.
        assert all(step["seconds"] > 0 for step in data["steps"] if step["keys"])
        figures = [step["figures"] for step in data["steps"]]
        assert any(some.get("error_unseen", 0) > 0 for some in figures)
        table = pd.read_csv(folder / "likeness.csv")
        assert set(table["term"]) == terms[name]
        assert len(table) == 3 * len(terms[name])
        pictures = [*drawn.get(name, ["start", "imitated"]), "found", "truth"]
        assert list(table.columns) == ["face", "term", *pictures]
        assert (table[pictures] >= 0).all(axis=None)
        sheets = {path.name for path in folder.glob("*.png")}
        assert sheets == {own_sheet.get(name, "imitator.png"), "likeness.png"}
    assert "error_unseen" in said


@pytest.mark.slow
@pytest.mark.usefixtures("traced")
def test_no_stage_is_built_twice(avatarbench, home):
    store = home / "runs" / "store"
    before = {path: path.stat().st_mtime_ns for path in store.rglob("stage.json")}
    assert before
    status, _, wrong = avatarbench(*SWIFT[:-1])  # not quiet
    assert status == 0
    # A trace keeps the stages of a fit, not the fit itself.
    assert "swift__tiny__s0 is not fitted in" in " ".join(wrong.split())
    after = {path: path.stat().st_mtime_ns for path in store.rglob("stage.json")}
    assert before == after


@pytest.mark.slow
@pytest.mark.usefixtures("traced")
def test_without_an_oracle_there_is_no_fidelity(avatarbench, home):
    data = yaml.safe_load((home / "tiny.yaml").read_text())
    data["variants"] = data["variants"][:1]
    (home / "alone.yaml").write_text(yaml.safe_dump(data))
    places = ("--out", "alone", "--store", "runs/store")
    status, said, wrong = avatarbench("alone.yaml", *places, "-q")
    assert status == 0, wrong
    assert "kept" not in said
    assert list((home / "alone").rglob("trace.json"))
    assert not list((home / "alone").rglob("fidelity.csv"))


def test_a_choice_without_a_chain_is_reported(avatarbench):
    status, _, wrong = avatarbench("tiny.yaml", "--variant", "one")
    assert status == 2
    assert (
        "can be traced are: swift, f2p, f2p-v2, tos, agile, easy; its engines are tiny"
        in wrong
    )
