"""Standard output and standard error that never stop the work of a command."""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING, ClassVar, TextIO

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


STREAMS = {1: "standard output", 2: "standard error"}
"""Names of file descriptors, for messages."""


def prepare_output_streams() -> None:
    """Let a command finish its work even if nobody reads what it prints.

    After the reader of a pipe has ended (`| head -1`), further output is dropped. A
    closed stream (`>&-`) drops all output. Characters that the terminal or pipe cannot
    encode are printed as `?`. What a full disk cannot hold is dropped, and
    `describe_lost_output` says so.
    """
    # A file that is opened later must not get the number of a closed stream.
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115
        elif name != "stdin":
            setattr(sys, name, _tolerant(stream))


def describe_lost_output() -> str | None:
    """One sentence if a stream could not be written, such as on a full disk."""
    sys.stdout.flush()
    sys.stderr.flush()
    if not _Pipe.errors:
        return None
    name, error = next(iter(_Pipe.errors.items()))
    return f"cannot write to {name}: {error.strerror}; everything else is finished"


class _Pipe(io.FileIO):
    """A stream that drops what is written after its reader has ended or it is full."""

    errors: ClassVar[dict[str, OSError]] = {}
    """Errors by the name of the stream; a reader that has ended is none."""

    def write(self, data: ReadableBuffer, /) -> int | None:
        try:
            return super().write(data)
        except OSError as error:
            if not isinstance(error, BrokenPipeError):
                self.errors[STREAMS.get(self.fileno(), "a stream")] = error
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.fileno())
            os.close(nowhere)
            return super().write(data)


def _tolerant(stream: TextIO) -> TextIO:
    if not isinstance(stream, io.TextIOWrapper):
        return stream
    stream.reconfigure(errors="replace")
    if stream not in (sys.__stdout__, sys.__stderr__) or stream.isatty():
        return stream
    stream.flush()
    raw = _Pipe(stream.fileno(), "w", closefd=False)
    unbuffered = isinstance(stream.buffer, io.RawIOBase)
    return io.TextIOWrapper(
        raw if unbuffered else io.BufferedWriter(raw),  # pyright: ignore[reportArgumentType]
        encoding=stream.encoding,
        errors="replace",
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )
