import getpass

import pytest

from benchmark.system.home_paths import expand_home, expand_home_in_url


@pytest.fixture(autouse=True)
def _home(monkeypatch):
    monkeypatch.setenv("HOME", "/home/ann")


@pytest.mark.parametrize(
    ("given", "expanded"),
    [
        ("~", "/home/ann"),
        ("~/a b", "/home/ann/a b"),
        ("a/~/b", "a/~/b"),
        ("~nobody-of-this-name/x", "~nobody-of-this-name/x"),
        ("~ about", "~ about"),
        ("", ""),
    ],
)
def test_the_home_folder_is_expanded_at_the_start_only(given, expanded):
    assert expand_home(given) == expanded


def test_the_home_folder_of_a_user_is_expanded():
    assert not expand_home(f"~{getpass.getuser()}/x").startswith("~")


@pytest.mark.parametrize(
    ("given", "expanded"),
    [
        ("sqlite:///~/m.db", "sqlite:////home/ann/m.db"),
        ("sqlite+pysqlite:///~/m.db", "sqlite+pysqlite:////home/ann/m.db"),
        ("sqlite:///a/~/m.db", "sqlite:///a/~/m.db"),
        ("http://host/~/m.db", "http://host/~/m.db"),
    ],
)
def test_the_home_folder_is_expanded_in_addresses_of_files(given, expanded):
    assert expand_home_in_url(given) == expanded
