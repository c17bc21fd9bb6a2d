"""The face set of a trial as datasets of MLflow."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlflow.entities import DatasetInput

DIGEST_LETTERS = 32
"""MLflow stores at most 36 letters of a digest; the profile holds the whole one."""


def split_datasets(config: Mapping[str, Any]) -> Iterator[DatasetInput]:
    """Each scored split as a dataset: its source is the face set with its digest.

    `config` is the resolved suite, as in `resolved.yaml`.
    """
    from mlflow.entities import Dataset, DatasetInput, InputTag

    faces = config["faces"]
    for split in config["splits"]:
        chosen = faces["splits"][split]
        dataset = Dataset(
            name=f"{faces['name']} v{faces['version']}/{split}",
            digest=chosen["digest"][:DIGEST_LETTERS],
            source_type="local",
            source=json.dumps({"uri": face_set_uri(faces)}),
            schema=json.dumps({"mlflow_colspec": _columns(config["designers"])}),
            profile=json.dumps(
                {
                    "faces": chosen["faces"],
                    "split": split,
                    "split_digest": chosen["digest"],
                    "face_set_digest": faces["digest"],
                    "licence": faces["licence"],
                    "stand_in": faces["stand_in"],
                }
            ),
        )
        yield DatasetInput(dataset, [InputTag("mlflow.data.context", "evaluation")])


def face_set_uri(faces: Mapping[str, Any]) -> str:
    """Name, version and digest of a face set in one line."""
    return f"avatarbench:faces/{faces['name']}@{faces['version']}#{faces['digest']}"


def _columns(designers: Sequence[str]) -> list[dict[str, Any]]:
    columns = [("face", "string"), ("part", "string"), ("picture", "binary")]
    columns += [(f"ground truth by {designer}", "string") for designer in designers]
    return [{"name": n, "type": kind, "required": True} for n, kind in columns]
