"""The suite that fits a method to a new engine, and the one that scores it later."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path
from typing import Any

import yaml

from benchmark.avatars.spec import did_you_mean
from benchmark.config.metric_needs import unmet_need
from benchmark.config.resolved import ResolvedSuite
from benchmark.config.schema import VariantSection
from benchmark.config.suite import Suite
from benchmark.registry import METHODS, METRICS, Unavailable, UnknownName

SPLIT = "validation"
"""The faces whose avatars are shown: nobody looks at held-out faces."""
COMPANIONS = ("random", "constant", "baseline")
"""Methods of the base suite that the scored suite compares with."""
DESIGNER = "me"
LABELLED = 20
"""Faces that the scored suite needs ground truth of."""


class AdoptionError(ValueError):
    """An engine cannot be adopted; the message says why and what to do."""


def adoption_suite(base: Suite, engine: str, method: str) -> Suite:
    """`base` with one engine and one method, and without all that needs ground truth.

    It has no designer and no metric, so it fits, predicts and renders, and scores
    nothing. The options are those that `base` gives to the method: the fit is the same
    stage as in a run of `base` on the engine. Raises AdoptionError if `base` has no
    such method, or if the method needs ground truth.
    """
    section = _section_of(base, method)
    if METHODS.load(method).meta.role == "oracle":
        raise AdoptionError(
            f"--method {method}: {method} learns from ground truth, which a new engine "
            "does not have; choose another method"
        )
    return base.model_copy(
        update={
            "faces": base.faces.model_copy(update={"truth": {}}),
            "designers": (),
            "engines": (engine,),
            "variants": (_on_engine(section, engine),),
            "ablation": None,
            "options": _options_of(base, {method}),
            "seeds": base.seeds[:1],
            "metrics": (),
            "splits": (SPLIT,),
        }
    )


def scored_suite(base: Suite, adopted: ResolvedSuite) -> str:
    """A suite in YAML that scores what `adopted` fits, with its stages, and companions.

    Its ground truth is `truths/ENGINE.me.csv` beside it. Metrics that the engine does
    not allow are left out.
    """
    suite = adopted.suite
    own = suite.variants[0]
    ((name, engine),) = adopted.engines.items()
    rows = [
        *(
            v
            for v in base.variants
            if v.method in COMPANIONS and v.method != own.method
        ),
        own,
    ]
    metrics = [m for m in base.metrics if unmet_need(METRICS.load(m), engine) is None]
    count = labelled_count(adopted)
    section = suite.faces.relative_to(Path.cwd())  # the new suite lies elsewhere
    faces = section.model_dump(mode="json", exclude_defaults=True)
    faces["validation_count"] = count
    faces["truth"] = {name: {DESIGNER: f"truths/{name}.{DESIGNER}.csv"}}
    data: dict[str, Any] = {
        "name": _words(name),
        "title": f"{engine.meta.title} adopted",
        "faces": faces,
        "designers": [DESIGNER],
        "splits": [SPLIT],
        "engines": [name],
        "variants": [_dump(_on_engine(row, name)) for row in rows],
        "options": _options_of(base, {row.method for row in rows}),
        "metrics": metrics,
        **suite.model_dump(
            mode="json",
            include={"seeds", "render_size", "speed", "device", "threads"},
            exclude_defaults=True,
        ),
    }
    text = yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=88)
    return (
        f"# Scores what `avatarbench engines adopt {name}` fitted. It needs ground "
        f"truth of {count} faces:\n# see index.html beside this file.\n{text}"
    )


def labelled_count(adopted: ResolvedSuite) -> int:
    """Number of faces that the scored suite needs ground truth of."""
    return min(LABELLED, len(adopted.splits[SPLIT]))


def _section_of(base: Suite, method: str) -> VariantSection:
    """The variant of a method: of several, the one with its name, else the last."""
    found = [section for section in base.variants if section.method == method]
    if not found:
        known = list(dict.fromkeys(section.method for section in base.variants))
        raise AdoptionError(
            f"--method {method}: the suite {base.name} has no such method"
            f"{did_you_mean(method, known)}; its methods are {', '.join(known)}"
        )
    return next((s for s in found if s.name == method), found[-1])


def _on_engine(section: VariantSection, engine: str) -> VariantSection:
    """A variant without the options that it has on other engines."""
    own = {n: o for n, o in section.engine_options.items() if n == engine}
    return section.model_copy(update={"engine_options": own})


def _options_of(base: Suite, methods: Collection[str]) -> dict[str, Any]:
    """The shared options of some methods, and those that no method of `base` has.

    The latter are reported when the suite is resolved.
    """
    accepted = {m: _accepted(m) for m in {*methods, *(v.method for v in base.variants)}}
    others = set[str]().union(*(accepted[m] for m in accepted if m not in methods))
    own = set[str]().union(*(accepted[m] for m in methods))
    return {k: v for k, v in base.options.items() if k in own or k not in others}


def _accepted(method: str) -> frozenset[str]:
    try:
        return METHODS.load(method).Options.accepted_names()
    except (UnknownName, Unavailable):
        return frozenset()


def _dump(section: VariantSection) -> dict[str, Any]:
    return section.model_dump(mode="json", exclude_defaults=True)


def _words(name: str) -> str:
    """The name of an engine as that of a suite, which `engines init` does not use."""
    words = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    return f"{words[:50].strip('-')}-adopted"
