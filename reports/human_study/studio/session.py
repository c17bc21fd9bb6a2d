"""The objects that all pages of the studio share, and the session's designer."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import HTTPException, Request
from starlette.responses import RedirectResponse

from reports.human_study.studio.canvas import Canvas, Export, Faces
from reports.human_study.studio.face_similarity import FaceSimilarity
from reports.human_study.studio.pictures import Pictures
from reports.human_study.studio.workbook import Workbook
from reports.human_study.web.requests import SAFE_METHODS

DESIGNER = "designer"
"""Session key of the designer's name."""


@dataclass(frozen=True)
class Studio:
    """The objects that all pages share.

    If designers are `invited`, only they may enter, with their personal links.
    Otherwise anybody who reaches the page may start under a new name.
    """

    canvas: Canvas
    faces: Faces
    workbook: Workbook
    export: Export
    pictures: Pictures
    face_similarity: FaceSimilarity
    invited: tuple[str, ...]

    @classmethod
    def create(
        cls,
        canvas: Canvas,
        faces: Faces,
        workbook: Workbook,
        export: Export,
        invited: tuple[str, ...] = (),
    ) -> Studio:
        """A studio for a canvas and faces, with empty caches."""
        return cls(
            canvas,
            faces,
            workbook,
            export,
            Pictures(canvas, faces),
            FaceSimilarity(faces),
            invited,
        )

    def admits(self, name: str) -> bool:
        """Whether this designer may enter."""
        return not self.invited or name in self.invited

    def find_designer(self, request: Request) -> str | None:
        """The designer of this session, or None."""
        name = request.session.get(DESIGNER)
        return name if isinstance(name, str) and self.admits(name) else None

    def require_designer(self, request: Request) -> str:
        """The designer of this session.

        Raises HTTPException if there is none: 303 to the entry page for safe methods,
        else 403.
        """
        name = self.find_designer(request)
        if name is not None:
            return name
        if request.method in SAFE_METHODS:
            raise HTTPException(303, headers={"Location": "/"})
        raise HTTPException(403)


def redirect(path: str) -> RedirectResponse:
    """Redirect to another page with GET."""
    return RedirectResponse(path, 303)
