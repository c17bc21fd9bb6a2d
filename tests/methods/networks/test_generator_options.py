"""What `forward` takes besides codes: ours against the oracle, and on its own."""

import pytest
import torch
from seeded import normal
from tiny_networks import COUNT, PLAIN, agree, agree_by_name, both, latents

PARTS, ROWS = PLAIN["seg_dim"], PLAIN["base_layers"] + 2 * PLAIN["seg_dim"]


@pytest.fixture(scope="module")
def networks():
    """Ours and the oracle; nobody changes their weights."""
    return both()


def compare(networks, styles, tolerance=1e-9, **options):
    """Assert that both make the same of the same call; gives ours' outputs."""
    found = []
    with torch.no_grad():
        for network in networks:
            torch.manual_seed(4)
            found.append(network(styles, **{"randomize_noise": False} | options))
    agree_by_name(*(outputs._asdict() for outputs in found), tolerance)
    return found[0]


@pytest.mark.parametrize(
    "shape",
    [
        pytest.param((COUNT, 8), id="W"),
        pytest.param((COUNT, ROWS, 8), id="W+"),
        pytest.param((COUNT, PARTS * PLAIN["local_layers"], 8), id="expanded"),
        pytest.param((1, ROWS, 8), id="one"),
    ],
)
def test_every_form_of_latent_agrees(networks, shape):
    codes = normal(2, *shape)
    compare(networks, [codes], input_is_latent=True)
    options = {"truncation": 0.7, "truncation_latent": normal(9, 1, 8)}
    compare(networks, [codes], input_is_latent=True, **options)


def test_rows_given_one_by_one_agree(networks):
    rows = list(normal(2, ROWS, COUNT, 8))
    made = compare(networks, rows, input_is_latent=True)
    stacked = compare(networks, [torch.stack(rows, 1)], input_is_latent=True)
    agree(made.image, stacked.image)
    compare(networks, rows)


@pytest.mark.parametrize("truncation", [0.0, 0.7, 1.0, 1.3])
def test_truncation_agrees(networks, truncation):
    origin = networks[1].style(normal(8, 64, 8)).mean(0, keepdim=True).detach()
    options = {"truncation": truncation, "truncation_latent": origin}
    made = compare(networks, [normal(3, COUNT, 8)], **options)
    if truncation == 0:
        agree(made.latents, origin.expand_as(made.latents))


@pytest.mark.parametrize(
    "mask",
    [
        pytest.param([[1, 1, 1], [1, 1, 1]], id="all"),
        pytest.param([[1, 0, 1], [0, 1, 1]], id="other-by-sample"),
        pytest.param([[0, 0, 0], [1, 0, 0]], id="nothing-left"),
        pytest.param([[0, 1, 0], [0, 0.25, 2.5]], id="fractions"),
    ],
)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_composition_masks_agree(networks, mask, dtype):
    codes = latents(networks[1])
    mask = torch.tensor(mask, dtype=dtype)
    options = {"input_is_latent": True, "composition_mask": mask}
    made = compare(networks, [codes], **options)
    shares = (made.seg_coarse + 1) / 2
    gone = (mask == 0)[:, :, None, None].expand_as(shares)
    assert float(shares[gone].abs().sum()) == 0


def test_a_mask_carries_gradients_alike(networks):
    found = []
    for network in networks:
        codes = latents(networks[1]).requires_grad_()
        mask = torch.tensor([[1.0, 0.5, 0.0]] * COUNT).double().requires_grad_()
        options = {"composition_mask": mask, "randomize_noise": False}
        outputs = network([codes], input_is_latent=True, **options)
        value = (outputs.image * normal(1, *outputs.image.shape)).sum()
        value = value + (outputs.seg * normal(2, *outputs.seg.shape)).sum()
        grads = torch.autograd.grad(value, [codes, mask])
        found.append(dict(zip(("codes", "mask"), grads, strict=True)))
    agree_by_name(*found)


def moved(networks, part, by):
    """One grid a part; `part`'s is shifted along x."""
    grid = networks[1].grid(normal(0, 1))
    shift = torch.tensor([by, 0.0]).double()[None, :, None, None]
    return [grid + shift * (index == part) for index in range(PARTS)]


def test_moved_parts_agree(networks):
    codes = latents(networks[1])
    options = {"input_is_latent": True}
    still = compare(networks, [codes], coords=moved(networks, 2, 0.0), **options)
    agree(still.image, compare(networks, [codes], **options).image)
    made = compare(networks, [codes], coords=moved(networks, 2, 0.4), **options)
    agree(made.depths[:, 1], still.depths[:, 1])
    assert not torch.allclose(made.depths[:, 2], still.depths[:, 2])


def test_grids_may_differ_by_sample(networks):
    grids = [grid.expand(COUNT, -1, -1, -1) for grid in moved(networks, 1, 0.2)]
    grids[0] = grids[0] * normal(6, COUNT, 1, 1, 1)
    compare(networks, [latents(networks[1])], input_is_latent=True, coords=grids)


def test_grids_of_the_wrong_number_are_refused(networks):
    grids = moved(networks, 1, 0.2)[:2]
    with pytest.raises(ValueError, match=r"2 grids in coords: expected 3"):
        networks[0]([latents(networks[1])], input_is_latent=True, coords=grids)


def test_fresh_noise_agrees_and_differs_by_sample(networks):
    codes = latents(networks[1], count=1).repeat(COUNT, 1, 1)
    made = compare(networks, [codes], input_is_latent=True, randomize_noise=True)
    assert not torch.allclose(made.image[0], made.image[1])
    agree(made.depths[0], made.depths[1])
    stored = compare(networks, [codes], input_is_latent=True)
    agree(stored.image[0], stored.image[1])


@pytest.mark.parametrize("index", [0, 1])
def test_mixing_takes_what_a_style_may_give(networks, index):
    """Base rows of the first; by part and sample none, the texture or both."""
    network, count = networks[index], 256
    first, second = torch.zeros(count, 8).double(), torch.ones(count, 8).double()
    torch.manual_seed(1)
    with torch.no_grad():
        found = network([first, second], input_is_latent=True).latents
    assert set(found.unique().tolist()) == {0.0, 1.0}
    rows = found[..., 0].unflatten(1, (PARTS, PLAIN["local_layers"]))
    base, depth = PLAIN["base_layers"], PLAIN["depth_layers"]
    assert float(rows[:, 1:, :base].sum()) == 0
    shape, texture = rows[:, :, base], rows[:, :, depth]
    assert bool((shape <= texture).all())
    for part in range(PARTS):
        shares = torch.bincount((shape + texture)[:, part].long(), minlength=3) / count
        torch.testing.assert_close(shares, torch.full((3,), 1 / 3), rtol=0, atol=0.1)
    # Parts are drawn apart: of three, all agree in a ninth of the samples.
    alike = ((shape + texture) == (shape + texture)[:, :1]).all(1).double().mean()
    assert float(alike) == pytest.approx(1 / 9, abs=0.05)


@pytest.mark.parametrize("rows", [1, ROWS - 1, ROWS + 1])
def test_codes_of_another_number_of_rows_are_refused(networks, rows):
    with pytest.raises(ValueError, match=str(ROWS)):
        networks[0]([normal(1, COUNT, rows, 8)], input_is_latent=True)
