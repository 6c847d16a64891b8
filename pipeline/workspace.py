"""What a stage is given: the evaluation, where to read, where to write, and whom to tell."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pipeline.config import Config


@dataclass(frozen=True, slots=True)
class Run:
    """One run of one stage.

    `base` is the folder of config.yaml, which source paths are relative to. `read` is `data/interim/<name>`, where
    earlier stages wrote. `write` is an empty folder: what a stage puts there appears in its place when the stage is
    done, all of it or nothing. `say` shows the user one line of progress, in which counts of people stand as `told`.
    """

    config: Config
    base: Path
    read: Path
    write: Path
    say: Callable[[str], None]
    told: Callable[[int], str] = str
