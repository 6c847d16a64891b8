"""The report stage: what was published is there with the numbers of the results, and runs repeat byte for byte."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest
from make_people import draw
from make_results import results_of
from written import Report

from pipeline.config import Config
from pipeline.report import run, write_report
from pipeline.results import Results, read_results
from pipeline.workspace import Run


@pytest.fixture(scope="module")
def shown(report: Report) -> Results:
    return read_results(report.folder / "results.json")


def rows(report: Report, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO((report.folder / f"tables/{name}.csv").read_text(encoding="utf-8"))))


# The published tables and figures (facts of the evaluation) and where they stand in the report.
PUBLISHED = {
    "Table 2, participants at start": "table-description",
    "Table 4, balance": "table-balance",
    "Table 5, everyone in words": "table-regression_work_or_studies",
    "Table 6, everyone and groups": "table-regressions_backward_work_or_studies",
    "Figure 1, main outcome": "figure-curves_work_or_studies",
    "Figure 2, sex and birthplace": "figure-subgroup_curves_work_or_studies",
    "Figure 3, narrow outcome": "figure-curves_deregistered",
    "Figure 4, return": "figure-curves_return",
    "destinations": "table-destinations_work_or_studies",
    "flow": "table-flow",
    "effect over time": "table-hazard_ratio_over_time_work_or_studies",
    "subgroups": "figure-subgroups_work_or_studies",
    "love plot": "figure-balance",
}


@pytest.mark.parametrize("what", PUBLISHED)
def test_what_was_published_is_there(report: Report, what: str) -> None:
    assert f'id="{PUBLISHED[what]}"' in report.page()


def test_shares_are_those_of_the_results(report: Report, shown: Results) -> None:
    outcome = shown.outcomes["work_or_studies"]
    for row, share in zip(rows(report, "shares_work_or_studies"), outcome.at, strict=True):
        assert float(row["day"]) == share.day
        for column, value in (("participants", share.participants), ("difference_upper", share.upper)):
            assert float(row[column]) == value


def test_regression_columns_hold_full_and_selected(report: Report, shown: Results) -> None:
    models = shown.outcomes["work_or_studies"].models
    found = {row["term"]: row for row in rows(report, "regression_work_or_studies")}
    for name in ("full", "backward"):
        for term in models[name].terms:
            assert term.hazard_ratio is not None
            assert float(found[term.term][name]) == pytest.approx(term.hazard_ratio, rel=1e-11)
    assert found["born_outside_europe"]["backward"] == ""
    assert "levnadsår" in found["age"]["sentence"]


def test_table_six_has_every_group(report: Report, shown: Results) -> None:
    found = rows(report, "regressions_backward_work_or_studies")
    assert list(found[0])[1::4] == ["everyone", "women", "men", "participants_only", "controls_only"]
    by_term = {row["term"]: row for row in found}
    assert by_term["woman"]["women"] == ""
    men = shown.outcomes["work_or_studies"].subgroups["men"].models["backward"]
    assert by_term["people"]["men"] == str(men.people)


def test_headline_is_in_words(report: Report, shown: Results) -> None:
    share = shown.outcomes["work_or_studies"].at[1]
    assert share.lower is not None
    assert share.upper is not None
    low, high = round(100 * share.lower), round(100 * share.upper)
    text = re.sub(r"<[^>]+>|\s+", " ", report.page())
    assert f"mellan {low} och {high} procentenheter fler" in text


def test_return_is_read_with_caution_and_counted_from_deregistration(report: Report) -> None:
    section = report.page().split('id="outcome-return"')[1].split("</section>")[0]
    assert 'class="caution"' in section
    assert "Månader från avregistreringen" in section
    assert "Av dem som avregistrerats till arbete eller studier hade inom 12" in section


def test_quality_counts_are_protected_and_paths_short(report: Report) -> None:
    files, rules = rows(report, "data_files"), rows(report, "data_rules")
    assert (files[0]["file"], files[0]["rows"], files[0]["unknown"]) == ("lisa_2019.csv", "24900", "")
    assert {row["rule"]: row["rows"] for row in rules} == {"repeated_year": "", "exact_duplicate": "120"}
    everything = b"".join(path.read_bytes() for path in report.folder.rglob("*") if path.is_file())
    assert b"/somewhere/else" not in everything
    assert b"1951-01-02" not in everything


def test_columns_and_months_of_the_extracts_are_protected(report: Report) -> None:
    """Few rows without a value are withheld, years with few dates are not told of, few entrants leave a gap."""
    assert rows(report, "data_columns") == [
        {"file": "lisa_2019.csv", "column": "education", "blank": "0.1", "unknown": "", "years": ""},
        {"file": "lisa_2019.csv", "column": "born", "blank": "", "unknown": "0", "years": "1952–2001"},
    ]
    with (report.folder / "figures/programme_months.csv").open(encoding="utf-8", newline="") as file:
        assert list(csv.reader(file)) == [
            ["month", "stock", "inflow"], ["2020-01", "1230", "60"], ["2020-02", "1240", ""],
        ]  # fmt: skip
    alternative = report.index()["programme_months"]["sv"]["alternative"]
    assert "som flest 1\N{NO-BREAK SPACE}240 i februari 2020" in alternative


def test_the_configured_source_stands_under_every_table_and_figure(report: Report) -> None:
    page = report.page()
    assert page.count("Källa:") == page.count("<table>") + page.count("<figcaption>")


def test_a_randomised_evaluation_speaks_of_the_lot(randomised: Report) -> None:
    page = randomised.page()
    assert "decided by lot" in page
    assert "matched" not in page.split("</style>")[1]
    assert "5\N{NO-BREAK SPACE}weeks" in page
    assert not (randomised.folder / "report.en.html").exists()
    assert "table-suppressed" not in page


def test_run_repeats_byte_for_byte(tmp_path: Path, report: Report) -> None:
    told: list[str] = []
    run(Run(config=report.config, base=tmp_path, read=report.interim, write=tmp_path, say=told.append))
    first = {p.relative_to(report.folder): p.read_bytes() for p in report.folder.rglob("*") if p.is_file()}
    again = {p.relative_to(tmp_path): p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    assert [name for name in first if first[name] != again.get(name)] == []
    assert first.keys() == again.keys()
    assert told == ["report in sv and en"]


@pytest.mark.parametrize(("participants", "controls"), [(6, 40), (25, 60), (60, 0)])
def test_a_report_of_few_says_what_it_cannot_show(
    participants: int, controls: int, tmp_path: Path, config: Config
) -> None:
    """Hardly anything may be shown, or nobody is there to compare with: the report is written all the same."""
    few = results_of(draw(participants, controls, seed=4))
    write_report(few, config.model_copy(update={"language": ["sv"]}), {}, tmp_path)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "kan inte visas" in page or "kan inte redovisas" in page
    assert "Kvoten är ett genomsnitt" not in page
    if participants < 10:
        assert "Uppföljningen når inte fram" not in page
        assert read_results(tmp_path / "results.json").outcomes["work_or_studies"].at == []
