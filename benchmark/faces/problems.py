"""Collect what is wrong with a face set, so that all of it is reported at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from benchmark.faces.pictures import FaceSetError


def and_more(faces: Sequence[str]) -> str:
    """The first face, and how many more there are."""
    return faces[0] + (f" and {len(faces) - 1} more" if len(faces) > 1 else "")


def report(found: Sequence[str], problems: list[str] | None) -> None:
    """Add problems to a list; without one, raise FaceSetError if there are any."""
    if problems is not None:
        problems += found
    elif found:
        raise FaceSetError("\n".join(found))


@contextmanager
def collected(found: list[str]) -> Iterator[None]:
    """Add the message of a FaceSetError in the block to a list."""
    try:
        yield
    except FaceSetError as error:
        found.append(str(error))
