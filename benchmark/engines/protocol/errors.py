"""What can go wrong with an engine that is a program."""

from __future__ import annotations


class EngineError(RuntimeError):
    """The program of an engine did something wrong; the message says what."""


class EngineStopped(EngineError):
    """The program ended, hung or cannot be reached; another try may succeed."""


class EngineUnavailable(ImportError):
    """An engine cannot be made here; the message says why and what to do."""
