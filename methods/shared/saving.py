"""How fitted methods lie on disk: a JSON file and, where there are weights, another."""

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

METHOD_FILE = "method.json"
WEIGHTS_FILE = "weights.safetensors"


@dataclass(frozen=True)
class Saved:
    """What a folder holds: the options (as data), the spec, and what else was noted."""

    options: Mapping[str, Any]
    spec: AvatarSpec
    extra: Mapping[str, Any]
    folder: Path

    def tensors(self) -> dict[str, Tensor]:
        """The tensors of the weights file, on the CPU."""
        return load_file(self.folder / WEIGHTS_FILE)


def save_method(
    folder: Path,
    meta: MethodMeta,
    options: MethodOptions,
    spec: AvatarSpec,
    extra: Mapping[str, Any] | None = None,
    tensors: Mapping[str, Tensor] | None = None,
) -> None:
    """Write a fitted method into `folder`, which is made where it does not exist."""
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
        plain = {k: v.detach().cpu().contiguous() for k, v in tensors.items()}
        save_file(plain, folder / WEIGHTS_FILE)


def load_method(folder: Path, meta: MethodMeta) -> Saved:
    """Read what `save_method` wrote for this method at this revision.

    Raises MethodError where the folder holds none, or another.
    """
    path = folder / METHOD_FILE
    if not path.is_file():
        raise MethodError(f"{folder} holds no saved method: there is no {METHOD_FILE}")
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
