"""`avatarbench study`: the command group; each command imports what it needs."""

from __future__ import annotations

import typer

study_app = typer.Typer(
    help="Ask people which avatar matches best: make a study, ask, analyse.",
    no_args_is_help=True,
)


@study_app.callback()
def study() -> None:
    """Keep `study` a group, however many commands it has."""
