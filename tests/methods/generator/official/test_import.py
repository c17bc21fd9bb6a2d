"""An imported official checkpoint: the same networks, with a card."""

import pytest
import torch
from official_checkpoints import CONFIG, checkpoint, generator, saved, settings

from benchmark.storage.digests import file_digest
from benchmark.weights import WeightsError
from methods.generator.official import LICENCE, import_official
from methods.generator.pretrained import (
    load_discriminator,
    load_generator,
    read_card,
    verify,
)
from methods.networks.semantic_stylegan import SemanticGenerator


@pytest.mark.parametrize("archive", [True, False])
def test_an_imported_generator_draws_the_same_pictures(archive, tmp_path):
    path = saved(tmp_path / "one.pt", archive=archive)
    import_official(path, tmp_path / "mine", "mine")
    original, imported = generator(1), load_generator(tmp_path / "mine")
    z = torch.randn(2, CONFIG["style_dim"], generator=torch.Generator().manual_seed(3))
    for one, other in zip(original([z]), imported([z]), strict=True):
        assert torch.equal(one, other)


def test_an_imported_discriminator_has_the_same_weights(tmp_path):
    content = checkpoint()
    import_official(saved(tmp_path / "one.pt", content), tmp_path / "mine", "mine")
    state = load_discriminator(tmp_path / "mine").state_dict()
    assert state.keys() == content["d"].keys()
    assert all(torch.equal(state[key], value) for key, value in content["d"].items())


@pytest.mark.parametrize("prefix", ["module.", "_orig_mod.", "module._orig_mod."])
def test_the_prefix_of_wrapped_networks_is_dropped(tmp_path, prefix):
    content = checkpoint()
    for key in ("g_ema", "d"):
        content[key] = {f"{prefix}{k}": v for k, v in content[key].items()}
    import_official(saved(tmp_path / "one.pt", content), tmp_path / "mine", "mine")
    import_official(saved(tmp_path / "two.pt", checkpoint()), tmp_path / "us", "us")
    for file in ("generator.safetensors", "discriminator.safetensors"):
        same = [(tmp_path / place / file).read_bytes() for place in ("mine", "us")]
        assert same[0] == same[1]


def test_the_card_describes_the_import(tmp_path):
    path = saved(tmp_path / "BitMoji-512x512.pt")
    written = import_official(path, tmp_path / "mine", "mine")
    card = verify(tmp_path / "mine")
    assert card.sha256 == file_digest(path)
    assert card.bytes == path.stat().st_size
    assert (card.source, card.licence, card.title) == (path.name, LICENCE, "mine")
    assert "BitMoji" in card.data
    assert card.made_with.startswith("avatarbench ")
    assert card.generator["transparent_dims"] == [1]
    counts = [sum(p.numel() for p in generator().parameters())]
    assert card.parameters["generator.safetensors"] == counts[0]
    assert set(card.digests) == {"generator.safetensors", "discriminator.safetensors"}
    assert card.digests == written.digests
    assert read_card(tmp_path / "mine") == card


def test_settings_that_no_network_needs_are_not_read(tmp_path):
    odd = settings(channels={4: 3}, lr_mlp="x", forward=[1])
    import_official(
        saved(tmp_path / "one.pt", checkpoint(args=odd)), tmp_path / "m", "m"
    )
    assert load_generator(tmp_path / "m").config.lr_mlp == 0.01


def test_fine_tuned_files_have_no_discriminator(tmp_path):
    content = checkpoint(d=None, g=None, g_optim=None, d_optim=None)
    assert set(content) == {"g_ema", "args"}
    card = import_official(saved(tmp_path / "a.pt", content), tmp_path / "m", "m")
    assert card.discriminator is None
    assert sorted(p.name for p in (tmp_path / "m").iterdir()) == [
        "card.json",
        "generator.safetensors",
    ]
    with pytest.raises(WeightsError, match="without a discriminator"):
        load_discriminator(tmp_path / "m")


def test_the_widths_of_the_released_networks_load_too(tmp_path):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("methods.networks.generator_config.WIDEST", 512)
        wide = {"size": 256, "coarse_size": 128, "min_feat_size": 64}
        network = SemanticGenerator(**(CONFIG | wide))
        content = {"g_ema": network.state_dict(), "args": settings(**wide)}
        path = saved(tmp_path / "one.pt", content)
        card = import_official(path, tmp_path / "mine", "mine")
        assert load_generator(tmp_path / "mine").config == network.config
    assert card.generator["size"] == 256
