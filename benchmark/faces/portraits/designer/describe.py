"""The designers' tables as Markdown, which docs/designers.md includes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path

from benchmark.avatars import AvatarError
from benchmark.faces.portraits.designer import designer_a, designer_b
from benchmark.faces.portraits.designer.agreement import agreement_markdown
from benchmark.faces.portraits.designer.appearance import SWITCHES
from benchmark.faces.portraits.designer.avataaars_hair import AVATAAARS_HAIRS
from benchmark.faces.portraits.designer.facesjs_hair import FACESJS_HAIRS
from benchmark.faces.portraits.designer.hair import HairShape, HairWeights, NearestHair
from benchmark.faces.portraits.designer.rules import (
    Bounds,
    FirstFit,
    Level,
    ParameterRule,
    Rule,
    SkinSwatches,
    Slider,
    Strongest,
    Swatches,
)
from benchmark.faces.portraits.designer.toon_hair import TOON_HAIRS
from benchmark.faces.portraits.designer.truths import (
    ENGINES,
    OPTIONAL_ENGINES,
    TABLES,
)


def update_document(document: Path, folder: Path | None = None) -> None:
    """Regenerate the sections of a Markdown document that lie between markers.

    A section lies between `<!-- NAME -->` and `<!-- end NAME -->`.

    Args:
        document: the Markdown file, changed in place.
        folder: Parquet face set to measure agreement on; without one, the section
            `agreement` stays as it is.

    Raises:
        AvatarError: if the markers of a section are missing.
    """
    sections = {
        "weights": weights_markdown(),
        "tables": tables_markdown(),
        "toon hairs": hair_markdown(TOON_HAIRS),
        "avataaars hairs": hair_markdown(AVATAAARS_HAIRS),
        "facesjs hairs": hair_markdown(FACESJS_HAIRS),
    }
    if folder is not None:
        sections["agreement"] = agreement_markdown(folder)
    text = document.read_text("utf-8")
    for name, body in sections.items():
        before, _, rest = text.partition(f"<!-- {name} -->")
        _, end, after = rest.partition(f"<!-- end {name} -->")
        if not end:
            raise AvatarError(f"{document} lacks the markers of section {name!r}")
        text = f"{before}<!-- {name} -->\n\n{body}\n\n<!-- end {name} -->{after}"
    document.write_text(text, "utf-8")


def tables_markdown() -> str:
    """Every designer's rule for every parameter, one table per engine."""
    lines: list[str] = []
    for engine in (*ENGINES, *OPTIONAL_ENGINES):
        lines += [f"### {engine}", ""]
        lines += ["| parameter | designer-a | designer-b |", "|---|---|---|"]
        a, b = (tables[engine] for tables in TABLES.values())
        lines += [
            f"| {name} | {_describe_rule(a[name])} | {_describe_rule(b[name])} |"
            for name in a
        ]
        lines.append("")
    return "\n".join(lines).rstrip()


def hair_markdown(options: Mapping[str, HairShape]) -> str:
    """The descriptions of hair options, one row per option."""
    names = [field.name for field in fields(HairShape)]
    lines = ["| option | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    for option, shape in options.items():
        cells = [getattr(shape, name) for name in names]
        lines.append(f"| {option} | " + " | ".join(map(_format_cell, cells)) + " |")
    return "\n".join(lines)


def weights_markdown() -> str:
    """Each designer's weight for a full mismatch in each hair feature."""
    names = [field.name for field in fields(HairWeights)]
    lines = [
        "| designer | " + " | ".join(names) + " |",
        "|---" * (len(names) + 1) + "|",
    ]
    for designer, weights in zip(
        TABLES, (designer_a.HAIR_WEIGHTS, designer_b.HAIR_WEIGHTS), strict=True
    ):
        cells = [_format_cell(getattr(weights, name)) for name in names]
        lines.append(f"| {designer} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _format_cell(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:g}"


def _describe_rule(rule: ParameterRule) -> str:
    if isinstance(rule, Slider):
        return f"rest {rule.rest:g}, gain {rule.gain:g}: {_describe_pushes(rule)}"
    if isinstance(rule, Strongest):
        scores = (
            f"{option}: {_describe_pushes(slider)}{_describe_favour(rule, option)}"
            for option, slider in rule.sliders.items()
        )
        return "highest score of<br>" + "<br>".join(scores)
    if isinstance(rule, Swatches):
        return _describe_swatches(rule)
    if isinstance(rule, NearestHair):
        return "nearest description"
    if isinstance(rule, Level):
        return _describe_rule(rule.rules)
    assert isinstance(rule, FirstFit)
    return "<br>".join(map(_describe_condition_rule, rule.rules))


def _describe_swatches(rule: Swatches) -> str:
    text = f"nearest swatch to {rule.attribute}, lightness x {rule.lightness:g}"
    if isinstance(rule, SkinSwatches):
        text += f", lift {rule.lift:g}, undertone x {rule.undertone:g}"
    return text


def _describe_pushes(slider: Slider) -> str:
    return " ".join(
        f"{'+' if weight > 0 else '−'}{abs(weight):g} {name}"
        for name, weight in slider.pushes.items()
    )


def _describe_favour(rule: Strongest, option: str) -> str:
    favour = rule.favours.get(option, 0.0)
    return f" (+{favour:g})" if favour else ""


def _describe_condition_rule(rule: Rule) -> str:
    conditions = list(_describe_conditions(rule))
    return f"{rule.option}: {', '.join(conditions) if conditions else 'otherwise'}"


def _describe_conditions(rule: Rule) -> Iterator[str]:
    for name, words in rule.words.items():
        yield f"{name} {' or '.join(words)}"
    for name, bounds in rule.bounds.items():
        yield name if name in SWITCHES else f"{name} {_describe_bounds(bounds)}"


def _describe_bounds(bounds: Bounds) -> str:
    low, high = bounds
    return f"≥ {low:g}" if high >= 1 else f"≤ {high:g}"
