"""Read YAML files that people write."""

from __future__ import annotations

import re
from typing import Any

import yaml

_MERGE = "tag:yaml.org,2002:merge"
_FLOAT = "tag:yaml.org,2002:float"
_TIMESTAMP = "tag:yaml.org,2002:timestamp"
_EXPONENT = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)[eE][-+]?\d+$")


class _Loader(yaml.SafeLoader):
    """A safe loader that raises an error for a repeated key instead of dropping one.

    It reads 1e-3 as a number and dates as text, as YAML 1.2 does. In YAML 1.1, 1e-3 is
    text, and a date such as 2023-13-45 is an error.
    """

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            # Deep, so that an alias within its own anchor is an error.
            return super().construct_object(node, deep=True)
        except (ValueError, LookupError, AttributeError, TypeError) as error:
            kind = node.tag.rpartition(":")[2]
            raise yaml.constructor.ConstructorError(
                None, None, f"the value is not of type {kind}: {error}", node.start_mark
            ) from error

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> Any:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            if key_node.tag == _MERGE:
                continue
            mark = key_node.start_mark
            if not isinstance(key_node, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(
                    None, None, "a key must be a plain scalar", mark
                )
            key = self.construct_object(key_node)
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"key {key!r} is given twice", mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)


_Loader.add_implicit_resolver(_FLOAT, _EXPONENT, list("-+.0123456789"))
_Loader.yaml_implicit_resolvers = {
    first: [pair for pair in pairs if pair[0] != _TIMESTAMP]
    for first, pairs in _Loader.yaml_implicit_resolvers.items()
}


def load_yaml(text: str) -> Any:
    """The content of a YAML file; raises YAMLError, also for a key given twice."""
    try:
        return yaml.load(text, _Loader)
    except RecursionError:
        raise yaml.YAMLError("it is nested too deeply") from None


def yaml_problem(error: yaml.YAMLError | UnicodeDecodeError) -> str:
    """Where a text is not valid YAML, if that is known, and why."""
    mark = getattr(error, "problem_mark", None)
    line = f"line {mark.line + 1}: " if mark else ""
    return f"{line}not valid YAML: {getattr(error, 'problem', None) or error}"
