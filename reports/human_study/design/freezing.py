"""Writes all files of a study at once. They are never changed afterwards."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmark.storage.digests import bytes_digest
from benchmark.storage.store import atomic_write
from benchmark.storage.trial_folder import json_bytes, publish
from benchmark.storage.unwritable import cannot_write
from reports.human_study.design.key import Key
from reports.human_study.design.study import (
    EXCLUSIONS_FILE,
    KEY_FILE,
    PICTURES,
    STUDY_FILE,
    Study,
    StudyError,
    digest_of,
    read_study,
)

FIXED_MTIME = 946_684_800
"""Modification time of every file (2000-01-01 UTC). Real times could reveal methods."""


@dataclass(frozen=True)
class Draft:
    """A study that has not been written yet.

    `design` is `study.json` without `files` and `digest`, `pictures` maps ids to WebP
    bytes, and `exclusions` is the text of `exclusions.yaml`.
    """

    design: Mapping[str, Any]
    pictures: Mapping[str, bytes]
    key: Key
    exclusions: str


def freeze(draft: Draft, folder: Path) -> Study:
    """Write a study into a new folder and read it back.

    Raises StudyError if the folder exists or cannot be written.
    """
    if folder.exists():
        raise StudyError(
            f"{folder} already exists, and a study is never changed; give another "
            "folder with --out, or move this one away"
        )
    files = _files(draft)
    design = {
        **draft.design,
        "files": {name: bytes_digest(data) for name, data in files},
    }
    # Through the model, so that the digest covers exactly what is read back.
    whole = Study.model_validate({**design, "folder": folder, "digest": "0" * 64})
    data = whole.to_data()
    data["digest"] = digest_of(data)

    def fill(place: Path) -> None:
        (place / PICTURES).mkdir()
        for name, content in files:
            (place / name).write_bytes(content)
            os.utime(place / name, (FIXED_MTIME, FIXED_MTIME))
        atomic_write(place / STUDY_FILE, json_bytes(data))

    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        publish(folder, fill)
    except OSError as error:
        raise StudyError(
            cannot_write(folder, error, "choose another folder")
        ) from error
    return read_study(folder)


def _files(draft: Draft) -> list[tuple[str, bytes]]:
    """Every file except the design, ordered by random id."""
    pictures = sorted(draft.pictures.items())
    return [
        *((f"{PICTURES}/{name}.webp", content) for name, content in pictures),
        (KEY_FILE, json_bytes(draft.key.to_data())),
        (EXCLUSIONS_FILE, draft.exclusions.encode()),
    ]
