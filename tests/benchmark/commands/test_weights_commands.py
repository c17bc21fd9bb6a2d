"""`avatarbench weights import` and `show` on the command line."""

import argparse
import sys

import pytest
import torch

from benchmark.cli import main
from methods.networks.semantic_stylegan import SemanticGenerator

CONFIG = {
    "size": 256,
    "style_dim": 4,
    "n_mlp": 1,
    "channel_multiplier": 1,
    "seg_dim": 2,
    "local_layers": 2,
    "local_channel": 2,
    "base_layers": 1,
    "depth_layers": 1,
    "coarse_size": 128,
    "coarse_channel": 2,
    "min_feat_size": 64,
    "residual_refine": True,
    "detach_texture": False,
    "transparent_dims": (1,),
}


@pytest.fixture(scope="module")
def official(tmp_path_factory):
    args = argparse.Namespace(**CONFIG, latent=CONFIG["style_dim"])
    content = {"g_ema": SemanticGenerator(**CONFIG).state_dict(), "args": args}
    path = tmp_path_factory.mktemp("official") / "mine.pt"
    torch.save(content, path)
    return path


@pytest.fixture
def weights(monkeypatch, capsys, tmp_path):
    """Runs `avatarbench weights` with an empty cache; (status, stdout, stderr)."""
    monkeypatch.setenv("AVATARBENCH_CACHE", str(tmp_path / "cache"))

    def call(*arguments):
        monkeypatch.setattr(
            sys, "argv", ["avatarbench", "weights", *map(str, arguments)]
        )
        with pytest.raises(SystemExit) as caught:
            main()
        out, err = capsys.readouterr()
        return caught.value.code or 0, out, err

    return call


def test_a_checkpoint_is_imported_and_shown(official, weights, tmp_path):
    status, out, err = weights("import", official, "--out", tmp_path / "made")
    assert (status, err) == (0, "")
    assert "CC BY-NC-SA 4.0 (non-commercial)" in out
    status, out, _ = weights("show", tmp_path / "made")
    assert status == 0
    assert "size 256" in out
    assert "generator.safetensors: " in out
    assert "every file is unchanged" in out


def test_without_a_folder_it_is_written_next_to_fetched_files(
    official, weights, tmp_path
):
    weights("import", official, "--name", "faces", "--licence", "mine to give")
    status, out, _ = weights("show", tmp_path / "cache" / "faces")
    assert status == 0
    assert "mine to give" in out


def test_a_mistake_is_one_sentence(official, weights, tmp_path):
    (tmp_path / "page.pt").write_text("<html>")
    calls = {
        ("import", tmp_path / "none.pt"): "none.pt cannot be read: No such file",
        ("import", tmp_path / "page.pt"): "page.pt is a web page",
        ("import", tmp_path): "is a folder",
        (
            "import",
            official,
            "--name",
            "../a",
        ): "'../a' is not allowed: a name has at most 60",
        ("import", official, "--name", "portraits64"): "come with the package",
        ("import-parser", official, "--name", "parser128"): "come with the package",
        ("import", official, "--name", "efficientnet-lite0"): "a published weight file",
        (
            "import",
            official,
            "--out",
            tmp_path / "cache" / "portraits64",
        ): "come with the package; choose another one with --out",
        ("import", official, "--out", tmp_path): "exists already",
        ("show", tmp_path / "none"): "is neither a folder nor a name of weights",
    }
    for call, expected in calls.items():
        status, out, err = weights(*call)
        assert (status, out) == (2, "")
        assert err.startswith("avatarbench: ")
        assert err.count("\n") == 1
        assert expected in err
    assert [p.name for p in tmp_path.iterdir()] == ["page.pt"]
