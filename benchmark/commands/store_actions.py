"""What the commands of `avatarbench store` do and print."""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.filesize import decimal

from benchmark.avatars.counting import counted
from benchmark.avatars.spec import did_you_mean
from benchmark.commands.report import find_run
from benchmark.commands.trials import fits_of_run, unfinished_trials
from benchmark.storage.archive import export_entries
from benchmark.storage.archive_import import import_entries
from benchmark.storage.cleaning import (
    Removable,
    find_removable,
    remove,
    used_entries,
)
from benchmark.storage.entries import (
    Entry,
    entries,
    folder_size,
    leftovers,
    quarantine,
    quarantined,
    verify,
)
from benchmark.storage.store import StoreError
from benchmark.system.console import duration, open_progress, print_table


def list_stages(root: Path, stage: str | None, *, as_json: bool) -> None:
    """Print a line for each stage, or for each entry of one stage.

    Raises StoreError if there is no store, or no entry of the stage.
    """
    found = _read(root)
    known = {entry.folder.parent.name for entry in found}
    if stage is not None:
        if stage not in known:
            raise StoreError(
                f"{root} has no stage {stage!r}{did_you_mean(stage, known)}; it has "
                f"{', '.join(sorted(known)) or 'none'}"
            )
        found = [entry for entry in found if entry.folder.parent.name == stage]
    if as_json:
        print(json.dumps([_describe(entry) for entry in found], indent=2))
    elif stage is not None:
        rows = [(e.name, decimal(e.size), duration(e.seconds)) for e in found]
        print_table(("entry", "size", "build time"), rows)
    else:
        print_table(("stage", "entries", "size", "build time"), _summary(root, found))


def _describe(entry: Entry) -> dict[str, object]:
    return {
        "name": entry.name,
        "key": entry.key,
        "bytes": entry.size,
        "seconds": entry.seconds,
        "digests": entry.has_digests,
    }


def _summary(root: Path, found: Iterable[Entry]) -> list[tuple[str, ...]]:
    stages: defaultdict[str, list[Entry]] = defaultdict(list)
    for entry in found:
        stages[entry.folder.parent.name].append(entry)
        stages["all"].append(entry)
    stages["all"] = stages.pop("all", [])  # at the end
    rows = [
        (
            name,
            f"{len(own):,}",
            decimal(sum(entry.size for entry in own)),
            duration(sum(entry.seconds for entry in own)),
        )
        for name, own in stages.items()
    ]
    others = {"unfinished": leftovers(root), "quarantined": quarantined(root)}
    for name, folders in others.items():
        sizes = [folder_size(folder) for folder in folders]
        if sizes:
            rows.append((name, f"{len(sizes):,}", decimal(sum(sizes)), ""))
    return rows


def verify_stages(root: Path, *, move: bool, quiet: bool) -> int:
    """Verify all entries and print the damaged ones; returns the exit status."""
    found = _read(root)
    faults: dict[Path, str] = {}
    with open_progress(quiet).task("verify stages", len(found)) as bar:
        for entry in found:
            if (fault := verify(entry)) is not None:
                faults[entry.folder] = fault
            bar.advance()
    for folder, fault in faults.items():
        moved = f"; moved to {quarantine(root, folder)}" if move else ""
        print(f"{folder}: {fault}{moved}")
    intact = [entry for entry in found if entry.folder not in faults]
    bare = sum(not entry.has_digests for entry in intact)
    size = decimal(sum(entry.size for entry in intact))
    without = f"; {bare:,} without digests, of which only sizes are known"
    print(f"intact: {_counted(intact)} ({size}{without if bare else ''})")
    print(f"damaged: {_counted(faults)}")
    if faults and not move:
        print("move them aside with --quarantine; the next run builds them again")
    return int(bool(faults))


def collect_garbage(
    root: Path, runs: Sequence[str], out: Path, days: float | None, *, yes: bool
) -> None:
    """Print what can be removed; with `yes`, remove it."""
    _read(root)
    for folder in (find_run(run, out) for run in runs):
        if missing := unfinished_trials(folder):
            print(
                f"warning: {folder} has no results of {', '.join(missing)}; stages "
                "that only these need count as not used",
                file=sys.stderr,
            )
    removable = find_removable(root, _fits(runs, out) if runs else None, days)
    if not yes:
        _print_removable(removable)
        if removable:
            print("nothing is removed yet: repeat the command with --yes")
        return
    removed = list(remove(root, removable))
    _print_removable(removed)
    if kept := len(removable) - len(removed):
        print(f"kept: {counted(kept, 'stage')} that another process is building")


def _print_removable(removable: Sequence[Removable]) -> None:
    if not removable:
        print("nothing to remove")
        return
    sizes: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for each in removable:
        sizes[each.reason, each.kind].append(each.size)
    rows = [
        (kind, reason, f"{len(own):,}", decimal(sum(own)))
        for (reason, kind), own in sorted(sizes.items())
    ]
    all_sizes = [size for own in sizes.values() for size in own]
    rows.append(("all", "", f"{len(all_sizes):,}", decimal(sum(all_sizes))))
    print_table(("stage", "why", "entries", "size"), rows)


def export_stages(
    root: Path, place: str, runs: Sequence[str], out: Path, *, quiet: bool
) -> None:
    """Write the entries that runs use, or all, to a tar file at a path or URL."""
    chosen = _read(root)
    if runs:
        used = used_entries(chosen, _fits(runs, out))
        chosen = [entry for entry in chosen if entry.name in used]
    size = export_entries(chosen, place, open_progress(quiet))
    print(f"written: {place} ({_counted(chosen)}, {decimal(size)})")


def import_stages(root: Path, place: str, *, keep: bool, quiet: bool) -> None:
    """Add the entries of a tar file at a path or URL to a store."""
    progress = open_progress(quiet)
    done = import_entries(place, root, keep_existing=keep, progress=progress)
    print(f"imported to {root}: {_counted(done.added)}")
    if done.present:
        print(f"in the store before: {_counted(done.present)}")
    if done.kept:
        print(f"kept, with another content than in the file: {_counted(done.kept)}")


def _counted(found: Sequence[object] | dict[Path, str]) -> str:
    return counted(len(found), "entry", "entries")


def _read(root: Path) -> list[Entry]:
    """All entries of a store; StoreError if there is no store."""
    if not root.is_dir():
        raise StoreError(f"there is no store at {root}; name its folder with --store")
    return list(entries(root))


def _fits(runs: Iterable[str], out: Path) -> set[str]:
    """Names of the entries of the fitted methods of all trials of runs."""
    return {
        f"{fit.name}/{fit.key[:32]}"
        for run in runs
        for _, _, fit in fits_of_run(find_run(run, out))
    }
