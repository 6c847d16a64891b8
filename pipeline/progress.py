"""What a user sees while a run goes on: rich on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Progress:
    """`say` shows a line; `working` shows what is being done for as long as it is."""

    say: Callable[[str], None]
    working: Callable[[str], AbstractContextManager[Any]]


def silent(_: str) -> None:
    """Say nothing."""


SILENT = Progress(say=silent, working=lambda _: nullcontext())


def progress(*, to_stderr: bool = False) -> Progress:
    """Progress on standard output, or on standard error when standard output carries a result."""
    stream = sys.stderr if to_stderr else sys.stdout
    if not stream.isatty():
        return Progress(say=lambda line: print(line, file=stream, flush=True), working=lambda _: nullcontext())
    from rich.console import Console

    console = Console(stderr=to_stderr, highlight=False, markup=False, soft_wrap=True)
    return Progress(say=console.print, working=lambda text: console.status(f"{text} …"))


def short_path(path: Path) -> str:
    """A path as short as it can be written from here."""
    path = path.absolute()
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
