"""The sentence about a file or folder that cannot be written."""

import errno
import os

import pytest

from benchmark.storage.unwritable import cannot_write


def failure(code):
    return OSError(code, os.strerror(code))


@pytest.mark.parametrize("code", [errno.ENOTDIR, errno.EEXIST])
def test_a_file_in_the_way_needs_another_folder(tmp_path, code):
    file = tmp_path / "afile"
    file.touch()
    sentence = cannot_write(file, failure(code), "name another folder with --out")
    assert sentence == (
        f"cannot write to {file}: it is a file; name another folder with --out"
    )
    sentence = cannot_write(file / "b" / "c", failure(code))
    assert sentence == f"cannot write to {file}/b/c: {file} is a file; move it away"


@pytest.mark.parametrize(
    ("code", "remedy"),
    [
        (errno.EACCES, "make it writable or give another folder"),
        (errno.ENOSPC, "free some space or give another folder"),
        (errno.EIO, "make it writable, free some space, or give another folder"),
    ],
)
def test_remedies_fit_the_reason(tmp_path, code, remedy):
    sentence = cannot_write(tmp_path, failure(code), "give another folder")
    expected = f"cannot write to {tmp_path}: {os.strerror(code)}; {remedy}"
    assert sentence == expected
