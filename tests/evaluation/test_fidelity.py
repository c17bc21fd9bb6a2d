import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import contingency

from benchmark.avatars import (
    AvatarSpec,
    AvatarVectors,
    Condition,
    Continuous,
    Discrete,
)
from evaluation.fidelity import Reading, constant, pair_fidelity
from evaluation.parameters import parameter_losses

SPEC = AvatarSpec(
    "engine",
    (
        Continuous("width", "head"),
        Discrete("beard", "face", ("none", "short", "full"), optional=True),
        Continuous("length", "face", active_when=Condition("beard", ("full",))),
        Discrete("skin", "skin", ("light", "dark"), colours=("#fff", "#000")),
    ),
)
SEEDS = st.integers(0, 10_000)
COUNTS = st.integers(1, 40)
few = settings(max_examples=12)
"""Few examples, because scikit-learn's scores are slow."""


def vectors(count, seed):
    return AvatarVectors.sample(SPEC, count, seed)


def blend(truth, seed, share):
    """Vectors of which a share of all values is redrawn."""
    other = vectors(len(truth), seed + 1)
    rng = np.random.default_rng(seed)
    blocks = [
        np.where(rng.random(mine.shape) < share, theirs, mine)
        for mine, theirs in (
            (truth.continuous, other.continuous),
            (truth.discrete, other.discrete),
        )
    ]
    return AvatarVectors(SPEC, *blocks)


def perfect(truth):
    return Reading(truth, truth)


def by_name(pairs, portraits):
    return pair_fidelity(pairs, portraits).set_index("parameter")


def test_by_hand():
    def of(*rows):
        keys = ("width", "beard", "skin")
        return AvatarVectors.from_records(
            SPEC, [dict(zip(keys, row, strict=True)) for row in rows]
        )

    # Portraits: the skin mode is right on 3 of 4, the oracle on 4; for beards 2 and 3.
    truth = of(
        (0.0, "none", "dark"),
        (0.5, "none", "dark"),
        (0.5, "short", "dark"),
        (1.0, "short", "light"),
    )
    read = of(
        (0.0, "none", "dark"),
        (0.5, "none", "dark"),
        (0.5, "short", "dark"),
        (0.5, "none", "light"),
    )
    # Pairs: half and half; the oracle is right on 3 of 4 skins and on 2 beards.
    pairs_truth = of(
        (0.0, "none", "dark"),
        (0.0, "none", "dark"),
        (1.0, "short", "light"),
        (1.0, "short", "light"),
    )
    pairs_read = of(
        (0.25, "none", "dark"),
        (0.25, "none", "dark"),
        (0.75, "none", "dark"),
        (0.75, "none", "light"),
    )
    found = by_name(Reading(pairs_read, pairs_truth), Reading(read, truth))
    skin, beard, width = (found.loc[name] for name in ("skin", "beard", "width"))
    assert (skin["kind"], skin["n_pairs"], skin["n_portraits"]) == ("colour", 4, 4)
    assert (skin["constant_portraits"], skin["portraits"]) == (0.75, 1.0)
    assert (skin["constant_pairs"], skin["pairs"]) == (0.5, 0.75)
    assert skin["kept"] == pytest.approx(0.5 / 1.0)
    assert (beard["pairs"], beard["portraits"]) == (0.5, 0.75)
    assert beard["kept"] == 0
    assert (width["constant_pairs"], width["pairs"]) == (0.5, 0.25)
    assert (width["constant_portraits"], width["portraits"]) == (0.25, 0.125)
    assert width["kept"] == pytest.approx(0.5 / 0.5)
    length = found.loc["length"]
    assert (length["n_pairs"], length["n_portraits"]) == (0, 0)
    assert np.isnan(length["kept"])


@few
@given(count=COUNTS, seed=SEEDS, share=st.floats(0, 1))
@pytest.mark.slow
def test_pairs_predicted_like_portraits_keep_one(count, seed, share):
    truth = vectors(count, seed)
    reading = Reading(blend(truth, seed, share), truth)
    found = pair_fidelity(reading, reading)
    better = np.where(
        found["kind"] == "continuous",
        found["portraits"] < found["constant_portraits"],
        found["portraits"] > found["constant_portraits"],
    )
    np.testing.assert_allclose(found["kept"][better], 1)
    assert found["kept"][~better].isna().all()


@few
@given(count=COUNTS, others=COUNTS, seed=SEEDS)
@pytest.mark.slow
def test_a_constant_guess_on_the_pairs_keeps_zero(count, others, seed):
    truth = vectors(count, seed)
    found = pair_fidelity(
        Reading(constant(truth), truth), perfect(vectors(others, seed + 1))
    )
    assert (found["kept"].dropna() == 0).all()
    assert (found["constant_pairs"].dropna() == found["pairs"].dropna()).all()


@few
@given(count=COUNTS, others=COUNTS, seed=SEEDS, share=st.floats(0, 1))
@pytest.mark.slow
def test_kept_is_at_most_that_of_a_perfect_prediction(count, others, seed, share):
    truth, faces = vectors(count, seed), vectors(others, seed + 5)
    oracle = Reading(blend(faces, seed, 0.3), faces)
    found = pair_fidelity(Reading(blend(truth, seed, share), truth), oracle)
    best = pair_fidelity(perfect(truth), oracle)
    known = found["kept"].notna()
    assert (known == best["kept"].notna()).all()
    assert (found["kept"][known] <= best["kept"][known] + 1e-12).all()
    assert (best["kept"][known] >= 1).all()


@few
@given(count=COUNTS, seed=SEEDS)
@pytest.mark.slow
def test_the_order_of_faces_does_not_matter(count, seed):
    truth = vectors(count, seed)
    read = blend(truth, seed, 0.4)
    order = np.random.default_rng(seed).permutation(count)
    portraits = perfect(vectors(9, seed))
    one = pair_fidelity(Reading(read, truth), portraits)
    other = pair_fidelity(Reading(read[order], truth[order]), portraits)
    columns = one.columns.drop(["parameter", "kind"])
    np.testing.assert_allclose(one[columns], other[columns], atol=1e-6)


@few
@given(count=COUNTS, seed=SEEDS, option=st.integers(0, 2))
def test_the_mode_is_the_best_constant_option(count, seed, option):
    truth = vectors(count, seed)
    losses = parameter_losses(constant(truth), truth)["beard"].mean()
    other = truth.with_value("beard", ("none", "short", "full")[option])
    assert losses <= parameter_losses(other, truth)["beard"].mean()


def test_readings_must_have_one_engine_and_size():
    other = AvatarSpec("another", SPEC.parameters)
    batch = AvatarVectors.sample(other, 3, 0)
    with pytest.raises(ValueError, match="for engine another, but the true vectors"):
        Reading(batch, vectors(3, 0))
    with pytest.raises(ValueError, match="2 predicted vectors but 3 true vectors"):
        Reading(vectors(2, 0), vectors(3, 0))
    with pytest.raises(
        ValueError, match="pairs are of engine engine, but portraits of"
    ):
        pair_fidelity(perfect(vectors(3, 0)), perfect(batch))


def test_association_ignores_the_oracles_bias():
    """Shrunk scalars and permuted options are still associated with the truth."""
    truth = vectors(400, 5)
    names = np.roll(np.arange(3), 1)
    pulled = AvatarVectors(
        SPEC,
        0.4 + 0.1 * truth.continuous,
        np.stack([names[truth.discrete[:, 0]], 1 - truth.discrete[:, 1]], axis=1),
    )
    table = by_name(Reading(pulled, truth), Reading(vectors(400, 6), truth))
    np.testing.assert_allclose(table["tied_pairs"], 1, atol=1e-3)
    assert (table["tied_portraits"].abs() < 0.2).all()
    assert (table["kept"].dropna() < 0.9).all()


def test_association_with_a_constant_is_undefined():
    truth = vectors(40, 5)
    table = by_name(Reading(constant(truth), truth), perfect(truth))
    assert table["tied_pairs"].isna().all()


@few
@given(SEEDS, COUNTS)
@pytest.mark.slow
def test_cramers_v_without_correction_is_scipys(seed, count):
    """With many faces the correction is small."""
    truth = vectors(20 * count + 400, seed)
    read = blend(truth, seed, 0.3)
    table = by_name(Reading(read, truth), perfect(truth))
    counts = pd.crosstab(read.column("beard"), truth.column("beard")).to_numpy()
    plain = contingency.association(counts, method="cramer")
    assert table.loc["beard", "tied_pairs"] == pytest.approx(plain, abs=0.02)
