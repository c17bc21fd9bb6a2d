import os
from pathlib import Path

import pytest

from benchmark.storage.latest import LatestError, follow_latest, point_latest


@pytest.fixture(params=["links", "no links"])
def links(request, monkeypatch):
    """Whether the file system has symbolic links."""
    if request.param == "no links":

        def refuse(self, target, target_is_directory=False):
            raise PermissionError(1, "Operation not permitted", str(self))

        monkeypatch.setattr(Path, "symlink_to", refuse)
    return request.param == "links"


def test_latest_leads_to_the_newest_run(links, tmp_path):
    for name in ("first", "second"):
        (tmp_path / name / "study").mkdir(parents=True)
        point_latest(tmp_path / name)
        latest = tmp_path / "latest"
        assert latest.is_symlink() == links
        for place in (latest, latest / "study"):
            found = follow_latest(place).resolve()
            assert found == (tmp_path / name / place.relative_to(latest))
    assert sorted(os.listdir(tmp_path)) == ["first", "latest", "second"]


def test_a_link_replaces_a_text_file(tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "latest").write_text("older\n")
    point_latest(tmp_path / "run")
    assert (tmp_path / "latest").resolve() == tmp_path / "run"


def test_a_folder_is_not_replaced(tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "latest").mkdir()
    with pytest.raises(LatestError, match="rename or delete it"):
        point_latest(tmp_path / "run")
    assert sorted(os.listdir(tmp_path)) == ["latest", "run"]


def test_other_paths_stay_as_they_are(tmp_path):
    for path in (Path("runs/quick"), Path("latest"), tmp_path / "latest" / "x"):
        assert follow_latest(path) == path
