"""`avatarbench faces align`: cut the faces out of photographs, as FFHQ does."""

from __future__ import annotations

import re
import shlex
import time
from collections.abc import Mapping
from pathlib import Path

from benchmark.avatars.counting import counted
from benchmark.faces.folder import looks_like_picture
from benchmark.faces.picture_checks import shorten
from benchmark.faces.picture_listing import list_pictures
from benchmark.faces.pictures import FaceSetError
from benchmark.photographs.folders import (
    AlignmentOptions,
    align_folder,
    read_record,
)
from benchmark.system.console import duration, open_progress

_NUMBER = re.compile(r"-\d+$")
"""The end of the name of a second face."""


def align_photographs(
    folder: Path, out: Path, size: int, every_face: bool, quiet: bool
) -> int:
    """Align the photographs of a folder; print what became of them.

    Returns the exit status: 1 if no photograph could be aligned.
    """
    photographs, problems = _photographs(folder, out)
    started = time.monotonic()
    options = AlignmentOptions(size, every_face)
    results, earlier = align_folder(photographs, out, options, open_progress(quiet))
    seconds = time.monotonic() - started
    for result in results:
        problems += result.problems
    for sentence in shorten(problems):
        print(f"warning: {sentence}")
    pictures = sum(len(result.pictures) for result in results)
    done = sum(bool(result.pictures) for result in results)
    print(
        f"{done} of {counted(len(results), 'photograph')} aligned, "
        f"{counted(pictures, 'picture')} of {size} px: {out}"
    )
    if earlier:
        print(f"{earlier} of them unchanged since an earlier call")
    elif done:
        print(f"{duration(seconds)}, {len(results) / seconds:.1f} photographs/s")
    if not done:
        return 1
    place = shlex.quote(str(out))
    print(f"Next, look at them: avatarbench faces show {place} --sheet faces.png")
    print(
        f"Then make ground truth (avatarbench studio serve --faces {place} --engine "
        f"ENGINE), or name the folder in a suite (faces: {{folder: {place}}})."
    )
    return 0


def _photographs(folder: Path, out: Path) -> tuple[Mapping[str, Path], list[str]]:
    """The photographs of a folder by name, and problems of their names.

    Raises FaceSetError if there are none, or `out` has pictures of something else.
    """
    problems: list[str] = []
    photographs = list_pictures(folder, problems)
    if out.resolve() == folder.resolve():
        raise FaceSetError(
            f"{out} holds the photographs: choose another folder for the aligned "
            "pictures"
        )
    recorded = {name for each in read_record(out).values() for name in each.pictures}
    for path in sorted(out.iterdir()) if out.is_dir() else ():
        # Pictures that an interrupted call has not recorded are written again.
        ours = {path.stem, _NUMBER.sub("", path.stem)} & photographs.keys()
        if looks_like_picture(path) and path.name not in recorded and not ours:
            raise FaceSetError(
                f"{out} has another picture, {path.name}: choose an empty folder"
            )
    return photographs, problems
