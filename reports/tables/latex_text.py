"""Text in LaTeX: special characters, and how wide it is in Computer Modern."""

from __future__ import annotations

_ESCAPES = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "[": r"{[}",
    "]": r"{]}",
    "|": r"\textbar{}",
    "`": r"\textasciigrave{}",
    '"': r"{'}{'}",
    "~": r"$\sim$",
    "^": r"\textasciicircum{}",
    "↓": r"$\downarrow$",
    "↑": r"$\uparrow$",
    "†": r"$\dagger$",
    "Δ": r"$\Delta$",
    "×": r"$\times$",
    "±": r"$\pm$",
    "τ": r"$\tau$",
    "α": r"$\alpha$",
    "κ": r"$\kappa$",
    "µ": r"$\mu$",
    "−": r"$-$",
    "≈": r"$\approx$",
    "≤": r"$\leq$",
    "≥": r"$\geq$",
    "→": r"$\rightarrow$",
    "<": r"$<$",
    ">": r"$>$",
    "–": "--",
    "—": "---",
    "’": "'",
    "“": "``",
    "”": "''",
    "·": r"$\cdot$",
    "°": r"$^\circ$",
    "²": r"$^2$",
    "…": r"\dots{}",
}
# The braces keep `\\` from taking a bracket at the start of a row for its option.
_WIDTHS = (
    ("iljI.,:;'!|[]` ", 0.3),
    ("ftrs()-", 0.4),
    ("0123456789–", 0.51),
    ("mwMW—%@", 1.0),
    ("ABCDEFGHJKLNOPQRSTUVXYZ&−Δ×±≈≤≥~<>→…", 0.78),
)
_EM = {character: width for text, width in _WIDTHS for character in text}


def latex(text: str) -> str:
    """Text with LaTeX's special characters and our symbols escaped."""
    return "".join(_ESCAPES.get(character, character) for character in text)


def width_of(text: str, strong: bool = False) -> float:
    """About how wide a line of text is, in em, rather too wide than too narrow."""
    return sum(_EM.get(c, 0.56) for c in text) * (1.16 if strong else 1.0)


def wrap(text: str, width: float) -> list[str]:
    """Lines of at most `width` em, broken at spaces; longer words stay whole."""
    lines: list[str] = []
    for word in text.split():
        if lines and width_of(f"{lines[-1]} {word}") <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines or [""]
