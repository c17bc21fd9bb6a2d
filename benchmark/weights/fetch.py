"""Finds, fetches and checks published weight files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmark.avatars.spec import did_you_mean
from benchmark.storage.digests import file_digest
from benchmark.storage.store import atomic_write
from benchmark.storage.unwritable import cannot_write
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
    """Names of all published weight files."""
    return tuple(FILES)


def default_names() -> tuple[str, ...]:
    """Names of the files that `weights fetch` fetches by default."""
    return tuple(name for name, entry in FILES.items() if not entry.on_request)


def describe(name: str) -> WeightFile:
    """The catalogue entry of a name; WeightsError suggests similar names."""
    if name not in FILES:
        raise WeightsError(
            f"unknown weight file {name!r}{did_you_mean(name, FILES)}; "
            f"the weight files are {', '.join(FILES)}"
        )
    return FILES[name]


def find(name: str) -> Path | None:
    """Path of a weight file, or None if it is not available; its digest is checked.

    Looks in the cache folder and, for files that are cached unchanged, in torch's
    downloads. `name` may also be a file of a weights folder (see
    `benchmark.weights.folders`). Raises WeightsError if the digest is wrong.
    """
    if is_member(name):
        return find_member(name)
    for path in _candidates(describe(name)):
        if path.is_file():
            return check(name, path)
    return None


def require(name: str, needed_by: str) -> Path:
    """The weight file `name`; WeightsError, which says what needs it, without it."""
    file = find(name)
    if file is None:
        raise WeightsError(
            f"{needed_by} need the weights of {name}, which were not fetched: run "
            f"`avatarbench weights fetch {name}`"
        )
    return file


def _candidates(entry: WeightFile) -> Iterator[Path]:
    """Paths where the cached form of the file may be."""
    yield cache_folder() / entry.file
    if entry.convolutions is None and isinstance(entry.sources[0], AtUrl):
        yield torch_downloads() / entry.file


def check(name: str, path: Path) -> Path:
    """Return `path` if it holds the weights of that name; else raise WeightsError."""
    if not path.is_file():
        raise WeightsError(f"{name}: file {path} does not exist")
    if is_member(name):
        return check_member(path)
    entry = describe(name)
    again = f"delete it and run `avatarbench weights fetch {name}`"
    try:
        digest = file_digest(path)
    except OSError as error:
        raise WeightsError(
            f"{path} cannot be read: {error.strerror}; {again}"
        ) from None
    if not digest.startswith(entry.sha256):
        raise WeightsError(
            f"{path} is not {entry.title}: its SHA-256 begins with {digest[:8]} "
            f"instead of {entry.sha256[:8]}; {again}"
        )
    return path


def fetch(name: str) -> Path:
    """Fetch a weight file into the cache folder, unless a valid one is available.

    Raises WeightsError if no source works, with the reason of each source.
    """
    entry = describe(name)
    try:
        present = find(name)
    except WeightsError:
        present = None
    return present or _cache(entry, _download(entry))


def adopt(name: str, path: Path) -> Path:
    """Use a local file for the weights of that name.

    A file in another published format is converted into the cache folder. Raises
    WeightsError if `path` holds other weights.
    """
    entry = describe(name)
    if entry.convolutions is None or not path.is_file():
        return check(name, path)
    data = path.read_bytes()
    try:
        cached = _cached_form(entry, data)
    except SourceError as error:
        raise WeightsError(
            f"{path} is not {entry.title}: {error}; give the file that torchvision "
            f"publishes or that `avatarbench weights fetch {name}` caches"
        ) from error
    return path if data == cached else _cache(entry, cached)


def _download(entry: WeightFile) -> bytes:
    """The bytes to cache, from the first source that works."""
    reasons = []
    for source in entry.sources:
        try:
            return _cached_form(entry, read_source(source))
        except SourceError as error:
            reasons.append(f"{source}: {error}")
    raise WeightsError(
        f"{entry.name} cannot be fetched: {'; '.join(reasons)}; you can copy "
        f"{entry.file} from another machine into {cache_folder()}"
    )


def _cached_form(entry: WeightFile, data: bytes) -> bytes:
    """The bytes to cache of a published file; SourceError for other weights."""
    if entry.convolutions is not None:
        try:
            data = convolutions(data, entry.convolutions)
        except UnreadableWeights as error:
            raise SourceError(str(error)) from error
    return check_sha256(data, entry.sha256)


def _cache(entry: WeightFile, data: bytes) -> Path:
    target = cache_folder() / entry.file
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        atomic_write(target, data)
    except OSError as error:
        raise WeightsError(
            f"{entry.name}: "
            + cannot_write(
                target.parent, error, "set AVATARBENCH_CACHE to another folder"
            )
        ) from error
    return target
