import numpy as np
import pytest

from benchmark.storage.batch_files import build_batches, fill_array
from benchmark.storage.store import atomic_write
from benchmark.system.progress import Silent


class Killed(Exception):
    pass


class Numbers:
    """Rows 0, 1, 2, …; raises Killed at the batch after `limit` batches."""

    def __init__(self, limit=99):
        self.limit = limit
        self.built = []

    def __call__(self, rows):
        if len(self.built) == self.limit:
            raise Killed
        self.built.append((rows.start, rows.stop))
        return np.arange(rows.start, rows.stop)[:, None]

    def write(self, rows, file):
        atomic_write(file, self(rows).tobytes())


class Bar(Silent):
    """Records the arguments of each task."""

    def __init__(self):
        self.tasks = []

    def task(self, label, total, done=0):
        self.tasks.append((label, total, done))
        return super().task(label, total, done)


def batches(folder, numbers, progress=None):
    files = build_batches(
        10, 4, lambda n: folder / f"{n}.bin", numbers.write, progress or Silent(), "x"
    )
    return b"".join(file.read_bytes() for file in files)


def test_batches_cover_all_rows_in_order(tmp_path):
    numbers = Numbers()
    assert batches(tmp_path, numbers) == np.arange(10).tobytes()
    assert numbers.built == [(0, 4), (4, 8), (8, 10)]
    assert [path.name for path in sorted(tmp_path.iterdir())] == [
        "0.bin",
        "1.bin",
        "2.bin",
    ]


def test_only_missing_batches_are_built(tmp_path):
    with pytest.raises(Killed):
        batches(tmp_path, Numbers(limit=2))
    (tmp_path / "0.bin").unlink()
    numbers, bar = Numbers(), Bar()
    assert batches(tmp_path, numbers, bar) == np.arange(10).tobytes()
    assert numbers.built == [(0, 4), (8, 10)]
    assert bar.tasks == [("x", 10, 4)]


def test_processes_share_batches_and_each_is_built_once(tmp_path):
    """A second process comes while the first one builds its first batch."""
    claims = tmp_path / "claims"
    second = Numbers()

    def file_of(number):
        return tmp_path / f"{number}.bin"

    def share(write):
        return build_batches(10, 4, file_of, write, Silent(), "x", claims)

    def interrupted(rows, file):
        if not second.built:
            with pytest.raises(Killed):
                share(second.write)
        first.write(rows, file)

    first, second = Numbers(), Numbers(limit=1)
    files = share(interrupted)
    assert b"".join(file.read_bytes() for file in files) == np.arange(10).tobytes()
    assert second.built == [(4, 8)]
    assert first.built == [(0, 4), (8, 10)]


def test_no_rows_need_no_batch(tmp_path):
    numbers = Numbers()
    file_of = tmp_path.joinpath
    assert build_batches(0, 4, file_of, numbers.write, Silent(), "x") == []
    assert numbers.built == []


def fill(file, numbers, progress=None):
    fill_array(file, 10, 4, np.int16, numbers, progress or Silent(), "x")


def test_an_array_is_filled_in_its_own_dtype(tmp_path):
    fill(tmp_path / "all.npy", Numbers())
    array = np.load(tmp_path / "all.npy")
    assert array.dtype == np.int16
    np.testing.assert_array_equal(array, np.arange(10)[:, None])


def test_an_array_is_resumed_at_the_open_batch(tmp_path):
    file = tmp_path / "all.npy"
    with pytest.raises(Killed):
        fill(file, Numbers(limit=2))
    numbers, bar = Numbers(), Bar()
    fill(file, numbers, bar)
    np.testing.assert_array_equal(np.load(file), np.arange(10)[:, None])
    assert numbers.built == [(8, 10)]
    assert bar.tasks == [("x", 10, 8)]


def test_a_note_without_its_array_is_ignored(tmp_path):
    file = tmp_path / "all.npy"
    fill(file, Numbers())
    file.unlink()
    numbers = Numbers()
    fill(file, numbers)
    assert len(numbers.built) == 3
    np.testing.assert_array_equal(np.load(file), np.arange(10)[:, None])
