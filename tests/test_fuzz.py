"""A few of the damaged extracts of `make fuzz`, and proof that its judge can find fault."""

from __future__ import annotations

from pathlib import Path

import fuzz_extracts
import pytest


def test_a_sample_of_damaged_extracts(tmp_path: Path) -> None:
    assert fuzz_extracts.fuzz(range(5), 1, tmp_path) == []


@pytest.mark.parametrize(
    ("status", "said", "fault"),
    [
        (1, "Traceback (most recent call last)", "a traceback"),
        (2, "something is wrong", "the message names no file or place"),
        (1, "utfall failed unexpectedly", "exit status 1: utfall failed unexpectedly"),
    ],
)
def test_the_judge_finds_fault_with_how_a_run_ends(tmp_path: Path, status: int, said: str, fault: str) -> None:
    assert fuzz_extracts.judge(tmp_path, status, said, [], {}) == [fault]


def test_the_judge_finds_rows_that_are_not_accounted_for(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"LopNr\r\n1\r\n2\r\n")
    file = {"file": "a.csv", "source": "registrations", "rows": 2, "blank": {}, "sentinels": {}, "unknown": {},
            "missing": [], "unused": []}  # fmt: skip
    tables = dict.fromkeys(("registrations", "categories", "background", "participants"), 0)
    account = {"files": [file], "rules": [], "codes": [], "linkage": {}, "tables": tables}
    cut = next(damage for damage in fuzz_extracts.DAMAGES if damage.name == "cut_line")
    wrong = fuzz_extracts._judge_account(tmp_path, account, [cut], fuzz_extracts.counts(account))
    assert wrong == [
        "registrations: 2 rows delivered, 0 used, 0 set aside",
        "damage (cut_line) that nothing tells of",
    ]
