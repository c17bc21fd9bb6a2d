"""The trials of a study while it is made: judgements, repeats and catch trials."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from reports.human_study.design.album import Album, new_id, unlikeness
from reports.human_study.design.balanced_design import Row, balanced_square, shuffled
from reports.human_study.design.selection import NoStudy, Selection
from reports.human_study.design.study import StudyError

Trial = dict[str, Any]
"""A `StudyTrial` as data."""


class Drawn(NamedTuple):
    """What an option of a judgement shows: a method's avatar of a face."""

    method: str
    engine: str
    face: str


class Questions:
    """Trials over a selection, their pictures put into an album.

    `drawn` says what each option of a judgement shows, `right` which option of a catch
    trial is the designer's, `faces` (by name) which faces are shown.
    """

    def __init__(
        self, selection: Selection, album: Album, numbers: random.Random
    ) -> None:
        self.faces: dict[str, dict[str, str]] = {}
        self.drawn: dict[str, Drawn] = {}
        self.right: dict[str, str] = {}
        self._selection, self._album, self._numbers = selection, album, numbers
        # In an order of chance, as the first one leads the square's first row.
        self._methods = shuffled([c.name for c in selection.methods], numbers)

    @property
    def slots(self) -> int:
        """Options of each trial: one a method."""
        return len(self._selection.methods)

    def judgements(self, names: Sequence[str]) -> list[Trial]:
        """A trial for each face on each engine; row by row of the balanced square.

        So within one participant's paper, too, each method stands in each slot about
        equally often.
        """
        return [
            self._trial("judgement", name, engine, self._avatars(engine, name), row + t)
            for t, engine in enumerate(self._selection.engines)
            for row, name in enumerate(names)
        ]

    def repeats(self, judgements: Sequence[Trial], wanted: int | None) -> list[Trial]:
        """Judgements to be shown again; one in ten, but two at least, unless told."""
        most = (len(judgements) + 1) // 2
        count = min(most, max(2, len(judgements) // 10)) if wanted is None else wanted
        if count > most:
            raise StudyError(
                f"{count} repeats are too many for {len(judgements)} judgements; ask "
                f"for {most} or fewer"
            )
        again = []
        for first in shuffled(judgements, self._numbers)[:count]:
            # In another order, or a rater who always takes one slot would look steady.
            order = [first["options"][place] for place in self._row(1)]
            kind = {"id": new_id(), "kind": "repeat", "repeats": first["id"]}
            again.append(first | kind | {"options": order})
        return again

    def catches(
        self, names: Sequence[str], judgements: int, wanted: int | None
    ) -> list[Trial]:
        """Trials over faces of `names` with the designer's avatar among strangers'.

        One in twenty judgements, but four at least, unless told.
        """
        default = min(judgements, max(4, judgements // 20))
        trials = []
        for number in range(default if wanted is None else wanted):
            engine = self._selection.engines[number % len(self._selection.engines)]
            name = names[number % len(names)]
            options = [
                self._album.take(self._selection.truth(engine, face), engine)
                for face in (name, *self._strangers(name, engine))
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
            picture = self._album.take(self._selection.portrait(name), "portraits")
            self.faces[name] = {"id": new_id(), "picture": picture}
        return self.faces[name]

    def _avatars(self, engine: str, face: str) -> list[str]:
        """The avatar of each method."""
        found = []
        for method in self._methods:
            avatar = self._selection.avatar(method, engine, face)
            name = self._album.take(avatar, engine)
            self.drawn[name] = Drawn(method, engine, face)
            found.append(name)
        return found

    def _strangers(self, face: str, engine: str) -> list[str]:
        """Faces whose true avatars are most unlike that of `face`."""
        selection, needed = self._selection, self.slots - 1
        others = [name for name in selection.faces if name != face]
        if len(others) < needed:
            raise NoStudy(
                f"catch trials need {needed + 1} faces, and the run has "
                f"{len(others) + 1}; make the study without (--catches 0)"
            )
        own = selection.truth(engine, face)

        def unlike(name: str) -> float:
            return unlikeness(own, selection.truth(engine, name))

        far = sorted(others, key=unlike, reverse=True)
        return shuffled(far[: max(needed, len(others) // 4)], self._numbers)[:needed]
