"""The tables of a workbook."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Table(DeclarativeBase):
    """Base of all tables of a workbook."""

    type_annotation_map = {str: Text}  # noqa: RUF012


class AboutRow(Table):
    """A property of the workbook: `format`, `engine`, `spec` (JSON) or `secret`."""

    __tablename__ = "about"

    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]


class DesignerRow(Table):
    """A designer. `entered_at` is ISO 8601 in UTC, like all times in a workbook."""

    __tablename__ = "designers"

    name: Mapped[str] = mapped_column(primary_key=True)
    token: Mapped[str] = mapped_column(unique=True)
    entered_at: Mapped[str]


class DraftRow(Table):
    """A designer's draft of a face. `step` is the current one of its `steps`."""

    __tablename__ = "drafts"

    designer: Mapped[str] = mapped_column(
        ForeignKey("designers.name"), primary_key=True
    )
    face: Mapped[str] = mapped_column(primary_key=True)
    revision: Mapped[int]
    step: Mapped[int]
    finished_at: Mapped[str | None]
    picture: Mapped[str | None]
    engine_version: Mapped[str | None]


class FlagRow(Table):
    """A parameter that cannot show on the engine what a designer sees in a face.

    Workbooks of earlier versions lack this table; it is added when they are opened.
    """

    __tablename__ = "flags"

    designer: Mapped[str] = mapped_column(primary_key=True)
    face: Mapped[str] = mapped_column(primary_key=True)
    parameter: Mapped[str] = mapped_column(primary_key=True)


class StepRow(Table):
    """One step of a draft: the avatar (a JSON record) and what the step changed."""

    __tablename__ = "steps"

    designer: Mapped[str] = mapped_column(primary_key=True)
    face: Mapped[str] = mapped_column(primary_key=True)
    step: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    record: Mapped[str]
    what: Mapped[str]
    made_at: Mapped[str]
