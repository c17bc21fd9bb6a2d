"""The built-in generators: complete, and consistent with their recipe."""

import pytest
import torch

from benchmark.avatars.part_classes import PART_IDS
from benchmark.faces.faceset import embedded_portraits
from benchmark.weights.folders import GENERATOR, SHIPPED
from methods.generator.examples import one_hot
from methods.generator.pretrained import load_discriminator, load_generator
from methods.generator.pretrained import verify as verified
from methods.generator.recipe import read_recipe
from methods.generator.sampling import sample
from methods.shared.pictures import as_tensor

FOLDERS = sorted(path.parent for path in SHIPPED.glob(f"*/{GENERATOR}"))


@pytest.fixture(scope="module", params=FOLDERS, ids=lambda path: path.name)
def folder(request):
    return request.param


def test_one_generator_is_built_in():
    assert [path.name for path in FOLDERS] == ["portraits64"]


def test_files_are_as_written_and_small(folder):
    card = verified(folder)
    assert card.licence
    assert card.images
    assert card.hours
    assert sum(path.stat().st_size for path in folder.iterdir()) < 20e6


def test_the_networks_match_their_recipe(folder):
    recipe = read_recipe(folder.name)
    assert load_generator(folder).config == recipe.config
    theirs = load_discriminator(folder).state_dict()
    ours = recipe.make_discriminator().state_dict()
    assert {k: v.shape for k, v in theirs.items()} == {
        k: v.shape for k, v in ours.items()
    }


def test_samples_differ_and_show_heads(folder):
    found = sample(load_generator(folder), 16, seed=1)
    assert found.pictures.std(axis=0).mean() > 10
    centre = found.parts.shape[1] // 2
    assert (found.parts[:, centre, centre] != PART_IDS["background"]).all()
    share = (found.parts == PART_IDS["hair"]).mean()
    assert 0.03 < share < 0.4


def test_the_discriminator_distinguishes_samples_from_portraits(folder):
    generator, discriminator = load_generator(folder), load_discriminator(folder)
    faces = embedded_portraits().split("validation").subset(16)
    size = generator.config.size
    torch.manual_seed(0)
    latents = generator.style(torch.randn(16, generator.config.style_dim))
    picture = as_tensor(faces.pictures(size))
    parts = one_hot(torch.from_numpy(faces.parsing(size)), generator.config.seg_dim)
    with torch.no_grad():
        made = generator([latents], input_is_latent=True)
        real = discriminator(picture, parts).mean()
        fake = discriminator(made.image, made.seg).mean()
        swapped = discriminator(picture, parts.roll(1, 0)).mean()
    assert fake < real
    assert swapped < real
