"""Marks everything that is made from simulated ratings."""

from __future__ import annotations

from dataclasses import replace

from reports.figures.scores import Drawing
from reports.human_study.analysis.answers import Answers
from reports.tables.table import Table

WARNING = (
    "Simulated ratings: a program drew them, and no person rated anything. The numbers "
    "show what a report looks like and say nothing about the methods."
)
PREFIX = "simulated-"
"""Start of the names of all tables and figures of simulated ratings."""


def simulated_notes(answers: Answers) -> tuple[str, ...]:
    """The first note of every table of simulated ratings."""
    return (WARNING,) if answers.simulated else ()


def marked_table(answers: Answers, table: Table) -> Table:
    """The table; of simulated ratings, its name and title say so."""
    if not answers.simulated:
        return table
    return replace(table, key=PREFIX + table.key, title=f"Simulated: {table.title}")


def marked_drawing(answers: Answers, drawing: Drawing) -> Drawing:
    """The figure; of simulated ratings, name, title, text and picture say so."""
    if not answers.simulated:
        return drawing
    drawing.figure.suptitle("Simulated ratings, not a result", fontweight="bold")
    return replace(
        drawing,
        name=PREFIX + drawing.name,
        title=f"Simulated: {drawing.title}",
        description=f"Simulated ratings, not a result. {drawing.description}",
    )
