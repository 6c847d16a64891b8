"""One door to two engines: the same steps give the same rows and the same bytes."""

from __future__ import annotations

import datetime as dt
import importlib.util
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import ibis
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from ibis.common.exceptions import TableNotFound

from pipeline import engine
from pipeline.errors import UserError

SPARK_MISSING = importlib.util.find_spec("pyspark") is None or shutil.which("java") is None
ENGINES = [
    "duckdb",
    pytest.param("spark", marks=pytest.mark.skipif(SPARK_MISSING, reason="pyspark (extra 'spark') or Java is missing")),
]


@pytest.fixture(params=ENGINES)
def connection(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ibis.BaseBackend]:
    connection = engine.connect(request.param, tmp_path)
    yield connection
    connection.disconnect()


@pytest.fixture
def periods(tmp_path: Path) -> Path:
    """Two people in categories; one ongoing period, one row twice."""
    rows = [
        ("b", "70", "2020-01-01", "2020-03-01"),
        ("a", "11", "2020-01-05", "2020-02-01"),
        ("a", "70", "2020-02-01", None),
        ("a", "11", "2020-01-05", "2020-02-01"),
    ]
    table = pa.table(
        {
            "person_id": [row[0] for row in rows],
            "category": [row[1] for row in rows],
            "valid_from": pa.array([dt.date.fromisoformat(row[2]) for row in rows]),
            "valid_to": pa.array([row[3] and dt.date.fromisoformat(row[3]) for row in rows], pa.date32()),
        }
    )
    pq.write_table(table, tmp_path / "periods.parquet")
    return tmp_path / "periods.parquet"


def steps(table: ibis.Table) -> ibis.Table:
    """What stages are made of: distinct, a window, an anti join, days between dates, a filled open end."""
    far = ibis.date("9999-12-31")
    alone = table.distinct()
    window = ibis.window(group_by="person_id", order_by="valid_from")
    numbered = alone.mutate(
        next_from=alone.valid_from.lead().over(window), place=ibis.row_number().over(window).cast("int64")
    )
    ended = alone.filter(alone.valid_to.notnull() & (alone.category == "70")).select("person_id").distinct()
    lasting = numbered.anti_join(ended, "person_id")
    return lasting.mutate(days=lasting.valid_to.fill_null(far).delta(lasting.valid_from, unit="day").cast("int64"))


def test_the_same_steps_give_the_same_numbers(connection: ibis.BaseBackend, periods: Path, tmp_path: Path) -> None:
    table = engine.read_parquet(connection, periods)
    engine.write_parquet(steps(table), tmp_path / "out.parquet", ["person_id", "valid_from"])
    rows = pq.read_table(tmp_path / "out.parquet").to_pylist()
    february = dt.date(2020, 2, 1)
    assert rows == [
        {"person_id": "a", "category": "11", "valid_from": dt.date(2020, 1, 5), "valid_to": february,
         "next_from": february, "place": 0, "days": 27},
        {"person_id": "a", "category": "70", "valid_from": february, "valid_to": None,
         "next_from": None, "place": 1, "days": (dt.date(9999, 12, 31) - february).days},
    ]  # fmt: skip
    assert not list(tmp_path.glob(".out*")), "no part files stay behind"


def test_rows_are_in_total_order_with_nulls_first(connection: ibis.BaseBackend, periods: Path, tmp_path: Path) -> None:
    table = engine.read_parquet(connection, periods)
    engine.write_parquet(table.distinct(), tmp_path / "out.parquet", ["valid_to"])
    ends = pq.read_table(tmp_path / "out.parquet").column("valid_to").to_pylist()
    assert ends == [None, dt.date(2020, 2, 1), dt.date(2020, 3, 1)]


def test_bytes_do_not_depend_on_row_order_or_processors(tmp_path: Path) -> None:
    digests = set()
    for threads in (1, 4):
        for descending in (False, True):
            connection = engine.connect()
            connection.raw_sql(f"SET threads = {threads}")
            # More rows than a row group holds, with many alike.
            numbers = connection.sql(
                "SELECT (i * 7919 % 1000)::varchar AS person_id, i % 3 AS n FROM range(300000) t(i)"
            )
            table = numbers.order_by(ibis.desc("n") if descending else ibis.asc("person_id"))
            digests.add(engine.write_parquet(table, tmp_path / "out.parquet", ["person_id"]).read_bytes())
            connection.disconnect()
    assert len(digests) == 1


def test_files_are_read_as_one_table(connection: ibis.BaseBackend, periods: Path, tmp_path: Path) -> None:
    shutil.copy(periods, tmp_path / "more.parquet")
    both = engine.read_parquet(connection, [periods, tmp_path / "more.parquet"])
    assert both.count().execute() == 8


def test_no_extension_is_fetched() -> None:
    connection = engine.connect()
    settings = {"autoinstall_known_extensions", "autoload_known_extensions"}
    names = ", ".join(f"'{name}'" for name in settings)
    rows = connection.raw_sql(f"SELECT name, value FROM duckdb_settings() WHERE name IN ({names})").fetchall()
    assert dict(rows) == dict.fromkeys(settings, "false")
    connection.disconnect()


def test_scratch_is_private_and_gone_afterwards(tmp_path: Path) -> None:
    with engine.session("duckdb", tmp_path) as (connection, scratch):
        assert scratch.parent == tmp_path
        assert connection.raw_sql("SELECT current_setting('temp_directory')").fetchone()[0].startswith(str(scratch))
        if os.name == "posix":
            assert scratch.stat().st_mode & 0o077 == 0, "only the owner may read it"
    assert not list(tmp_path.iterdir())


def test_scratch_is_gone_when_a_step_fails(tmp_path: Path) -> None:
    with pytest.raises(TableNotFound), engine.session("duckdb", tmp_path) as (connection, _):
        connection.table("no_such_table")
    assert not list(tmp_path.iterdir())


def test_spark_that_is_not_installed_is_one_clear_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    with pytest.raises(UserError, match=r"Spark is not installed.*pip install 'utfall\[spark\]'"):
        engine.connect("spark")


def test_an_unknown_engine_is_refused() -> None:
    with pytest.raises(ValueError, match="engine must be 'duckdb' or 'spark'"):
        engine.connect("polars")


def test_text_becomes_a_literal() -> None:
    assert engine.quoted("o'clock") == "'o''clock'"
