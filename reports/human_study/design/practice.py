"""What raters are told and shown before the first face: duration and practice.

The practice question shows drawn faces, so that no picture of the study is seen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from markupsafe import Markup

from reports.human_study.design.study import Study


@dataclass(frozen=True)
class _Person:
    hair: str
    skin: str
    glasses: bool = False
    beard: bool = False


_PEOPLE = (
    _Person("#b5532a", "#f1c9a5", glasses=True),
    _Person("#2b2b2b", "#8d5a3b"),
    _Person("#e3c26b", "#f1c9a5", beard=True),
    _Person("#7a7f85", "#c98f65"),
    _Person("#2b2b2b", "#f1c9a5", beard=True),
    _Person("#5b3a21", "#8d5a3b", glasses=True),
)
_GLASSES = (
    '<g fill="none" stroke="#222" stroke-width="1.5"><circle cx="26" cy="32" r="5"/>'
    '<circle cx="38" cy="32" r="5"/><path d="M31 32h2"/></g>'
)


@dataclass(frozen=True)
class Practice:
    """A practice question: SVG elements of a face and of its options, by slot."""

    face: Markup
    options: tuple[Markup, ...]


def practice_question(slots: int, text: Mapping[str, str]) -> Practice:
    """A question with up to six options. Labels are in the language of `text`.

    The second option is the face itself.
    """
    count = min(slots, len(_PEOPLE))
    return Practice(
        _drawn(_PEOPLE[0], text["face_picture"]),
        tuple(
            _drawn(_PEOPLE[(slot + count - 1) % count], text["drawn_face"])
            for slot in range(count)
        ),
    )


def effort(study: Study, text: Mapping[str, str]) -> str:
    """How many questions and faces there are, and how long they take: a sentence."""

    def counted(name: str, count: int) -> str:
        return text[name if count != 1 else f"{name}_one"].format(count=count)

    return text["how_many"].format(
        questions=counted("questions", len(study.trials)),
        faces=counted("faces", study.shown_faces),
        minutes=counted("minutes", study.minutes),
    )


def _drawn(person: _Person, label: str) -> Markup:
    beard = f'<path d="M19 40q13 6 26 0q-2 12-13 12t-13-12z" fill="{person.hair}"/>'
    return Markup(
        '<svg viewBox="0 0 64 64" width="256" height="256" role="img" '
        'aria-label="{label}">'
        '<rect width="64" height="64" fill="#bcd3e6"/>'
        '<path d="M8 64c2-14 12-18 24-18s22 4 24 18z" fill="#4c7a78"/>'
        '<path d="M14 36c-2-22 6-30 18-30s20 8 18 30l-4 4H18z" fill="{hair}"/>'
        '<ellipse cx="32" cy="32" rx="14" ry="18" fill="{skin}"/>'
        '<path d="M17 29c0-14 6-18 15-18s15 4 15 18c-6-7-24-7-30 0z" fill="{hair}"/>'
        '<circle cx="26" cy="32" r="1.8" fill="#222"/>'
        '<circle cx="38" cy="32" r="1.8" fill="#222"/>'
        "{more}"
        '<path d="M27 43q5 4 10 0" fill="none" stroke="#222" stroke-width="1.5" '
        'stroke-linecap="round"/></svg>'
    ).format(
        label=label,
        hair=person.hair,
        skin=person.skin,
        more=Markup(_GLASSES * person.glasses + beard * person.beard),
    )
