"""What metrics need of an engine."""

from __future__ import annotations

from typing import Any

from benchmark.engines.base import Engine, PartMapped


def unmet_need(metric: Any, engine: Engine) -> str | None:
    """What a metric class needs and the engine lacks, in words; None if nothing.

    Metrics name it in the class attribute `engine_needs`.
    """
    offers = {
        "part maps": isinstance(engine, PartMapped),
        "continuous parameters": bool(engine.spec.continuous),
        "discrete parameters": bool(engine.spec.discrete),
    }
    needs = getattr(metric, "engine_needs", "")
    return None if offers.get(needs, True) else needs
