"""Part maps of avataaars: the drawing with each component painted in one colour."""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree import ElementTree

from benchmark.avatars.part_classes import PART_IDS

_SVG = "{http://www.w3.org/2000/svg}"

_COMPONENTS = {
    "clothes": "cloth",
    "mouth": "mouth",
    "nose": "nose",
    "eyes": "eyes",
    "eyebrows": "brows",
    "top": "hair",
    "facialHair": "skin",
    "accessories": "glasses",
}
"""Part class by component. Beards are skin, as in CelebAMask-HQ."""

_SHADED = ("clothes", "top", "accessories")
_MIN_OPACITY = 0.3
"""In `_SHADED` components, fainter elements are shadows on other components."""

_SKIN_OUTLINE = "M140 36a56 56 0 0 0-56 56v6.17A12 12 0 0 0 74 110v14"
_EARS = (
    "M84 98.17A12 12 0 0 0 74 110v14a12 12 0 0 0 10.3 11.88z"
    "M196 98.17A12 12 0 0 1 206 110v14a12 12 0 0 1-10.3 11.88z"
)
_FACE = "M140 36a56 56 0 0 0-56 56v38a56 56 0 0 0 112 0V92a56 56 0 0 0-56-56z"
"""The style draws head, ears and neck as one path; these paths separate them."""


def part_document(document: str) -> str:
    """The SVG repainted so that a pixel's red value is its part class.

    There is no anti-aliasing. Raises ValueError if the style draws the body in a way
    that this module does not know.
    """
    return _flat_document(document, {c: PART_IDS[p] for c, p in _COMPONENTS.items()})


def beard_document(document: str) -> str:
    """The SVG repainted so that red is 255 for facial hair and less elsewhere.

    Raises ValueError as `part_document`.
    """
    reds = {component: 255 * (component == "facialHair") for component in _COMPONENTS}
    return _flat_document(document, reds)


def _flat_document(document: str, reds: Mapping[str, int]) -> str:
    """The SVG without anti-aliasing, each component painted in its red value."""
    drawing = ElementTree.fromstring(document)
    drawing.set("shape-rendering", "crispEdges")
    definitions = drawing.find(f"{_SVG}defs")
    body = drawing.find(f"{_SVG}g")
    if definitions is None or body is None:
        raise ValueError("the avataaars drawing has no <defs> or no <g>")
    for group in definitions.findall(f"{_SVG}g"):
        component = group.get("id", "").partition("-")[0]
        _flatten(group, _paint(reds[component]), component in _SHADED)
    _repaint_body(body)
    return ElementTree.tostring(drawing, encoding="unicode")


def _paint(red: int) -> str:
    return f"rgb({red},0,0)"


def _flatten(group: ElementTree.Element, paint: str, shaded: bool) -> None:
    for element in list(group):
        if element.tag == f"{_SVG}defs":
            continue
        if shaded and float(element.get("fill-opacity", 1)) < _MIN_OPACITY:
            group.remove(element)
            continue
        element.set("fill", paint)
        element.attrib.pop("fill-opacity", None)
        element.attrib.pop("style", None)
        _flatten(element, paint, shaded)


def _repaint_body(body: ElementTree.Element) -> None:
    """Replace skin and chin shadow by neck, ears and face; recolour the background."""
    ground, skin, shadow = body[0], body[1], body[2]
    if not skin.get("d", "").startswith(_SKIN_OUTLINE):
        raise ValueError("this version of avataaars draws the body in an unknown way")
    ground.set("fill", _paint(PART_IDS["background"]))
    skin.set("fill", _paint(PART_IDS["neck"]))
    body.remove(shadow)
    for index, (outline, part) in enumerate(((_EARS, "ears"), (_FACE, "skin")), 2):
        fill = _paint(PART_IDS[part])
        path = ElementTree.Element(f"{_SVG}path", d=outline, fill=fill)
        body.insert(index, path)
