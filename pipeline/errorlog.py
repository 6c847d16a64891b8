"""What is written down when the program itself fails: where, never a message or a value, which may be somebody's."""

from __future__ import annotations

import os
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from pipeline.errors import UserError
from pipeline.progress import short_path


class Unexpected(Exception):
    """A fault of the program, told in a line; the rest is in a log."""


@contextmanager
def logged(interim: Path | None) -> Iterator[None]:
    """Write what is unexpected to error.log: where it happened, but no message or value, which may be somebody's."""
    try:
        yield
    except (UserError, click.ClickException, click.Abort, BrokenPipeError):
        raise
    except Exception as error:
        if os.environ.get("UTFALL_TRACEBACK"):
            raise
        raise Unexpected(_log(error, interim)) from None


def _log(error: Exception, interim: Path | None) -> str:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    told = f"utfall failed unexpectedly: {type(error).__name__} in {Path(frame.filename).name}, line {frame.lineno}."
    more = "Set UTFALL_TRACEBACK=1 to see the whole on this screen; it may show data."
    if interim is None:
        return f"{told} {more}"
    interim.mkdir(parents=True, exist_ok=True, mode=0o700)
    log = interim / "error.log"
    log.touch(mode=0o600)
    log.write_text("\n".join(_trace(error)) + "\n", encoding="utf-8")
    return f"{told} The log, without data, is {short_path(log)}. {more}"


def _trace(error: BaseException | None) -> Iterator[str]:
    while error is not None:
        yield f"{type(error).__module__}.{type(error).__name__}"
        for frame in traceback.extract_tb(error.__traceback__):
            yield f"  {frame.filename}, line {frame.lineno}, in {frame.name}: {frame.line}"
        error = error.__cause__ or error.__context__
