"""Every registered engine conforms to the contract; violations are found."""

from dataclasses import replace

import numpy as np
import pytest

from benchmark.avatars import AvatarVectors
from benchmark.avatars.spec import AvatarSpec, Condition, Continuous, Discrete
from benchmark.engines.base import Engine, EngineMeta, PartMapped, check_request
from benchmark.engines.conformance import changed_share, check_engine
from benchmark.engines.contexts import active_context, sweep_in_context
from benchmark.engines.protocol.errors import EngineUnavailable
from benchmark.registry import ENGINES


@pytest.mark.parametrize("name", ENGINES.names())
def test_registered_engines_conform(name):
    kind = ENGINES.load(name)
    try:
        engine = kind()
    except EngineUnavailable as reason:
        pytest.skip(f"{name}: {reason}")
    assert isinstance(engine, Engine)
    assert engine.meta.name == engine.spec.name == name
    assert not [str(finding) for finding in check_engine(engine, kind())]


class Blocks:
    """A tiny engine that conforms: a square of some width and colour, with glasses."""

    meta = EngineMeta("blocks", "Blocks", "1", "here", "CC0-1.0")
    spec = AvatarSpec(
        "blocks",
        (
            Continuous("head_width", "head"),
            Discrete("skin_tone", "head", ("a", "b"), colours=("#804020", "#c08050")),
            Discrete("glasses", "glasses", ("none", "round"), optional=True),
            Continuous(
                "glasses_height",
                "glasses",
                active_when=Condition("glasses", ("round",)),
            ),
        ),
    )

    def render(self, vectors, size):
        check_request(self.spec, vectors, size)
        pictures = np.full((len(vectors), size, size, 3), 255, dtype=np.uint8)
        for row, record in enumerate(vectors.to_records()):
            self.draw(pictures[row], record, size)
        return pictures

    def draw(self, picture, record, size):
        half = int(size * (0.2 + 0.2 * record["head_width"]))
        middle = size // 2
        picture[middle - half : middle + half, middle - half : middle + half] = (
            (128, 64, 32) if record["skin_tone"] == "a" else (192, 128, 80)
        )
        if record["glasses"] != "none":
            top = middle - 4 - int(size * 0.2 * record["glasses_height"])
            picture[top : top + 8] = 0

    def parts(self, vectors, size):
        pictures = self.render(vectors, size)
        maps = (pictures[..., 0] < 255).astype(np.uint8)
        maps[pictures[..., 0] == 0] = 10
        return maps


def complaints(engine):
    return {
        (finding.check, finding.subject)
        for finding in check_engine(engine, type(engine)())
    }


def test_a_conforming_engine_has_no_findings():
    assert isinstance(Blocks(), PartMapped)
    assert not complaints(Blocks())


class Bearded(Blocks):
    """Its glasses count as facial hair."""

    spec = AvatarSpec(
        "blocks",
        tuple(
            replace(p, component="facial hair") if p.name == "glasses" else p
            for p in Blocks.spec.parameters
        ),
    )

    def beards(self, vectors, size):
        return self.render(vectors, size)[..., 0] == 0


class EmptyBeardMaps(Bearded):
    def beards(self, vectors, size):
        return np.zeros((len(vectors), size, size), bool)


class NumericBeardMaps(Bearded):
    def beards(self, vectors, size):
        return super().beards(vectors, size).astype(np.uint8)


def test_facial_hair_maps_are_compared_with_the_options():
    assert not {check for check, _ in complaints(Bearded())} & {"beards"}
    assert ("beards", "glasses") in complaints(EmptyBeardMaps())
    assert ("beards", "form") in complaints(NumericBeardMaps())


class IgnoresParameters(Blocks):
    def draw(self, picture, record, size):
        super().draw(picture, {**record, "head_width": 0.5, "glasses": "none"}, size)


def test_parameters_without_effect_are_found():
    assert {
        ("continuous", "head_width"),
        ("continuous", "glasses_height"),
        ("shapes", "glasses"),
        ("parts", "glasses"),
    } <= complaints(IgnoresParameters())


class CountsCalls(Blocks):
    """Draws the number of calls into a corner of pictures and part maps."""

    def __init__(self):
        self.calls = 0

    def render(self, vectors, size):
        self.calls += 1
        pictures = super().render(vectors, size)
        pictures[:, 0, 0, 0] = 1 + self.calls % 254
        return pictures

    def parts(self, vectors, size):
        maps = super().parts(vectors, size)
        maps[:, 0, 0] = self.calls % 10
        return maps


def test_engines_that_differ_from_call_to_call_are_found():
    findings = complaints(CountsCalls())
    assert {("determinism", "called again"), ("parts", "form")} <= findings


class DrawsBatchSize(Blocks):
    def render(self, vectors, size):
        pictures = super().render(vectors, size)
        pictures[:, 0, 0, 0] = len(vectors)
        return pictures


def test_pictures_that_depend_on_their_batch_are_found():
    findings = complaints(DrawsBatchSize())
    assert ("determinism", "one by one") in findings
    assert ("determinism", "called again") not in findings


class DrawsInstanceNumber(Blocks):
    instances = 0

    def __init__(self):
        type(self).instances += 1
        self.number = self.instances

    def render(self, vectors, size):
        pictures = super().render(vectors, size)
        pictures[:, 0, 0, 0] = self.number
        return pictures


def test_instances_that_differ_are_found():
    one, other = DrawsInstanceNumber(), DrawsInstanceNumber()
    findings = {(f.check, f.subject) for f in check_engine(one, other)}
    assert ("determinism", "another instance") in findings
    assert ("determinism", "called again") not in findings


class SimilarColours(Blocks):
    """Has two skin tones of almost the same colour."""

    spec = AvatarSpec(
        "blocks",
        tuple(
            Discrete("skin_tone", "head", ("a", "b"), colours=("#804020", "#804120"))
            if parameter.name == "skin_tone"
            else parameter
            for parameter in Blocks.spec.parameters
        ),
    )

    def draw(self, picture, record, size):
        super().draw(picture, {**record, "skin_tone": "a"}, size)


def test_indistinguishable_colours_are_found():
    findings = check_engine(SimilarColours())
    messages = [str(finding) for finding in findings if finding.check == "colours"]
    assert any("swatches are 0." in message for message in messages)
    assert any("changes 0.00% of the pixels" in message for message in messages)


class WrongForms(Blocks):
    def render(self, vectors, size):
        return np.zeros((len(vectors), size, size, 3), dtype=np.float32)

    def parts(self, vectors, size):
        return np.full((len(vectors), size, size), 13, dtype=np.uint8)


def test_wrong_forms_and_missing_refusals_are_found():
    findings = complaints(WrongForms())
    assert ("output", "size 64") in findings
    assert ("refusals", "another at 256 px") in findings
    assert ("refusals", "blocks at 1025 px") in findings
    assert ("parts", "form") in findings
    assert ("colours", "skin_tone") in findings


class ShowsInactive(Blocks):
    def draw(self, picture, record, size):
        super().draw(picture, record, size)
        picture[0, : int(size * record["glasses_height"])] = 9


def test_inactive_parameters_that_show_are_found():
    assert ("inactive", "glasses_height") in complaints(ShowsInactive())


def test_a_context_makes_a_conditional_parameter_active():
    parameter = Blocks.spec["glasses_height"]
    context = active_context(Blocks.spec, parameter)
    assert context.to_records()[0]["glasses"] == "round"
    assert context.active().continuous.all()
    sweep = sweep_in_context(Blocks.spec, "glasses_height", 3)
    np.testing.assert_allclose(sweep.column("glasses_height"), [0, 0.5, 1])


def test_changed_share_counts_pixels_beyond_the_tolerance():
    first = np.zeros((10, 10, 3), dtype=np.uint8)
    second = first.copy()
    second[0, :, 1] = 9
    second[1, :, 1] = 8
    assert changed_share(first, second) == pytest.approx(0.1)


def test_engines_take_empty_batches():
    none = AvatarVectors.defaults(Blocks.spec, 0)
    assert Blocks().render(none, 64).shape == (0, 64, 64, 3)
