"""`avatarbench faces fetch`: download or draw the pictures of a face set."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from benchmark.avatars.counting import counted
from benchmark.avatars.spec import did_you_mean
from benchmark.faces.photos import manifest
from benchmark.faces.picture_cache import FetchReport, PictureCache
from benchmark.faces.pictures import FaceSetError
from benchmark.faces.portraits import iid
from benchmark.system.console import open_progress

FETCHED = (manifest.NAME, iid.NAME)
"""Names of the face sets whose pictures do not come with the package."""


def fetch_pictures(name: str, source: Path | None, jobs: int | None) -> None:
    """Fetch the pictures of a face set, and print what was done.

    Raises FaceSetError if the set is not fetched, or its pictures cannot be made.
    """
    if name not in FETCHED:
        raise FaceSetError(
            f"{name} is not a face set that is fetched{did_you_mean(name, FETCHED)}; "
            f"those are {' and '.join(FETCHED)}"
        )
    report = _draw(source, jobs) if name == iid.NAME else _download(source, jobs)
    print(f"{name}: {report.added} added, {report.present} present in {report.folder}")
    if report.different:
        print(
            f"warning: {counted(len(report.different), 'picture')} differ slightly "
            "from the recorded ones, because another version of a library or another "
            "processor made them: scores may differ in the last digits"
        )


def describe_fetched() -> list[str]:
    """One line for each face set that is fetched: its splits and what is there."""
    photographs = manifest.read_photographs()
    counts = Counter(row.split for row in photographs.values())
    splits = ", ".join(f"{counts[name]} {name}" for name in manifest.SPLITS)
    drawn = iid.picture_cache()
    return [
        _describe(manifest.picture_cache(photographs), "generated photographs", splits),
        _describe(
            drawn,
            "held-out people of the training distribution of portraits",
            f"{len(drawn.recorded)} heldout",
        ),
    ]


def _describe(cache: PictureCache, kind: str, splits: str) -> str:
    state = f"{len(cache.read_index())} of {len(cache.recorded)} pictures fetched"
    return (
        f"{cache.name} (version {cache.version}, {cache.licence}): {kind}, and the "
        f"train faces of portraits; {splits}; {state}"
    )


def _draw(source: Path | None, jobs: int | None) -> FetchReport:
    from benchmark.faces.portraits.iid_drawing import draw_portraits_iid

    if source is not None:
        raise FaceSetError(
            f"{iid.NAME} is drawn, not downloaded: leave out --from {source}"
        )
    return draw_portraits_iid(open_progress(), jobs or 2)


def _download(source: Path | None, jobs: int | None) -> FetchReport:
    from benchmark.faces.photos.fetch import DOWNLOADS, fetch_photographs
    from benchmark.system.home_paths import expand_home

    folder = None if source is None else Path(expand_home(str(source)))
    return fetch_photographs(folder, open_progress(), jobs or DOWNLOADS)
