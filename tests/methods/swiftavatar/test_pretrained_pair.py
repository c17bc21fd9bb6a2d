import pytest
import torch
from tiny_pair import DISCRIMINATOR, GENERATOR, write

from benchmark.weights.folders import WeightsError
from methods.base import MethodError
from methods.generator.pretrained import load_discriminator, load_generator
from methods.swiftavatar.pretrained_pair import open_pair, pair_files


def test_the_pair_is_read_from_its_folder_and_frozen(tmp_path):
    files = write(tmp_path / "faces")
    assert tuple(files) == pair_files("faces")
    pair = open_pair({**files, "lpips": tmp_path / "lpips.pth"}, "cpu")
    wanted = load_generator(tmp_path / "faces"), load_discriminator(tmp_path / "faces")
    for ours, theirs in zip((pair.realistic, pair.discriminator), wanted, strict=True):
        state = theirs.state_dict()
        assert all(torch.equal(v, state[k]) for k, v in ours.state_dict().items())
        assert not ours.training
        assert not any(p.requires_grad for p in ours.parameters())
    assert pair.channels.channels == DISCRIMINATOR["channels"]


@pytest.mark.slow
def test_the_digest_depends_only_on_weights_and_networks(tmp_path):
    def digest(folder, **changes):
        return open_pair(write(tmp_path / folder, **changes), "cpu").digest

    first = digest("first")
    assert digest("elsewhere", title="other words") == first
    assert digest("weights", seed=1) != first
    # The same weights with another configuration.
    assert digest("glass", generator={**GENERATOR, "transparent_dims": [10]}) != first


@pytest.mark.parametrize("kept", [(), ("generator",), ("discriminator",)], ids="-".join)
def test_an_incomplete_pair_is_refused(tmp_path, kept):
    files = {k: v for k, v in write(tmp_path / "faces").items() if v.stem in kept}
    with pytest.raises(MethodError, match=r"generator\.safetensors and discr.* of one"):
        open_pair(files, "cpu")


def test_two_pairs_are_refused(tmp_path):
    files = {**write(tmp_path / "one"), **write(tmp_path / "two")}
    with pytest.raises(MethodError, match=r"one folder, got: one/gen.*two/disc"):
        open_pair(files, "cpu")


def test_a_generator_of_other_parts_is_refused(tmp_path):
    generator = {**GENERATOR, "seg_dim": 5, "transparent_dims": []}
    files = write(
        tmp_path / "few",
        generator=generator,
        discriminator={**DISCRIMINATOR, "seg_dim": 5},
    )
    with pytest.raises(MethodError, match=r"few has 5 parts, .* needs the 13"):
        open_pair(files, "cpu")


def test_a_discriminator_of_another_size_is_refused(tmp_path):
    smaller = {**DISCRIMINATOR, "size": 8}
    with pytest.raises(MethodError, match=r"has 8 px and the generator 16 px"):
        open_pair(write(tmp_path / "faces", discriminator=smaller), "cpu")


def test_changed_weights_are_refused(tmp_path):
    files = write(tmp_path / "faces")
    path = files["faces/generator.safetensors"]
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    with pytest.raises(WeightsError, match="damaged or was changed"):
        open_pair(files, "cpu")


def test_an_adaptation_with_new_heads_needs_the_generator_only(tmp_path):
    files = write(tmp_path / "faces")
    assert pair_files("faces", with_discriminator=False) == (
        "faces/generator.safetensors",
    )
    files["faces/discriminator.safetensors"].unlink()
    pair = open_pair({k: files[k] for k in pair_files("faces", False)}, "cpu", False)
    assert pair.discriminator is None


@pytest.mark.slow
def test_the_digest_ignores_a_discriminator_that_is_not_used(tmp_path):
    def digests(folder, **changes):
        files = write(tmp_path / folder, **changes)
        return tuple(open_pair(files, "cpu", used).digest for used in (True, False))

    first = digests("first")
    other = digests("other", discriminator={**DISCRIMINATOR, "channels": {4: 6, 8: 6}})
    assert other[0] != first[0]
    assert other[1] == first[1]
    assert digests("weights", seed=1)[1] != first[1]
    glass = digests("glass", generator={**GENERATOR, "transparent_dims": [10]})
    assert glass[1] != first[1]
