"""One run of an evaluation at a time."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from pipeline.errors import UserError

if sys.platform == "win32":
    import msvcrt

    def _take(file: BinaryIO) -> None:
        file.seek(_LOCKED_BYTE)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _take(file: BinaryIO) -> None:
        # Not flock: a child process of a killed run would go on holding that one.
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, _LOCKED_BYTE)


# Beyond the text, so that others can read whose lock it is on Windows too.
_LOCKED_BYTE = 1 << 20


@contextmanager
def only_run(path: Path, taken: str) -> Iterator[None]:
    """Hold the lock file `path`, whose folder must be there; `taken` begins the message when someone else holds it.

    The operating system holds the lock and lets it go when the process ends, however it ends: no stale locks.

    Raises
    ------
    UserError : another process holds it
    """
    file = _locked(path, taken)
    try:
        yield
    finally:
        _give_back(file, path)


def _locked(path: Path, taken: str) -> BinaryIO:
    while True:
        file = path.open("a+b")
        try:
            _take(file)
        except OSError:
            holder = path.read_bytes().decode("ascii", "replace").strip()
            file.close()
            raise UserError(
                f"{taken} already{f' (process {holder})' if holder else ''}. Wait until it is done, or stop it."
            ) from None
        if _is_at(file, path):
            file.truncate(0)
            file.write(str(os.getpid()).encode())
            file.flush()
            return file
        file.close()  # the holder removed it between our opening and locking it


def _is_at(file: BinaryIO, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _give_back(file: BinaryIO, path: Path) -> None:
    if sys.platform == "win32":  # an open file cannot be removed there
        file.close()
        try:
            path.unlink(missing_ok=True)
        except OSError:
            return  # someone else has it by now
    else:
        path.unlink(missing_ok=True)  # before the lock goes, so that nobody else's is removed
        file.close()
