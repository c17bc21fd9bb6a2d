"""Which contents of torch.save are read; tests/methods/generator/official has more."""

import argparse
import warnings

import pytest
import torch

from benchmark.weights import WeightsError
from benchmark.weights.torch_file import read_torch_file


def saved(tmp_path, content, archive=True):
    path = tmp_path / "one.pt"
    torch.save(content, path, _use_new_zipfile_serialization=archive)
    return path


@pytest.mark.parametrize("archive", [True, False])
def test_weights_and_settings_are_read(tmp_path, archive):
    weight = torch.arange(3.0)
    args = argparse.Namespace(size=32, names=["a", "b"])
    content = {"w": weight, "again": weight, "args": args, "steps": (1, 2.5, None)}
    read = read_torch_file(saved(tmp_path, content, archive))
    assert read["args"] == args
    assert read["steps"] == content["steps"]
    for name in ("w", "again"):
        torch.testing.assert_close(read[name], weight)


def special_tensors():
    with warnings.catch_warnings(action="ignore"):
        return {
            "sparse": torch.ones(3).to_sparse(),
            "quantised": torch.quantize_per_tensor(torch.ones(3), 0.1, 0, torch.qint8),
            "meta": torch.ones(3, device="meta"),
        }


@pytest.mark.parametrize("name", ["sparse", "quantised", "meta"])
def test_special_tensors_are_refused_at_any_depth(tmp_path, name):
    with warnings.catch_warnings(action="ignore"):
        args = argparse.Namespace(deep=[{"tensor": special_tensors()[name]}])
        path = saved(tmp_path, {"args": args})
    with pytest.raises(WeightsError, match=r"one\.pt .* does not need"):
        read_torch_file(path)
