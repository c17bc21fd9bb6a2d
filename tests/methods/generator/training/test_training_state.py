import json

import pytest
import torch
from safetensors.torch import load_file, save_file
from tiny_training import make_recipe

from methods.generator.state import TrainingError, TrainingState, check_checkpoint
from methods.networks.part_latents import PartLayout

CPU = torch.device("cpu")


def step(state, seed=0):
    """One step of both optimisers, on random gradients."""
    draws = torch.Generator().manual_seed(seed)
    for network, adam in (
        (state.generator, state.generator_adam),
        (state.discriminator, state.discriminator_adam),
    ):
        for parameter in network.parameters():
            parameter.grad = torch.randn(parameter.shape, generator=draws)
        adam.step()


def test_weights_come_from_the_seed():
    ours, same = (TrainingState(make_recipe(seed=1), CPU) for _ in range(2))
    other = TrainingState(make_recipe(seed=2), CPU)
    weights = [state.generator.pos_embed.weights for state in (ours, same, other)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


def test_the_average_follows_parameters_and_leaves_noise():
    state = TrainingState(make_recipe(), CPU)
    start = [p.clone() for p in state.generator.parameters()]
    noise = [b.clone() for b in state.average.buffers()]
    with torch.no_grad():
        for parameter in state.generator.parameters():
            parameter.add_(1)
        for buffer in state.generator.buffers():
            buffer.add_(1)
    for _ in range(5):
        state.update_average(0.9)
    for before, mean in zip(start, state.average.parameters(), strict=True):
        torch.testing.assert_close(mean, before + 1 - 0.9**5)
    assert all(map(torch.equal, noise, state.average.buffers()))


def test_optimisers_are_slowed_for_lazy_penalties():
    recipe = make_recipe(objective={"r1_every": 16, "path_every": 4})
    state = TrainingState(recipe, CPU)
    (group,) = state.generator_adam.param_groups
    assert group["lr"] == pytest.approx(0.002 * 4 / 5)
    assert group["betas"] == (0, pytest.approx(0.99 ** (4 / 5)))
    (group,) = state.discriminator_adam.param_groups
    assert group["lr"] == pytest.approx(0.002 * 16 / 17)
    assert group["betas"] == (0, pytest.approx(0.99 ** (16 / 17)))
    without = TrainingState(make_recipe(objective={"path": 0}), CPU)
    assert without.generator_adam.param_groups[0]["lr"] == 0.002


def test_a_saved_state_is_restored_bit_exactly(tmp_path):
    state, other = TrainingState(make_recipe(), CPU), TrainingState(make_recipe(), CPU)
    step(state)
    state.update_average(0.5)
    state.path_mean, state.iteration = torch.tensor(0.25), 7
    state.pending = {"train/mask": [0.1, 0.2]}
    state.save(tmp_path / "one", {"faces": "a", "recipe": {"channels": {4: 8}}})
    # JSON keys are strings.
    about = {"faces": "a", "recipe": {"channels": {"4": 8}}}
    assert other.resume(tmp_path / "one", about)
    other.save(tmp_path / "two", about)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    step(state, seed=1)
    step(other, seed=1)
    ours, theirs = state.generator.state_dict(), other.generator.state_dict()
    assert all(torch.equal(ours[key], theirs[key]) for key in ours)


def test_without_a_checkpoint_nothing_is_resumed(tmp_path):
    assert not TrainingState(make_recipe(), CPU).resume(tmp_path / "none", {})
    check_checkpoint(tmp_path / "none", {})


@pytest.mark.parametrize(
    ("now", "message"),
    [
        ({"faces": "b"}, "faces was 'a' and is now 'b'"),
        ({"recipe": {"seed": 1}}, "recipe.seed was 0 and is now 1"),
        ({"recipe": {"seed": 0, "batch": 4}}, "recipe.batch was None and is now 4"),
        ({"recipe": {}}, "recipe.seed was 0 and is now None"),
    ],
)
def test_another_training_is_an_error_that_names_the_difference(now, message, tmp_path):
    about = {"faces": "a", "recipe": {"seed": 0}}
    state = TrainingState(make_recipe(), CPU)
    state.save(tmp_path / "file", about)
    for look in (state.resume, check_checkpoint):
        with pytest.raises(TrainingError) as caught:
            look(tmp_path / "file", {**about, **now})
        assert message in str(caught.value)
        assert str(tmp_path / "file") in str(caught.value)


@pytest.mark.parametrize("keep", [0, 5, 100, -1])
def test_a_damaged_checkpoint_is_refused(keep, tmp_path):
    state = TrainingState(make_recipe(), CPU)
    path = tmp_path / "file"
    state.save(path, {})
    path.write_bytes(path.read_bytes()[:keep])
    for look in (state.resume, check_checkpoint):
        with pytest.raises(TrainingError, match=r"is damaged .*; remove it to restart"):
            look(path, {})


def test_weights_that_are_no_checkpoint_are_an_error(tmp_path):
    state = TrainingState(make_recipe(), CPU)
    save_file({"weight": torch.zeros(2)}, tmp_path / "file")
    with pytest.raises(TrainingError, match="is of another training"):
        state.resume(tmp_path / "file", {"faces": "a"})


def test_weights_that_are_not_finite_are_an_error():
    state = TrainingState(make_recipe(), CPU)
    state.require_finite()
    with torch.no_grad():
        next(state.discriminator.parameters())[0] = float("nan")
    with pytest.raises(FloatingPointError, match="a weight of the discriminator"):
        state.require_finite()


def test_a_checkpoint_contains_the_identity_of_its_training(tmp_path):
    state = TrainingState(make_recipe(), CPU)
    state.save(tmp_path / "file", {"faces": "a"})
    found = load_file(tmp_path / "file")
    assert int(found["iteration"]) == 0
    head = (tmp_path / "file").read_bytes()[8:300]
    assert json.dumps("faces")[1:-1].encode() in head


def test_mixing_draws_one_of_three_for_every_part():
    layout = PartLayout(parts=4, base_layers=2, depth_layers=3, local_layers=4)
    count = 6000
    first, second = torch.zeros(count, 3), torch.ones(count, 3)
    draws = torch.Generator().manual_seed(0)
    mixed = layout.mix(first, second, draws)
    assert mixed.shape == (count, layout.rows, 3)
    assert (mixed == mixed[..., :1]).all()
    rows = mixed[..., 0]
    assert (rows[:, :2] == 0).all()
    kinds = rows[:, 2::2] * 2 + rows[:, 3::2]
    # Shape and texture of: the first; first and second; the second. Never the reverse.
    for part in range(layout.parts):
        values, times = kinds[:, part].unique(return_counts=True)
        assert values.tolist() == [0, 1, 3]
        assert (times - count / 3).abs().max() < 4 * (count * 2 / 9) ** 0.5
    pairs = kinds[:, 0] * 4 + kinds[:, 1]
    _, times = pairs.unique(return_counts=True)
    assert len(times) == 9
    assert (times - count / 9).abs().max() < 4 * (count * 8 / 81) ** 0.5
