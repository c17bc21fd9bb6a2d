"""The product estimator: randomisation, training, resume, weights, nobody of the
benchmark."""

import json

import numpy as np
import pytest
import torch
from command_line import invoke

from benchmark import weights
from benchmark.avatars import AvatarVectors
from benchmark.avatars.spec import AvatarSpec, Continuous, Discrete
from benchmark.faces.parsed import ParsedArrays
from benchmark.faces.portraits.training_truths import unused_people
from benchmark.system.progress import Silent
from benchmark.weights.folders import (
    CARD,
    ESTIMATOR,
    SHIPPED,
    WeightsError,
    known_weights,
)
from methods.estimator.losses import Targets, estimator_loss
from methods.product.measuring import agreement
from methods.product.network import make_product_estimator
from methods.product.quantisation import PRECISION, dequantised, quantised_state
from methods.product.randomisation import crop_portraits, randomise
from methods.product.training import (
    WEIGHTS,
    Examples,
    ProductRecipe,
    train_product,
)
from methods.product.weights import (
    ProductCard,
    load_product,
    read_product_card,
    shipped_product,
    write_product,
)
from methods.shared.ahead import prepared_ahead
from methods.shared.tensors import halved_state

SIZE = 64
SPECS = {
    "one": AvatarSpec("one", (Continuous("width", "head"),)),
    "two": AvatarSpec("two", (Discrete("hair", "hair", ("bald", "long", "short")),)),
}


class Killed(BaseException):
    pass


def make_examples(count=6):
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, (count, SIZE, SIZE, 3), np.uint8)
    parts = np.zeros((count, SIZE, SIZE), np.uint8)
    parts[:, 16:48, 16:48] = 1
    faces = ParsedArrays("noise", pictures, parts, "CC0-1.0", True)
    vectors = {name: AvatarVectors.sample(s, count, 1) for name, s in SPECS.items()}
    return Examples(faces, np.arange(count), vectors)


def make_card(network):
    return ProductCard(
        title="mine",
        engines={name: spec.digest for name, spec in network.specs.items()},
        size=SIZE,
        network_size=network.network_size,
        head_width=8,
        licence="CC0-1.0",
        data="noise",
        encoder="random",
        command="avatarbench train estimator",
        hours=0.1,
        steps=2,
        faces=4,
        validation="none",
        scores={},
    )


def test_randomisation_depends_on_the_generator_only_and_crops_like_ffhq():
    examples = make_examples()
    pictures, parts = examples.faces.batch(examples.rows)

    def draw(seed):
        return randomise(pictures, parts, torch.Generator().manual_seed(seed))

    assert draw(1).shape == (6, 3, SIZE, SIZE)
    assert draw(1).abs().max() <= 1
    assert torch.equal(draw(1), draw(1))
    assert not torch.equal(draw(1), draw(2))
    white = np.zeros((1, SIZE, SIZE, 3), np.uint8)
    white[:, 29:30, 31:33] = 255  # between the eyes of a portrait: row 0.456
    place = crop_portraits(white)[0, 0].argmax() // SIZE
    assert abs(float(place) / SIZE - 0.473) < 0.03


def test_faces_get_darker_on_average_as_photographs_are():
    grey = np.full((64, SIZE, SIZE, 3), 128, np.uint8)
    faces = randomise(grey, np.ones((64, SIZE, SIZE), np.uint8), torch.Generator())
    mean = float((faces + 1).mean() / 2)
    assert 0.8 < mean / (128 / 255) < 0.97


def test_the_loss_is_plain_cross_entropy_so_that_rare_options_count():
    truth = AvatarVectors(
        SPECS["two"], np.zeros((2, 0), np.float32), np.array([[0], [2]])
    )
    logits = torch.tensor([[4.0, 0, 0], [4.0, 0, 0]])
    expected = torch.nn.functional.cross_entropy(logits, torch.tensor([0, 2]))
    loss = estimator_loss(SPECS["two"], logits, Targets.of(truth), WEIGHTS)
    assert float(loss) == pytest.approx(float(expected))


def test_a_training_can_start_from_an_estimator_of_another_network_size(tmp_path):
    examples = make_examples()
    small = ProductRecipe(network_size=SIZE, steps=1, batch=2, head_width=8)
    first = train_product(examples, small, None, tmp_path, Silent())
    other = small.model_copy(
        update={"network_size": 96, "seed": 1, "learning_rate": 1e-9}
    )
    second = train_product(examples, other, None, tmp_path, Silent(), start=first)
    assert second.network_size == 96
    for key, value in first.named_parameters():
        torch.testing.assert_close(second.get_parameter(key), value)


def test_a_killed_training_resumes_to_the_same_weights(tmp_path, monkeypatch):
    examples = make_examples()
    recipe = ProductRecipe(network_size=SIZE, steps=3, batch=2, head_width=8)

    monkeypatch.setattr("methods.estimator.training.CHECKPOINT_SECONDS", -1)
    monkeypatch.setattr("methods.estimator.training.LOG_STEPS", 2)
    for name in ("whole", "cut"):
        (tmp_path / name).mkdir()
    whole = train_product(examples, recipe, None, tmp_path / "whole", Silent())

    class Stopping(Silent):
        def log(self, metrics, step):
            if step == 2:
                raise Killed

    with pytest.raises(Killed):
        train_product(examples, recipe, None, tmp_path / "cut", Stopping())
    again = train_product(examples, recipe, None, tmp_path / "cut", Silent())
    for key, value in whole.state_dict().items():
        assert torch.equal(value, again.state_dict()[key]), key


def test_batches_prepared_in_threads_give_the_same_weights(tmp_path, monkeypatch):
    examples = make_examples()
    recipe = ProductRecipe(network_size=SIZE, steps=3, batch=2, head_width=8)

    def ahead_in_threads(prepare, steps, threads):
        assert threads == 0  # the CPU is busy with the training itself
        return prepared_ahead(prepare, steps, 2)

    alone = train_product(examples, recipe, None, tmp_path / "a", Silent())
    monkeypatch.setattr("methods.product.training.prepared_ahead", ahead_in_threads)
    threaded = train_product(examples, recipe, None, tmp_path / "b", Silent())
    for key, value in alone.state_dict().items():
        assert torch.equal(value, threaded.state_dict()[key]), key


def test_weights_keep_the_predictions_and_refuse_other_engines(tmp_path):
    examples = make_examples()
    recipe = ProductRecipe(network_size=96, steps=1, batch=2, head_width=8)
    network = train_product(examples, recipe, None, tmp_path, Silent())
    network.load_state_dict(dequantised(quantised_state(network)))
    folder = tmp_path / "weights"
    card = write_product(folder, network, make_card(network))
    assert "not benchmarked" in card.label
    assert card.parameters[ESTIMATOR] > 3_000_000
    assert (folder / ESTIMATOR).stat().st_size < 1.2 * card.parameters[ESTIMATOR]
    assert card.weights == PRECISION
    loaded = load_product(folder, {"two": SPECS["two"]})
    faces = torch.rand(2, 3, SIZE, SIZE) * 2 - 1
    assert loaded.network_size == 96
    for key, value in loaded.state_dict().items():
        assert torch.equal(value, network.state_dict()[key]), key
    assert loaded.vectors(faces, "two") == network.vectors(faces, "two")
    with pytest.raises(WeightsError, match="no head for engine three"):
        load_product(folder, {"three": SPECS["two"]})
    with pytest.raises(WeightsError, match="other parameters of engine two"):
        load_product(folder, {"two": SPECS["one"]})
    with pytest.raises(WeightsError, match="exists"):
        write_product(folder, network, make_card(network))
    (folder / ESTIMATOR).write_bytes(b"other")
    with pytest.raises(WeightsError, match="damaged"):
        load_product(folder, SPECS)


def test_older_weights_in_half_precision_load(tmp_path, monkeypatch):
    network = make_product_estimator(SPECS, 8)
    monkeypatch.setattr("methods.product.weights.quantised_state", halved_state)
    write_product(tmp_path / "old", network, make_card(network))
    card = json.loads((tmp_path / "old" / CARD).read_text())
    del card["weights"]
    (tmp_path / "old" / CARD).write_text(json.dumps(card))
    assert read_product_card(tmp_path / "old").weights == "half precision"
    halved = halved_state(network)
    for key, value in load_product(tmp_path / "old", SPECS).state_dict().items():
        assert torch.equal(value, halved[key].to(value.dtype)), key


def test_an_estimator_of_the_same_name_does_not_hide_the_shipped_one(
    tmp_path, monkeypatch
):
    monkeypatch.setenv("AVATARBENCH_CACHE", str(tmp_path))
    network = make_product_estimator(SPECS, 8)
    with pytest.raises(WeightsError, match="weights that come with the package"):
        write_product(tmp_path / "estimator", network, make_card(network))
    write_product(tmp_path / "mine", network, make_card(network))
    (tmp_path / "mine").rename(tmp_path / "estimator")
    assert shipped_product() == known_weights()["estimator"] == SHIPPED / "estimator"
    listed = invoke("weights", "list")
    assert f"MB  CC0-1.0        {SHIPPED / 'estimator'}" in listed.output
    assert str(tmp_path / "estimator") not in listed.output
    # No suite can ask for it.
    with pytest.raises(WeightsError, match="unknown weight file"):
        weights.find(f"estimator/{ESTIMATOR}")


def test_agreement_counts_active_parameters():
    truth = AvatarVectors(
        SPECS["two"], np.zeros((2, 0), np.float32), np.array([[0], [2]])
    )
    other = AvatarVectors(
        SPECS["two"], np.zeros((2, 0), np.float32), np.array([[0], [1]])
    )
    assert agreement(other, truth) == {"hair": 0.5}


def test_no_train_face_of_the_benchmark_is_used():
    assert unused_people(1500, seed=1).tolist() == list(range(1000, 1500))
    assert len(unused_people(1500, seed=2)) == 1500
