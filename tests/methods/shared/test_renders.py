import threading
from types import SimpleNamespace

import numpy as np
import pytest

from benchmark.avatars import AvatarSpec, AvatarVectors, Discrete
from benchmark.storage.store import Store, StoreError
from benchmark.system.progress import Silent
from methods.shared import renders
from methods.shared.renders import renders_stage, training_renders


class CountingEngine:
    """Wraps an engine and counts rendered avatars."""

    def __init__(self, engine, fail_after=None):
        self.meta, self.spec = engine.meta, engine.spec
        self._engine, self._fail_after = engine, fail_after
        self.rendered = 0

    def render(self, vectors, size):
        self.rendered += len(vectors)
        if self._fail_after is not None and self.rendered > self._fail_after:
            raise RuntimeError("killed by the test")
        return self._engine.render(vectors, size)


def make(engine, root, count=600, seed=0):
    return training_renders(engine, count, 64, seed, Store(root), Silent())


def test_pictures_belong_to_their_vectors(engine, tmp_path):
    made = make(engine, tmp_path, count=5)
    assert made.vectors == AvatarVectors.sample(engine.spec, 5, seed=0)
    np.testing.assert_array_equal(made.pictures, engine.render(made.vectors, 64))


def test_renders_are_shared(engine, tmp_path):
    counting = CountingEngine(engine)
    first, second = make(counting, tmp_path), make(counting, tmp_path)
    assert counting.rendered == 0
    np.testing.assert_array_equal(first.pictures, second.pictures)
    assert counting.rendered == 600
    assert first.digest == second.digest


def test_pictures_of_other_vectors_are_refused(engine, tmp_path):
    made = make(engine, tmp_path, count=5)
    np.asarray(made.pictures)
    others = {"discrete": made.vectors.discrete, "continuous": made.vectors.continuous}
    # Only one kind of parameter, if the engine has it.
    name = next(name for name, values in others.items() if values.size)
    (file,) = tmp_path.glob(f"renders/*/{name}.npy")
    file.chmod(0o644)
    np.save(file, others[name] + 1)
    with pytest.raises(StoreError, match="renders of other avatars"):
        np.asarray(make(engine, tmp_path, count=5).pictures)


def test_a_broken_run_resumes_at_the_unfinished_shard(engine, tmp_path):
    whole = make(engine, tmp_path / "whole")
    failing = CountingEngine(engine, fail_after=2 * renders.SHARD)
    with pytest.raises(RuntimeError, match="killed"):
        np.asarray(make(failing, tmp_path / "pieces").pictures)
    counting = CountingEngine(engine)
    resumed = make(counting, tmp_path / "pieces")
    np.testing.assert_array_equal(resumed.pictures, whole.pictures)
    assert counting.rendered == 600 - 2 * renders.SHARD
    assert resumed.digest == whole.digest


def test_a_process_that_waits_for_renders_makes_shards_of_them(engine, tmp_path):
    class Waiting(CountingEngine):
        """Waits in its first shard until the helper has rendered all others."""

        def render(self, vectors, size):
            if not self.rendered:
                thread.start()
                assert helped.wait(60)
            return super().render(vectors, size)

    class Helper(CountingEngine):
        def render(self, vectors, size):
            drawn = super().render(vectors, size)
            if self.rendered == 600 - renders.SHARD:
                helped.set()
            return drawn

    helped = threading.Event()
    first, helper = Waiting(engine), Helper(engine)
    thread = threading.Thread(target=make(helper, tmp_path / "shared").load)
    make(first, tmp_path / "shared").load()
    thread.join()
    assert (first.rendered, helper.rendered) == (renders.SHARD, 600 - renders.SHARD)
    make(engine, tmp_path / "whole").load()
    whole, shared = (
        {
            file.name: file.read_bytes()
            for file in tmp_path.glob(f"{name}/renders/*/*.npy")
        }
        for name in ("whole", "shared")
    )
    assert len(whole) == 3
    assert shared == whole


def test_the_key_depends_on_all_inputs(engine, mixed_engine):
    key = renders_stage(mixed_engine, 10, 64, 0).key
    others = [(11, 64, 0), (10, 65, 0), (10, 64, 1)]
    keys = {renders_stage(mixed_engine, *values).key for values in others}
    assert len(keys | {key}) == 4


def test_optional_parts_may_be_drawn_rarely(mixed_engine, tmp_path):
    def drawn(absent):
        return training_renders(
            mixed_engine, 400, 64, 0, Store(tmp_path), Silent(), absent
        )

    for absent, share in ((0.0, 0), (0.9, 0.9), (1.0, 1)):
        beards = drawn(absent).vectors.column("beard")
        assert np.mean(beards == 0) == pytest.approx(share, abs=0.05)
    alike, others = drawn(None), drawn(0.9)
    assert alike.digest == renders_stage(mixed_engine, 400, 64, 0).key
    assert alike.digest != others.digest
    np.testing.assert_array_equal(alike.vectors.continuous, others.vectors.continuous)


def test_bald_heads_are_no_more_frequent_than_other_hair(mixed_engine, tmp_path):
    """Otherwise methods learn from renders that are nearly all bald."""
    hair = Discrete("hair", "hair", ("none", "crop", "bob", "long"), optional=True)
    spec = AvatarSpec("with-hair", (*mixed_engine.spec.parameters, hair))
    engine = SimpleNamespace(spec=spec, meta=mixed_engine.meta)
    drawn = [
        training_renders(engine, 400, 64, 0, Store(tmp_path), Silent(), absent)
        for absent in (0.9, None)
    ]
    assert np.mean(drawn[0].vectors.column("beard") == 0) > 0.85
    for sample in drawn:
        shares = np.bincount(sample.vectors.column("hair")) / 400
        assert shares == pytest.approx([0.25] * 4, abs=0.08)
    assert drawn[0].digest != drawn[1].digest
