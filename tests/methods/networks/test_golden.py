"""The networks against golden values of a second implementation; see `golden`."""

import golden
import numpy as np
import pytest
import torch
from tiny_networks import VARIED, random_configuration

CASES = golden.cases()


@pytest.fixture(scope="module")
def stored():
    return golden.stored()


def tolerance(name):
    """The relative tolerance of a case.

    Where no part is transparent, the second implementation normalises the shares with
    1e-8 in the denominator; ours leaves them.
    """
    kind, _, config = name.partition(" ")
    if config.startswith("random-"):
        options = random_configuration(int(config.removeprefix("random-")))
    else:
        options = VARIED.get(config, {})
    if options.get("transparent_dims") == ():
        return 1e-6
    return 1e-9 if kind in ("forward", "call", "logits") else 1e-8


def require_agreement(fields, wanted, tolerance):
    """Raise AssertionError for a field that is not within `tolerance` of its scale."""
    found = golden.fingerprints(fields)
    assert found.shape == wanted.shape
    for name, ours, theirs in zip(sorted(fields), found, wanted, strict=True):
        bound = tolerance * max(1.0, theirs[0])
        np.testing.assert_allclose(ours, theirs, 0, bound, err_msg=name)


def test_every_golden_case_is_computed(stored):
    assert stored.keys() == {*CASES, "listings"}


@pytest.mark.parametrize("name", CASES)
def test_golden_values_agree(stored, name):
    require_agreement(CASES[name](), stored[name], tolerance(name))


@pytest.mark.parametrize("config", golden.SINGLE_PRECISION)
def test_golden_values_agree_in_single_precision(stored, config):
    name = f"forward {config}"
    fields = CASES[name](dtype=torch.float32)
    assert {field.dtype for field in fields.values()} == {torch.float32}
    require_agreement(fields, stored[name], 1e-4)


def test_logits_agree_in_single_precision(stored):
    name = "logits 32 px 5 parts"
    fields = CASES[name](dtype=torch.float32)
    assert fields["logits"].dtype == torch.float32
    require_agreement(fields, stored[name], 1e-4)


def test_state_dicts_have_the_official_keys_and_shapes(stored):
    np.testing.assert_array_equal(golden.listings(), stored["listings"])


def test_a_fingerprint_depends_on_every_element():
    values = torch.rand(3, 5).double()
    whole = golden.fingerprint(values)
    for index in range(values.numel()):
        changed = values.clone()
        changed.flatten()[index] += 1e-6
        assert (abs(golden.fingerprint(changed) - whole)[1:] > 1e-9).any()
