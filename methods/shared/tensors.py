"""Tensors in the form that safetensors files hold."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import torch
from safetensors.torch import load_file, save
from torch import Tensor, nn

NetworkT = TypeVar("NetworkT", bound=nn.Module)


def storable(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors detached, on the CPU and contiguous, as safetensors requires."""
    return {name: t.detach().cpu().contiguous() for name, t in tensors.items()}


def restored(network: NetworkT, tensors: Mapping[str, Tensor], device: str) -> NetworkT:
    """The network with the given tensors, frozen, in evaluation mode, on `device`."""
    network.load_state_dict(tensors)
    return network.eval().requires_grad_(False).to(device)


def halved_state(network: nn.Module) -> dict[str, Tensor]:
    """The state dict in half precision, as it is stored; integers stay."""
    return {
        key: value.to(torch.float16) if value.is_floating_point() else value
        for key, value in storable(network.state_dict()).items()
    }


def save_concatenated(files: Sequence[Path], names: Sequence[str], out: Path) -> None:
    """Write the named tensors of safetensors files, joined along their first axis.

    The bytes are those of `save_file` of the joined tensors, but memory holds one file
    at a time.
    """
    first = save({name: load_file(files[0])[name] for name in names})
    length = int.from_bytes(first[:8], "little")
    header = json.loads(first[8 : 8 + length])
    rows = sum(len(load_file(file)[names[0]]) for file in files)
    end = 0
    for entry in header.values():
        begin, stop = entry["data_offsets"]
        bytes_per_row = (stop - begin) // entry["shape"][0]
        entry["shape"][0] = rows
        entry["data_offsets"] = [end, end + rows * bytes_per_row]
        end += rows * bytes_per_row
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with out.open("wb") as stream:
        stream.write(len(text).to_bytes(8, "little") + text)
        for name in header:
            for file in files:
                stream.write(load_file(file)[name].contiguous().numpy().data)
