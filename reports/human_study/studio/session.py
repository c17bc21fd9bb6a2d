"""What all pages of the studio work with, and who sits at a page."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import HTTPException, Request
from starlette.responses import RedirectResponse

from reports.human_study.studio.canvas import Canvas, Export, Faces
from reports.human_study.studio.face_similarity import Likeness
from reports.human_study.studio.pictures import Pictures
from reports.human_study.studio.workbook import Workbook

DESIGNER = "designer"
"""Key of the session under which the designer's name lies."""


@dataclass(frozen=True)
class Studio:
    """All that the pages work with.

    Designers that are `invited` come in by their personal links, and nobody else; where
    none is, whoever reaches the page may begin under a new name.
    """

    canvas: Canvas
    faces: Faces
    workbook: Workbook
    export: Export
    pictures: Pictures
    likeness: Likeness
    invited: tuple[str, ...]

    @classmethod
    def over(
        cls,
        canvas: Canvas,
        faces: Faces,
        workbook: Workbook,
        export: Export,
        invited: tuple[str, ...] = (),
    ) -> Studio:
        """A studio for a canvas and faces, its caches still empty."""
        pictures, likeness = Pictures(canvas, faces), Likeness(faces)
        return cls(canvas, faces, workbook, export, pictures, likeness, invited)

    def admits(self, name: str) -> bool:
        """Whether that designer may come in."""
        return not self.invited or name in self.invited

    def present(self, request: Request) -> str | None:
        """The designer of this session, None where nobody entered."""
        name = request.session.get(DESIGNER)
        return name if isinstance(name, str) and self.admits(name) else None

    def seated(self, request: Request) -> str:
        """The designer of this session.

        Raises HTTPException for strangers: a page sends them to the entry, anything
        else is refused.
        """
        name = self.present(request)
        if name is not None:
            return name
        if request.method == "GET":
            raise HTTPException(303, headers={"Location": "/"})
        raise HTTPException(403)


def see_other(place: str) -> RedirectResponse:
    """Go on to another page with GET."""
    return RedirectResponse(place, 303)
