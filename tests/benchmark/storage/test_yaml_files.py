from typing import Annotated

import pytest
import yaml
from pydantic import BaseModel, BeforeValidator, model_validator

from benchmark.storage.yaml_files import load_yaml, yaml_problem
from benchmark.storage.yaml_mistakes import explain


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 0.001),
        ("2E5", 2e5),
        ("-.5e+1", -5.0),
        ("1.5e3", 1500.0),
        ("'1e-3'", "1e-3"),
        ("e3", "e3"),
        ("12e", "12e"),
        ("7", 7),
        ("2023-11-05", "2023-11-05"),
        ("2023-13-45", "2023-13-45"),
    ],
)
def test_numbers_with_an_exponent_are_numbers_and_dates_are_text(text, value):
    found = load_yaml(f"key: {text}")["key"]
    assert found == value
    assert type(found) is type(value)


def test_a_key_is_given_once():
    with pytest.raises(yaml.YAMLError, match="key 'a' is given twice"):
        load_yaml("a: 1\na: 2")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("!!timestamp 2023-13-45", "not of type timestamp: month must be"),
        ("!!timestamp soon", "the value is not of type timestamp"),
        ("!!int many", "the value is not of type int"),
        ("!!bool perhaps", "the value is not of type bool"),
        ("0x_", "the value is not of type int"),
        ("9" * 5000, "the value is not of type int"),
        ("&a [*a]", "recursive"),
    ],
)
def test_a_value_that_cannot_be_read_is_named_with_its_line(value, expected):
    with pytest.raises(yaml.YAMLError) as caught:
        load_yaml(f"first: 1\nkey: {value}")
    problem = yaml_problem(caught.value)
    assert problem.startswith("line 2: not valid YAML: ")
    assert expected in problem


@pytest.mark.slow
def test_deep_nesting_is_not_valid():
    with pytest.raises(yaml.YAMLError, match="nested too deeply"):
        load_yaml("[" * 5000)


def _in_thousands(value: object) -> object:
    is_short = isinstance(value, str) and value.endswith("k")
    return int(str(value)[:-1]) * 1000 if is_short else value


class Plugin(BaseModel):
    """Options of somebody else's method, which converts a value on purpose."""

    steps: Annotated[int, BeforeValidator(_in_thousands)] = 1
    sizes: tuple[int, ...] = ()
    table: dict[int, float] = {}
    anything: dict = {}

    @model_validator(mode="after")
    def _keys_are_numbers(self):
        sum(self.anything)
        return self


@pytest.mark.parametrize(
    "data",
    [
        {"steps": "5k"},
        {"sizes": [1, 2], "table": {64: 1, 128: 0.5}},
        {"anything": {64: "x"}},
        {"table": {1: float("inf")}},
    ],
)
def test_what_a_plugin_accepts_stays_valid(data):
    assert explain(Plugin, data) == []


def test_every_mistake_is_explained_at_once():
    data = {"steps": 2.0, "sizes": [1, "2"], "table": {64: True}}
    assert explain(Plugin, data) == [
        "steps: expected a whole number, got 2.0; write 2",
        "sizes.1: expected a whole number, got '2'",
        "table.64: expected a number, got true",
    ]
