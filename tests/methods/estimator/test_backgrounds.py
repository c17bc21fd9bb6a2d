import pytest
import torch

from benchmark.avatars import AvatarVectors
from benchmark.avatars.part_classes import PART_IDS
from benchmark.registry import ENGINES
from methods.estimator.backgrounds import plain_backdrop, replace_background
from methods.shared.pictures import as_tensor
from methods.shared.randomness import generator_of

SIDE = 128


@pytest.mark.parametrize("name", ["toon-tiktok", "toon-alter", "avataaars"])
def test_the_backdrop_of_renders_is_found_and_the_head_stays(name):
    engine = ENGINES.create(name)
    vectors = AvatarVectors.sample(engine.spec, 24, seed=0)
    faces = as_tensor(engine.render(vectors, SIDE)) / 2 + 0.5
    behind = torch.from_numpy(engine.parts(vectors, SIDE) == PART_IDS["background"])
    found = plain_backdrop(faces)
    assert float((found & ~behind).sum() / behind.sum()) < 0.01
    assert float((found & behind).sum() / behind.sum()) > 0.9
    changed = replace_background(faces, found, generator_of(0), 2.0)
    core = ~behind & (torch.nn.functional.avg_pool2d(found.float(), 5, 1, 2) == 0)
    inside = core[:, None].expand_as(faces)
    assert torch.equal(changed[inside], faces[inside])
    assert float((changed - faces).abs().amax(1)[found].mean()) > 0.1


def test_a_portrait_with_a_scene_behind_it_has_no_plain_backdrop():
    noise = torch.rand(4, 3, 32, 32, generator=generator_of(1))
    assert not plain_backdrop(noise).any()
