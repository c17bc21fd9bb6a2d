"""Colours of figures and pages: one colour per row of the tables, light and dark.

A figure is drawn in the light colours. In its SVG they become CSS custom properties,
which have other values in dark mode.
"""

from __future__ import annotations

import re

from reports.trials import Run

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7a5ac8")
"""Okabe and Ito (2008), safe for colour-blind readers, with violet for their black."""
INK, FAINT, GRID = "#1d1f21", "#5b6168", "#d5d8db"
CONTROLS = ("#7b838b", "#a39a8c")
ORACLES = ("#5a6672", "#8a7a64")
_DARK = {
    "#0072b2": "#5aaee8",
    "#d55e00": "#ff8a4a",
    "#009e73": "#35c99d",
    "#cc79a7": "#e79cc6",
    "#e69f00": "#f2b83d",
    "#56b4e9": "#9ad6ff",
    "#7a5ac8": "#b3a0f5",
    "#7b838b": "#98a0a8",
    "#a39a8c": "#b7ab9a",
    "#5a6672": "#d3dae1",
    "#8a7a64": "#d9c9b1",
    INK: "#e8eaec",
    FAINT: "#a4abb3",
    GRID: "#3a3f45",
}


def variant_colours(run: Run) -> dict[str, str]:
    """The light colour of each variant, by its name; colours repeat after some rows.

    The rows of Table 1 come first, so that they differ. Controls and oracles are grey.
    """
    kinds = {"method": COLOURS, "control": CONTROLS, "oracle": ORACLES}
    rows = dict.fromkeys(v.name for v in (*run.main_variants, *run.variants))
    roles = {v.name: v.role for v in run.variants}
    used = dict.fromkeys(kinds, 0)
    found = {}
    for name in rows:
        colours = kinds[roles[name]]
        found[name] = colours[used[roles[name]] % len(colours)]
        used[roles[name]] += 1
    return found


def css_colour(colour: str) -> str:
    """A light colour as CSS that follows the mode, such as "var(--hue-0072b2)"."""
    return f"var({_property(colour)})"


def css_properties() -> str:
    """CSS that gives every colour its value in light and in dark mode."""
    light, dark = (
        "".join(f"{_property(name)}:{value};" for name, value in values)
        for values in (((name, name) for name in _DARK), _DARK.items())
    )
    query = "@media (prefers-color-scheme: dark)"
    return f":root{{{light}}}{query}{{:root{{{dark}}}}}"


def adaptive_svg(svg: str) -> str:
    """An SVG document whose colours follow the mode; other colours stay."""
    pattern = re.compile("|".join(_DARK), re.IGNORECASE)
    coloured = pattern.sub(lambda found: css_colour(found[0].lower()), svg)
    style = f"<style>{css_properties()}</style>"
    head, tag, rest = coloured.partition("<defs>")
    return f"{head}{style}{tag}{rest}"


def _property(colour: str) -> str:
    return f"--hue-{colour.removeprefix('#')}"
