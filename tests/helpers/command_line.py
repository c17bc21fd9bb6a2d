"""Calls of the command line within the process of the tests."""

from typing import Any
from unittest import mock

from typer.testing import CliRunner, Result

from benchmark.cli import app, command_line


def invoke(*words: object, **settings: Any) -> Result:
    """Run `avatarbench WORDS`; `settings` are those of typer's runner."""
    # The runner would build all commands again.
    with mock.patch("typer.testing._get_command", return_value=command_line()):
        return CliRunner().invoke(app, [*map(str, words)], **settings)
