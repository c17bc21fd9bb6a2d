"""Import of BiSeNet's public face-parsing weights into a folder of weights."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from benchmark.storage.digests import file_digest
from benchmark.weights import WeightsError
from benchmark.weights.folders import require_free
from benchmark.weights.torch_file import read_torch_file
from methods.f2p.parser_weights import ParserCard, write_tensors
from methods.networks.bisenet import BiSeNet

LICENCE = "not stated (CelebAMask-HQ, the data, is for non-commercial research)"
COUNTER = "num_batches_tracked"
"""Suffix of step counters, which old files lack and no network needs."""


def import_bisenet(
    file: Path, folder: Path, title: str, licence: str | None = None
) -> ParserCard:
    """Convert a BiSeNet checkpoint of 19 classes into a new folder; returns its card.

    The checkpoint is a state dict with the public layer names, alone or under the key
    "state_dict". No code in it is executed. Raises WeightsError where it holds anything
    else, or where the folder exists or cannot be written.
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
        command=f"avatarbench weights import-parser {shlex.quote(file.name)}",
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
    """BiSeNet's full state dict with a checkpoint's weights, in single precision."""
    content = read_torch_file(file)
    entries = content.get("state_dict", content) if isinstance(content, Mapping) else {}
    given = entries if isinstance(entries, Mapping) else {}
    state = {str(key).removeprefix("module."): value for key, value in given.items()}
    expected = BiSeNet().state_dict()
    odd = sorted(
        key
        for key in state.keys() | expected.keys()
        if not key.endswith(COUNTER) and not _fits(state.get(key), expected.get(key))
    )
    if odd:
        raise WeightsError(
            f"{file} is not a BiSeNet of 19 classes: {len(odd)} entries are missing, "
            f"unexpected, of another shape or not finite, the first is {odd[0]}; give "
            "the public face-parsing weights (79999_iter.pth)"
        )
    return {
        key: value if key.endswith(COUNTER) else state[key].float().contiguous()
        for key, value in expected.items()
    }


def _fits(value: object, expected: Tensor | None) -> bool:
    """Whether an entry is an expected tensor of the right shape, and finite."""
    return (
        isinstance(value, Tensor)
        and expected is not None
        and value.shape == expected.shape
        and bool(value.isfinite().all())
    )
