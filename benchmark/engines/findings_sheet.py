"""Findings of the conformance checks in plain words and as a picture."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from textwrap import wrap

import numpy as np
from numpy.typing import NDArray

from benchmark.engines.conformance import Finding

ADVICE = {
    "output": "A render must be (n, size, size, 3) pixels of 8 bits, for every size "
    "and number of avatars.",
    "determinism": "The same avatar must give the same pixels. Draw without random "
    "numbers, or seed them from the avatar, and keep nothing from earlier avatars.",
    "refusals": "A bad request must raise AvatarError.",
    "continuous": "Values 0 and 1 look almost the same. Give the parameter a larger "
    "effect, or remove it: no method can learn it.",
    "shapes": "Two options look almost the same. Keep one of them, or draw them more "
    "differently: a method cannot tell them apart.",
    "colours": "Two colours look almost the same. Keep one of them, or choose other "
    "colours.",
    "inactive": "The parameter has an effect where `active_when` says that it has "
    "none. Correct `active_when`, or ignore the value there.",
    "parts": "Part maps must show the parts that the parameters control.",
    "beards": "Facial-hair maps must show facial hair, and nothing at `none`.",
}
"""What each check demands, and the remedy."""

SHOWN_PER_SUBJECT = 3
"""Messages that are printed, and pairs that are drawn, of each parameter."""
_TILE, _GAP, _TEXT = 192, 12, 44


def describe_findings(
    name: str, findings: Sequence[Finding], every_advice: Mapping[str, str] = ADVICE
) -> list[str]:
    """The verdict in lines of plain words, the most general fault first.

    `every_advice` says what each check demands, by its name.
    """
    if not findings:
        return [f"{name} conforms: every check passed."]
    subjects = {(finding.check, finding.subject) for finding in findings}
    count = f"{len(subjects)} fault" + "s" * (len(subjects) > 1)
    lines = [f"{name} does not conform: {count}."]
    for check, advice in every_advice.items():
        of_check = [finding for finding in findings if finding.check == check]
        if of_check:
            lines += ["", f"{check}: {advice}"]
        for subject in dict.fromkeys(finding.subject for finding in of_check):
            messages = [f.message for f in of_check if f.subject == subject]
            shown = messages[:SHOWN_PER_SUBJECT]
            more = len(messages) - len(shown)
            rest = [f"and {more} more"] if more else []
            lines.append(f"  {subject}: {'; '.join((*shown, *rest))}")
    return lines


def draw_findings(findings: Sequence[Finding], path: Path) -> int:
    """Write a PNG with both pictures of each finding and their difference.

    At most `SHOWN_PER_SUBJECT` findings are drawn for each parameter. Returns the
    number of findings drawn; nothing is written if it is 0.
    """
    from PIL import Image, ImageDraw, ImageFont

    drawn = list(_findings_to_draw(findings))
    if not drawn:
        return 0
    width, height = 3 * _TILE + 4 * _GAP, _TILE + _TEXT + 2 * _GAP
    page = Image.new("RGB", (width, len(drawn) * height), "white")
    pen = ImageDraw.Draw(page)
    font = ImageFont.load_default(14)
    for row, finding in enumerate(drawn):
        assert finding.pair is not None
        top = row * height
        text = "\n".join(wrap(str(finding), 82)[:2])
        pen.multiline_text((_GAP, top + _GAP), text, "#1f2933", font=font)
        one, other = finding.pair
        for column, tile in enumerate((one, other, _difference(one, other))):
            left = _GAP + column * (_TILE + _GAP)
            picture = Image.fromarray(tile).resize((_TILE, _TILE))
            page.paste(picture, (left, top + _GAP + _TEXT))
            corner = left + _TILE - 1, top + _GAP + _TEXT + _TILE - 1
            pen.rectangle((left, top + _GAP + _TEXT, *corner), outline="#d9e2ec")
            if column == 2:
                text = "the difference" if tile.min() < 255 else "no difference"
                pen.text((left + 6, corner[1] - 20), text, "#66788a", font=font)
    page.save(path, "PNG")
    return len(drawn)


def _findings_to_draw(findings: Sequence[Finding]) -> Iterator[Finding]:
    counts: dict[tuple[str, str], int] = {}
    for finding in findings:
        key = finding.check, finding.subject
        counts[key] = counts.get(key, 0) + (finding.pair is not None)
        if finding.pair is not None and counts[key] <= SHOWN_PER_SUBJECT:
            yield finding


def _difference(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """White where the pictures are the same, darker where they differ."""
    distance = np.abs(one.astype(np.int16) - other).max(axis=-1)
    shade = 255 - np.minimum(255, 4 * distance)
    return np.repeat(shade[..., None], 3, axis=-1).astype(np.uint8)
