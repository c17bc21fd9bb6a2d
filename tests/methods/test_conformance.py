"""`avatarbench methods check` and the checks behind it."""

import itertools

import tiny_suite
import torch
from command_line import invoke

from benchmark.avatars import AvatarVectors
from benchmark.registry import METHODS
from methods.base import MethodMeta
from methods.shared.pictures import check_faces

COUNT = itertools.count()


class Good(tiny_suite.TinyMethod):
    """Keeps the contract."""

    meta = MethodMeta("good", "Good", "1", "none", "CC0-1.0")
    fitted = False

    def fit(self, context):
        super().fit(context)
        self.fitted = True

    def predict(self, faces):
        if not self.fitted:
            raise RuntimeError("good is not fitted")
        check_faces(faces, self.options.input_size)
        return super().predict(faces)

    @classmethod
    def load(cls, folder, device="cpu"):
        from pathlib import Path

        inner = tiny_suite.TinyMethod.load(Path(folder), device)
        method = cls(inner.options)
        method.bias, method.fitted = inner.bias, True
        return method


class Rendering(tiny_suite.RenderingMethod, Good):
    """Keeps the contract of methods that render while they predict."""


class Bad(Good):
    """Draws unseeded numbers, depends on the batch and accepts any picture."""

    meta = MethodMeta("bad", "Bad", "1", "none", "CC0-1.0")

    def fit(self, context):
        super().fit(context)
        self.bias = float(
            torch.rand(1, generator=torch.Generator().manual_seed(drawn()))
        )

    def predict(self, faces):
        vectors = tiny_suite.TinyMethod.predict(self, faces)
        mouth = vectors.continuous * 0 + self.bias * len(faces) / (len(faces) + 1)
        return AvatarVectors(vectors.spec, mouth, vectors.discrete)

    def save(self, folder):
        super().save(folder)
        (folder / "weights.pkl").write_bytes(b"")


class Broken(Good):
    meta = MethodMeta("broken", "Broken", "1", "none", "CC0-1.0")

    def fit(self, context):
        raise SystemExit("no mouth here")


def drawn():
    return next(COUNT)


def check(monkeypatch, name, cls, *words):
    tiny_suite.register()
    monkeypatch.setitem(METHODS._targets, name, "unused:Unused")
    load = METHODS.load
    monkeypatch.setattr(
        METHODS, "load", lambda each: cls if each == name else load(each)
    )
    words = ["methods", "check", name, "--engine", "tiny", *words]
    return invoke(*words, catch_exceptions=False)


def test_a_method_that_conforms(monkeypatch):
    shown = check(monkeypatch, "good", Good)
    assert shown.exit_code == 0, shown.stdout
    assert shown.stdout == "good conforms: every check passed.\n"


def test_a_method_that_renders_while_it_predicts_conforms(monkeypatch):
    shown = check(monkeypatch, "rendering", Rendering)
    assert shown.stdout == "rendering conforms: every check passed.\n"


def test_each_fault_is_named_with_its_remedy(monkeypatch):
    shown = check(monkeypatch, "bad", Bad)
    assert shown.exit_code == 1
    text = " ".join(shown.stdout.split())
    assert text.startswith("bad does not conform: ")
    for sentence in (
        "five faces together and one by one differ",
        "values outside [-1, 1]: tiny: predict raises no ValueError",
        "one face without a batch: tiny: predict raises IndexError, not ValueError",
        "tiny: writes weights.pkl",
        "two fits with the same seed predict other vectors",
        "Draw random numbers from context.seed only",
        "predict: predicts before it is fitted",
    ):
        assert sentence in text


def test_a_fit_that_ends_the_process_is_a_fault(monkeypatch):
    shown = check(monkeypatch, "broken", Broken)
    assert shown.exit_code == 1
    assert "tiny: raised SystemExit: no mouth here" in shown.stdout


def test_options_are_checked_first(monkeypatch):
    shown = check(monkeypatch, "good", Good, "--set", "step=2")
    assert shown.exit_code == 2
    assert "good has no option 'step' (did you mean" in " ".join(shown.output.split())
