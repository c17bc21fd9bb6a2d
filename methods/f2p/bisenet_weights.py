"""BiSeNet's public face-parsing weights, made a folder that the content reads."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from benchmark.storage.digests import file_digest
from benchmark.weights import WeightsError
from benchmark.weights.torch_file import read_torch_file
from methods.f2p.parser_weights import ParserCard, require_free, write_tensors
from methods.networks.bisenet import BiSeNet

LICENCE = "not stated (CelebAMask-HQ, the data, is for non-commercial research)"
COUNTER = "num_batches_tracked"
"""Ends the names of counters of training steps, which old files lack and none needs."""


def import_bisenet(
    file: Path, folder: Path, title: str, licence: str | None = None
) -> ParserCard:
    """Make a folder of a BiSeNet checkpoint of 19 classes; its card.

    The checkpoint is a state dict under the usual names of the layers, alone or as
    "state_dict" of a dictionary. Nothing in it is run. Raises WeightsError where it
    holds anything else, or where the folder exists or cannot be written.
    """
    require_free(folder)
    card = ParserCard(
        title=title,
        network="bisenet",
        parser={},
        template="ffhq",
        licence=licence or LICENCE,
        data="CelebAMask-HQ, as those who released it say",
        encoder="ResNet-18 (ImageNet-1k), trained further",
        command=f"avatarbench weights import-parser {file.name}",
        hours=None,
        steps=None,
        faces=None,
        validation="not measured here: see `avatarbench train parser-score`",
        mean_iou=None,
        iou={},
        accuracy=None,
    )
    state = _state(file)
    notes = f"imported from a file with the SHA-256 {file_digest(file)}"
    return write_tensors(folder, state, card.model_copy(update={"notes": notes}))


def _state(file: Path) -> dict[str, Tensor]:
    """A whole state dict with a checkpoint's weights, in single precision."""
    found = read_torch_file(file)
    content = found.get("state_dict", found) if isinstance(found, Mapping) else {}
    given = content if isinstance(content, Mapping) else {}
    state = {str(key).removeprefix("module."): value for key, value in given.items()}
    wanted = BiSeNet().state_dict()
    odd = sorted(
        key
        for key in state.keys() | wanted.keys()
        if not key.endswith(COUNTER) and not _fits(state.get(key), wanted.get(key))
    )
    if odd:
        raise WeightsError(
            f"{file} is no BiSeNet of 19 classes: {len(odd)} entries are missing, "
            f"foreign, of another shape or not finite, {odd[0]} first; give the public "
            "face-parsing weights (79999_iter.pth)"
        )
    return {
        key: value if key.endswith(COUNTER) else state[key].float().contiguous()
        for key, value in wanted.items()
    }


def _fits(value: object, wanted: Tensor | None) -> bool:
    """Whether an entry is a tensor that is wanted, whole and finite."""
    return (
        isinstance(value, Tensor)
        and wanted is not None
        and value.shape == wanted.shape
        and bool(value.isfinite().all())
    )
