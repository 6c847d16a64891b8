"""Four small registers, written by hand: two participants, a control, and one whom AF does not know."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from pipeline.config import Config
from pipeline.registers.pseudonyms import find_again
from pipeline.registers.rules import Identity

REGISTRATIONS = "af_inskrivning.csv"
CATEGORIES = "af_sokandekategori.csv"
PARTICIPANTS = "esf_deltagare.csv"
LISA_HEADER = (
    "LopNr;Kon;FodelseAr;FodGrEg5;SenInvAr;{education};FamTypF;"
    "SjukPP;SjukErs;AktErs;SocBidrFam;SocBidrTypF;LoneInk;Kommun"
)

KEY = b"a key of thirty-two bytes or more"
Files = dict[str, list[str]]
# Made by hand: the check digits are Luhn's, the people are nobody.
NUMBER, COORDINATION = "198001011231", "198001611238"


def small_extracts() -> Files:
    """Lines of each file, header first."""
    return {
        REGISTRATIONS: [
            "LopNr;INTR_DAT;AVAKT_DATUM;AVAKT_ORSAK",
            "11;2018-02-13;2020-10-25;7",
            "11;2021-01-07;;",
            "12;2019-05-02;2021-12-08;6",
            "13;2017-01-01;;",
        ],
        CATEGORIES: [
            "LopNr;inskadm;utskadm;skat;ahkp",
            "11;2018-02-13;2019-05-07;11;",
            "11;2019-05-07;2020-10-25;70;",
            "12;2019-05-02;2021-12-08;70;21",
            "13;2017-01-01;2021-06-01;70;",
            "13;2021-06-01;;33;",
        ],
        PARTICIPANTS: [
            "LopNr;startdatum;slutdatum;ursprung;avslutsorsak",
            "11;2020-03-02;2020-09-01;AF;Åter till Arbetsförmedlingen",
            "12;2021-08-16;;AF;",
            "14;2020-11-05;2021-01-01;KOMMUN;Studier",
        ],
        "lisa_2018.csv": [
            LISA_HEADER.format(education="Sun2000niva_old"),
            "11;1;1980;00;0000;3;50;0,0;0,0;0,0;0,0;0;12,5;1280",
            "13;2;1971;07;2010;;41;10,5;0,0;0,0;0,0;0;0,0;1280",
        ],
        "lisa_2019.csv": [
            LISA_HEADER.format(education="Sun2020Niva_Old"),
            "11;1;1980;00;0000;5;12;0,0;0,0;0,0;40,2;1;0,0;1280",
            "12;2;1990;04;2015;1;31;0,0;0,0;20,0;0,0;0;0,0;0136",
        ],
    }


def luhn(nine: str) -> str:
    """Nine digits and their check digit, worked out otherwise than in the code under test."""
    doubled = "".join(str(int(d) * (2 if i % 2 == 0 else 1)) for i, d in enumerate(nine))
    return nine + str(-sum(map(int, doubled)) % 10)


def with_numbers(files: Files) -> Files:
    """Extracts of people 11 to 14 with personal numbers for keys, written in a form of its own in each register."""
    numbers = {
        "11": NUMBER,
        "12": COORDINATION,
        "13": "19900101TF29",
        "14": "196502031239"[:11] + luhn("650203123")[-1],
    }
    changed = {}
    for name, lines in files.items():
        short = name in (REGISTRATIONS, CATEGORIES)
        written = {key: f"{n[2:8]}-{n[8:]}" if short and n[8:].isdigit() else n for key, n in numbers.items()}
        changed[name] = [lines[0], *(f"{written[line[:2]]}{line[2:]}" for line in lines[1:])]
    return changed


def write_files(files: Files, base: Path, encoding: str = "cp1252", end: str = "\r\n") -> Path:
    """Write the files where config.yaml looks for them; returns `base`."""
    folder = base / "data" / "raw"
    folder.mkdir(parents=True, exist_ok=True)
    for name, lines in files.items():
        (folder / name).write_bytes("".join(line + end for line in lines).encode(encoding))
    return base


def with_key(config: Config, folder: Path) -> Config:
    """The configuration with a key of one's own, in a file of `folder`."""
    file = folder / "key"
    file.touch(mode=0o600)
    file.write_bytes(KEY)
    return config.model_copy(update={"identity": Identity(key_file=str(file))})


def original_keys(folder: Path) -> dict[str, str]:
    """The original key of each person in tables loaded with `with_key`, found as whoever has the key can."""
    found = find_again(folder / "pseudonyms.parquet", KEY, map(str, range(10, 20)))
    return {name: original for original, name in found.items()}


def table(folder: Path, name: str) -> list[tuple[Any, ...]]:
    """Rows of a loaded table with the original keys, in order of person and of the day or year that follows."""
    keys = original_keys(folder)
    rows = pq.read_table(folder / f"{name}.parquet").to_pylist()
    found = [(keys[row["person_id"]], *list(row.values())[1:]) for row in rows]
    return sorted(found, key=lambda row: row[0])
