import torch
from safetensors.torch import save_file

from methods.shared.tensors import save_concatenated


def test_joined_files_have_the_bytes_of_one_file_of_the_joined_tensors(tmp_path):
    names, files, pieces = ("wide", "flat"), [], []
    for rows in (4, 4, 3):
        wide = torch.randn(rows, 5, 7).half()
        pieces.append({"wide": wide, "flat": torch.randn(rows), "other": torch.ones(2)})
        files.append(tmp_path / f"{len(files)}.safetensors")
        save_file(pieces[-1], files[-1])
    save_concatenated(files, names, tmp_path / "joined")
    whole = {name: torch.cat([piece[name] for piece in pieces]) for name in names}
    save_file(whole, tmp_path / "whole")
    assert (tmp_path / "joined").read_bytes() == (tmp_path / "whole").read_bytes()
