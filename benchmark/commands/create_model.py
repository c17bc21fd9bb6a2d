"""Which model `avatarbench create` uses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import yaml

from benchmark.avatars import AvatarSpec
from benchmark.creation.model import Model, fits_of, open_model
from benchmark.engines.base import Engine
from benchmark.registry import METHODS


def choose_model(
    engine: Engine, source: str | None, method: str | None, runs: Path
) -> Model:
    """As `open_model`, but `method` alone means the row of that name in the runs.

    Runs may have other rows of a method, such as steps of an ablation. Of several runs,
    the newest fit counts. Where no run has a row of that name, it is the newest fit of
    the method. The title of the model names the trial. Raises ModelError if nothing is
    fitted.
    """
    if source is not None or method is None:
        return open_model(engine, source, method, runs)
    METHODS.load(method)
    fits = fits_of(runs, engine.spec, method)
    trials: dict[Path, tuple[str, Path]] = {}
    for variant, trial, fit in _trials(runs, engine.spec, method):
        if fit in fits and trials.get(fit, ("",))[0] != method:
            trials[fit] = variant, trial
    named = [fit for fit in fits if trials.get(fit, ("",))[0] == method]
    fit = (named or fits)[0]
    model = open_model(engine, str(fit), method, runs)
    if fit not in trials:
        return model
    trial = trials[fit][1]
    where = f"trial {trial.name} of {trial.parent.parent}"
    return replace(model, title=f"{model.name} ({where})")


def _trials(
    runs: Path, spec: AvatarSpec, method: str
) -> Iterator[tuple[str, Path, Path]]:
    """Row, folder and fit of each trial of a method; damaged runs are skipped."""
    from benchmark.commands.trials import fits_of_run
    from benchmark.storage.store import Store

    store = Store(runs / "store")
    for config in sorted(runs.glob("*/*/resolved.yaml")):
        if config.parent.is_symlink():
            continue
        try:
            for trial, record, fit in fits_of_run(config.parent):
                if record["method"] == method and record["engine"] == spec.name:
                    yield record["variant"], trial, store.folder(fit)
        except (OSError, KeyError, TypeError, ValueError, yaml.YAMLError):
            continue
