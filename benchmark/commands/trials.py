"""`avatarbench trials`: what the trials of a run left behind."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
import yaml

from benchmark.commands.options import RUNS, OutOption, RunArgument, StoreOption

if TYPE_CHECKING:
    from benchmark.storage.store import Stage

trials_app = typer.Typer(
    help="Find the fitted methods of a run.",
    epilog="Example: avatarbench trials models quick",
    no_args_is_help=True,
)


@trials_app.callback()
def trials_command() -> None:
    """Find the fitted methods of a run."""


@trials_app.command("models", epilog="Example: avatarbench trials models quick")
def models_command(
    run: RunArgument,
    out: OutOption = RUNS,
    store: StoreOption = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON instead of a table.")
    ] = False,
    no_mlflow: Annotated[
        bool, typer.Option("--no-mlflow", help="Do not look into MLflow.")
    ] = False,
) -> None:
    """List the fitted method of each trial: its folder and its model in MLflow.

    `avatarbench create --model` takes either. A fitted method has no folder where the
    trial failed, or where the store no longer has it, as with published results.
    """
    rows = fitted_methods(run, out, store or out / "store", mlflow=not no_mlflow)
    if as_json:
        print(json.dumps(rows, indent=2))
        return
    keys = ("trial", "method", "engine", "seed", "folder", "model")
    cells = [
        ["-" if row[key] is None else str(row[key]) for key in keys] for row in rows
    ]
    # A table of the console would shorten folders, which people paste.
    lines = [list(keys), *cells]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        padded = (text.ljust(width) for text, width in zip(line, widths, strict=True))
        print("  ".join(padded).rstrip())


def fitted_methods(
    run: str, out: Path, store_folder: Path, *, mlflow: bool
) -> list[dict[str, str | int | None]]:
    """A row for each trial of a run: trial, method, engine, seed, folder and model.

    `folder` and `model` are None where there is none. Raises SuiteError if there is no
    such run.
    """
    from benchmark.commands.report import find_run, report_other_folders
    from benchmark.storage.store import Store

    folder = find_run(run, out)
    store = Store(store_folder)
    addresses = _addresses(out, _read_config(folder)["name"]) if mlflow else {}
    report_other_folders(folder)
    rows: list[dict[str, str | int | None]] = []
    for trial, record, fit in fits_of_run(folder):
        rows.append(
            {
                "trial": trial.name,
                "method": record["method"],
                "engine": record["engine"],
                "seed": record["seed"],
                "folder": str(store.folder(fit)) if store.has(fit) else None,
                "model": addresses.get(record["key"]),
            }
        )
    return rows


def fits_of_run(folder: Path) -> Iterator[tuple[Path, dict[str, Any], Stage]]:
    """The folder, the record and the fit of each trial of a run folder."""
    from benchmark.run.plan import fit_of_record
    from benchmark.storage.trial_folder import read_record, trial_folders

    config = _read_config(folder)
    for trial in trial_folders(folder):
        record = read_record(trial)
        if record is not None:
            yield trial, record, fit_of_record(config, record)


def unfinished_trials(folder: Path) -> list[str]:
    """Names of the trials of a run folder that failed or have no results yet."""
    from benchmark.storage.trial_folder import read_record, trial_name

    config = _read_config(folder)
    names = [
        trial_name(variant, engine, seed)
        for variant in config["variants"]
        for engine in config["engines"]
        for seed in config["seeds"]
    ]
    records = {name: read_record(folder / "trials" / name) for name in names}
    return [n for n, record in records.items() if not _is_done(record)]


def _is_done(record: dict[str, Any] | None) -> bool:
    return record is not None and record["status"] == "done"


def _read_config(folder: Path) -> dict[str, Any]:
    return yaml.safe_load((folder / "resolved.yaml").read_text(encoding="utf-8"))


def _addresses(out: Path, suite: str) -> dict[str, str]:
    """Addresses of models by trial key; a problem with MLflow is only reported."""
    from benchmark.tracking import TrackingError
    from benchmark.tracking.model_artifacts import model_addresses

    try:
        return model_addresses(out, suite)
    except TrackingError as error:
        print(f"models in MLflow are not listed: {error}", file=sys.stderr)
        return {}
