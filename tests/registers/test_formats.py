"""The same people in every format give the same typed rows, on which all else depends; what is found out is said."""

from __future__ import annotations

import datetime as dt
import gzip
from pathlib import Path
from typing import Any

import pytest

from pipeline import engine
from pipeline.cli import SIMULATED_FORMATS
from pipeline.config import Config, Source
from pipeline.registers import extracts
from pipeline.registers.checks import Delivered
from pipeline.registers.pseudonyms import Hashing
from pipeline.simulation import Simulated, simulate, write_extracts
from pipeline.simulation.files import DATABASE, FORMATS, WRITERS

STEMS = {
    "registrations": "af_inskrivning",
    "categories": "af_sokandekategori",
    "background": "lisa_",
    "participants": "esf_deltagare",
}


KEYS = Hashing(bytes(32), True, dt.date(2021, 12, 31))


@pytest.fixture(scope="module")
def simulated() -> Simulated:
    return simulate(400, seed=5)


def with_files(config: Config, files: dict[str, dict[str, Any]]) -> Config:
    """The configuration with other files for its sources."""
    assert config.sources is not None
    sources = {name: getattr(config.sources, name).model_dump(by_alias=True) for name in STEMS}
    changed = {name: Source(**{**source, **files[name]}) for name, source in sources.items()}
    return config.model_copy(update={"sources": config.sources.model_copy(update=changed)})


def in_format(config: Config, file_format: str) -> Config:
    if file_format == "sqlite":
        return with_files(config, {name: {"files": [DATABASE], "table": [f"{stem}*"]} for name, stem in STEMS.items()})
    suffix = WRITERS[file_format][0]
    return with_files(config, {name: {"files": [f"{stem}*{suffix}"]} for name, stem in STEMS.items()})


Rows = dict[str, list[tuple[Any, ...]]]


def typed(config: Config, base: Path) -> tuple[Rows, list[Delivered]]:
    """The typed rows of each source in an order of their own, and what was found out about the files."""
    assert config.sources is not None
    rows: Rows = {}
    files: list[Delivered] = []
    with engine.session("duckdb", base) as (connection, scratch):
        for source in STEMS:
            wanted = getattr(config.sources, source)
            parts, faults = extracts.parts(source, wanted, base)
            assert not faults
            delivered = []
            for part in parts:
                file, faults = extracts.deliver(connection, connection, scratch, source, wanted, part, KEYS)
                assert file is not None
                assert not faults
                delivered.append(file)
            table = extracts.typed_rows(delivered).to_pyarrow()
            rows[source] = sorted(zip(*table.to_pydict().values(), strict=True), key=str)
            files += delivered
    return rows, files


@pytest.fixture(scope="module")
def expected(config: Config, simulated: Simulated, tmp_path_factory: pytest.TempPathFactory) -> Rows:
    base = tmp_path_factory.mktemp("csv")
    write_extracts(simulated, base)
    return typed(in_format(config, "csv"), base)[0]


def test_the_command_offers_what_can_be_written() -> None:
    assert SIMULATED_FORMATS == FORMATS


def test_sas_transport_gives_the_same_rows(
    config: Config, simulated: Simulated, expected: Rows, tmp_path: Path
) -> None:
    """The other formats are in test_same_results.py."""
    write_extracts(simulated, tmp_path, "sas-transport")
    rows, files = typed(in_format(config, "sas-transport"), tmp_path)
    assert rows == expected
    assert {file.format for file in files} == {"sas-transport"}
    assert [file.year for file in files if file.source == "background"] == [2018, 2019, 2020, 2021]


def test_text_in_other_variants_gives_the_same_rows(
    config: Config, simulated: Simulated, expected: Rows, tmp_path: Path
) -> None:
    """UTF-8 with its mark and tabs, gzip, quotation marks, decimal points; a file name without the usual ending."""
    write_extracts(simulated, tmp_path)
    variants = {
        "af_inskrivning.csv": lambda text: ("\ufeff" + text.replace(";", "\t")).encode("utf-8"),
        "af_sokandekategori.csv": lambda text: gzip.compress(text.encode("cp1252")),
        "esf_deltagare.csv": lambda text: "\n".join(
            "|".join(f'"{value}"' for value in line.split(";")) for line in text.splitlines()
        ).encode("latin-1"),
        "lisa_2018.csv": lambda text: text.replace(",", ".").encode("ascii"),
        "lisa_2019.csv": lambda text: text.encode("utf-16"),
    }
    for name, changed in variants.items():
        path = tmp_path / name
        path.write_bytes(changed(path.read_bytes().decode("cp1252")))
    (tmp_path / "lisa_2021.csv").rename(tmp_path / "forsk_lev_lisa2021")
    patterns = {name: {"files": [f"*{stem.strip('_')}*"]} for name, stem in STEMS.items()}
    rows, files = typed(with_files(config, patterns), tmp_path)
    assert rows == expected
    said = {file.shown: (file.encoding, file.delimiter) for file in files}
    assert said["af_inskrivning.csv"] == ("utf-8-sig", "\t")
    assert said["lisa_2019.csv"] == ("utf-16", ";")
    assert said["esf_deltagare.csv"][1] == "|"


def test_a_duckdb_file_gives_the_same_rows(
    config: Config, simulated: Simulated, expected: Rows, tmp_path: Path
) -> None:
    import duckdb

    write_extracts(simulated, tmp_path, "parquet")
    with duckdb.connect(tmp_path / "registers.duckdb") as database:
        for path in tmp_path.glob("*.parquet"):
            database.execute(f"CREATE TABLE \"{path.stem}\" AS SELECT * FROM '{path}'")
    where = {
        name: {"files": [], "database": "duckdb:///registers.duckdb", "table": [f"{stem.upper()}*"]}
        for name, stem in STEMS.items()
    }
    assert typed(with_files(config, where), tmp_path)[0] == expected
