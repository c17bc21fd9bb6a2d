"""The tags, parameters and figures that are logged to MLflow."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from benchmark.storage.digests import digest_of
from benchmark.system.environment import git_record, own_version, process_identity

TAG = "avatarbench."
MODEL_URI = TAG + "model_uri"
"""The tag of a trial that holds the address of its model."""
NOTE = "mlflow.note.content"
"""The tag that MLflow shows as the description of a run or an experiment."""


def common_tags(
    run: Path, config: Mapping[str, Any], machine: Mapping[str, Any]
) -> dict[str, str]:
    """Tags of every run of a suite: run folder, process, code, machine and faces."""
    version = config.get("world") or {}
    tags = {
        "suite": config["name"],
        "run": str(run.resolve()),
        "process": json.dumps(process_identity()),
        "version": machine["avatarbench"],
        "benchmark_version": version.get("name") or "none",
        "python": machine["python"],
        "torch": machine["packages"].get("torch"),
        "hardware": machine["hardware"]["name"],
        "machine": digest_of(machine["hardware"]),
        "faces": config["faces"]["name"],
        "faces.digest": config["faces"]["digest"],
        "faces.stand_in": config["faces"]["stand_in"],
    }
    source = code_tags(machine["git"], f"avatarbench run {config['name']}")
    return source | {TAG + key: str(value) for key, value in tags.items()}


def code_tags(git: Mapping[str, Any], command: str) -> dict[str, str]:
    """The command and the commit, under the names of tags that MLflow shows."""
    tags = {"mlflow.source.name": command, "mlflow.source.type": "LOCAL"}
    if git["sha"]:
        tags["mlflow.source.git.commit"] = git["sha"]
        tags["mlflow.source.git.dirty"] = str(git["dirty"]).lower()
    return tags


class FaceRecord(NamedTuple):
    """A face set as the tags of a training describe it."""

    name: str
    digest: str
    licence: str
    stand_in: bool


def process_tags() -> dict[str, str]:
    """The process and the version of a training or a study, without `TAG`."""
    return {"process": json.dumps(process_identity()), "version": own_version()}


def training_tags(
    name: str, folder: Path, faces: FaceRecord, hardware: str
) -> dict[str, str]:
    """Tags of a training: recipe, folder, process, code, machine and faces."""
    tags = {
        "kind": "training",
        "recipe": name,
        "run": str(folder.resolve()),
        **process_tags(),
        "hardware": hardware,
        "faces": faces.name,
        "faces.digest": faces.digest,
        "faces.licence": faces.licence,
        "faces.stand_in": faces.stand_in,
    }
    source = code_tags(git_record(), "avatarbench train generator")
    return source | {TAG + key: str(value) for key, value in tags.items()}


def shown_name(record: Mapping[str, Any], *, with_seed: bool) -> str:
    """The name of a trial in MLflow's table: method and engine, perhaps the seed."""
    marks = {"control": " (control)", "oracle": " †"}
    name = f"{record['title']}{marks.get(record['role'], '')} · {record['engine']}"
    return f"{name} · seed {record['seed']}" if with_seed else name


def trial_tags(record: Mapping[str, Any]) -> dict[str, str]:
    """Tags of a trial: identity, key and status."""
    tags = {"kind": "trial", "trial_status": record["status"]}
    for key in ("key", "variant", "method", "role", "engine", "seed"):
        tags[key] = str(record[key])
    tags["method.version"] = record["method_meta"]["version"]
    tags["method.revision"] = record["method_meta"]["revision"]
    tags["engine.version"] = record["engine_meta"]["version"]
    if record["error"]:
        tags["error"] = record["error"]
    return {TAG + key: value for key, value in tags.items()}


def trial_params(record: Mapping[str, Any]) -> dict[str, Any]:
    """The part of the resolved configuration that belongs to a trial."""
    keys = ("variant", "method", "engine", "seed", "options", "weights", "compute")
    return {
        **{key: record[key] for key in (*keys, "splits", "render_size")},
        "metrics": {
            m["name"]: m["skipped"] or m["identity"] for m in record["metrics"]
        },
    }


def mean_scores(record: Mapping[str, Any], cases: Any) -> dict[str, float]:
    """Means of case metrics and values of set metrics, by `split.designer.metric`."""
    values: dict[str, float] = {}
    metrics = [m["name"] for m in record["metrics"] if m["name"] in cases.columns]
    for (split, designer), rows in cases.groupby(["split", "designer"]):
        for metric in metrics:
            values[f"{split}.{designer}.{metric}"] = float(rows[metric].mean())
    for place, scores in record["set_scores"].items():
        for metric, value in scores.items():
            if value is not None:
                values[f"{place.replace('/', '.')}.{metric}"] = float(value)
    return {name: value for name, value in values.items() if value == value}


def main_place(config: Mapping[str, Any]) -> str:
    """The split and designer of Table 1, as they begin the names of scores."""
    splits, designers = list(config["splits"]), config["designers"]
    split = "heldout" if "heldout" in splits else splits[0]
    return f"{split}.{designers[0]}."


def main_scores(
    scores: Mapping[str, float], place: str, engine: str
) -> dict[str, float]:
    """The scores of Table 1 by `engine/metric`, so that a column has one engine."""
    return {
        f"{engine}/{name.removeprefix(place)}": value
        for name, value in scores.items()
        if name.startswith(place)
    }


def speed_figures(timing: Mapping[str, Any]) -> dict[str, float]:
    """The numbers of `timing.json`, by the names that MLflow shows.

    `fit_seconds` is the time of the fit itself, and `fit_chain_seconds` also counts
    what its cached and shipped stages once took. Older files tell the second only.
    """
    figures = numbers(timing)
    for name, key in (
        ("fit_chain_seconds", "fit_seconds"),
        ("fit_seconds", "fit_own_seconds"),
    ):
        if key in figures:
            figures[name] = figures.pop(key)
    return figures


def numbers(data: Mapping[str, Any]) -> dict[str, float]:
    """The entries whose values are numbers."""
    return {
        key: float(value)
        for key, value in data.items()
        if isinstance(value, (int, float)) and not isinstance(value, bool)
    }


def read_curve_points(path: Path) -> Iterator[tuple[str, float, int]]:
    """Read training curves from a JSON Lines file, as (name, value, step)."""
    if not path.is_file():
        return
    for line in path.read_text(encoding="utf-8").splitlines():
        figures = json.loads(line)
        step = int(figures.pop("step"))
        for name, value in figures.items():
            yield f"training.{name}", float(value), step


def flatten(data: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Flatten nested mappings to dotted keys with text values, as MLflow needs."""
    found: dict[str, str] = {}
    for key, value in data.items():
        name = f"{prefix}{key}".replace("/", ".")
        if isinstance(value, Mapping):
            found |= flatten(value, f"{name}.")
        else:
            found[name] = value if isinstance(value, str) else json.dumps(value)
    return found
