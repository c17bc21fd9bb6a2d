"""Installed plugins: distributions with entry points and modules in a folder."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping
from pathlib import Path

from benchmark.registry import ENGINES, METHODS, METRICS

METHOD = '''
import json

import numpy as np

from benchmark.avatars import AvatarVectors
from benchmark.storage.store import Stage
from methods.base import MethodMeta, MethodOptions


class Plugin:
    """Always predicts the same vector."""

    meta = MethodMeta("plugin", "Plugin", "1", "none", "CC0-1.0")

    class Options(MethodOptions):
        input_size: int = 64

    def __init__(self, options):
        self.options = options

    @classmethod
    def required_weights(cls, options):
        return ()

    def fit(self, context):
        stage = Stage("plugin-training", "1")
        context.store.get_or_build(stage, lambda folder, scratch: None)
        self.spec = context.engine.spec

    def predict(self, faces):
        return AvatarVectors.sample(self.spec, 1, seed=VALUE)[[0] * len(faces)]

    def save(self, folder):
        (folder / "spec.json").write_text(json.dumps(self.spec.to_json()))

    @classmethod
    def load(cls, folder, device="cpu"):
        from benchmark.avatars import AvatarSpec

        method = cls(cls.Options())
        text = (folder / "spec.json").read_text()
        method.spec = AvatarSpec.from_json(json.loads(text))
        return method


VALUE = 1
'''
"""A module with a method `Plugin` that keeps its contract."""


def install(
    folder: Path,
    distribution: str,
    entries: Mapping[str, Mapping[str, str]],
    modules: Mapping[str, str] | None = None,
) -> None:
    """Write a distribution with entry points to `folder`, a folder of the path.

    Args:
        folder: of the path.
        distribution: its name.
        entries: targets by name, by the kind `engines`, `methods` or `metrics`.
        modules: source code by module name.
    """
    folder.mkdir(parents=True, exist_ok=True)
    info = folder / f"{distribution.replace('-', '_')}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n"
    )
    lines = []
    for kind, targets in entries.items():
        lines.append(f"[avatarbench.{kind}]")
        lines += [f"{name} = {target}" for name, target in targets.items()]
    (info / "entry_points.txt").write_text("\n".join(lines) + "\n")
    for name, text in (modules or {}).items():
        (folder / f"{name}.py").write_text(text)


def forget(monkeypatch, *modules: str) -> None:
    """Make the registries look for entry points again, and drop imported modules."""
    for registry in (ENGINES, METHODS, METRICS):
        taken = registry._plugins.keys()
        targets = {k: v for k, v in registry._targets.items() if k not in taken}
        monkeypatch.setattr(registry, "_targets", targets)
        monkeypatch.setattr(registry, "_plugins", {})
        monkeypatch.setattr(registry, "_conflicts", {})
        monkeypatch.setattr(registry, "_discovered", False)
    for module in modules:
        monkeypatch.delitem(sys.modules, module, raising=False)
    importlib.invalidate_caches()
