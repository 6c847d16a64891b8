"""The load stage: canonical tables by hand, the account, and bytes that do not depend on the order of rows."""

from __future__ import annotations

import datetime as dt
import importlib.util
import json
import random
import shutil
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from small_extracts import CATEGORIES, PARTICIPANTS, REGISTRATIONS, Files, small_extracts, table, with_key, write_files

from pipeline import engine, load
from pipeline.config import Config
from pipeline.workspace import Run


def loaded(config: Config, files: Files, folder: Path, **written: str) -> Path:
    """Run the stage on files; the folder it wrote."""
    base = write_files(files, folder / "project", **written)
    (folder / "write").mkdir()
    load.run(Run(with_key(config, folder), base, folder / "read", folder / "write", lambda line: None))
    return folder / "write"


def account_of(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "account.json").read_text(encoding="utf-8"))


def rules(folder: Path) -> dict[tuple[str, str], int]:
    """Rules that met rows."""
    return {(rule["source"], rule["rule"]): rule["rows"] for rule in account_of(folder)["rules"] if rule["rows"]}


def day(text: str | None) -> dt.date | None:
    return dt.date.fromisoformat(text) if text else None


def test_canonical_tables_are_as_by_hand(config: Config, tmp_path: Path) -> None:
    folder = loaded(config, small_extracts(), tmp_path)
    assert table(folder, "persons") == [
        ("11", "man", 1980, "sweden", None, None),
        ("12", "woman", 1990, "outside_europe", 2015, None),
        ("13", "woman", 1971, "outside_europe", 2010, None),
        ("14", None, None, "unknown", None, None),
    ]
    assert table(folder, "registrations") == [
        ("11", day("2018-02-13"), day("2020-10-25"), "7"),
        ("11", day("2021-01-07"), None, None),
        ("12", day("2019-05-02"), day("2021-12-08"), "6"),
        ("13", day("2017-01-01"), None, None),
    ]
    assert table(folder, "categories") == [
        ("11", "11", day("2018-02-13"), day("2019-05-07")),
        ("11", "70", day("2019-05-07"), day("2020-10-25")),
        ("12", "70", day("2019-05-02"), day("2021-12-08")),
        ("13", "70", day("2017-01-01"), day("2021-06-01")),
        ("13", "33", day("2021-06-01"), None),
    ]
    assert table(folder, "disabilities") == [("12", "21", day("2019-05-02"), day("2021-12-08"))]
    assert table(folder, "participants") == [
        ("11", day("2020-03-02"), day("2020-09-01"), "AF", "Åter till Arbetsförmedlingen"),
        ("12", day("2021-08-16"), None, "AF", None),
        ("14", day("2020-11-05"), day("2021-01-01"), "KOMMUN", "Studier"),
    ]
    assert table(folder, "background") == [
        ("11", 2018, "upper_secondary", "50", False, True, False, False, "1280"),
        ("11", 2019, "post_secondary", "12", True, False, False, True, "1280"),
        ("12", 2019, "compulsory", "31", True, True, True, False, "0136"),
        ("13", 2018, "unknown", "41", True, True, True, False, "1280"),
    ]


def test_tables_have_the_types_of_the_contract(config: Config, tmp_path: Path) -> None:
    folder = loaded(config, small_extracts(), tmp_path)
    types = {
        path.stem: {field.name: str(field.type) for field in pq.read_schema(path)}
        for path in folder.glob("*.parquet")
        if path.stem != "pseudonyms"
    }
    assert types == {
        "persons": {"person_id": "string", "sex": "string", "birth_year": "int32", "birth_region": "string",
                    "immigration_year": "int32", "died_on": "date32[day]"},
        "registrations": {"person_id": "string", "registered_on": "date32[day]", "deregistered_on": "date32[day]",
                          "reason": "string"},
        "categories": {"person_id": "string", "category": "string", "valid_from": "date32[day]",
                       "valid_to": "date32[day]"},
        "background": {"person_id": "string", "year": "int32", "education": "string", "family_type": "string",
                       "has_children": "bool", "is_single": "bool", "sickness_benefit": "bool",
                       "social_assistance": "bool", "municipality": "string"},
        "disabilities": {"person_id": "string", "code": "string", "valid_from": "date32[day]",
                         "valid_to": "date32[day]"},
        "participants": {"person_id": "string", "started_on": "date32[day]", "ended_on": "date32[day]",
                         "origin": "string", "end_reason": "string"},
    }  # fmt: skip


def test_the_account_tells_what_was_found(config: Config, tmp_path: Path) -> None:
    files = small_extracts()
    files[CATEGORIES][0] += ";kontor"
    files[CATEGORIES][1:] = [f"{line};Malmö" for line in files[CATEGORIES][1:]]
    account = account_of(loaded(config, files, tmp_path))
    assert not account["simulated"]
    by_name = {Path(file["file"]).name: file for file in account["files"]}
    categories = by_name[CATEGORIES]
    assert categories["file"] == f"data/raw/{CATEGORIES}"
    assert (categories["rows"], categories["encoding"], categories["delimiter"]) == (5, "cp1252", ";")
    assert categories["columns"]["category"] == "skat"
    assert categories["unused"] == ["kontor"]
    assert categories["blank"] == {"person_id": 0, "valid_from": 0, "valid_to": 1, "category": 0, "disability": 4}
    assert categories["dates"]["valid_from"] == ["2017-01-01", "2021-06-01"]
    assert (by_name["lisa_2018.csv"]["year"], by_name["lisa_2018.csv"]["decimal"]) == (2018, ",")
    assert "Barn0_3" in by_name["lisa_2018.csv"]["missing"]
    assert account["tables"]["background"] == 4
    linkage = account["linkage"]
    assert linkage["people_in_participants"] == 3
    assert linkage["participants_in_registrations"] == linkage["participants_in_categories"] == 2
    assert linkage["participants_in_background"] == 2
    assert linkage["people_at_af_without_background"] == 0


def test_unknown_and_unverified_codes_are_counted_and_their_rows_used(config: Config, tmp_path: Path) -> None:
    files = small_extracts()
    files[CATEGORIES] += ["13;2016-01-01;2016-02-01;99;", "13;2016-03-01;2016-04-01;199001011234;"]
    files["lisa_2019.csv"][1] = files["lisa_2019.csv"][1].replace(";00;", ";12;")
    folder = loaded(config, files, tmp_path)
    found = {(codes["source"], codes["column"]): codes for codes in account_of(folder)["codes"]}
    assert set(found) == {("registrations", "reason"), ("categories", "category"), ("background", "birth_region")}
    assert found["registrations", "reason"]["unverified"] == {"6": 1}
    # What is too long for a code is counted and not shown: a column may hold what it should not.
    assert found["categories", "category"]["unknown"] == {"99": 1}
    assert found["categories", "category"]["unknown_rows"] == 2
    assert found["background", "birth_region"]["unknown"] == {"12": 1}
    assert account_of(folder)["tables"]["categories"] == 7


def test_sentinel_dates_are_no_dates_and_counted(config: Config, tmp_path: Path) -> None:
    files = small_extracts()
    files[REGISTRATIONS][2] = "11;2021-01-07;9999-12-31;"
    files[CATEGORIES][-1] = "13;2021-06-01;0007-01-01;33;"
    folder = loaded(config, files, tmp_path)
    clean = loaded(config, small_extracts(), tmp_path / "clean")
    for name in ("registrations", "categories"):
        assert table(folder, name) == table(clean, name)
    sentinels = {Path(file["file"]).name: file["sentinels"] for file in account_of(folder)["files"]}
    assert sentinels[REGISTRATIONS] == {"deregistered_on": 1}
    assert sentinels[CATEGORIES] == {"valid_to": 1}


def test_rules_are_counted_by_source(config: Config, tmp_path: Path) -> None:
    files = small_extracts()
    files[REGISTRATIONS] += [files[REGISTRATIONS][1], "13;2018-01-01;2017-01-01;6", ";2018-01-01;;"]
    files[CATEGORIES] += ["12;2021-12-01;;11;", "12;1989-01-01;2018-01-01;11;"]
    files["lisa_2018.csv"].append(files["lisa_2018.csv"][1].replace("1980", ""))
    files[PARTICIPANTS] += ["12;2021-10-01;;AF;", "12;2020-05-01;2020-06-01;AF;"]
    folder = loaded(config, files, tmp_path)
    assert rules(folder) == {
        ("registrations", "exact_duplicate"): 1,
        ("registrations", "end_before_start"): 1,
        ("registrations", "no_person"): 1,
        ("categories", "no_start"): 1,
        ("categories", "overlap"): 1,
        ("background", "repeated_year"): 1,
        ("participants", "overlap"): 1,
        ("participants", "several_starts"): 1,
        ("participants", "not_in_af_register"): 1,
        ("categories", "no_background_year"): 1,
    }
    assert ("12", "70", day("2019-05-02"), day("2021-12-01")) in table(folder, "categories")


def test_two_deliveries_of_a_register_are_appended(config: Config, tmp_path: Path) -> None:
    files = small_extracts()
    earlier = "LopNr,INTR_DAT,AVAKT_DATUM,AVAKT_ORSAK"
    files["af_inskrivning_2020.csv"] = [earlier, "12,20190502,,", "15,20010101,20020101,1"]
    folder = loaded(config, files, tmp_path)
    found = table(folder, "registrations")
    assert ("12", day("2019-05-02"), day("2021-12-08"), "6") in found, "the later delivery knows the end"
    assert ("15", day("2001-01-01"), day("2002-01-01"), "1") in found
    assert rules(folder) == {
        ("registrations", "same_start"): 1,
        ("participants", "not_in_af_register"): 1,
        ("categories", "no_background_year"): 1,
    }


def test_a_flag_that_is_not_delivered_leaves_the_amount_to_tell(config: Config, tmp_path: Path) -> None:
    files = small_extracts()
    for name in ("lisa_2018.csv", "lisa_2019.csv"):
        files[name] = [";".join(v for i, v in enumerate(line.split(";")) if i != 11) for line in files[name]]
    folder = loaded(config, files, tmp_path)
    clean = loaded(config, small_extracts(), tmp_path / "clean")
    assert table(folder, "background") == table(clean, "background")


def test_blank_amounts_are_unknown_when_all_are(config: Config, tmp_path: Path) -> None:
    files = small_extracts()
    files["lisa_2018.csv"][1] = "11;1;1980;00;0000;;;;;;;;;1280"
    folder = loaded(config, files, tmp_path)
    assert table(folder, "background")[0] == ("11", 2018, "unknown", None, None, None, None, None, "1280")


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_order_of_rows_changes_no_byte(config: Config, tmp_path: Path) -> None:
    files = small_extracts()
    files[REGISTRATIONS] += ["13;2018-01-01;2018-02-01;6", "13;2018-01-01;2018-03-01;2", "13;2018-01-01;;"]
    files[CATEGORIES] += ["13;2018-05-01;;11;", "13;2018-05-01;;14;", "13;2018-05-01;2019-05-01;69;22"]
    files["lisa_2019.csv"].append(files["lisa_2019.csv"][1].replace("1980", "1981"))
    first = contents(loaded(config, files, tmp_path / "first"))
    generator = random.Random(1)
    for number in range(3):
        shuffled = {name: [lines[0], *generator.sample(lines[1:], len(lines) - 1)] for name, lines in files.items()}
        assert contents(loaded(config, shuffled, tmp_path / str(number))) == first


@pytest.mark.parametrize(
    "written", [{"encoding": "utf-8"}, {"encoding": "utf-8-sig", "end": "\n"}, {"encoding": "utf-16"}]
)
def test_encodings_and_line_ends_change_no_table(config: Config, tmp_path: Path, written: dict[str, str]) -> None:
    usual = contents(loaded(config, small_extracts(), tmp_path / "usual"))
    other = contents(loaded(config, small_extracts(), tmp_path / "other", **written))
    tables = [name for name in usual if name.endswith(".parquet")]
    assert [usual[name] for name in tables] == [other[name] for name in tables]


def test_simulated_extracts_load_whole_and_without_faults(config: Config, tmp_path: Path) -> None:
    from pipeline.simulated import write_simulated

    write_simulated(tmp_path / "data" / "raw", people=300, seed=3)
    account, faults = load.check(config, tmp_path)
    assert faults == []
    assert account.simulated
    assert not any(rule.rows for rule in account.rules if rule.unit == "rows")
    delivered = {source: sum(f.rows for f in account.files if f.source == source) for source in load.SOURCES}
    used = {source: account.tables[source] for source in load.SOURCES}
    assert delivered == used
    assert account.linkage["people_at_af_without_background"] == 0


@pytest.mark.slow
@pytest.mark.skipif(
    importlib.util.find_spec("pyspark") is None or shutil.which("java") is None,
    reason="pyspark (extra 'spark') or Java is missing",
)
def test_both_engines_write_the_same_bytes(config: Config, tmp_path: Path) -> None:
    files = small_extracts()
    files[CATEGORIES] += [
        "13;2018-05-01;;11;",
        "13;2018-05-01;;14;",
        "13;2018-05-01;2019-05-01;;22",
        ";2019-01-01;;11;",
    ]
    spark = config.model_copy(update={"engine": "spark"})
    assert contents(loaded(spark, files, tmp_path / "spark")) == contents(loaded(config, files, tmp_path / "duckdb"))


def test_spark_is_asked_for_by_configuration(config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    connect = engine.connect

    def recorded(name: str = "duckdb", scratch: Path | None = None) -> Any:
        asked.append(name)
        return connect("duckdb", scratch)

    monkeypatch.setattr(engine, "connect", recorded)
    loaded(config.model_copy(update={"engine": "spark"}), small_extracts(), tmp_path)
    assert asked == ["duckdb", "spark"], "text is read by DuckDB, rows are worked on by Spark"
