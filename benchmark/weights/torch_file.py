"""A file of `torch.save`, read as data: whatever it holds, nothing in it is run.

A pickle is a program. `torch.load(weights_only=True)` runs only a few harmless calls of
it; before that, this module reads the program without running it and refuses every name
that a checkpoint has no need for, so that the refusal can say which.
"""

from __future__ import annotations

import argparse
import io
import pickletools
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import torch

from benchmark.weights import WeightsError

LARGEST_FILE = 4 << 30
"""Bytes. A checkpoint of the 512 model with both optimizers has about 10^9."""

LARGEST_PICKLE = 64 << 20
"""Bytes of the pickle inside an archive, which holds names and numbers, no weights."""

PROTOCOL = 2
"""The pickle protocol that torch writes and that its weights-only reader knows."""

_ZIP = b"PK\x03\x04"
_LEGACY = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
"""Torch's magic number, as a pickle of its own, opens the format before torch 1.6."""

_LEGACY_PICKLES = 5
"""Magic number, version, machine, the object, the names of its storages."""

_NEEDED = frozenset(
    {
        "argparse.Namespace",
        "collections.OrderedDict",
        "torch.Size",
        "torch.device",
        "torch._utils._rebuild_parameter",
        "torch._utils._rebuild_tensor",
        "torch._utils._rebuild_tensor_v2",
        "torch.BFloat16Storage",
        "torch.BoolStorage",
        "torch.ByteStorage",
        "torch.CharStorage",
        "torch.DoubleStorage",
        "torch.FloatStorage",
        "torch.HalfStorage",
        "torch.IntStorage",
        "torch.LongStorage",
        "torch.ShortStorage",
        # What torch before 1.6 wrote of weights that lay on a GPU.
        "torch.cuda.ByteStorage",
        "torch.cuda.FloatStorage",
        "torch.cuda.HalfStorage",
        "torch.cuda.LongStorage",
    }
)
"""All that the pickle of a checkpoint of weights and settings has to name."""

AGAIN = "fetch the checkpoint again"


def read_torch_file(path: Path) -> Any:
    """What `torch.save` wrote into `path`, tensors on the CPU, `args` as a Namespace.

    Both formats are read: the archive (since torch 1.6; its tensors are mapped from the
    file, not copied) and the older one. Raises WeightsError, in one sentence, for what
    is no such file, is damaged, or names anything but weights and settings.
    """
    with _refusing(path):
        start = _start(path)
        if start.startswith(_ZIP):
            _check_archive(path)
            return _load(path, mapped=True)
        if start.startswith(_LEGACY):
            with path.open("rb") as handle:
                _check_pickles(path, handle, _LEGACY_PICKLES)
            return _load(path, mapped=False)
        raise WeightsError(f"{path} {_what_else(start)}")


@contextmanager
def _refusing(path: Path) -> Iterator[None]:
    """Turn whatever a reader raises on damaged or hostile bytes into a WeightsError."""
    try:
        yield
    except WeightsError:
        raise
    # The readers of zip and pickle promise no kinds of errors on bad bytes.
    except Exception as error:
        # Only what opens a file names it; a reader that is led astray does not.
        if isinstance(error, OSError) and error.filename is not None:
            raise WeightsError(
                f"{path} cannot be read: {error.strerror}; check the path and its "
                "permissions"
            ) from error
        raise WeightsError(
            f"{path} is damaged or is no checkpoint: its contents cannot be read "
            f"({type(error).__name__}); {AGAIN}"
        ) from error


def _start(path: Path) -> bytes:
    """The first bytes of a file of a sane size."""
    if path.is_dir():
        raise WeightsError(f"{path} is a folder; name the checkpoint file itself")
    size = path.stat().st_size
    if not path.is_file():
        raise WeightsError(f"{path} is not a regular file; name the checkpoint file")
    if size == 0:
        raise WeightsError(f"{path} is empty; {AGAIN}")
    if size > LARGEST_FILE:
        raise WeightsError(
            f"{path} has {size / 1e9:.1f} GB; a checkpoint has at most "
            f"{LARGEST_FILE / 1e9:.1f} GB, so this is another file"
        )
    with path.open("rb") as handle:
        return handle.read(64)


def _what_else(start: bytes) -> str:
    """What a file is that is no file of torch.save, and what to do about it."""
    if start.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return (
            "is a web page that was saved in a checkpoint's place; download the file "
            "that the page links to"
        )
    if start[8:9] == b"{" and int.from_bytes(start[:8], "little") < LARGEST_FILE:
        return (
            "is a safetensors file, which holds no settings; import the checkpoint "
            "(.pt) that it was made from"
        )
    if start.startswith(b"\x80"):
        return (
            "is a pickle that torch.save did not write; a pickle can run anything, so "
            f"it was not opened; {AGAIN}"
        )
    return f"is not a checkpoint: torch.save did not write it; {AGAIN}"


def _check_archive(path: Path) -> None:
    """Refuse archives that are damaged, that unpack to more, or whose pickle runs."""
    try:
        with zipfile.ZipFile(path) as archive:
            program = _program(path, archive)
            damaged = archive.testzip()
    except zipfile.BadZipFile as error:
        raise WeightsError(
            f"{path} is damaged or was cut short ({error}); {AGAIN}"
        ) from error
    if damaged is not None:
        raise WeightsError(f"{path} is damaged at its entry {damaged}; {AGAIN}")
    _check_pickles(path, io.BytesIO(program), 1)


def _program(path: Path, archive: zipfile.ZipFile) -> bytes:
    """The pickle of a torch archive whose entries take no more room than its file."""
    entries = archive.infolist()
    if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
        raise WeightsError(
            f"{path} is a compressed zip file, not a checkpoint; unpack it"
        )
    if sum(entry.file_size for entry in entries) > path.stat().st_size:
        raise WeightsError(f"{path} is damaged: its entries overlap; {AGAIN}")
    ends = [entry.filename.partition("/")[2] for entry in entries]
    if "constants.pkl" in ends:
        raise WeightsError(
            f"{path} is a TorchScript program, not a checkpoint; import the checkpoint "
            "that train.py saved"
        )
    pickles = [
        entry for entry, end in zip(entries, ends, strict=True) if end == "data.pkl"
    ]
    if len(pickles) != 1 or pickles[0].file_size > LARGEST_PICKLE:
        raise WeightsError(
            f"{path} is a zip file, but not one of torch.save: it should hold one "
            "small data.pkl; name the checkpoint itself"
        )
    return archive.read(pickles[0])


def _check_pickles(path: Path, stream: IO[bytes], count: int) -> None:
    """Refuse programs that name more than weights and settings; runs none of them."""
    for _ in range(count):
        for operation, argument, _ in pickletools.genops(stream):
            if operation.name == "PROTO" and argument != PROTOCOL:
                raise WeightsError(
                    f"{path} is written in pickle protocol {argument}, torch.save uses "
                    f"{PROTOCOL}; {AGAIN}"
                )
            if operation.name in ("GLOBAL", "INST"):
                _check_name(path, ".".join(str(argument).split(" ", 1)))
            if operation.name == "STACK_GLOBAL":
                _check_name(path, "a name that it makes up while it runs")


def _check_name(path: Path, name: str) -> None:
    if name not in _NEEDED:
        raise WeightsError(
            f"{path} names {name[:80]!r}, which a checkpoint of weights does not need; "
            "it could do anything, so nothing of it was run: do not trust this file"
        )


def _load(path: Path, *, mapped: bool) -> Any:
    """Torch's own weights-only reader, with no more than Namespace allowed besides."""
    with (
        warnings.catch_warnings(action="ignore"),
        torch.serialization.safe_globals([argparse.Namespace]),
    ):
        return torch.load(path, map_location="cpu", weights_only=True, mmap=mapped)
