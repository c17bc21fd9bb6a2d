"""`avatarbench world`: what the scores on the embedded portraits stand on."""

from __future__ import annotations

from benchmark.config.frozen import CurrentVersion, current_version, freeze


def show_world() -> None:
    """Print name and digest of the world, and what of it is not as it was frozen."""
    here = current_version()
    frozen = here.frozen
    print(f"world {frozen.name}, frozen {frozen.date}, digest {frozen.digest[:8]}")
    for name in dict.fromkeys((*frozen.parts, *here.parts)):
        print(f"  {name:<32}{_state(here, name)}")
    if here.changed:
        following = f"v{int(frozen.name[1:]) + 1}"
        print(
            f"this code makes another world, digest {here.digest[:8]}: its scores do "
            f"not stand beside those of {frozen.name}; `avatarbench world --freeze "
            f"{following}` writes it down, and every row has to run again"
        )


def freeze_world(name: str) -> None:
    """Write the world down under its name and say where the next step lies."""
    world = freeze(name)
    print(f"world {world.name} is frozen, digest {world.digest[:8]}; commit its file")


def _state(here: CurrentVersion, name: str) -> str:
    now, before = here.parts.get(name), here.frozen.parts.get(name)
    if now is None:
        lost = "cannot be had here" if name in here.parts else "gone"
        return f"changed: {lost} ({here.frozen.name}: {str(before)[:8]})"
    if before is None:
        return f"{now[:8]}  changed: new"
    if now != before:
        return f"{now[:8]}  changed ({here.frozen.name}: {before[:8]})"
    return f"{now[:8]}  unchanged"
