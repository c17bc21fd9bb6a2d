"""A run folder as the runner writes it, with made-up scores, for tests of reports."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from benchmark.avatars import AvatarSpec, AvatarVectors, Condition, Continuous, Discrete
from benchmark.storage.trial_folder import (
    CaseBlock,
    cases_bytes,
    json_bytes,
    webp_bytes,
)

SPEC = AvatarSpec(
    "toy",
    (
        Continuous("head_width", "head"),
        Continuous("eye_size", "eyes"),
        Discrete("skin", "skin", ("light", "mid", "dark"), colours=("#a", "#b", "#c")),
        Discrete("beard", "beard", ("none", "stubble", "full"), optional=True),
        Discrete(
            "beard_colour",
            "beard",
            ("black", "brown"),
            colours=("#a", "#b"),
            active_when=Condition("beard", ("stubble", "full")),
        ),
    ),
)
MACHINE = {
    "name": "Example CPU, 2 threads",
    "processor": "Example CPU",
    "cores": 2,
    "memory_gib": 8,
    "device": "cpu",
    "accelerator": None,
    "threads": 2,
}
METRICS: dict[str, dict[str, Any]] = {
    "lpips": {"title": "LPIPS", "unit": "distance", "direction": "lower"},
    "st-lpips": {"title": "ST-LPIPS", "unit": "distance", "direction": "lower"},
    "discrete-accuracy": {
        "title": "Accuracy",
        "unit": "share",
        "direction": "higher",
    },
    "continuous-mae": {
        "title": "MAE",
        "unit": "share of the range",
        "direction": "lower",
    },
    "macro-f1": {"title": "Macro-F1", "unit": "share", "direction": "higher"},
    "skin-ciede2000": {"title": "Skin ΔE", "unit": "CIEDE2000", "direction": "lower"},
}
VARIANTS: dict[str, dict[str, Any]] = {
    "baseline": {"title": "Baseline", "role": "method", "error": 0.5},
    "random": {"title": "Random", "role": "control", "error": 1.0},
    "constant": {"title": "Constant", "role": "control", "error": 0.9},
    "supervised": {"title": "Supervised", "role": "oracle", "error": 0.1},
    "supervised-shuffled": {
        "title": "Supervised, shuffled",
        "role": "oracle",
        "error": 0.92,
    },
}
LADDER: dict[str, dict[str, Any]] = {
    "adapted": {"title": "Adapted", "role": "method", "error": 0.4},
    "swift": {"title": "SwiftAvatar", "role": "method", "error": 0.25},
    "few-pairs": {"title": "100 pairs", "role": "method", "error": 0.45},
    "some-pairs": {"title": "400 pairs", "role": "method", "error": 0.3},
    "no-colour": {"title": "− colour loss", "role": "method", "error": 0.25},
}
"""Variants that only a run with an ablation has."""
ALL = VARIANTS | LADDER
ABLATION = {
    "title": "Ablation",
    "rungs": ["baseline", "adapted", "swift"],
    "beyond": ["few-pairs", "some-pairs", "no-colour"],
    "labels": {"adapted": "+ adaptation", "swift": "+ augmentation"},
}
OPTIONS = {"inverted": 1600, "adaptation": {"colour": 1.0, "stop_below": None}}
"""Options of `swift`; those of the variants beyond it differ in one of them."""
CHANGED: dict[str, dict[str, Any]] = {
    "few-pairs": OPTIONS | {"inverted": 100},
    "some-pairs": OPTIONS | {"inverted": 400},
    "no-colour": OPTIONS | {"adaptation": {"colour": 0.0, "stop_below": None}},
}
SKIPPED = "lpips: the weight file torchvision-alexnet is not at hand"


WEIGHTS = {"efficientnet-lite0": "57934424" + "0" * 56, "someones-own": "1234abcd" * 8}


@dataclass(frozen=True)
class Shape:
    """What a made-up run holds."""

    engines: tuple[str, ...] = ("toon-tiktok", "avataaars")
    seeds: tuple[int, ...] = (0, 1)
    designers: tuple[str, ...] = ("designer-a", "designer-b")
    splits: Mapping[str, int] = field(
        default_factory=lambda: {"heldout": 24, "validation": 20}
    )
    skipped: tuple[str, ...] = ("lpips",)
    failed: tuple[str, ...] = ()
    machines: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    stand_in: bool = True
    face_set: str = "portraits"
    ablation: bool = False

    @property
    def variants(self) -> tuple[str, ...]:
        return (*VARIANTS, *(LADDER if self.ablation else ()))


def write_run(folder: Path, shape: Shape) -> None:
    folder.mkdir(parents=True)
    resolved = {
        "variants": {
            name: {
                "method": "swiftavatar" if name in LADDER else name,
                "options": CHANGED.get(name, OPTIONS if name == "swift" else {}),
            }
            for name in shape.variants
        },
        "engines": {name: {} for name in shape.engines},
        "ablation": ABLATION if shape.ablation else None,
    }
    (folder / "resolved.yaml").write_text(yaml.safe_dump(resolved, sort_keys=False))
    environment = {
        "python": "3.11.7",
        "system": "Linux",
        "hardware": MACHINE,
        "git": {"sha": "f" * 40, "dirty": False},
        "packages": {"torch": "2.13.0", "numpy": "2.4.6"},
    }
    (folder / "environment.json").write_text(json.dumps(environment))
    for engine in shape.engines:
        for variant in shape.variants:
            for seed in shape.seeds:
                write_trial(folder, shape, variant, engine, seed)


def truths(split: str, count: int) -> AvatarVectors:
    rng = np.random.default_rng(len(split))
    return AvatarVectors(
        SPEC,
        rng.random((count, 2)).astype(np.float32),
        rng.integers(0, [3, 3, 2], (count, 3)),
    )


def guesses(truth: AvatarVectors, error: float, rng: np.random.Generator):
    wrong = rng.random(truth.discrete.shape) < error
    other = rng.integers(0, [3, 3, 2], truth.discrete.shape)
    noise = rng.normal(0, 0.4 * error, truth.continuous.shape)
    continuous = np.clip(truth.continuous + noise, 0, 1).astype(np.float32)
    # The picture does not show the size of the eyes, so predictions are random.
    continuous[:, 1] = rng.random(len(truth))
    return AvatarVectors(SPEC, continuous, np.where(wrong, other, truth.discrete))


def write_trial(run: Path, shape: Shape, variant: str, engine: str, seed: int) -> None:
    name = f"{variant}__{engine}__s{seed}"
    folder = run / "trials" / name
    folder.mkdir(parents=True)
    record = trial_record(shape, variant, engine, seed)
    if variant in shape.failed:
        record |= {"status": "failed", "error": "ValueError: no luck", "set_scores": {}}
        (folder / "trial.json").write_bytes(json_bytes(record))
        return
    for split, count in shape.splits.items():
        if split == "validation":  # no report may need pictures of held-out faces
            write_pictures(run, folder, shape, engine, split, face_names(split, count))
    cases, set_scores = made_up_scores(
        variant,
        len(engine),
        seed,
        tuple(shape.splits.items()),
        shape.designers,
        shape.skipped,
    )
    (folder / "cases.parquet").write_bytes(cases)
    machine = shape.machines.get(variant, MACHINE)
    (folder / "timing.json").write_bytes(json_bytes(timing(machine)))
    record |= {"status": "done", "error": None, "set_scores": set_scores}
    (folder / "trial.json").write_bytes(json_bytes(record))


def face_names(split: str, count: int) -> list[str]:
    return [f"{split}-{row:03}" for row in range(count)]


@cache
def made_up_scores(
    variant: str,
    engine: int,
    seed: int,
    splits: tuple[tuple[str, int], ...],
    designers: tuple[str, ...],
    skipped: tuple[str, ...],
) -> tuple[bytes, dict[str, dict[str, float]]]:
    """The file of the cases, and the scores of sets by split and designer.

    `engine` is a number. Many tests need the same scores, which take a while.
    """
    rng = np.random.default_rng([list(ALL).index(variant), engine, seed])
    blocks, set_scores = [], {}
    for split, count in splits:
        truth = truths(split, count)
        predicted = guesses(truth, ALL[variant]["error"], rng)
        faces = face_names(split, count)
        parts = [
            "shifted" if row % 3 == 0 else "in-distribution" for row in range(count)
        ]
        for designer in designers:
            scores = case_scores(skipped, variant, count, rng)
            block = (split, designer, faces, parts, predicted, truth, scores)
            blocks.append(CaseBlock(*block))
            set_scores[f"{split}/{designer}"] = {"macro-f1": macro_f1(predicted, truth)}
    return cases_bytes(blocks), set_scores


def macro_f1(predicted: AvatarVectors, truth: AvatarVectors) -> float:
    from evaluation.parameters import parameter_scores

    return float(parameter_scores(predicted, truth)["macro_f1"].mean())


def case_scores(
    skipped: tuple[str, ...], variant: str, count: int, rng: np.random.Generator
):
    error = ALL[variant]["error"]
    faces = np.random.default_rng(7).normal(0, 0.04, count)
    found = {}
    for index, (name, facts) in enumerate(METRICS.items()):
        if name == "macro-f1" or name in skipped:
            continue
        sign = 1 if facts["direction"] == "lower" else -1
        scale = 20 if facts["unit"] == "CIEDE2000" else 1
        value = 0.5 + sign * (0.3 * error - 0.15) + faces + rng.normal(0, 0.02, count)
        found[name] = scale * np.clip(value + 0.01 * index, 0, 1)
    if "skin-ciede2000" in found:
        found["skin-ciede2000"][0] = np.nan
    return found


def timing(machine: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "model_hz_median": 41.24,
        "model_ms_p5": 22.0,
        "model_ms_p50": 24.2,
        "model_ms_p95": 31.5,
        "end_to_end_hz_median": 35.0,
        "end_to_end_ms_p5": 27.0,
        "end_to_end_ms_p50": 28.6,
        "end_to_end_ms_p95": 39.0,
        "repeats": 50,
        "hardware": dict(machine),
        "fit_seconds": 61.0,
        "fit_resumed": False,
    }


def trial_record(shape: Shape, variant: str, engine: str, seed: int) -> dict[str, Any]:
    facts = ALL[variant]
    part = {
        "name": "face parser",
        "source": "its authors",
        "data": "CelebAMask-HQ",
        "licence": "MIT",
    }
    metrics = [
        {
            "name": name,
            **about,
            "level": "set" if name == "macro-f1" else "case",
            "identity": {"version": "1"},
            "needs": [],
            "weights": {},
            "skipped": SKIPPED if name in shape.skipped else None,
        }
        for name, about in METRICS.items()
    ]
    return {
        "suite": "quick",
        "variant": variant,
        "title": facts["title"],
        "method": variant,
        "method_meta": {
            "name": variant,
            "title": facts["title"],
            "pretrained": [part] if facts["role"] != "control" else [],
        },
        "role": facts["role"],
        "options": {},
        "weights": {} if facts["role"] == "control" else WEIGHTS,
        "engine": engine,
        "engine_meta": {"name": engine},
        "spec": SPEC.to_json(),
        "seed": seed,
        "metrics": metrics,
        "faces": {
            "name": shape.face_set,
            "version": "1",
            "digest": "ab" * 32,
            "stand_in": shape.stand_in,
            "licence": "CC0-1.0",
        },
        "splits": dict(shape.splits),
        "designers": list(shape.designers),
        "render_size": 64,
        "compute": {"device": "cpu", "threads": 2},
        "key": "00" * 32,
    }


def write_pictures(
    run: Path, folder: Path, shape: Shape, engine: str, split: str, faces: list[str]
) -> None:
    place = folder / "pictures" / split
    place.mkdir(parents=True)
    content = webp_bytes(np.full((64, 64, 3), 170, dtype=np.uint8))
    for face in faces:
        (place / f"{face}.face.webp").write_bytes(content)
        (place / f"{face}.prediction.webp").write_bytes(content)
    for designer in shape.designers:
        truth = run / "truths" / engine / designer / split
        truth.mkdir(parents=True, exist_ok=True)
        for face in faces:
            (truth / f"{face}.webp").write_bytes(content)
