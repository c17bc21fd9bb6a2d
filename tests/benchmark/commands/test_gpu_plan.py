"""The suites `paper` and `paper-smoke`: missing parts, GPU-hours, and a reduced run."""

import json
import sys
from pathlib import Path

import pytest
import torch
import yaml

from benchmark.cli import main
from benchmark.commands.gpu_plan import gpu_hours, hours_on
from benchmark.commands.gpu_stages import gpu_stages
from benchmark.config.suite import SUITES, load_suite
from benchmark.registry import METHODS


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    """Runs `avatarbench` in an empty folder; returns (status, stdout, stderr)."""
    monkeypatch.chdir(tmp_path)

    def call(*words):
        monkeypatch.setattr(sys, "argv", ["avatarbench", *map(str, words)])
        with pytest.raises(SystemExit) as caught:
            main()
        out, err = capsys.readouterr()
        return caught.value.code or 0, out, err

    return call


def paper_stages():
    chains = gpu_stages(load_suite("paper"))
    return chains, {stage.name: stage for chain in chains for stage in chain}


def test_the_dry_run_lists_what_is_missing_with_commands(run, monkeypatch, tmp_path):
    monkeypatch.setenv("AVATARBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    status, out, _ = run("run", "paper", "--dry-run")
    assert status == 2
    for expected in (
        "no cuda device is available",
        "avatarbench weights fetch torchvision-resnet18",
        "torchvision-vgg16` (for domain-adaptation, swiftavatar)",
        "metrics.lpips: the weight file torchvision-alexnet is not at hand",
        "avatarbench weights import CelebAMask-HQ-512x512.pt",
        "avatarbench train parser CelebAMask-HQ",
        "ffhq does not exist: download FFHQ",
        "truths/toon-tiktok.designers.csv cannot be read",
        "avatarbench studio serve --faces FOLDER --engine toon-alter",
        "GPU-hours      on 1      on 8     on 64",
        "inversion of 50,000, 200 steps",
        "500,000 pairs (swiftavatar)",
        "Hours are for H200 GPUs",
    ):
        assert expected in out
    status, out, error = run("run", "paper")
    assert status == 2
    assert "avatarbench weights import CelebAMask-HQ-512x512.pt" in error
    assert not Path("runs").exists()


@pytest.mark.slow
def test_other_suites_are_not_priced_in_gpu_hours(run):
    status, out, _ = run("run", "inferability", "--dry-run")
    assert status == 0
    assert "GPU-hours" not in out


def test_the_paper_has_the_sizes_of_its_section_4():
    chains, stages = paper_stages()
    assert stages["50,000 renders of 512 px"].disk == 50_000 * 512 * 512 * 3
    assert stages["10,000 renders of 512 px"].engine == "toon-alter"
    assert "estimator (swiftavatar), 195,312 steps of 256" in stages
    assert "100,000 pairs (swiftavatar)" in stages
    shared = [c for c in chains if stages["inversion of 50,000, 200 steps"] in c]
    assert len(shared) == 2  # with and without semantic augmentation
    assert 20 < gpu_hours(stages.values()) < 200


def test_more_gpus_shorten_sharded_stages_only():
    chains, stages = paper_stages()
    inversion = stages["inversion of 50,000, 200 steps"]
    estimator = stages["estimator (swiftavatar), 195,312 steps of 256"]
    assert hours_on([[inversion]], 8) == pytest.approx(gpu_hours([inversion]) / 8)
    assert hours_on([[estimator]], 8) == pytest.approx(gpu_hours([estimator]))
    whole = gpu_hours(stage for chain in chains for stage in chain)
    assert hours_on(chains, 1) == pytest.approx(whole)
    own = next(chain for chain in chains if estimator in chain)
    assert hours_on(chains, 64) == pytest.approx(hours_on([own], 64))


def test_the_smoke_suite_is_the_paper_with_smaller_numbers():
    paper, smoke = (
        yaml.safe_load((SUITES / f"{name}.yaml").read_text())
        for name in ("paper", "paper-smoke")
    )
    for key in ("engines", "ablation", "render_size", "seeds", "metrics"):
        assert smoke[key] == paper[key]
    assert [(v["name"], v["method"]) for v in smoke["variants"]] == [
        (v["name"], v["method"]) for v in paper["variants"]
    ]
    same = set(paper["options"]) - {"pretrained", "batch_size", "generator"}
    nested = {"adaptation", "mean", "inversion", "semantic", "imitator", "similarity"}
    for key in same - nested - {"search", "translator"}:
        assert smoke["options"][key] == paper["options"][key]
    sizes = {"steps", "batch", "samples", "copies", "perceptual", "template", "parser"}
    differs = {("mean", "glasses"), *((key, name) for key in nested for name in sizes)}
    for key in nested:
        for name, value in paper["options"][key].items():
            if (key, name) not in differs:
                assert smoke["options"][key][name] == value, (key, name)


def test_the_paper_has_the_defaults_that_follow_it():
    """Each value of the paper that our options default to is the suite's value."""
    options = load_suite("paper").options
    defaults = METHODS.load("swiftavatar").Options().model_dump()
    for key in ("adaptation", "mean", "semantic"):
        for name, value in options[key].items():
            assert defaults[key][name] == value, (key, name)
    changed = {
        k for k, v in options["inversion"].items() if defaults["inversion"][k] != v
    }
    assert changed == {"batch"}
    for key in ("input_size", "backbone", "batch_size", "schedule", "discrete_weight"):
        assert defaults[key] == options[key]


@pytest.mark.slow
def test_the_smoke_suite_runs(run):
    assert run("weights", "random", "random512")[0] == 0
    one = "--set", "threads=1", "--no-mlflow", "--quiet"
    status, _, error = run("run", "paper-smoke", *one)
    assert status == 0, error
    trials = sorted(Path("runs/paper-smoke/latest/trials").iterdir())
    assert len(trials) == 14
    samples = {
        path.name: json.loads((path / "trial.json").read_text())["options"]["samples"]
        for path in trials
        if path.name.startswith(("swiftavatar", "baseline"))
    }
    assert samples == {
        "baseline__toon-alter__s0": 3,
        "baseline__toon-tiktok__s0": 4,
        "swiftavatar__toon-alter__s0": 3,
        "swiftavatar__toon-tiktok__s0": 4,
    }
