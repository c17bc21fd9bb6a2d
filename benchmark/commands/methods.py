"""`avatarbench methods`: list and check methods."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
import yaml

if TYPE_CHECKING:
    from benchmark.system.progress import Progress
    from methods.base import FitContext, Method, MethodOptions

FACES = 8
"""Train faces of a check."""

methods_app = typer.Typer(
    help="List and check methods.",
    epilog="Without a command, it lists the methods. "
    "Example: avatarbench methods check baseline --set steps=3",
    invoke_without_command=True,
)


@methods_app.callback()
def list_methods(context: typer.Context) -> None:
    """List and check methods."""
    if context.invoked_subcommand is not None:
        return
    from benchmark.registry import METHODS

    for item in METHODS.listing():
        if item.problem is not None:
            print(f"{item.name:<20}{item.problem}")
        else:
            meta = item.entry.meta
            print(f"{item.name:<20}{meta.title} ({meta.role}, {meta.licence})")


@methods_app.command(
    "check",
    epilog="Example: avatarbench methods check nearest-render --set samples=50",
)
def check_method_command(
    name: Annotated[str, typer.Argument(metavar="METHOD", help="Name of the method.")],
    engine: Annotated[
        list[str] | None,
        typer.Option(
            "--engine",
            help="Fit to this engine. Repeatable.",
            show_default="toon-tiktok, toon-alter",
        ),
    ] = None,
    options: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="OPTION=VALUE",
            help="An option of the method, to make its fits short. Repeatable.",
        ),
    ] = None,
) -> None:
    """Check that a method keeps the contract, and say in plain words what is wrong.

    The method is fitted to each engine on 8 faces, twice more to the first one, and
    checked: predictions, batches, refusals, saving, determinism. Give options that
    make a fit take seconds. The exit status is 1 if the method does not conform.
    """
    engines = tuple(engine or ("toon-tiktok", "toon-alter"))
    raise typer.Exit(check_one_method(name, engines, tuple(options or ())))


def check_one_method(
    name: str, engines: tuple[str, ...], words: tuple[str, ...]
) -> int:
    """Print the verdict; returns the exit status."""
    from benchmark.engines.findings_sheet import describe_findings
    from benchmark.registry import METHODS
    from benchmark.system.console import open_progress
    from methods.conformance import ADVICE, check_method

    method: type[Method] = METHODS.load(name)
    options = _read_options(method, words)
    console = open_progress()
    console.say(f"checking {name} on {', '.join(engines)}; this takes a few short fits")
    with tempfile.TemporaryDirectory(prefix="avatarbench-") as stores:
        contexts = {
            each: _context_maker(method, options, each, console, stores)
            for each in engines
        }
        findings = list(check_method(method, options, contexts))
    for line in describe_findings(name, findings, ADVICE):
        print(line)
    return 1 if findings else 0


def _read_options(method: type[Method], words: tuple[str, ...]) -> MethodOptions:
    """Options from OPTION=VALUE; raises BadParameter for any that is wrong."""
    from pydantic import ValidationError

    from benchmark.avatars.spec import did_you_mean

    given: dict[str, Any] = {}
    known = method.Options.accepted_names()
    for word in words:
        key, equals, text = word.partition("=")
        if not equals:
            raise typer.BadParameter(f"--set {word}: expected OPTION=VALUE")
        first, *inner = key.split(".")
        if first not in known:
            raise typer.BadParameter(
                f"{method.meta.name} has no option {first!r}"
                f"{did_you_mean(first, known)}; its options are "
                f"{', '.join(sorted(known))}"
            )
        place = given
        for part in (first, *inner)[:-1]:
            place = place.setdefault(part, {})
        place[(first, *inner)[-1]] = yaml.safe_load(text)
    try:
        return method.Options(**given)
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(map(str, each['loc']))}: {each['msg']}"
            for each in error.errors()
        )
        raise typer.BadParameter(problems) from error


def _context_maker(
    method: type[Method],
    options: MethodOptions,
    engine: str,
    progress: Progress,
    stores: str,
) -> Callable[[], FitContext]:
    """A function that makes a context with a new store below `stores`.

    Raises WeightsError if a weight file is missing.
    """
    from benchmark.engines.base import RenderOnly
    from benchmark.faces.faceset import TRAIN, embedded_portraits
    from benchmark.registry import ENGINES
    from benchmark.storage.store import Store
    from benchmark.weights import WeightsError
    from benchmark.weights.folders import SHIPPED_STAGES
    from benchmark.weights.resolver import WeightResolver, explain_missing
    from methods.base import FitContext, Labelled, Pictures

    drawn, resolver = ENGINES.create(engine), WeightResolver({})
    names = method.required_weights(options)
    if missing := resolver.missing(names):
        raise WeightsError("; ".join(explain_missing(missing)))
    files, _ = resolver.take(names)
    people = embedded_portraits()
    split = people.split(TRAIN).subset(FACES)
    faces = Pictures(split.pictures(options.input_size), split.digest)
    labelled = None
    if method.meta.role == "oracle":
        truth = people.truth(engine, drawn.spec, split, "designer-a")
        labelled = Labelled(faces, truth, split.digest)

    def make() -> FitContext:
        return FitContext(
            engine=RenderOnly(drawn),
            faces=faces,
            store=Store(Path(tempfile.mkdtemp(dir=stores)), shipped=SHIPPED_STAGES),
            device="cpu",
            seed=0,
            progress=progress,
            weights=files,
            labelled=labelled,
        )

    return make
