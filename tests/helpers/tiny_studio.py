"""A small studio for tests: an engine with flat colours and three grey faces."""

from __future__ import annotations

import hashlib
import json

import numpy as np

from benchmark.avatars import AvatarVectors
from benchmark.avatars.spec import AvatarSpec, Condition, Continuous, Discrete
from reports.human_study.studio.canvas import Canvas
from reports.human_study.studio.session import Studio
from reports.human_study.studio.workbook import create_workbook

SPEC = AvatarSpec(
    "flat",
    (
        Continuous("head_width", "head", default=0.333),
        Discrete("skin", "head", ("light", "dark"), colours=("#e0e0e0", "#202020")),
        Discrete("hairType", "hair", ("bald", "bobCut", "bun<i>")),
        Discrete("beard", "beard", ("none", "full"), optional=True),
        Discrete(
            "beard_colour",
            "beard",
            ("black", "red"),
            colours=("#000000", "#aa0000"),
            active_when=Condition("beard", ("full",)),
        ),
    ),
)


def render(vectors, size):
    """The skin with a bar as wide as the head, hair on top and a beard below."""
    pictures = np.empty((len(vectors), size, size, 3), np.uint8)
    for row, picture in enumerate(pictures):
        record = vectors[row].to_records()[0]
        picture[:] = 224 if record["skin"] == "light" else 32
        picture[size // 2, : round(record["head_width"] * size)] = 128
        hair = ("bald", "bobCut", "bun<i>").index(record["hairType"])
        picture[: size // 8, : hair * size // 4] = 60
        if record["beard"] == "full":
            red = 170 if record["beard_colour"] == "red" else 0
            picture[-size // 4 :] = (red, 0, 0)
    return pictures


def options(choice):
    context = AvatarVectors.defaults(SPEC)
    if choice.name == "beard_colour":
        context = context.with_value("beard", "full")
    return AvatarVectors.concatenate(
        context.with_value(choice.name, option) for option in choice.options
    )


CANVAS = Canvas("flat", "Flat engine", "1 (β)", SPEC, render, options)


class GreyFaces:
    """Faces of one shade each; `odd & 'name'` is dark, the others are light."""

    shades = {"ann": 200, "bob": 190, "odd & 'name'": 20}  # noqa: RUF012

    def ids(self):
        return tuple(self.shades)

    def pixels(self, face, size):
        return np.full((size, size, 3), self.shades[face], np.uint8)

    def digest(self, face):
        return hashlib.sha256(face.encode()).hexdigest()


def export(designer, done):
    records = {face: draft.vector.to_records()[0] for face, draft in done.items()}
    return {f"flat.{designer}.csv": json.dumps(records).encode()}


def make_tiny_studio(folder, invited=()):
    """A studio with the flat engine and grey faces. Its workbook is in `folder`."""
    book = create_workbook(folder, CANVAS.name, SPEC)
    return Studio.create(CANVAS, GreyFaces(), book, export, invited)
