"""Batches of vectors: validated, sampled, converted and masked."""

import json

import numpy as np
import pytest
from avatar_strategies import batches, specs
from hypothesis import given
from hypothesis import strategies as st

from benchmark.avatars import (
    AvatarError,
    AvatarSpec,
    AvatarVectors,
    Condition,
    Continuous,
    Discrete,
)

SPEC = AvatarSpec(
    "small",
    (
        Continuous("head_width", "head", default=0.25),
        Discrete("hair_type", "hair", ("bald", "bob", "bun")),
        Discrete(
            "hair_colour",
            "hair",
            ("red", "black"),
            active_when=Condition("hair_type", ("bob", "bun")),
        ),
        Continuous("hair_length", "hair", active_when=Condition("hair_type", ("bun",))),
    ),
)
RECORD = {
    "head_width": 0.5,
    "hair_type": "bun",
    "hair_colour": "black",
    "hair_length": 1.0,
}


@given(batches())
def test_records_survive_json(batch):
    records = json.loads(json.dumps(batch.to_records()))
    assert AvatarVectors.from_records(batch.spec, records) == batch


@given(batches())
def test_the_flat_form_round_trips(batch):
    flat = batch.flat()
    assert flat.dtype == np.float32
    assert flat.shape == (len(batch), batch.spec.flat_size)
    assert AvatarVectors.from_flat(batch.spec, flat) == batch
    assert AvatarVectors.from_flat(batch.spec, flat * 1.7 - 0.1).spec == batch.spec


@given(batches(), st.data())
def test_a_batch_is_the_concatenation_of_its_rows(batch, data):
    rows = [batch[row] for row in range(len(batch))]
    if rows:
        assert AvatarVectors.concatenate(rows) == batch
        order = data.draw(st.permutations(range(len(batch))))
        assert batch[order].to_records() == [batch.to_records()[i] for i in order]
    cut = data.draw(st.integers(0, len(batch)))
    halves = [batch[:cut], batch[cut:]]
    assert AvatarVectors.concatenate(halves) == batch


@given(specs(), st.integers(0, 20), st.integers(0, 2**32 - 1))
def test_samples_repeat_by_seed_and_fit_the_spec(spec, count, seed):
    batch = AvatarVectors.sample(spec, count, seed)
    assert batch == AvatarVectors.sample(spec, count, seed)
    assert batch.continuous.dtype == np.float32
    assert batch.discrete.dtype == np.int64
    assert batch.continuous.shape == (count, len(spec.continuous))
    assert batch.discrete.shape == (count, len(spec.discrete))


@given(batches())
def test_masks_follow_the_conditions(batch):
    active = batch.active()
    assert active.continuous.shape == batch.continuous.shape
    for column, choice in enumerate(batch.spec.discrete):
        for row, record in enumerate(batch.to_records()):
            condition = choice.active_when
            expected = (
                condition is None or record[condition.parameter] in condition.options
            )
            assert active.discrete[row, column] == expected


@given(batches())
def test_inactive_values_may_be_left_out(batch):
    active = batch.active().discrete
    names = [choice.name for choice in batch.spec.discrete]
    records = batch.to_records()
    for row, record in enumerate(records):
        for column, name in enumerate(names):
            if not active[row, column]:
                record[name] = ""
    back = AvatarVectors.from_records(batch.spec, records)
    np.testing.assert_array_equal(back.active().discrete, active)
    np.testing.assert_array_equal(back.discrete[active], batch.discrete[active])


def test_samples_reach_every_option_evenly():
    batch = AvatarVectors.sample(SPEC, 3000, seed=0)
    counts = np.bincount(batch.column("hair_type"))
    assert counts.min() > 900
    assert abs(batch.column("head_width").mean() - 0.5) < 0.02
    assert AvatarVectors.sample(SPEC, 9, 0) != AvatarVectors.sample(SPEC, 9, 1)


def test_defaults_come_from_the_spec():
    two = AvatarVectors.defaults(SPEC, 2).to_records()
    assert two == [two[0], two[0]]
    assert two[0]["head_width"] == 0.25
    assert two[0]["hair_type"] == "bald"


def test_values_are_set_by_name_in_a_copy():
    batch = AvatarVectors.defaults(SPEC, 2)
    changed = batch.with_value("hair_type", "bun").with_value("hair_length", 1)
    assert changed.column("hair_type").tolist() == [2, 2]
    assert changed.column("hair_length").tolist() == [1, 1]
    assert batch.column("hair_type").tolist() == [0, 0]


def test_a_mask_follows_one_condition():
    bald, bob = SPEC["hair_type"].options[:2]
    batch = AvatarVectors.concatenate(
        AvatarVectors.defaults(SPEC).with_value("hair_type", o) for o in (bald, bob)
    )
    active = batch.active()
    assert active.discrete.tolist() == [[True, False], [True, True]]
    assert active.continuous.tolist() == [[True, False], [True, False]]


def test_arrays_are_read_only():
    batch = AvatarVectors.defaults(SPEC)
    with pytest.raises(ValueError, match="read-only"):
        batch.continuous[0] = 1
    source = np.zeros((1, 2), dtype=np.float32)
    kept = AvatarVectors(SPEC, source, np.zeros((1, 2), dtype=np.int64))
    source[:] = 1
    assert kept.column("head_width").tolist() == [0]


ZEROS = np.zeros((2, 2), dtype=np.int64)


@pytest.mark.parametrize(
    ("continuous", "discrete", "message"),
    [
        (np.zeros((2, 3)), ZEROS, r"shape \(n, 2\), got \(2, 3\)"),
        (np.zeros(2), ZEROS, r"shape \(n, 2\)"),
        (np.zeros((3, 2)), ZEROS, "3 rows of continuous values but 2"),
        (np.array([[0, 0], [0, 1.5]]), ZEROS, "hair_length: 1.5 in row 1"),
        (np.array([[-0.1, 0], [0, 1]]), ZEROS, "head_width: -0.1.* in row 0"),
        (np.array([[np.nan, 0], [0, 1]]), ZEROS, "head_width: nan in row 0"),
        (np.zeros((2, 2)), np.array([[0, 0], [3, 0]]), "hair_type: index 3 in row 1"),
        (
            np.zeros((2, 2)),
            np.array([[0, -1], [0, 0]]),
            "hair_colour: index -1 in row 0",
        ),
        (np.zeros((2, 2)), np.zeros((2, 2)), "must be integers"),
    ],
)
def test_bad_blocks_are_refused(continuous, discrete, message):
    with pytest.raises(AvatarError, match=message):
        AvatarVectors(SPEC, continuous, discrete)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"head_width": 2}, "^head_width: 2 is not a number"),
        ({"head_width": "wide"}, "^head_width: 'wide' is not a number"),
        ({"head_width": True}, "^head_width: True is not a number"),
        ({"head_width": None}, "^head_width: missing"),
        ({"hair_type": "bobb"}, "^hair_type: unknown option 'bobb'.*mean bob"),
        ({"hair_type": 1}, "^hair_type: 1 is not an option name"),
        ({"hair_colour": float("nan")}, "^hair_colour: missing"),
        ({"hair_color": "red"}, "^hair_color: .*did you mean hair_colour"),
    ],
)
def test_bad_records_are_refused_by_parameter(change, message):
    with pytest.raises(AvatarError, match=message):
        AvatarVectors.from_records(SPEC, [RECORD | change])


@pytest.mark.parametrize(
    ("flat", "message"),
    [
        (np.zeros((1, 6)), r"must be \(n, 7\), got \(1, 6\)"),
        (np.zeros(7), r"must be \(n, 7\)"),
        (np.full((1, 7), np.nan), "not finite"),
    ],
)
def test_bad_flat_forms_are_refused(flat, message):
    with pytest.raises(AvatarError, match=message):
        AvatarVectors.from_flat(SPEC, flat)


def test_batches_of_two_specs_are_not_concatenated():
    other = AvatarSpec("other", SPEC.parameters)
    with pytest.raises(AvatarError, match="one spec"):
        AvatarVectors.concatenate(
            [AvatarVectors.defaults(SPEC), AvatarVectors.defaults(other)]
        )
    with pytest.raises(AvatarError, match="one or more"):
        AvatarVectors.concatenate([])
    assert AvatarVectors.defaults(SPEC) != AvatarVectors.defaults(other)
    assert AvatarVectors.defaults(SPEC) != "a vector"
