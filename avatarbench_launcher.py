"""The console script: refuses foreign packages that hide ours, then runs a command.

Its own name is long, so that no folder of a user hides it too.
"""

from __future__ import annotations

import sys
from importlib.metadata import (
    PackageNotFoundError,
    PackagePath,
    distribution,
    distributions,
)
from importlib.util import find_spec
from pathlib import Path

PACKAGES = ("benchmark", "methods", "evaluation", "reports")


def main() -> None:
    """Run the command line.

    A foreign package or folder with the name of one of ours, or one that replaced a
    file of ours, ends it with one sentence and exit status 2.
    """
    for name in PACKAGES:
        intruder = find_intruder(name)
        if intruder is not None:
            sys.exit(_refuse(name, intruder))
    problem = find_replaced()
    if problem is not None:
        print(f"avatarbench: {problem}", file=sys.stderr)
        sys.exit(2)
    from benchmark.cli import main as run

    run()


def find_intruder(name: str) -> Path | None:
    """The file or folder that Python imports instead of our package; None if ours."""
    own = Path(__file__).resolve().parent / name
    spec = find_spec(name)
    if spec is None:
        return own
    # A folder without __init__.py has no origin.
    places = [spec.origin] if spec.origin else spec.submodule_search_locations or ()
    found = [Path(place) for place in places]
    foreign = (f for f in found if f.resolve() not in (own, own / "__init__.py"))
    return next(foreign, None)


def find_replaced() -> str | None:
    """One sentence if another distribution replaced a file of ours; else None.

    That happens if both are installed in one folder and have a package of one name.
    """
    try:
        own = distribution("avatarbench")
    except PackageNotFoundError:
        return None
    if Path(str(own.locate_file(""))).resolve() != Path(__file__).resolve().parent:
        return None
    for file in own.files or ():
        if file.suffix == ".py" and _has_other_size(file):
            owner = _other_owner(file)
            if owner is not None:
                return (
                    f"the package {owner} replaced avatarbench's file {file.locate()}; "
                    f"uninstall {owner} and install avatarbench again"
                )
    return None


def _has_other_size(file: PackagePath) -> bool:
    path = Path(str(file.locate()))
    return file.size is not None and path.is_file() and path.stat().st_size != file.size


def _other_owner(file: PackagePath) -> str | None:
    """The name of another distribution in the same folder that has this file too."""
    for other in distributions(path=[str(Path(__file__).resolve().parent)]):
        if other.name != "avatarbench" and file in (other.files or ()):
            return other.name
    return None


def _refuse(name: str, intruder: Path) -> int:
    if not intruder.exists():
        problem = f"its package {intruder} is missing; install avatarbench again"
    else:
        problem = (
            f"{intruder} comes first on Python's path and hides avatarbench's package "
            f"{name}; rename it, or take its folder out of PYTHONPATH (with python -m: "
            "run in another folder)"
        )
    print(f"avatarbench: {problem}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    main()
