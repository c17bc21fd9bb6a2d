"""Digests of the source of plugins change with every file that Python may import."""

import plugins
import pytest
import tiny_suite

from benchmark.config.plugin_sources import plugin_sources
from benchmark.config.suite import parse_suite


@pytest.fixture
def site(tmp_path, monkeypatch):
    """Two folders of the path, each with a part of the package `shared_space`."""
    for name in ("second", "first"):
        folder = tmp_path / name / "shared_space"
        folder.mkdir(parents=True)
        (folder / f"{name}.py").write_text("")
        monkeypatch.syspath_prepend(folder.parent)
    entries = {"methods": {"plugin": "shared_space.second:Plugin"}}
    plugins.install(tmp_path / "second", "my-plugin", entries)
    plugins.forget(monkeypatch, "shared_space")
    return tmp_path


def digest_of_plugin(folder):
    data = tiny_suite.suite_data(variants=[{"name": "mine", "method": "plugin"}])
    suite = parse_suite(data, "tiny.yaml", folder)
    (digest,) = plugin_sources(suite, ()).values()
    return digest


@pytest.mark.parametrize("part", ["first", "second"])
def test_every_folder_of_a_namespace_package_counts(site, part):
    before = digest_of_plugin(site)
    assert digest_of_plugin(site) == before
    (site / part / "shared_space" / f"{part}.py").write_text("new = 1\n")
    assert digest_of_plugin(site) != before


def test_of_two_files_with_one_name_the_imported_one_counts(site):
    imported, hidden = (
        site / p / "shared_space" / "both.py" for p in ("first", "second")
    )
    imported.write_text("old = 1\n")
    hidden.write_text("")
    before = digest_of_plugin(site)
    hidden.write_text("new = 1\n")
    assert digest_of_plugin(site) == before
    imported.write_text("new = 1\n")
    assert digest_of_plugin(site) != before
