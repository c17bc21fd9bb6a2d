"""Ours against golden values that carry the official code's behaviour."""

import golden
import numpy as np
import pytest

from methods.networks.discriminator import SemanticDiscriminator
from methods.networks.semantic_stylegan import SemanticGenerator


@pytest.fixture(scope="module")
def made():
    judge = SemanticDiscriminator(64, 5, 1, golden.CONFIG["channels"])
    return golden.fields(SemanticGenerator(**golden.CONFIG), judge)


@pytest.fixture(scope="module")
def stored():
    with np.load(golden.PATH, allow_pickle=False) as archive:
        return dict(archive)


def test_every_golden_field_is_made(made, stored):
    assert made.keys() == stored.keys()


def test_every_golden_value_is_met(made, stored):
    for name, values in stored.items():
        bound = 1e-6 * float(np.abs(values).max())
        np.testing.assert_allclose(made[name], values, 0, bound, err_msg=name)


def test_golden_values_are_not_trivial(stored):
    for name, values in stored.items():
        if not name.startswith(("path", "logits", "r1")):
            assert len(values) > 30, name
        assert float(values.std() / np.abs(values).max()) > 0.02, name
