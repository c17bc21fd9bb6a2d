"""Fitted methods on disk: a JSON file and, for networks, a safetensors file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors.torch import load_file, save_file
from torch import Tensor

from benchmark.avatars import AvatarSpec
from methods.base import MethodError, MethodMeta, MethodOptions
from methods.shared.tensors import storable

METHOD_FILE = "method.json"
WEIGHTS_FILE = "weights.safetensors"


@dataclass(frozen=True)
class Saved:
    """A saved method: its options as JSON data, its spec and extra values."""

    options: Mapping[str, Any]
    spec: AvatarSpec
    extra: Mapping[str, Any]
    folder: Path

    def tensors(self) -> dict[str, Tensor]:
        """Read the tensors of the weights file, on the CPU."""
        return load_file(self.folder / WEIGHTS_FILE)


def save_method(
    folder: Path | str,
    meta: MethodMeta,
    options: MethodOptions,
    spec: AvatarSpec,
    extra: Mapping[str, Any] | None = None,
    tensors: Mapping[str, Tensor] | None = None,
) -> None:
    """Write a fitted method into `folder`, which is created if missing."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    data = {
        "method": meta.name,
        "version": meta.version,
        "revision": meta.revision,
        "options": options.model_dump(mode="json"),
        "spec": spec.to_json(),
        "extra": dict(extra or {}),
    }
    (folder / METHOD_FILE).write_text(json.dumps(data, indent=2) + "\n")
    if tensors is not None:
        save_file(storable(tensors), folder / WEIGHTS_FILE)


def load_method(folder: Path | str, meta: MethodMeta) -> Saved:
    """Read what `save_method` wrote for this method.

    Raises MethodError if the folder holds no method, or another method, version or
    revision.
    """
    folder = Path(folder)
    path = folder / METHOD_FILE
    if not path.is_file():
        raise MethodError(f"{folder} holds no saved method: {METHOD_FILE} is missing")
    data = json.loads(path.read_text())
    found = tuple(data.get(key) for key in ("method", "version", "revision"))
    wanted = (meta.name, meta.version, meta.revision)
    if found != wanted:
        raise MethodError(
            f"{folder} holds {' '.join(map(str, found))}, not {' '.join(wanted)}; "
            "fit it again"
        )
    spec = AvatarSpec.from_json(data["spec"])
    return Saved(data["options"], spec, data["extra"], folder)
