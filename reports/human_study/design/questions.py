"""Creates the trials of a study: rating trials, repeats and catch trials."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from benchmark.avatars.counting import counted
from reports.human_study.design.album import Album, new_id, pixel_difference
from reports.human_study.design.balanced_design import Row, balanced_square, shuffled
from reports.human_study.design.selection import NoStudy, Selection
from reports.human_study.design.study import StudyError

Trial = dict[str, Any]
"""The fields of a `StudyTrial`."""


class Drawn(NamedTuple):
    """What an option of a rating trial shows: a method's avatar of a face."""

    method: str
    engine: str
    face: str


class Questions:
    """Creates trials from a selection and adds their pictures to an album.

    `drawn` says what each option of a rating trial shows, `right` which option of a
    catch trial is the ground truth, and `faces` (by name) which faces are shown.
    """

    def __init__(
        self, selection: Selection, album: Album, numbers: random.Random
    ) -> None:
        self.faces: dict[str, dict[str, str]] = {}
        self.drawn: dict[str, Drawn] = {}
        self.right: dict[str, str] = {}
        self._selection, self._album, self._numbers = selection, album, numbers
        # Random, because the first method leads the first row of the square.
        self._methods = shuffled([c.name for c in selection.methods], numbers)

    @property
    def slots(self) -> int:
        """Number of options of each trial: one per method."""
        return len(self._selection.methods)

    def rating_trials(self, names: Sequence[str]) -> list[Trial]:
        """One trial per face and engine, in the row order of the balanced square.

        Therefore each method is in each slot about equally often within one
        assignment, too.
        """
        return [
            self._trial("rating", name, engine, self._avatars(engine, name), row + t)
            for t, engine in enumerate(self._selection.engines)
            for row, name in enumerate(names)
        ]

    def repeats(
        self, rating_trials: Sequence[Trial], wanted: int | None
    ) -> list[Trial]:
        """Rating trials to be shown again. Default: one in ten, at least two."""
        most = (len(rating_trials) + 1) // 2
        default = min(most, max(2, len(rating_trials) // 10))
        count = default if wanted is None else wanted
        if count > most:
            raise StudyError(
                f"{counted(count, 'repeat')}: too many for "
                f"{counted(len(rating_trials), 'rating trial')}; ask for {most} or "
                "fewer"
            )
        again = []
        for first in shuffled(rating_trials, self._numbers)[:count]:
            # Reorder the options: always picking one slot must not count as consistent.
            order = [first["options"][place] for place in self._row(1)]
            kind = {"id": new_id(), "kind": "repeat", "repeats": first["id"]}
            again.append(first | kind | {"options": order})
        return again

    def catches(
        self, names: Sequence[str], rating_trials: int, wanted: int | None
    ) -> list[Trial]:
        """Catch trials: the ground truth of a face among those of other faces.

        Default number: one in twenty rating trials, at least four.
        """
        default = min(rating_trials, max(4, rating_trials // 20))
        trials = []
        for number in range(default if wanted is None else wanted):
            engine = self._selection.engines[number % len(self._selection.engines)]
            name = names[number % len(names)]
            options = [
                self._album.add(self._selection.truth(engine, face), engine)
                for face in (name, *self._different_faces(name, engine))
            ]
            trials.append(self._trial("catch", name, engine, options, number))
            self.right[trials[-1]["id"]] = options[0]
        return trials

    def _trial(
        self, kind: str, name: str, engine: str, options: Sequence[str], row: int
    ) -> Trial:
        return {
            "id": new_id(),
            "kind": kind,
            "face": self._face(name)["id"],
            "engine": engine,
            "options": [options[place] for place in self._row(row)],
            "repeats": None,
        }

    def _row(self, number: int) -> Row:
        square = balanced_square(self.slots)
        return square[number % len(square)]

    def _face(self, name: str) -> Mapping[str, str]:
        if name not in self.faces:
            picture = self._album.add(self._selection.portrait(name), "portraits")
            self.faces[name] = {"id": new_id(), "picture": picture}
        return self.faces[name]

    def _avatars(self, engine: str, face: str) -> list[str]:
        """The picture id of each method's avatar."""
        pictures = []
        for method in self._methods:
            avatar = self._selection.avatar(method, engine, face)
            name = self._album.add(avatar, engine)
            self.drawn[name] = Drawn(method, engine, face)
            pictures.append(name)
        return pictures

    def _different_faces(self, face: str, engine: str) -> list[str]:
        """Faces whose ground truth differs most from that of `face`."""
        selection, needed = self._selection, self.slots - 1
        others = [name for name in selection.faces if name != face]
        if len(others) < needed:
            raise NoStudy(
                f"catch trials need {needed + 1} faces, but the run has "
                f"{len(others) + 1}; use --catches 0"
            )
        own = selection.truth(engine, face)

        def difference(name: str) -> float:
            return pixel_difference(own, selection.truth(engine, name))

        far = sorted(others, key=difference, reverse=True)
        return shuffled(far[: max(needed, len(others) // 4)], self._numbers)[:needed]
