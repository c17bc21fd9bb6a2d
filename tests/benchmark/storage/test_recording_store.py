import shutil

from benchmark.storage.recording_store import RecordingStore
from benchmark.storage.store import Stage, Store

ONE, TWO = Stage("work", "1", seed=1), Stage("work", "1", seed=2)


def nothing(folder, scratch):
    pass


def test_each_stage_is_recorded_once_as_it_was_first_requested(tmp_path):
    store = Store(tmp_path, made_with={"numpy": "2.0"})
    store.get_or_build(ONE, nothing)
    recording = RecordingStore(store)
    for stage in (ONE, TWO, TWO, ONE):
        assert recording.get_or_build(stage, nothing) == store.folder(stage)
    one, two = recording.requested
    assert (one.name, one.key, two.key) == ("work", ONE.key, TWO.key)
    assert (one.cached, two.cached) == (True, False)
    assert not one.shipped
    assert one.record == store.record(ONE)
    assert two.record["made_with"] == {"numpy": "2.0"}


def test_shipped_stages_are_recorded_as_such(tmp_path):
    Store(tmp_path / "made").get_or_build(ONE, nothing)
    shutil.copytree(tmp_path / "made" / "work", tmp_path / "package" / "work")
    store = Store(tmp_path / "mine", shipped=tmp_path / "package")
    recording = RecordingStore(store)
    recording.get_or_build(ONE, nothing)
    (one,) = recording.requested
    assert one.cached
    assert one.shipped
    assert not (tmp_path / "mine").exists()
