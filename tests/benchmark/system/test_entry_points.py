"""Damaged entry points of a distribution are named, and the others are read."""

import importlib.metadata

import plugins
import pytest

from benchmark.system.entry_points import damaged_distributions, readable_entry_points
from benchmark.system.error_sentences import describe_error


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A folder of the path with a sound and a damaged distribution."""
    plugins.install(tmp_path, "sound", {"methods": {"sound": "json:loads"}})
    plugins.install(tmp_path, "damaged", {"methods": {"other": "json:loads"}})
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "damaged-1.0.dist-info" / "entry_points.txt").write_text(
        "[avatarbench.methods]\n# a comment\n\nother json:loads\n"
    )
    return tmp_path


def test_the_others_are_read(site):
    found, problems = readable_entry_points("avatarbench.methods")
    assert [entry.name for entry in found] == ["sound"]
    assert len(problems) == 1
    assert "damaged 1.0" in problems[0]
    assert "line 4 of entry_points.txt, 'other json:loads'" in problems[0]


def test_a_distribution_of_another_group_is_left_out(site):
    assert readable_entry_points("avatarbench.metrics")[1] == []


def test_a_file_that_is_not_text_is_named(site):
    file = site / "damaged-1.0.dist-info" / "entry_points.txt"
    file.write_bytes(b"[avatarbench.methods]\n\xff = json:loads\n")
    (problem,) = damaged_distributions()
    assert "the entry points of damaged 1.0 cannot be read: UnicodeDecode" in problem
    assert readable_entry_points("avatarbench.metrics")[1] == [problem]


def test_a_distribution_without_metadata_is_named_by_its_folder(site):
    (site / "damaged-1.0.dist-info" / "METADATA").unlink()
    (problem,) = damaged_distributions()
    assert f"of a distribution without metadata in {site} cannot" in problem


def test_a_library_that_fails_over_it_gets_the_same_sentence(site):
    with pytest.raises(TypeError) as caught:
        importlib.metadata.entry_points(group="pydantic")
    sentence, status = describe_error(caught.value)
    assert [sentence] == damaged_distributions()
    assert status == 2
