"""Rebuild cached stages of changed code: the hint, and `run --fresh NAME`."""

from __future__ import annotations

import json
import secrets
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from benchmark.avatars.spec import did_you_mean
from benchmark.config.suite import SuiteError
from benchmark.run.plan import Plan
from benchmark.storage.store import Store, atomic_write

REBUILDS = "rebuilds"
"""The folder in a store that holds a file for each unfinished rebuild."""


def stage_users(plan: Plan) -> dict[str, frozenset[str]]:
    """The methods, engines and metrics, as `kind name`, by the key of each stage.

    A stage depends on the code of all of them.
    """
    users: defaultdict[str, set[str]] = defaultdict(set)
    for (engine, *_), stage in plan.truths.items():
        users[stage.key].add(f"engine {engine}")
    for trial in plan.trials:
        engines = (trial.engine, *trial.variant.other_engines)
        plugins = {f"engine {name}" for name in engines}
        plugins.add(f"method {trial.variant.meta.name}")
        for stage in trial.stages():
            users[stage.key] |= plugins
        for (*_, metric), stage in trial.scores.items():
            users[stage.key].add(f"metric {metric}")
    return {key: frozenset(labels) for key, labels in users.items()}


def stage_sources(plan: Plan) -> dict[str, dict[str, str]]:
    """Source digests of the plugins that each stage depends on, by its key."""
    sources = plan.resolved.sources
    return {
        key: {label: sources[label] for label in sorted(labels & sources.keys())}
        for key, labels in stage_users(plan).items()
    }


def changed_code(plan: Plan, store: Store, again: str | None = None) -> list[str]:
    """One sentence for each plugin whose code changed since it made cached stages.

    `again` is the command that rebuilds them, by default `run --fresh NAME`.
    """
    return [
        f"warning: the code of {label} changed since it made {count} of the cached "
        "stages, which are used again; rebuild them with "
        f"`{again or f'run --fresh {_name(label)}'}`, or change its version or "
        "revision if it now behaves differently"
        for label, count in sorted(_changed_plugins(plan, store).items())
    ]


def changed_since_prediction(plan: Plan, store: Store) -> list[str]:
    """The same for a rescoring: it makes no predictions, but all scores."""
    return [
        f"warning: the code of {label} changed since the predictions were made, which "
        f"are scored as they are; make new ones with `run --fresh {_name(label)}`"
        for label in sorted(_changed_plugins(plan, store))
        if not label.startswith("metric ")
    ]


def _changed_plugins(plan: Plan, store: Store) -> Counter[str]:
    """How many cached stages were made by other code of each plugin."""
    counts: Counter[str] = Counter()
    if plan.resolved.sources:
        for stage in plan.unique.values():
            if (sources := store.sources_of(stage)) and store.has(stage):
                counts.update(differing(sources, store.record(stage)))
    return counts


def differing(sources: Mapping[str, str], record: Mapping[str, Any]) -> list[str]:
    """Plugins whose source was another one when the stage of a record was built."""
    before = record.get("made_with", {}).get("sources", {})
    return [name for name in sources if before.get(name) not in (None, sources[name])]


def begin_rebuild(
    plan: Plan, store: Store, names: Collection[str], dry: bool
) -> list[str]:
    """Make `store` rebuild the stages of methods, engines and metrics of these names.

    A rebuild that did not finish goes on, with or without its names. Nothing is written
    if `dry`. Returns one sentence for each name. Raises SuiteError for a name that the
    suite does not use, and StoreError if the store is not writable.
    """
    users = {key: set(map(_name, each)) for key, each in stage_users(plan).items()}
    _check_known(names, set().union(*users.values()))
    begun = _read(_file(plan, store))
    started = {**{name: secrets.token_hex(8) for name in names}, **begun}
    if not dry and started != begun:
        store.prepare()
        _write(_file(plan, store), started)
    store.rebuilds = {
        key: frozenset(started[name] for name in each & started.keys())
        for key, each in users.items()
        if each & started.keys()
    }
    return [
        f"{'goes on rebuilding' if name in begun else 'rebuilds'} the stages of {name}"
        for name in started
    ]


def _check_known(names: Collection[str], known: Collection[str]) -> None:
    problems = [
        f"--fresh {name}: the suite uses no method, engine or metric of this "
        f"name{did_you_mean(name, known)}; it uses {', '.join(sorted(known))}"
        for name in names
        if name not in known
    ]
    if problems:
        raise SuiteError(problems)


def _name(label: str) -> str:
    return label.partition(" ")[2]


def end_rebuild(plan: Plan, store: Store) -> None:
    """Forget the rebuild of a plan, since everything is built."""
    _file(plan, store).unlink(missing_ok=True)


def _file(plan: Plan, store: Store) -> Path:
    return store.root / REBUILDS / f"{plan.resolved.digest[:12]}.json"


def _read(path: Path) -> dict[str, str]:
    """The identifier of each unfinished rebuild, by the name that is rebuilt."""
    try:
        begun = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {name: str(identifier) for name, identifier in begun.items()}


def _write(path: Path, started: Mapping[str, str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    atomic_write(path, json.dumps(started).encode())
