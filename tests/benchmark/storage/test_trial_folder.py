"""A folder is replaced whole, whatever interrupts it; pictures as files."""

from pathlib import Path

import numpy as np
import pytest
from simulated_kill import SimulatedKill

from benchmark.storage.trial_folder import publish, webp_bytes, webp_files


def fill_with(text):
    return lambda folder: (folder / "text").write_text(text)


@pytest.mark.parametrize("renames", [0, 1, 2])
def test_an_interrupted_replacement_keeps_a_whole_folder(
    renames, tmp_path, monkeypatch
):
    target = tmp_path / "trial"
    publish(target, fill_with("before"))
    left = renames
    rename = Path.rename

    def interrupted(self, new):
        nonlocal left
        if not left:
            left = 9
            raise SimulatedKill
        left -= 1
        return rename(self, new)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", interrupted)
        if renames < 2:
            with pytest.raises(SimulatedKill):
                publish(target, fill_with("after"))
        else:
            publish(target, fill_with("after"))
    assert (target / "text").read_text() == ("after" if renames == 2 else "before")
    assert [path.name for path in tmp_path.iterdir()] == ["trial"]


def test_a_folder_that_a_kill_left_hidden_survives_a_failed_replacement(tmp_path):
    target = tmp_path / "trial"
    publish(target, fill_with("before"))
    target.rename(tmp_path / ".trial.old")
    with pytest.raises(ZeroDivisionError):
        publish(target, lambda folder: 1 / 0)
    assert (target / "text").read_text() == "before"


def test_pictures_encoded_together_have_the_bytes_of_single_ones():
    pictures = np.random.default_rng(0).integers(0, 256, (5, 16, 16, 3), np.uint8)

    assert webp_files(pictures) == [webp_bytes(picture) for picture in pictures]
    assert webp_files(pictures[:0]) == []
