import pytest
import torch

from benchmark.avatars import AvatarSpec, AvatarVectors, Condition, Continuous, Discrete
from methods.estimator.losses import LossWeights, Targets, estimator_loss
from methods.networks.parameter_heads import ParameterHeads

SPEC = AvatarSpec(
    "easy",
    (
        Continuous("width", "head"),
        Discrete("beard", "facial_hair", ("none", "full"), optional=True),
        Continuous(
            "beard_length", "facial_hair", active_when=Condition("beard", ("full",))
        ),
        Continuous("length", "head"),
        Discrete("shape", "head", ("round", "square", "oval")),
    ),
)


@pytest.fixture
def heads():
    torch.manual_seed(0)
    return ParameterHeads(SPEC, inputs=6, width=8, dropout=0.1).eval()


@pytest.fixture
def features():
    return torch.randn(50, 6, generator=torch.Generator().manual_seed(0)) * 3 + 1


def test_scalars_come_first_and_are_shares(heads, features):
    found = heads(features)
    assert found.shape == (50, SPEC.flat_size)
    scalars = found[:, :3].detach()
    assert scalars.min() > 0
    assert scalars.max() < 1
    assert set(heads.heads) == {"structure", "choices", "attributes"}
    torch.testing.assert_close(
        found[:, 1],
        heads.heads["attributes"](heads.norm(features))[:, 0].sigmoid(),
    )


def test_attributes_learn_only_where_their_condition_holds(heads, features):
    vectors = AvatarVectors.sample(SPEC, 50, 0)
    active = vectors.active().continuous[:, 1]
    assert 0 < active.sum() < 50
    for rows, learned in ((active, True), (~active, False)):
        heads.zero_grad()
        chosen = torch.from_numpy(rows).nonzero()[:, 0]
        targets = Targets.of(vectors).rows(chosen)
        weights = LossWeights(1, 1, 1, 0)
        estimator_loss(SPEC, heads(features[chosen]), targets, weights).backward()
        gradients = [p.grad for p in heads.heads["attributes"].parameters()]
        assert any(bool(g.any()) for g in gradients) is learned
        others = [p.grad for p in heads.heads["structure"].parameters()]
        assert any(bool(g.any()) for g in others)


def test_without_parameters_there_is_no_head():
    choices = AvatarSpec("choices", (Discrete("shape", "head", ("round", "square")),))
    assert set(ParameterHeads(choices, 6, 8, 0).heads) == {"choices"}
    scalars = AvatarSpec("scalars", (Continuous("width", "head"),))
    assert set(ParameterHeads(scalars, 6, 8, 0).heads) == {"structure"}
