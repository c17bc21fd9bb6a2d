import pytest
import torch

from benchmark import weights
from methods.estimator.options import EstimatorOptions
from methods.networks.backbones import (
    STAGE_COUNTS,
    WEIGHT_FILES,
    WeightMismatch,
    load_imagenet,
    make_backbone,
)
from methods.networks.estimator import Estimator, Grid, Pooled


def picture():
    ramp = torch.linspace(-1, 1, 96)
    image = torch.stack([ramp.expand(96, 96), ramp[:, None].expand(96, 96)])
    return torch.cat([image, image[:1] * image[1:]])[None]


def test_resnet18_is_torchvisions(tmp_path):
    backbone = make_backbone("resnet18").eval()
    from torchvision.models import resnet18

    net = resnet18(weights=None).eval()
    torch.save(net.state_dict(), tmp_path / "net.pth")
    load_imagenet(backbone, "resnet18", tmp_path / "net.pth")
    net.fc = torch.nn.Identity()
    mean = torch.tensor([0.485, 0.456, 0.406])[:, None, None]
    std = torch.tensor([0.229, 0.224, 0.225])[:, None, None]
    faces = picture()
    with torch.inference_mode():
        expected = net(((faces + 1) / 2 - mean) / std)
        torch.testing.assert_close(backbone(faces), expected, atol=1e-4, rtol=1e-4)


def test_efficientnet_lite0_is_the_published_one():
    file = weights.find(WEIGHT_FILES["efficientnet_lite0"])
    if file is None:
        pytest.skip("efficientnet-lite0 was not fetched")
    backbone = make_backbone("efficientnet_lite0").eval()
    load_imagenet(backbone, "efficientnet_lite0", file)
    with torch.inference_mode():
        feature = backbone(picture())
    assert feature.shape == (1, backbone.widths[-1])
    # Recorded when the network equalled the package's bit by bit.
    assert float(feature.mean()) == pytest.approx(0.070619, rel=1e-3)
    assert int(feature.argmax()) == 897


@pytest.mark.parametrize("name", WEIGHT_FILES)
def test_another_networks_weights_are_refused(tmp_path, name):
    path = tmp_path / "other.pth"
    torch.save({"features.0.weight": torch.zeros(1)}, path)
    with pytest.raises(
        WeightMismatch, match=r"other\.pth does not hold the weights of"
    ):
        load_imagenet(make_backbone(name), name, path)


@pytest.mark.parametrize("size", [64, 65, 97])
def test_efficientnet_lite0_halves_any_side_five_times(size):
    backbone = make_backbone("efficientnet_lite0").eval()
    with torch.inference_mode():
        features = backbone.stages(torch.zeros(1, 3, size, size))
    assert features.shape[-1] == -(-size // 32)


def test_frozen_stages_do_not_learn(mixed_engine):
    backbone = make_backbone("efficientnet_lite0")
    network = Estimator(mixed_engine.spec, backbone, Pooled(backbone), 8, 3)
    before = {k: v.clone() for k, v in network.state_dict().items()}
    optimiser = torch.optim.SGD(
        [p for p in network.parameters() if p.requires_grad], 1.0
    )
    network(torch.randn(4, 3, 64, 64).clamp(-1, 1)).sum().backward()
    optimiser.step()
    after = network.state_dict()
    for stage in range(9):
        same = all(
            torch.equal(value, after[key])
            for key, value in before.items()
            if key.startswith(f"backbone.stages.{stage}.")
        )
        assert same == (stage < 3)


@pytest.mark.parametrize("reading", [Pooled, lambda b: Grid(b, 4, 96)])
def test_the_estimator_predicts_flat_vectors(engine, reading):
    backbone = make_backbone("efficientnet_lite0").first(5)
    network = Estimator(engine.spec, backbone, reading(backbone), 8).eval()
    with torch.inference_mode():
        flat = network(picture())
    assert flat.shape == (1, engine.spec.flat_size)
    scalars = flat[:, : len(engine.spec.continuous)]
    assert ((scalars >= 0) & (scalars <= 1)).all()
    assert len(network.heads) == len(engine.spec.discrete) + bool(
        engine.spec.continuous
    )


@pytest.mark.parametrize("name", WEIGHT_FILES)
@pytest.mark.parametrize("size", [64, 97])
def test_widths_and_strides_are_what_stages_put_out(name, size):
    backbone = make_backbone(name).eval()
    assert len(backbone.stages) == STAGE_COUNTS[name]
    for count in range(1, len(backbone.stages) + 1):
        part = backbone.first(count)
        with torch.inference_mode():
            features = part.stages(torch.zeros(1, 3, size, size))
        side = -(-size // part.strides[-1])
        assert features.shape == (1, part.widths[-1], side, side)


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"backbone": "resnet18", "frozen_stages": 6}, "6 is more than the 5 stages"),
        ({"backbone_stages": 3, "frozen_stages": 4}, "4 is more than the 3 stages"),
        ({"backbone": "resnet18", "backbone_stages": 6}, "has 5 stages"),
        ({"cached_views": 9}, "set frozen_stages to 1 or more"),
        ({"pretrained": False, "frozen_stages": 1}, "random weights"),
    ],
)
def test_stages_must_fit_together(options, complaint):
    with pytest.raises(ValueError, match=complaint):
        EstimatorOptions(**options)
