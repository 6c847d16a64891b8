"""Faults in simulated extracts: the same seed puts the same, every one stands where the ledger says, people apart."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from pipeline.errors import UserError
from pipeline.simulated import write_simulated
from pipeline.simulation import Simulated
from pipeline.simulation.faults import LEDGER, Faulty, put_faults, read_ledger
from pipeline.simulation.faults.people import PERSON_FAULTS
from pipeline.simulation.faults.put import as_delivered
from pipeline.simulation.faults.rows import ROW_FAULTS


@pytest.fixture(scope="module")
def faulty(small: Simulated) -> Faulty:
    return put_faults(small.tables, seed=3)


def test_every_fault_is_put(faulty: Faulty) -> None:
    there = {entry.fault for entry in faulty.ledger}
    assert there >= {fault.fault for fault in (*ROW_FAULTS, *PERSON_FAULTS)}
    assert there >= {"renamed_column", "packed_date", "time_of_day", "padded", "lost_zeros", "label"}
    assert there >= {"earlier_delivery", "after_death"}


def test_same_seed_same_faults(small: Simulated, faulty: Faulty) -> None:
    again, other = put_faults(small.tables, seed=3), put_faults(small.tables, seed=4)
    assert again.ledger == faulty.ledger
    assert other.ledger != faulty.ledger
    assert all(again.tables[name].equals(table) for name, table in faulty.tables.items())


def test_the_ledger_points_at_the_row(faulty: Faulty) -> None:
    holds = {
        "unknown_code": lambda row: {"99", "12"} & set(row.dropna()),
        "code_not_in_force": lambda row: "37" in set(row),
        "sentinel_date": lambda row: set(row) & {"9999-12-31", "00070101", "19890101", "99991231", "0007-01-01",
                                                 "1989-01-01"},
        "partial_date": lambda row: row.str.endswith("-00").any(),
        "no_person": lambda row: pd.isna(row.iloc[0]),
        "no_start": lambda row: pd.isna(row.iloc[1]),
        "end_before_start": lambda row: row.iloc[2] < row.iloc[1],
    }  # fmt: skip
    seen = set()
    for entry in faulty.ledger:
        if entry.fault in holds and entry.row is not None:
            assert holds[entry.fault](faulty.tables[entry.file].iloc[entry.row - 2]), entry
            seen.add(entry.fault)
    assert seen == set(holds)


def test_people_who_are_set_aside_are_copies(small: Simulated, faulty: Faulty) -> None:
    copied = {fault.fault for fault in PERSON_FAULTS if fault.copied}
    people = {entry.person for entry in faulty.ledger if entry.fault in copied and entry.person}
    assert people
    assert not people & set(small.people["person_id"])


def test_the_tables_given_are_not_changed(small: Simulated) -> None:
    before = {name: table.copy() for name, table in small.tables.items()}
    put_faults(small.tables, seed=3)
    assert all(small.tables[name].equals(table) for name, table in before.items())


def test_values_as_delivered() -> None:
    table = pd.DataFrame({"day": pd.to_datetime(["2020-02-29", None]), "amount": [12.5, 0.0], "code": ["01", None]})
    assert as_delivered(table).to_dict("list") == {
        "day": ["2020-02-29", None],
        "amount": ["12,5", "0,0"],
        "code": ["01", None],
    }


def test_the_ledger_is_written_beside_the_extracts_and_reads_back(tmp_path: Path) -> None:
    written = write_simulated(tmp_path, 1_500, 1, faults=True)
    assert tmp_path / LEDGER in written
    ledger = read_ledger(tmp_path / LEDGER)
    assert {entry.file for entry in ledger if entry.row} <= {path.stem for path in written}
    write_simulated(tmp_path, 1_500, 1)
    assert not (tmp_path / LEDGER).exists(), "a ledger of other extracts must not stay behind"


def test_too_few_people_to_carry_the_faults(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="too few"):
        write_simulated(tmp_path, 200, 1, faults=True)
    assert not [path for path in tmp_path.iterdir() if not path.name.startswith(".")]
