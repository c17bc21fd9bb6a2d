"""The shipped estimator: small, with a card, and as good as its card says."""

import zlib

import numpy as np
import pytest

from benchmark.creation.model import open_model
from benchmark.faces.faceset import embedded_portraits
from benchmark.faces.portraits.designer.truths import ENGINES, engine_spec
from benchmark.registry import ENGINES as REGISTERED
from benchmark.weights.folders import ESTIMATOR
from methods.product.measuring import agreement, predict_portraits
from methods.product.weights import (
    LABEL,
    load_product,
    read_product_card,
    shipped_product,
)

FOLDER = shipped_product()


def test_the_card_says_what_it_is_and_how_it_was_made():
    card = read_product_card(FOLDER)
    assert card.label == LABEL
    assert card.licence == "CC0-1.0"
    assert "no face of the benchmark" in card.data
    assert card.command.endswith("--export methods/weights/estimator")
    assert "integers" in card.weights
    assert "/" not in card.notes
    assert set(card.scores) == set(card.engines) == set(ENGINES)


def test_it_is_small_as_git_and_wheels_store_it():
    assert len(zlib.compress((FOLDER / ESTIMATOR).read_bytes())) < 3.6e6


def test_it_predicts_portraits_as_its_card_says():
    card = read_product_card(FOLDER)
    network = load_product(FOLDER, {name: engine_spec(name) for name in ENGINES})
    faces = embedded_portraits()
    split = faces.split("validation").subset(32)
    predicted = predict_portraits(network, np.asarray(split.pictures(card.size)))
    for name, spec in network.specs.items():
        truth = faces.truth(name, spec, split, "designer-a")
        mean = np.mean(list(agreement(predicted[name], truth).values()))
        assert mean == pytest.approx(card.scores[name], abs=0.05)


@pytest.mark.parametrize("name", ENGINES)
def test_create_needs_no_option_for_a_built_in_engine(name):
    model = open_model(REGISTERED.create(name))
    assert model.title == f"estimator ({LABEL})"
    assert len(model.predict(np.zeros((1, 256, 256, 3), np.uint8))) == 1
