"""Reads files of `torch.save` without running anything in them."""

from __future__ import annotations

import argparse
import pickle
import re
import warnings
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from benchmark.weights import WeightsError

LARGEST_FILE = 4 << 30
"""Bytes. A checkpoint of the 512 model with both optimizers has about 10^9."""

_ZIP = b"PK\x03\x04"
_LEGACY = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
"""A pickle of torch's magic number, with which files of torch before 1.6 start."""

AGAIN = "fetch the checkpoint again"


def read_torch_file(path: Path) -> Any:
    """What `torch.save` wrote to `path`, with all tensors on the CPU.

    The content may hold tensors, plain containers, numbers, strings and
    `argparse.Namespace`. In the archive format (torch 1.6 and later) the tensors are
    memory-mapped; the older format is read too.

    Raises:
        WeightsError: for a damaged file, another format, or any other content; the
            message is one sentence.
    """
    with _one_sentence(path):
        start = _start(path)
        archive = start.startswith(_ZIP)
        if not archive and not start.startswith(_LEGACY):
            raise WeightsError(f"{path} {_other_format(start)}")
        if archive:
            _check_archive(path)
        with (
            warnings.catch_warnings(action="ignore"),
            torch.serialization.safe_globals([argparse.Namespace]),
        ):
            content = torch.load(
                path, map_location="cpu", weights_only=True, mmap=archive
            )
        if not all(_is_plain(tensor) for tensor in _tensors(content)):
            raise WeightsError(
                f"{path} holds a sparse, quantised or otherwise special tensor, which "
                "a checkpoint of weights does not need; do not trust this file"
            )
        return content


@contextmanager
def _one_sentence(path: Path) -> Iterator[None]:
    """Turn every exception of the zip and pickle readers into a WeightsError."""
    try:
        yield
    except WeightsError:
        raise
    # On damaged or hostile bytes the readers can raise any type of exception.
    except Exception as error:
        raise WeightsError(f"{path} {_reason(error)}") from error


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.filename is not None:
        return f"cannot be read: {error.strerror}; check the path and its permissions"
    unsafe = re.search(r"GLOBAL (\S+)", str(error))
    if isinstance(error, pickle.UnpicklingError) and unsafe:
        return (
            f"refers to {unsafe[1][:80]!r}, which a checkpoint of weights does not "
            "need; nothing in it was run: do not trust this file"
        )
    return (
        "is damaged or is not a checkpoint: torch.load cannot read it as weights "
        f"({type(error).__name__}); {AGAIN}"
    )


def _start(path: Path) -> bytes:
    """The first bytes of a regular, non-empty file of plausible size."""
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


def _other_format(start: bytes) -> str:
    """Describe a file that is not in a format of torch.save, and say what to do."""
    if start.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return (
            "is a web page, not a checkpoint; download the file that the page links to"
        )
    if start[8:9] == b"{" and int.from_bytes(start[:8], "little") < LARGEST_FILE:
        return (
            "is a safetensors file, which holds no settings; import the checkpoint "
            "(.pt) that it was made from"
        )
    if start.startswith(b"\x80"):
        return (
            "is a pickle that torch.save did not write; a pickle can run any code, so "
            f"it was not opened; {AGAIN}"
        )
    return f"is not a checkpoint: torch.save did not write it; {AGAIN}"


def _check_archive(path: Path) -> None:
    """Check sizes and checksums of a zip archive, which torch.load does not."""
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
            if unpacked > path.stat().st_size:
                raise WeightsError(
                    f"{path} is not a checkpoint: its entries are compressed or "
                    f"overlap; {AGAIN}"
                )
            damaged = archive.testzip()
    except zipfile.BadZipFile as error:
        raise WeightsError(
            f"{path} is damaged or truncated ({error}); {AGAIN}"
        ) from error
    if damaged is not None:
        raise WeightsError(f"{path} is damaged at its entry {damaged}; {AGAIN}")


def _tensors(content: Any) -> Iterator[Tensor]:
    """Every tensor in nested containers; shared ones are visited once."""
    visited, queue = set(), [content]
    while queue:
        value = queue.pop()
        if id(value) in visited:
            continue
        visited.add(id(value))
        if isinstance(value, Tensor):
            yield value
        elif isinstance(value, Mapping):
            queue += [*value.keys(), *value.values()]
        elif isinstance(value, list | tuple | set):
            queue += value
        elif isinstance(value, argparse.Namespace):
            queue.append(vars(value))


def _is_plain(tensor: Tensor) -> bool:
    """Whether a tensor is dense, on the CPU and neither quantised nor nested."""
    special = tensor.is_quantized or tensor.is_nested or tensor.device.type != "cpu"
    return tensor.layout == torch.strided and not special
