"""A small study for tests, frozen like a real one.

`make_study(folder, faces=6, methods=4, engines=("toon", "dice"), catches=2, repeats=2)`
writes it. Its pictures are plain squares.
"""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image

from reports.human_study.design.balanced_design import balanced_square
from reports.human_study.design.freezing import Draft, freeze
from reports.human_study.design.key import Key, Metric
from reports.human_study.design.study import Study

METHODS = {
    "baseline": "Baseline",
    "f2p": "F2P",
    "f2p-v2": "F2P v2",
    "swift": "SwiftAvatar",
    "fifth": "Fifth",
    "sixth": "Sixth",
}
EXCLUSIONS = """\
max_failed_catches: 1
min_median_seconds: 0.5
min_finished: 0.5
ties: left out
"""
TEXTS = {
    "en": {"title": "Tiny study", "question": "Which avatar matches the face best?"},
    "de": {
        "title": "Kleine Studie",
        "question": "Welcher Avatar passt am besten zum Gesicht?",
    },
}


class _Pictures:
    """Unique ids, each with a different small picture."""

    def __init__(self, first: int) -> None:
        self.pictures: dict[str, bytes] = {}
        self._count = first

    def id(self) -> str:
        self._count += 1
        return f"{self._count * 2654435761 % 2**32:08x}"

    def picture(self) -> str:
        name = self.id()
        buffer = io.BytesIO()
        shade = tuple(bytes.fromhex(name[:6]))
        Image.new("RGB", (32, 32), shade).save(buffer, "webp")
        self.pictures[name] = buffer.getvalue()
        return name


def make_study(
    folder: Path,
    faces: int = 6,
    methods: int = 4,
    engines: tuple[str, ...] = ("toon", "dice"),
    catches: int = 2,
    repeats: int = 2,
    tie: bool = True,
    back: str = "allowed",
    simulated: bool = False,
    first_id: int = 0,
) -> Study:
    """Write a study into `folder`, which must not exist, and read it.

    Studies with another `first_id` differ in all ids.
    """
    names = _Pictures(first_id)
    variants = list(METHODS)[:methods]
    square = balanced_square(methods)
    shown = [{"id": names.id(), "picture": names.picture()} for _ in range(faces)]
    trials, drawn, scores = [], {}, {}
    for engine in engines:
        for row, face in enumerate(shown):
            options = {variant: names.picture() for variant in variants}
            for rank, (variant, picture) in enumerate(options.items()):
                drawn[picture] = variant
                # Later methods have better scores.
                scores[picture] = round(0.6 - 0.1 * rank + 0.003 * row, 4)
            order = [options[variants[i]] for i in square[row % len(square)]]
            trials.append(_trial(names, "rating", face["id"], engine, order))
    for row, first in enumerate(trials[:repeats]):
        turned = [first["options"][i] for i in square[(row + 1) % len(square)]]
        again = _trial(names, "repeat", first["face"], first["engine"], turned)
        trials.append(again | {"repeats": first["id"]})
    right = {}
    for row in range(catches):
        options = [names.picture() for _ in variants]
        face = shown[row % faces]["id"]
        trials.append(
            _trial(names, "catch", face, engines[row % len(engines)], options)
        )
        right[trials[-1]["id"]] = options[row % methods]
    design = {
        "schema": 1,
        "name": "tiny",
        "title": "Tiny study",
        "created": "2026-01-01",
        "seed": 7,
        "languages": ["en", "de"],
        "consent": {"version": "1", "text": {"en": "I agree.", "de": "Ich stimme zu."}},
        "texts": TEXTS,
        "settings": {"tie": tie, "back": back},
        "slots": methods,
        "engines": engines,
        "faces": shown,
        "trials": trials,
        "simulated": simulated,
    }
    key = Key(
        suite="tiny",
        run="0123456789ab",
        face_set="made-up faces version 1 (digest 0123456789ab)",
        stand_in=True,
        split="heldout",
        designer="designer-a",
        methods={variant: METHODS[variant] for variant in variants},
        seeds=dict.fromkeys(variants, 0),
        faces={face["id"]: f"face{row:02d}" for row, face in enumerate(shown)},
        pictures=drawn,
        catches=right,
        metrics={
            # Only for the first engine, and listed before the metric of Table 1.
            "accuracy": Metric(
                title="Accuracy", unit="share", direction="higher", identity={"v": 1}
            ),
            "lpips": Metric(
                title="LPIPS", unit="distance", direction="lower", identity={"v": 1}
            ),
        },
        scores={"accuracy": dict(list(scores.items())[: faces * methods])}
        | {"lpips": scores},
    )
    return freeze(Draft(design, names.pictures, key, EXCLUSIONS), folder)


def _trial(names, kind, face, engine, options):
    place = {"id": names.id(), "kind": kind, "face": face, "engine": engine}
    return place | {"options": options, "repeats": None}
