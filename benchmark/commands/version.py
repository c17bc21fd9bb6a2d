"""`avatarbench version`: show or freeze the benchmark version."""

from __future__ import annotations

from benchmark.config.frozen import CurrentVersion, current_version, freeze


def show_version() -> None:
    """Print the latest frozen version and which of its parts have changed since."""
    current = current_version()
    frozen = current.frozen
    print(
        f"benchmark version {frozen.name}, frozen {frozen.date}, digest "
        f"{frozen.digest[:8]}"
    )
    for part in dict.fromkeys((*frozen.parts, *current.parts)):
        print(f"  {part:<32}{_part_state(current, part)}")
    if current.changed:
        following = f"v{int(frozen.name[1:]) + 1}"
        print(
            f"This code differs from {frozen.name} (digest {current.digest[:8]}), so "
            f"its scores cannot be compared with those of {frozen.name}. Freeze it "
            f"with `avatarbench version --freeze {following}`, then run every row of "
            "every published table again."
        )


def freeze_version(name: str) -> None:
    """Freeze the current benchmark version under `name` and print its digest."""
    frozen = freeze(name)
    print(
        f"benchmark version {frozen.name} is frozen, digest {frozen.digest[:8]}; "
        "commit its file"
    )


def _part_state(current: CurrentVersion, part: str) -> str:
    now, before = current.parts.get(part), current.frozen.parts.get(part)
    if now is None:
        lost = "not available here" if part in current.parts else "removed"
        return f"changed: {lost} ({current.frozen.name}: {str(before)[:8]})"
    if before is None:
        return f"{now[:8]}  changed: new"
    if now != before:
        return f"{now[:8]}  changed ({current.frozen.name}: {before[:8]})"
    return f"{now[:8]}  unchanged"
