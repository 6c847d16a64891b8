"""The files: the same seed gives the same bytes, and they are as the authorities deliver them."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pandas as pd
import pytest

from pipeline.simulation import Simulated, files, simulate, write_extracts

NAMES = [
    "af_inskrivning.csv",
    "af_sokandekategori.csv",
    "esf_deltagare.csv",
    "lisa_2018.csv",
    "lisa_2019.csv",
    "lisa_2020.csv",
    "lisa_2021.csv",
]


def digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def test_same_seed_same_bytes(small: Simulated, tmp_path: Path) -> None:
    written = write_extracts(small, tmp_path / "first")
    assert [path.name for path in written] == NAMES
    write_extracts(simulate(2_000, seed=3), tmp_path / "again")
    write_extracts(simulate(2_000, seed=4), tmp_path / "other")
    first, again, other = (digests(tmp_path / name) for name in ("first", "again", "other"))
    assert first == again
    assert not set(first.values()) & set(other.values())


def test_text_as_delivered(small: Simulated, tmp_path: Path) -> None:
    write_extracts(small, tmp_path)
    content = (tmp_path / "lisa_2020.csv").read_bytes()
    header, first, *_ = content.split(b"\r\n")
    assert header.startswith(b"LopNr;Kon;FodelseAr;FodGrEg5;SenInvAr;Sun2020Niva_Old;FamTypF;")
    assert b"," in first
    assert b"." not in content
    assert content.count(b"\n") == content.count(b"\r\n")
    assert "Åter till Arbetsförmedlingen".encode("cp1252") in (tmp_path / "esf_deltagare.csv").read_bytes()


def test_what_is_written_reads_back(small: Simulated, tmp_path: Path) -> None:
    write_extracts(small, tmp_path)
    for name, table in small.tables.items():
        read = pd.read_csv(
            tmp_path / f"{name}.csv", sep=";", decimal=",", encoding="cp1252", dtype=str, keep_default_na=False
        )
        assert list(read.columns) == list(table.columns)
        assert len(read) == len(table)
        for column in table:
            if pd.api.types.is_datetime64_any_dtype(table[column]):
                expected = table[column].dt.strftime("%Y-%m-%d").fillna("")
            elif pd.api.types.is_float_dtype(table[column]):
                expected = table[column].map("{:.1f}".format).str.replace(".", ",")
            else:
                expected = table[column].astype(object).where(table[column].notna(), "").astype(str)
            assert read[column].tolist() == expected.tolist(), (name, column)


def test_a_writer_that_fails_leaves_the_old_file(
    small: Simulated, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_extracts(small, tmp_path)
    before = digests(tmp_path)

    def fail(table: pd.DataFrame, path: Path) -> None:
        path.write_bytes(b"half")
        raise OSError("no space left on device")

    monkeypatch.setitem(files.WRITERS, "csv", (".csv", fail))
    with pytest.raises(OSError, match="no space"):
        write_extracts(small, tmp_path)
    assert digests(tmp_path) == before


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: simulate(50), r"people: 50 is too few"),
        (lambda: simulate(500, effect="large"), r"effect: 'large' is not one of published, none"),
    ],
)
def test_arguments_that_make_no_sense(call, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


def test_unknown_format(small: Simulated, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="format: 'pdf' cannot be written; choose one of csv"):
        write_extracts(small, tmp_path, "pdf")
