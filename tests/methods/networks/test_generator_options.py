"""Properties of the generator's `forward`; `test_golden` compares its values."""

import golden
import pytest
import torch
from golden import MASKS, call, moved
from seeded import normal
from tiny_networks import (
    COUNT,
    PLAIN,
    PUBLISHED,
    agree,
    generator,
    gradients,
    latents,
)

from methods.networks.semantic_stylegan import SemanticGenerator

PARTS, ROWS = PLAIN["seg_dim"], PLAIN["base_layers"] + 2 * PLAIN["seg_dim"]


@pytest.fixture(scope="module")
def network():
    """The plain generator; no test changes its weights."""
    return generator()


def rendered(network, styles, **options):
    with torch.no_grad():
        return network(styles, input_is_latent=True, **options)


def test_the_published_model_has_its_published_size():
    with torch.device("meta"):
        ours = SemanticGenerator(**PUBLISHED)
    assert sum(p.numel() for p in ours.parameters()) == 20_320_358


def test_a_detached_texture_leaves_the_depth_layers_alone():
    name = "local_nets.1.linears.0.conv.weight"
    attached, detached = (
        gradients(made([latents()], input_is_latent=True).image.sum(), made)[name]
        for made in (generator(detach_texture=detach) for detach in (False, True))
    )
    assert float((attached - detached).abs().max()) > 1e-3


def test_rows_given_one_by_one_are_stacked(network):
    rows = list(normal(2, ROWS, COUNT, 8))
    stacked = rendered(network, [torch.stack(rows, 1)]).image
    agree(rendered(network, rows).image, stacked)


def test_full_truncation_gives_the_centre():
    made = call("z at 0.0")["latents"]
    agree(made, normal(8, 1, 8).expand_as(made))


@pytest.mark.parametrize("name", MASKS)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_masked_parts_have_no_share(network, name, dtype):
    mask = torch.tensor(MASKS[name], dtype=dtype)
    made = rendered(network, [latents()], composition_mask=mask)
    agree(made.image, call(f"mask {name}")["image"])
    shares = (made.seg_coarse + 1) / 2
    gone = (mask == 0)[:, :, None, None].expand_as(shares)
    assert float(shares[gone].abs().sum()) == 0


def test_a_moved_grid_moves_its_part_only(network):
    still, made = call("still"), call("moved")
    agree(still["image"], rendered(network, [latents()]).image)
    agree(made["depths"][:, 1], still["depths"][:, 1])
    assert not torch.allclose(made["depths"][:, 2], still["depths"][:, 2])


def test_grids_of_the_wrong_number_are_refused(network):
    with pytest.raises(ValueError, match=r"2 grids in coords: expected 3"):
        network([latents()], input_is_latent=True, coords=moved(1, 0.2)[:2])


def test_fresh_noise_replaces_the_stored_noise_and_differs_by_sample(network):
    given = latents(count=1).repeat(COUNT, 1, 1)
    torch.manual_seed(4)
    made = rendered(network, [given], randomize_noise=True)
    assert not torch.allclose(made.image[0], made.image[1])
    agree(made.depths[0], made.depths[1])
    stored = rendered(network, [given])
    agree(stored.image[0], stored.image[1])
    drawing = generator()
    torch.manual_seed(4)
    for name, noise in list(drawing.render_net.noises.named_buffers()):
        drawn = torch.randn_like(noise.expand(COUNT, -1, -1, -1))
        setattr(drawing.render_net.noises, name, drawn)
    agree(made.image, rendered(drawing, [given]).image)


def test_mixing_takes_nothing_the_texture_or_both_rows(network):
    """Base rows are the first's; each part mixes none, the texture or both rows."""
    count = 256
    first, second = torch.zeros(count, 8).double(), torch.ones(count, 8).double()
    torch.manual_seed(1)
    found = rendered(network, [first, second]).latents
    assert set(found.unique().tolist()) == {0.0, 1.0}
    rows = found[..., 0].unflatten(1, (PARTS, PLAIN["local_layers"]))
    base, depth = PLAIN["base_layers"], PLAIN["depth_layers"]
    assert float(rows[:, 1:, :base].sum()) == 0
    shape, texture = rows[:, :, base], rows[:, :, depth]
    assert bool((shape <= texture).all())
    for part in range(PARTS):
        shares = torch.bincount((shape + texture)[:, part].long(), minlength=3) / count
        torch.testing.assert_close(shares, torch.full((3,), 1 / 3), rtol=0, atol=0.1)
    # Parts are drawn independently: of three, all agree in a ninth of the samples.
    alike = ((shape + texture) == (shape + texture)[:, :1]).all(1).double().mean()
    assert float(alike) == pytest.approx(1 / 9, abs=0.05)


@pytest.mark.parametrize("rows", [1, ROWS - 1, ROWS + 1])
def test_latents_of_another_number_of_rows_are_refused(network, rows):
    with pytest.raises(ValueError, match=str(ROWS)):
        network([normal(1, COUNT, rows, 8)], input_is_latent=True)


@pytest.mark.parametrize("count", [5, 6, 7, 9])
def test_a_batch_that_groups_do_not_divide_is_refused(count):
    with pytest.raises(ValueError, match=f"{count}.*multiple of 4"):
        golden.logits(count, 2)


def test_logits_are_one_number_a_picture():
    assert golden.logits(4, 2)["logits"].shape == (4, 1)
