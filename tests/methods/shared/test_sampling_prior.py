import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmark.avatars import AvatarVectors
from benchmark.storage.store import Store
from benchmark.system.progress import Silent
from methods.shared.renders import renders_stage, training_renders
from methods.shared.sampling_prior import SamplingPrior


def bearded(engine, count=5):
    one = {"beard": "full", "beard_colour": "red", "width": 0.5, "length": 0.25}
    records = [one] * count
    return AvatarVectors.from_records(engine.spec, records)


def test_without_uniform_share_samples_follow_the_predictions(mixed_engine):
    prior = SamplingPrior(bearded(mixed_engine), uniform=0, spread=0)
    found = prior.sample(50, seed=1)
    assert (found.column("beard") == 1).all()
    assert (found.column("width") == 0.5).all()
    spread = SamplingPrior(bearded(mixed_engine), uniform=0, spread=0.05)
    widths = spread.sample(2000, seed=1).column("width")
    assert widths.mean() == pytest.approx(0.5, abs=0.01)
    assert widths.std() == pytest.approx(0.05, abs=0.01)


def test_a_share_of_values_is_uniform(mixed_engine):
    prior = SamplingPrior(bearded(mixed_engine), uniform=0.4, spread=0)
    found = prior.sample(4000, seed=2)
    assert (found.column("beard") == 0).mean() == pytest.approx(0.2, abs=0.03)
    assert (found.column("width") == 0.5).mean() == pytest.approx(0.6, abs=0.03)


def test_parameters_are_drawn_independently(mixed_engine):
    rows = [
        {"beard": "full", "beard_colour": "red", "width": 1.0, "length": 1.0},
        {"beard": "none", "width": 0.0, "length": 0.0},
    ]
    both = AvatarVectors.from_records(mixed_engine.spec, rows)
    found = SamplingPrior(both, uniform=0, spread=0).sample(2000, seed=3)
    seen = np.stack([found.column(n) for n in ("beard", "width", "length")])
    assert np.abs(np.corrcoef(seen) - np.eye(3)).max() < 0.1


@settings(max_examples=20)
@given(uniform=st.floats(0, 1), spread=st.floats(0, 3), seed=st.integers(0, 9))
def test_samples_are_valid_and_seeded(engine, uniform, spread, seed):
    given = AvatarVectors.sample(engine.spec, 4, seed=5)
    prior = SamplingPrior(given, uniform, spread)
    found = prior.sample(30, seed)
    assert found == prior.sample(30, seed)
    assert ((found.continuous >= 0) & (found.continuous <= 1)).all()
    for column, choice in enumerate(engine.spec.discrete):
        assert (found.discrete[:, column] < len(choice.options)).all()


def test_renders_of_a_prior_have_their_own_key(mixed_engine, tmp_path):
    vectors = bearded(mixed_engine)
    priors = [
        SamplingPrior(vectors, 0.1, 0),
        SamplingPrior(vectors, 0.2, 0),
        SamplingPrior(vectors, 0.1, 0.1),
        SamplingPrior(vectors[:3], 0.1, 0),
    ]
    keys = {renders_stage(mixed_engine, 8, 64, 0, prior=p).key for p in priors}
    assert len(keys | {renders_stage(mixed_engine, 8, 64, 0).key}) == 5
    renders = training_renders(
        mixed_engine, 8, 64, 0, Store(tmp_path), Silent(), prior=priors[0]
    )
    assert renders.vectors == priors[0].sample(8, 0)
    assert np.array_equal(renders.pictures, mixed_engine.render(renders.vectors, 64))
