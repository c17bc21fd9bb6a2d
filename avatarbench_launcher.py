"""The console script: refuses foreign packages that hide ours, then runs a command.

Its own name is long, so that no folder of a user hides it too.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

PACKAGES = ("benchmark", "methods", "evaluation", "reports")


def main() -> None:
    """Run the command line.

    A foreign package or folder with the name of one of ours ends it with one sentence
    and exit status 2.
    """
    for name in PACKAGES:
        intruder = find_intruder(name)
        if intruder is not None:
            sys.exit(_refuse(name, intruder))
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
