"""Names that become file names and MLflow keys."""

import pytest

from benchmark.avatars.names import check_name_of_words, check_plain_name

UNSAFE = ["", "..", "../up", "a/b", "a\\b", ".a", "-a", "a b", "a@b", "ä", "a\n", "a:b"]


@pytest.mark.parametrize("name", ["anna", "Anna_2", "ben-3.1", "a" * 60])
def test_safe_names_are_kept(name):
    assert check_plain_name(name) == name


@pytest.mark.parametrize("name", [*UNSAFE, "a" * 61])
def test_unsafe_names_are_refused_with_the_rule_in_words(name):
    with pytest.raises(ValueError, match="is not allowed: a name has at most 60"):
        check_plain_name(name)
    with pytest.raises(ValueError, match="lower-case letters, digits and single"):
        check_name_of_words(name)


@pytest.mark.parametrize("name", ["Anna", "a_b", "a.b", "a--b", "a-"])
def test_suites_and_variants_have_names_of_words(name):
    with pytest.raises(ValueError, match="lower-case letters, digits and single"):
        check_name_of_words(name)
