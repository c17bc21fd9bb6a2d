"""Published weight files: found in the cache folder, fetched into it and checked."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from pathlib import Path

from benchmark.storage.digests import file_digest
from benchmark.storage.store import atomic_write
from benchmark.weights.catalogue import (
    FILES,
    AtUrl,
    WeightFile,
)
from benchmark.weights.convolutions import UnreadableWeights, convolutions
from benchmark.weights.folders import (
    WeightsError,
    cache_folder,
    check_member,
    find_member,
    is_member,
)
from benchmark.weights.sources import (
    SourceError,
    check_sha256,
    read_source,
    torch_downloads,
)


def names() -> tuple[str, ...]:
    """Every weight file's name."""
    return tuple(FILES)


def usual_names() -> tuple[str, ...]:
    """Those that a set-up fetches: all but what is fetched on request."""
    return tuple(name for name, entry in FILES.items() if not entry.on_request)


def describe(name: str) -> WeightFile:
    """What a weight file is; raises WeightsError with the nearest names."""
    if name not in FILES:
        close = difflib.get_close_matches(name, FILES, n=2)
        hint = f"did you mean {' or '.join(close)}? " if close else ""
        raise WeightsError(
            f"unknown weight file {name!r}: {hint}there are {', '.join(FILES)}"
        )
    return FILES[name]


def find(name: str) -> Path | None:
    """The checked file of a name, or None where it was never fetched.

    Files that torchvision itself downloaded count where they are kept as they are. A
    name may also be that of a file in a weights folder (benchmark.weights.folders).
    Raises WeightsError for a file with another digest than the published one: it is
    damaged.
    """
    if is_member(name):
        return find_member(name)
    for path in _places(describe(name)):
        if path.is_file():
            return check(name, path)
    return None


def _places(entry: WeightFile) -> Iterator[Path]:
    """Where the file may lie in the form that is kept."""
    yield cache_folder() / entry.file
    if entry.convolutions is None and isinstance(entry.sources[0], AtUrl):
        yield torch_downloads() / entry.file


def check(name: str, path: Path) -> Path:
    """`path`, if it holds the bytes that are kept; raises WeightsError if not."""
    if not path.is_file():
        raise WeightsError(f"{name}: there is no file {path}")
    if is_member(name):
        return check_member(path)
    entry = describe(name)
    digest = file_digest(path)
    if not digest.startswith(entry.sha256):
        raise WeightsError(
            f"{path} is not {entry.title}: its SHA-256 begins with {digest[:8]} "
            f"instead of {entry.sha256[:8]}; delete it and run "
            f"`avatarbench weights fetch {name}`"
        )
    return path


def fetch(name: str) -> Path:
    """Bring a weight file into the cache folder and check it; a good one stays.

    Raises WeightsError where no source has it, naming each source and its reason.
    """
    entry = describe(name)
    try:
        present = find(name)
    except WeightsError:
        present = None
    return present or _keep(entry, _fetched(entry))


def adopt(name: str, path: Path) -> Path:
    """A file that a user names, in the form that is kept.

    A file in another published form is converted into the cache folder, as `fetch`
    does. Raises WeightsError where `path` holds other weights.
    """
    entry = describe(name)
    kept = path.is_file() and file_digest(path).startswith(entry.sha256)
    if kept or entry.convolutions is None or not path.is_file():
        return check(name, path)
    try:
        return _keep(entry, _as_kept(entry, path.read_bytes()))
    except SourceError as error:
        raise WeightsError(
            f"{path} is not {entry.title}: {error}; give the file that torchvision "
            f"publishes or that `avatarbench weights fetch {name}` keeps"
        ) from error


def _fetched(entry: WeightFile) -> bytes:
    """The bytes to keep, from the first source that has them."""
    reasons = []
    for source in entry.sources:
        try:
            return _as_kept(entry, read_source(source))
        except SourceError as error:
            reasons.append(f"{source}: {error}")
    raise WeightsError(
        f"{entry.name} is not to be had here: {'; '.join(reasons)}; a copy of "
        f"{entry.file} from elsewhere can be put into {cache_folder()}"
    )


def _as_kept(entry: WeightFile, data: bytes) -> bytes:
    """What is kept of a published file; raises SourceError for other weights."""
    if entry.convolutions is not None:
        try:
            data = convolutions(data, entry.convolutions)
        except UnreadableWeights as error:
            raise SourceError(str(error)) from error
    return check_sha256(data, entry.sha256)


def _keep(entry: WeightFile, data: bytes) -> Path:
    target = cache_folder() / entry.file
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        atomic_write(target, data)
    except OSError as error:
        raise WeightsError(
            f"{entry.name}: cannot write to {target.parent}: {error.strerror}; make it "
            "writable or set AVATARBENCH_CACHE to another folder"
        ) from error
    return target
