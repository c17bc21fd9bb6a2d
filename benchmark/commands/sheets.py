"""Where a command may draw a sheet to."""

from __future__ import annotations

from pathlib import Path

import typer


def png_path(path: Path | None) -> Path | None:
    """Refuse, before any drawing, what no PNG can be written to."""
    if path is None:
        return None
    if path.suffix.lower() != ".png":
        raise typer.BadParameter(f"{path} must end in .png")
    if path.is_dir() or not path.parent.is_dir():
        raise typer.BadParameter(f"{path} must be a file in a folder that exists")
    return path
