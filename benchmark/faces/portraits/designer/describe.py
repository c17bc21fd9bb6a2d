"""The designers' tables as Markdown, so that docs/designers.md repeats the code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path

from benchmark.avatars import AvatarError
from benchmark.faces.portraits.designer import designer_a as first
from benchmark.faces.portraits.designer import designer_b as second
from benchmark.faces.portraits.designer.agreement import agreement_markdown
from benchmark.faces.portraits.designer.appearance import SWITCHES
from benchmark.faces.portraits.designer.avataaars_hair import AVATAAARS_HAIRS
from benchmark.faces.portraits.designer.hair import HairShape, HairWeights, NearestHair
from benchmark.faces.portraits.designer.rules import (
    Bounds,
    FirstFit,
    ParameterRule,
    Rule,
    SkinSwatches,
    Slider,
    Strongest,
    Swatches,
)
from benchmark.faces.portraits.designer.toon_hair import TOON_HAIRS
from benchmark.faces.portraits.designer.truths import ENGINES, TABLES


def update_document(document: Path, folder: Path | None = None) -> None:
    """Write the tables between a document's markers, and the agreement of a face set.

    A section lies between `<!-- NAME -->` and `<!-- end NAME -->`. Without a packed
    `folder` the agreement stays as it is. Raises AvatarError for a missing marker.
    """
    sections = {
        "weights": weights_markdown(),
        "tables": tables_markdown(),
        "toon hairs": hair_markdown(TOON_HAIRS),
        "avataaars hairs": hair_markdown(AVATAAARS_HAIRS),
    }
    if folder is not None:
        sections["agreement"] = agreement_markdown(folder)
    text = document.read_text("utf-8")
    for name, body in sections.items():
        before, _, rest = text.partition(f"<!-- {name} -->")
        _, end, after = rest.partition(f"<!-- end {name} -->")
        if not end:
            raise AvatarError(f"{document} lacks the markers of its section {name!r}")
        text = f"{before}<!-- {name} -->\n\n{body}\n\n<!-- end {name} -->{after}"
    document.write_text(text, "utf-8")


def tables_markdown() -> str:
    """Every table of every designer: engine by engine, parameter by parameter."""
    lines: list[str] = []
    for engine in ENGINES:
        lines += [f"### {engine}", ""]
        lines += ["| parameter | designer-a | designer-b |", "|---|---|---|"]
        one, other = (tables[engine] for tables in TABLES.values())
        lines += [f"| {n} | {_line(one[n])} | {_line(other[n])} |" for n in one]
        lines.append("")
    return "\n".join(lines).rstrip()


def hair_markdown(options: Mapping[str, HairShape]) -> str:
    """What the hair options show, a row an option."""
    names = [field.name for field in fields(HairShape)]
    lines = ["| option | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    for option, shape in options.items():
        cells = [getattr(shape, name) for name in names]
        lines.append(f"| {option} | " + " | ".join(map(_cell, cells)) + " |")
    return "\n".join(lines)


def weights_markdown() -> str:
    """How much a full mismatch of each feature of hair counts for each designer."""
    names = [field.name for field in fields(HairWeights)]
    lines = [
        "| designer | " + " | ".join(names) + " |",
        "|---" * (len(names) + 1) + "|",
    ]
    for designer, weights in zip(
        TABLES, (first.HAIR_WEIGHTS, second.HAIR_WEIGHTS), strict=True
    ):
        cells = [_cell(getattr(weights, name)) for name in names]
        lines.append(f"| {designer} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:g}"


def _line(line: ParameterRule) -> str:
    if isinstance(line, Slider):
        return f"rests at {line.rest:g}, gain {line.gain:g}: {_pushes(line)}"
    if isinstance(line, Strongest):
        pulls = (
            f"{option}: {_pushes(slider)}{_favour(line.favours.get(option, 0.0))}"
            for option, slider in line.sliders.items()
        )
        return "the strongest of<br>" + "<br>".join(pulls)
    if isinstance(line, Swatches):
        return _swatches(line)
    if isinstance(line, NearestHair):
        return "nearest description"
    assert isinstance(line, FirstFit)
    return "<br>".join(_rule(rule) for rule in line.rules)


def _swatches(line: Swatches) -> str:
    text = f"nearest swatch to {line.attribute}, lightness x {line.lightness:g}"
    if isinstance(line, SkinSwatches):
        text += f", lift {line.lift:g}, undertone x {line.undertone:g}"
    return text


def _pushes(slider: Slider) -> str:
    return " ".join(
        f"{'+' if weight > 0 else '−'}{abs(weight):g} {name}"
        for name, weight in slider.pushes.items()
    )


def _favour(value: float) -> str:
    return f" (+{value:g})" if value else ""


def _rule(rule: Rule) -> str:
    conditions = list(_conditions(rule))
    return f"{rule.option}: {', '.join(conditions) if conditions else 'otherwise'}"


def _conditions(rule: Rule) -> Iterator[str]:
    for name, words in rule.words.items():
        yield f"{name} {' or '.join(words)}"
    for name, bounds in rule.bounds.items():
        yield name if name in SWITCHES else f"{name} {_bounds(bounds)}"


def _bounds(bounds: Bounds) -> str:
    low, high = bounds
    return f"≥ {low:g}" if high >= 1 else f"≤ {high:g}"
