import pytest

from benchmark.avatars.counting import counted


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 faces"), (1, "1 face"), (2, "2 faces"), (1200, "1,200 faces")],
)
def test_one_thing_is_singular(count, text):
    assert counted(count, "face") == text


def test_an_irregular_plural_is_given():
    assert counted(1, "person", "people") == "1 person"
    assert counted(3, "person", "people") == "3 people"
