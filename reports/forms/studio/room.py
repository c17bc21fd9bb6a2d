"""What all pages of the studio work with, and who sits at a page."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import HTTPException, Request
from starlette.responses import RedirectResponse

from reports.forms.studio.canvas import Canvas, Export, Faces
from reports.forms.studio.likeness import Likeness
from reports.forms.studio.pictures import Pictures
from reports.forms.studio.workbook import Workbook

DESIGNER = "designer"
"""Key of the session under which the designer's name lies."""


@dataclass(frozen=True)
class Studio:
    """All that the pages work with.

    With `open_entry`, whoever reaches the page may begin under a new name; without it,
    entry is by personal link alone.
    """

    canvas: Canvas
    faces: Faces
    workbook: Workbook
    export: Export
    pictures: Pictures
    likeness: Likeness
    open_entry: bool

    @classmethod
    def over(
        cls,
        canvas: Canvas,
        faces: Faces,
        workbook: Workbook,
        export: Export,
        open_entry: bool,
    ) -> Studio:
        """A studio for a canvas and faces, its caches still empty."""
        pictures, likeness = Pictures(canvas, faces), Likeness(faces)
        return cls(canvas, faces, workbook, export, pictures, likeness, open_entry)


def see_other(place: str) -> RedirectResponse:
    """Go on to another page with GET."""
    return RedirectResponse(place, 303)


def seated(request: Request) -> str:
    """A dependency: the designer of this session.

    Raises HTTPException: a page sends to the entry, anything else is refused.
    """
    name = request.session.get(DESIGNER)
    if isinstance(name, str):
        return name
    if request.method == "GET":
        raise HTTPException(303, headers={"Location": "/"})
    raise HTTPException(403)
