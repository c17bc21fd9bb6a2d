import io
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pair_memory
import pandas as pd
import pytest
import torch
from PIL import Image
from places import HELPERS

from benchmark.avatars import AvatarSpec, AvatarVectors, Continuous, Discrete
from benchmark.storage.store import Store
from benchmark.system.progress import Silent
from methods.estimator.examples import unpacked
from methods.generator.sampling import synthesise
from methods.swiftavatar import pairs
from methods.swiftavatar.options import NO_SEMANTIC, SemanticOptions
from methods.swiftavatar.pair_shards import ShardPictures
from methods.swiftavatar.pairs import produced_pairs

SPEC = AvatarSpec(
    "tiny",
    (
        Discrete("beard", "face", ("none", "full"), optional=True),
        Continuous("width", "head"),
        Discrete("shape", "head", ("round", "square", "oval")),
    ),
)
CHOICES = AvatarSpec("choices", SPEC.parameters[::2])
SCALARS = AvatarSpec("scalars", SPEC.parameters[1:2])
THREE = SemanticOptions(copies=3)


class Counting(Silent):
    """Records how many pairs were finished when a progress bar started."""

    found = 0

    def task(self, label, total, done=0):
        self.found = done
        return super().task(label, total, done)


@pytest.fixture(autouse=True)
def _small_shards(monkeypatch):
    monkeypatch.setattr(pairs, "SHARD", 4)


@pytest.fixture
def produce(realistic, make_latents, tmp_path):
    """Pairs of five avatars, from the test's own store."""

    def make(options=THREE, spec=SPEC, size=16, root="store", progress=None, **changed):
        given = {
            "inverted": make_latents(5),
            "vectors": AvatarVectors.sample(spec, 7, seed=2),
            "realistic": realistic,
            "realistic_digest": "weights",
            "seed": 0,
        } | changed
        return produced_pairs(
            **given,
            options=options,
            size=size,
            store=Store(tmp_path / root),
            progress=progress or Silent(),
        )

    return make


def files(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_copies_cycle_through_the_avatars(produce):
    found = produce()
    vectors = AvatarVectors.sample(SPEC, 7, seed=2)[:5]
    assert len(found.pictures) == 15
    assert found.pictures[:].shape == (15, 16, 16, 3)
    assert found.pictures[:].dtype == np.uint8
    assert found.vectors == AvatarVectors.concatenate([vectors] * 3)


def test_without_augmentation_the_faces_are_those_of_the_latents(
    produce, realistic, make_latents
):
    found = produce(NO_SEMANTIC)
    faces = synthesise(realistic, make_latents(5).latents).pictures
    assert len(found.pictures) == 5
    # The batch size may change the last bit of a pixel.
    assert np.abs(found.pictures[:].astype(int) - faces).max() <= 1


@pytest.mark.parametrize("spec", [SPEC, CHOICES, SCALARS], ids=lambda spec: spec.name)
def test_pandas_reads_the_shards_without_this_project(produce, realistic, spec):
    found = produce(spec=spec)
    paths = sorted(found.folder.glob("*.parquet"))
    table = pd.concat([pd.read_parquet(path) for path in paths], ignore_index=True)
    assert [len(pd.read_parquet(path)) for path in paths] == [4, 4, 4, 3]
    assert list(table.columns) == ["picture", *spec.names, "code", "avatar", "copy"]
    assert table["avatar"].tolist() == [*range(5)] * 3
    assert table["copy"].tolist() == [0] * 5 + [1] * 5 + [2] * 5
    values = table[list(spec.names)].to_dict("records")
    assert AvatarVectors.from_records(spec, values) == found.vectors
    for scalar in spec.continuous:
        assert table[scalar.name].dtype == np.float32
    decoded = [Image.open(io.BytesIO(data)) for data in table["picture"]]
    np.testing.assert_array_equal(np.stack(decoded), found.pictures[:])


def test_the_latent_of_a_row_renders_its_picture(produce, realistic):
    found = produce()
    shard = pd.read_parquet(sorted(found.folder.glob("*.parquet"))[1])
    shape = shard.attrs["code_shape"]
    latents = np.stack(
        [np.frombuffer(b, np.float16).reshape(shape) for b in shard.code]
    )
    faces = synthesise(realistic, torch.from_numpy(latents.astype(np.float32))).pictures
    np.testing.assert_array_equal(faces, found.pictures[4:8])


def test_rows_are_read_in_any_order_and_unpacked_for_random_reads(produce, tmp_path):
    found = produce()
    whole, rows = found.pictures[:], np.array([14, 0, 3, 4, 3])
    np.testing.assert_array_equal(found.pictures[rows], whole[rows])
    array = unpacked(found, tmp_path, Silent())
    assert isinstance(array.pictures, np.memmap)
    np.testing.assert_array_equal(array.pictures, whole)
    assert unpacked(array, tmp_path / "unused", Silent()) is array


def test_a_folder_without_shards_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="holds no pairs-"):
        ShardPictures(tmp_path)


@pytest.mark.slow
def test_peak_memory_does_not_grow_with_the_pairs():
    few, many = (pair_memory.peak_in_fresh_process(n) for n in (1_000, 10_000))
    if few is None or many is None:
        pytest.skip("this system does not tell a process its peak memory")
    pictures = 9_000 * 64 * 64 * 3 / 2**20
    assert many - few < pictures / 2


def test_pairs_are_shared_and_their_key_follows_what_matters(
    produce, make_latents, monkeypatch
):
    first = produce()
    with monkeypatch.context() as patched:
        patched.setattr(pairs, "write_shard", None)
        again = produce()
    assert first.digest == again.digest
    np.testing.assert_array_equal(first.pictures[:], again.pictures[:])
    others = [
        produce(SemanticOptions(copies=3, hair=0.2)),
        produce(SemanticOptions(copies=2)),
        produce(size=8),
        produce(seed=1),
        produce(inverted=make_latents(4)),
        produce(realistic_digest="other weights"),
        produce(vectors=AvatarVectors.sample(SPEC, 7, seed=3)),
    ]
    assert len({found.digest for found in [first, *others]}) == 8
    assert others[2].pictures[:].shape == (15, 8, 8, 3)


def test_more_copies_keep_the_first_ones(produce):
    few, many = produce(SemanticOptions(copies=2)), produce()
    # The rest of the batch may change the last bit of a pixel.
    gap = np.abs(few.pictures[:].astype(int) - many.pictures[:10])
    assert gap.max() <= 1


def test_a_broken_production_resumes_at_the_unfinished_shard(produce, monkeypatch):
    whole = produce(root="whole")
    real, written = pairs.write_shard, []

    def failing(path, rows):
        if len(written) == 2:
            path.with_name(f".{path.name}.1-2.tmp").write_bytes(b"half a sh")
            raise RuntimeError("killed by the test")
        written.append(path.name)
        real(path, rows)

    monkeypatch.setattr(pairs, "write_shard", failing)
    with pytest.raises(RuntimeError, match="killed"):
        produce(root="pieces")
    monkeypatch.setattr(pairs, "write_shard", real)
    bar = Counting()
    resumed = produce(root="pieces", progress=bar)
    assert bar.found == 8
    assert files(resumed.folder) == files(whole.folder)
    np.testing.assert_array_equal(resumed.pictures[:], whole.pictures[:])


@pytest.mark.slow
def test_a_kill_loses_one_shard_at_most_and_changes_no_byte(tmp_path):
    def run(store, fatal):
        script = HELPERS / "production.py"
        command = [sys.executable, script, tmp_path / store, str(fatal)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout.strip()

    code, whole = run("whole", 0)
    assert code == 0
    assert run("pieces", 2)[0] == -signal.SIGKILL
    (open_shards,) = (tmp_path / "pieces").glob("pairs/*.scratch/shards")
    kept = {path: path.stat().st_mtime_ns for path in open_shards.iterdir()}
    assert len(kept) == 2
    code, resumed = run("pieces", 0)
    assert code == 0
    assert files(Path(resumed)) == files(Path(whole))
    for path, written in kept.items():
        assert (Path(resumed) / path.name).stat().st_mtime_ns == written


def test_too_few_vectors_and_too_large_pictures_are_refused(produce):
    with pytest.raises(ValueError, match="5 latent codes but 4 vectors"):
        produce(vectors=AvatarVectors.sample(SPEC, 4, seed=2))
    with pytest.raises(ValueError, match="pairs of 32 px: the generator has 16 px"):
        produce(size=32)


def test_a_parameter_named_like_a_column_is_refused(produce):
    spec = AvatarSpec("clash", (Continuous("copy", "head"),))
    with pytest.raises(ValueError, match="engine clash: the parameter 'copy' has the"):
        produce(spec=spec)
