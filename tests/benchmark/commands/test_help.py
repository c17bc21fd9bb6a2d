"""Every help text arrives whole, whatever its markup."""

import re

import pytest
from command_line import invoke

from benchmark.cli import command_line


def walk(command, path=()):
    """Every command and group, with the words that call it."""
    yield path, command
    for name, inner in getattr(command, "commands", {}).items():
        yield from walk(inner, (*path, name))


COMMANDS = dict(walk(command_line()))


def texts_of(command):
    """What the help must show: descriptions, and defaults that are given as texts."""
    texts = [command.help, command.epilog]
    texts += [getattr(param, "help", None) for param in command.params]
    texts += [getattr(param, "show_default", None) for param in command.params]
    shown = [text for text in texts if isinstance(text, str)]
    return [paragraph for text in shown for paragraph in text.split("\n\n")]


def flat(text):
    """The words of a text without line breaks, frames and Markdown's signs."""
    return " ".join(re.sub(r"[│`*]|\(DEPRECATED\)|\(deprecated\)", " ", text).split())


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_help_shows_every_text_whole(path):
    wide = {"COLUMNS": "300", "TERMINAL_WIDTH": "300"}
    done = invoke(*path, "--help", env=wide)
    assert done.exit_code == 0
    shown = flat(done.output).replace(" ", "")
    for text in texts_of(COMMANDS[path]):
        assert flat(text).replace(" ", "") in shown
