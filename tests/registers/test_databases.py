"""Connection strings: what is missing is said, and a password is never shown, kept or written."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from pydantic import ValidationError

from pipeline.config import Config, Source
from pipeline.errors import Fault
from pipeline.manifest import configuration
from pipeline.provenance import servers
from pipeline.registers import extracts
from pipeline.registers.formats import find_format
from pipeline.registers.readers import database

SECRET = "hunter2-åäö"


def faults(source: Source, base: Path) -> str:
    found, wrong = extracts.parts("registrations", source, base)
    assert not found
    return "\n".join(map(str, wrong))


def server(url: str) -> Source:
    return Source(register="af", database=url, table="AMS_INSPER")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (f"oracle://me:{SECRET}@server/project", "begins with no kind of database that can be read"),
        ("mssql://me:${NOT_SET_ANYWHERE}@server/project", "needs NOT_SET_ANYWHERE from the environment"),
    ],
)
def test_what_is_wrong_with_a_connection_string(tmp_path: Path, url: str, said: str) -> None:
    message = faults(server(url), tmp_path)
    assert said in message
    assert SECRET not in message


@pytest.mark.parametrize(("kind", "title"), [("mssql", "SQL Server"), ("postgresql", "PostgreSQL")])
def test_a_missing_driver_or_server_is_told_without_the_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, title: str
) -> None:
    monkeypatch.setenv("DB_PASSWORD", SECRET)
    message = faults(server(f"{kind}://me:${{DB_PASSWORD}}@127.0.0.1:9/project"), tmp_path)
    assert title in message
    assert "driver" in message or "no connection" in message
    assert SECRET not in message


def test_the_manifest_has_no_password(config: Config) -> None:
    assert config.sources is not None
    sources = config.sources.model_copy(update={"registrations": server(f"mssql://me:{SECRET}@server/project")})
    changed = config.model_copy(update={"sources": sources})
    assert servers(changed) == ["registrations"]
    assert SECRET not in str(configuration(changed))
    assert configuration(changed)["sources"]["registrations"]["database"] == "mssql://…"


def test_tables_that_are_not_there(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "some.sqlite") as connection:
        connection.execute("CREATE TABLE inskrivning (LopNr TEXT)")
    connection.close()
    wanted = Source(register="af", files="some.sqlite", table="sokande*")
    assert "has no table 'sokande*'. It has inskrivning." in faults(wanted, tmp_path)
    assert "Name its tables" in faults(Source(register="af", files="some.sqlite"), tmp_path)


def test_files_and_databases_exclude_each_other() -> None:
    with pytest.raises(ValidationError, match="either 'files' or 'database'"):
        Source(register="af", files="a.csv", database="sqlite:///b.sqlite", table="c")
    with pytest.raises(ValidationError, match="'database' needs 'table'"):
        Source(register="af", database="sqlite:///b.sqlite")


def test_paths_in_connection_strings() -> None:
    assert database.file_of("sqlite:///data/raw/x.sqlite") == "data/raw/x.sqlite"
    assert database.file_of("duckdb:////srv/x.duckdb") == "/srv/x.duckdb"
    assert database.file_of("mssql://server/project") is None


@pytest.mark.parametrize(
    ("start", "said"),
    [
        (b"7z\xbc\xaf\x27\x1c", "7z archive"),
        (b"PK\x03\x04broken", None),
        (b"MZ\x90\x00", "unpacks itself"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "password"),
    ],
)
def test_files_that_must_be_unpacked_first(tmp_path: Path, start: bytes, said: str | None) -> None:
    path = tmp_path / "extract.csv"
    path.write_bytes(start)
    found = find_format(path, path.name)
    assert found == "excel" if said is None else isinstance(found, Fault) and said in found.what
