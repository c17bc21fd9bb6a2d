"""Our discriminator against the sequential oracle: logits, gradients, R1."""

import hashlib

import pytest
import torch
from seeded import normal
from sequential_discriminator import SequentialDiscriminator
from tiny_networks import agree, agree_by_name, gradients, judges, listing

from methods.networks.discriminator import SemanticDiscriminator

PUBLISHED_KEYS = "255a19ec0b0b7a0bffd6f849b225b5a04d910ca9baeb86b40650be2683f70609"
"""SHA-256 of the published 512-px model's state-dict listing, in order."""

PARTS, SIZE = 3, 16


def pictures(count, size=SIZE, parts=PARTS):
    """Images and segmentations to be judged."""
    return normal(1, count, 3, size, size), normal(2, count, parts, size, size)


@pytest.fixture(scope="module")
def networks():
    """Ours and the oracle; nobody changes their weights."""
    return judges(SIZE, PARTS)


@pytest.mark.parametrize(("size", "multiplier"), [(8, 1), (256, 1), (1024, 2)])
def test_the_official_table_gives_the_official_shapes(size, multiplier):
    with torch.device("meta"):
        ours = SemanticDiscriminator(size, 13, multiplier)
        assert listing(ours) == listing(SequentialDiscriminator(size, 13, multiplier))


def test_the_published_model_has_its_published_keys():
    with torch.device("meta"):
        ours = SemanticDiscriminator(512, 13, 2)
    lines = "".join(f"{key} {shape} {kind}\n" for key, shape, kind in listing(ours))
    assert hashlib.sha256(lines.encode()).hexdigest() == PUBLISHED_KEYS
    assert sum(p.numel() for p in ours.parameters()) == 51_406_593


def test_state_dicts_are_exchanged_strictly(networks):
    ours, oracle = networks
    ours.load_state_dict(oracle.state_dict(), strict=True)
    oracle.load_state_dict(ours.state_dict(), strict=True)


@pytest.mark.parametrize("count", [1, 2, 3, 4, 8, 12])
@pytest.mark.parametrize("branches", [1, 2], ids=["image", "image-and-seg"])
def test_logits_agree(networks, count, branches):
    ours, oracle = networks
    with torch.no_grad():
        made = ours(*pictures(count)[:branches])
        agree(made, oracle(*pictures(count)[:branches]))
    assert made.shape == (count, 1)


@pytest.mark.parametrize(("size", "parts"), [(8, 2), (32, 13)])
def test_logits_agree_at_other_sizes(size, parts):
    ours, oracle = judges(size, parts)
    with torch.no_grad():
        agree(ours(*pictures(4, size, parts)), oracle(*pictures(4, size, parts)))


def test_logits_agree_in_single_precision():
    ours, oracle = judges(32, 5, torch.float32)
    image, seg = (x.float() for x in pictures(4, 32, 5))
    with torch.no_grad():
        agree(ours(image, seg), oracle(image, seg), 1e-4)


@pytest.mark.parametrize("count", [1, 4, 8])
@pytest.mark.parametrize("branches", [1, 2], ids=["image", "image-and-seg"])
def test_gradients_agree(networks, count, branches):
    found = []
    for network in networks:
        inputs = [x.requires_grad_() for x in pictures(count)[:branches]]
        value = torch.nn.functional.softplus(-network(*inputs)).mean()
        found.append(gradients(value, network, *inputs))
    agree_by_name(*found)


@pytest.mark.parametrize("count", [1, 2, 8])
@pytest.mark.parametrize("judged", ["image", "seg", "image alone"])
def test_r1_penalties_and_their_gradients_agree(networks, count, judged):
    found, penalties = [], []
    for network in networks:
        image, seg = (x.requires_grad_() for x in pictures(count))
        inputs = [image] if judged == "image alone" else [image, seg]
        about = seg if judged == "seg" else image
        logits = network(*inputs).sum()
        (slope,) = torch.autograd.grad(logits, about, create_graph=True)
        penalty = slope.square().flatten(1).sum(1).mean()
        penalties.append(penalty)
        found.append(gradients(penalty, network))
    agree(*penalties)
    agree_by_name(*found)


@pytest.mark.parametrize("count", [5, 6, 7, 9])
def test_a_batch_that_groups_do_not_divide_is_refused(networks, count):
    with pytest.raises(ValueError, match=f"{count}.*multiple of 4"):
        networks[0](*pictures(count))
