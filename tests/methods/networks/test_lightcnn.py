"""LightCNN: layers, input format and weight files."""

import pytest
import torch
from safetensors.torch import save_file
from torch.nn import functional

from benchmark.weights import WeightsError
from methods.networks.lightcnn import LightCNN29, LightCNNV4, load_lightcnn


@pytest.fixture(params=[LightCNNV4, LightCNN29], ids=lambda form: form.name)
def network(request):
    torch.manual_seed(0)
    return request.param().eval()


@pytest.fixture
def checkpoint(tmp_path, network):
    """A checkpoint like the authors', with classifier and DataParallel's prefix."""

    def write(**changes):
        state = {f"module.{k}": v for k, v in network.state_dict().items()}
        state["module.fc2.weight"] = torch.zeros(7, 256)
        path = tmp_path / "checkpoint.pth.tar"
        torch.save({"epoch": 1, "state_dict": {**state, **changes}}, path)
        return path

    return write


def test_parameters_are_the_published_number():
    assert sum(p.numel() for p in LightCNNV4().parameters()) == 10_345_600
    # The 2 + 59 tensors of the checkpoint, without the classifier.
    assert len(LightCNN29().state_dict()) + 1 == 61


@pytest.mark.parametrize(
    ("form", "names"),
    [
        (LightCNNV4, {"conv1.filter.weight": (96, 3, 3, 3)}),
        (
            LightCNN29,
            {
                "conv1.filter.weight": (96, 1, 5, 5),
                "group1.conv_a.filter.weight": (96, 48, 1, 1),
                "group1.conv.filter.weight": (192, 48, 3, 3),
                "block4.3.conv2.filter.bias": (256,),
                "fc.weight": (256, 8192),
            },
        ),
    ],
)
def test_entries_have_the_names_and_shapes_of_the_checkpoints(form, names):
    state = form().state_dict()
    assert {name: tuple(state[name].shape) for name in names} == names


def test_v4_gets_blue_green_red_from_0_to_1():
    face = torch.empty(1, 3, 128, 128)
    face[:, 0], face[:, 1], face[:, 2] = 1.0, 0.0, -1.0  # orange in [-1, 1]
    prepared = LightCNNV4().prepare(face)
    assert prepared[0, :, 5, 7].tolist() == [0.0, 0.5, 1.0]


def test_29_v2_gets_grey_from_0_to_1():
    face = torch.empty(1, 3, 128, 128)
    face[:, 0], face[:, 1], face[:, 2] = 1.0, -1.0, -1.0  # red in [-1, 1]
    prepared = LightCNN29().prepare(face)
    assert prepared.shape == (1, 1, 128, 128)
    assert prepared[0, 0, 5, 7] == pytest.approx(0.299)
    assert LightCNN29().prepare(torch.ones(1, 3, 128, 128)).max() == pytest.approx(1)


def test_preparing_does_not_change_the_picture(network):
    face = torch.rand(1, 3, 128, 128) * 2 - 1
    before = face.clone()
    network(face)
    assert torch.equal(face, before)


def test_a_map_keeps_the_larger_of_each_two_channels():
    network = LightCNNV4()
    features = torch.randn(2, 48, 8, 8)
    both = network.conv2.filter(features)
    expected = torch.maximum(both[:, :96], both[:, 96:])
    assert torch.equal(network.conv2(features), expected)


def test_pooling_adds_the_largest_and_the_mean():
    torch.manual_seed(1)
    network, face = LightCNN29().eval(), torch.rand(1, 3, 128, 128) * 2 - 1
    found = network.conv1(network.prepare(face))
    pooled = functional.max_pool2d(found, 2) + functional.avg_pool2d(found, 2)
    seen = []
    network.block1.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    network(face)
    assert torch.equal(seen[0], pooled)


def published_v4(state, face):
    """V4 from its publication alone, independent of our classes."""

    def larger(x, name):
        weight, bias = state[f"{name}.filter.weight"], state[f"{name}.filter.bias"]
        both = functional.conv2d(x, weight, bias, padding=weight.shape[-1] // 2)
        half = both.shape[1] // 2
        return torch.where(
            both[:, :half] > both[:, half:], both[:, :half], both[:, half:]
        )

    def halved(x):
        return functional.max_pool2d(x, 2) + functional.avg_pool2d(x, 2)

    x = (face[:, [2, 1, 0]] + 1) / 2
    for level, blocks in enumerate((0, 1, 2, 3, 4), start=1):
        for block in range(blocks):
            name = f"block{level - 1}.{block}"
            x = x + larger(larger(x, f"{name}.conv1"), f"{name}.conv2")
        x = larger(x, f"conv{level}")
        x = x if level == 4 else halved(x)
    return x.flatten(1) @ state["fc.weight"].T + state["fc.bias"]


def test_v4_is_the_published_network():
    torch.manual_seed(2)
    network, faces = LightCNNV4().eval(), torch.rand(2, 3, 128, 128) * 2 - 1
    expected = published_v4(network.state_dict(), faces)
    torch.testing.assert_close(network(faces), expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("shape", [(3, 64, 64), (1, 128, 128), (128, 128, 3)])
def test_other_sizes_are_refused(network, shape):
    with pytest.raises(ValueError, match="align them first"):
        network(torch.zeros(1, *shape))


def test_a_checkpoint_gives_the_same_embeddings(network, checkpoint):
    loaded = load_lightcnn(network.name, checkpoint())
    face = torch.rand(2, 3, 128, 128) * 2 - 1
    assert torch.equal(loaded(face), network(face))
    assert not any(p.requires_grad for p in loaded.parameters())


def test_weights_saved_by_a_method_give_the_same_embeddings(network, tmp_path):
    kept = tmp_path / "identity.safetensors"
    save_file(network.state_dict(), kept)
    faces = torch.rand(2, 3, 128, 128) * 2 - 1
    loaded = load_lightcnn(network.name, kept)
    assert torch.equal(loaded(faces), network(faces))
    kept.write_bytes(b"no tensors")
    with pytest.raises(WeightsError, match="save its method again"):
        load_lightcnn(network.name, kept)


def test_the_format_of_old_torch_written_on_a_gpu_is_read(network, tmp_path):
    path = tmp_path / "old.pth.tar"
    torch.save(
        {"state_dict": network.state_dict()},
        path,
        _use_new_zipfile_serialization=False,
    )
    old = b"ctorch\nFloatStorage\n"
    data = path.read_bytes()
    assert old in data
    path.write_bytes(data.replace(old, b"ctorch.cuda\nFloatStorage\n"))
    loaded = load_lightcnn(network.name, path)
    assert torch.equal(loaded.fc.weight, network.fc.weight)


def test_files_of_other_networks_are_refused_in_a_sentence(
    network, checkpoint, tmp_path
):
    other = {"lightcnn-v4": "lightcnn-29-v2", "lightcnn-29-v2": "lightcnn-v4"}
    with pytest.raises(WeightsError, match="does not hold the weights of"):
        load_lightcnn(other[network.name], checkpoint())
    broken = {"module.fc.bias": torch.full((256,), torch.nan)}
    with pytest.raises(WeightsError, match=r"first is fc\.bias"):
        load_lightcnn(network.name, checkpoint(**broken))
    bare = tmp_path / "bare.pth"
    torch.save(network.state_dict(), bare)
    with pytest.raises(WeightsError, match="no checkpoint"):
        load_lightcnn(network.name, bare)


class Hostile:
    """A pickle that calls a function while it is read."""

    def __reduce__(self):
        return print, ("run",)


def test_no_code_of_a_file_is_run(network, tmp_path, capsys):
    path = tmp_path / "hostile.pth.tar"
    torch.save({"state_dict": Hostile()}, path)
    with pytest.raises(WeightsError, match="do not trust this file"):
        load_lightcnn(network.name, path)
    assert "run" not in capsys.readouterr().out
