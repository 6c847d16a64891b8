"""Figures: every format, real text, the numbers drawn, captions and alternative texts, the same bytes each time."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest
from PIL import Image
from written import Report

from pipeline.config import Text
from pipeline.errors import UserError
from pipeline.reporting import figures
from pipeline.reporting.material import Material
from pipeline.reporting.plots import Look, time_ticks, wrapped
from pipeline.reporting.sections import build
from pipeline.reporting.words import Words
from pipeline.results import Results, read_results

NAMES = [
    "balance", "curves_work_or_studies", "hazard_ratio_over_time_work_or_studies", "kinds_work_or_studies",
    "destinations_work_or_studies", "curves_deregistered", "curves_return", "subgroups_work_or_studies",
    "subgroup_curves_work_or_studies", "programme_months",
]  # fmt: skip


@pytest.fixture(scope="module")
def protected(report: Report) -> Results:
    return read_results(report.folder / "results.json")


def rows_of(report: Report, name: str) -> list[dict[str, str]]:
    text = (report.folder / f"figures/{name}.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(io.StringIO(text)))


def test_every_figure_stands_there_in_every_format_and_language(report: Report) -> None:
    assert list(report.index()) == NAMES
    folder = report.folder / "figures"
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    formats = {"": ("svg", "png", "pdf"), "column/": ("svg", "png", "pdf"), "slide/": ("svg", "png")}
    expected = {f"{s}{n}{lang}.{e}" for s, es in formats.items() for n in NAMES for lang in ("", ".en") for e in es}
    assert files == expected | {f"{n}.csv" for n in NAMES} | {"index.json"}


@pytest.mark.parametrize("name", NAMES)
def test_captions_and_alternative_texts_in_both_languages(report: Report, name: str) -> None:
    entry = report.index()[name]
    for language, source in (("sv", "Källa"), ("en", "Source")):
        said = entry[language]
        assert said["caption"]
        assert len(said["alternative"]) > 40
        assert said["source"].startswith(source)
        assert {len(said[size]) for size in ("files", "column")} == {3}
        for size in ("files", "column", "slide"):
            assert all((report.folder / "figures" / file).exists() for file in said[size])


def test_svg_has_text_as_text_in_its_language(report: Report) -> None:
    swedish, english = (
        (report.folder / f"figures/curves_work_or_studies{part}.svg").read_text(encoding="utf-8")
        for part in ("", ".en")
    )
    assert "Kvar under uppföljning" in swedish
    assert "Månader från starten" in swedish
    assert "Still followed" in english
    assert "60\N{NO-BREAK SPACE}%" in swedish
    assert "60%" in english


def test_png_is_sharp_enough_to_print(report: Report) -> None:
    for size, width in {"": figures.WIDE, **figures.SIZES}.items():
        with Image.open(report.folder / "figures" / size / "curves_work_or_studies.png") as image:
            assert image.info["dpi"] == pytest.approx((300, 300), abs=0.1)
            assert image.width == pytest.approx(width * 300, abs=1)


@pytest.mark.parametrize("name", NAMES)
def test_slides_are_no_higher_than_a_slide(report: Report, name: str) -> None:
    with Image.open(report.folder / f"figures/slide/{name}.png") as image:
        assert image.height <= 0.63 * image.width


def test_curve_numbers_are_those_of_the_results(report: Report, protected: Results) -> None:
    outcome = protected.outcomes["work_or_studies"]
    drawn = rows_of(report, "curves_work_or_studies")
    assert len(drawn) == len(outcome.curves)
    for row, point in zip(drawn, outcome.curves, strict=True):
        assert (row["group"], float(row["day"])) == (point.group, point.day)
        assert float(row["cumulative_incidence"]) == point.cumulative_incidence


def test_forest_numbers_are_those_of_the_results(report: Report, protected: Results) -> None:
    outcome = protected.outcomes["work_or_studies"]
    drawn = {row["subgroup"]: row for row in rows_of(report, "subgroups_work_or_studies")}
    assert "participants_only" not in drawn
    for name in ("women", "no_social_assistance"):
        term = outcome.subgroups[name].models["full"].terms[0]
        assert term.hazard_ratio is not None
        assert float(drawn[name]["hazard_ratio"]) == pytest.approx(term.hazard_ratio, rel=1e-11)
    assert drawn["everyone"]["hazard_ratio"] == f"{outcome.models['full'].terms[0].hazard_ratio:.12g}"


def test_the_same_numbers_give_the_same_bytes(material: Material) -> None:
    first, second = (figures.draw(build(material).figures()[1]) for _ in range(2))
    assert first.files == second.files
    assert first.narrow == second.narrow


def test_nothing_tells_when_it_was_drawn(report: Report) -> None:
    for path in (report.folder / "figures").glob("curves_*"):
        content = path.read_bytes()
        assert b"CreationDate" not in content
        assert b"dc:date" not in content


def test_inline_svg_has_ids_of_its_own(report: Report) -> None:
    ids = re.findall(r'\bid="([^"]+)"', report.page())
    assert len(ids) == len(set(ids))
    for reference in re.findall(r'(?:url\(#|href="#)([^")]+)', report.page()):
        assert reference in ids


def test_ticks_keep_apart() -> None:
    look = Look(Words("sv"), "Deltagare", "Kontroller", unit=Text(sv="veckor", en="weeks"))
    ticks, names = time_ticks(look, [1, 2, 5, 10, 15, 20], 20)
    assert ticks == [0, 2, 5, 10, 15, 20]
    assert names == ["0", "2", "5", "10", "15", "20"]


def test_long_names_are_broken_between_words() -> None:
    assert wrapped("Without insurance (matched)", 16) == "Without\ninsurance\n(matched)"
    assert wrapped("Ingen", 3) == "Ingen"


def test_a_house_style_takes_the_place_of_the_report_own(material: Material, tmp_path: Path) -> None:
    figure = build(material).figures()[0]
    house = tmp_path / "house.mplstyle"
    house.write_text('axes.prop_cycle: cycler("color", ["123456", "ABCDEF"])\nsvg.fonttype: path\n', encoding="utf-8")
    plain, styled = figures.draw(figure), figures.draw(figure, house)
    assert "#123456" not in plain.wide
    assert "#123456" in styled.wide
    assert "<text" in styled.wide  # letters stay letters


def test_a_house_style_that_cannot_be_read_is_a_fault(material: Material, tmp_path: Path) -> None:
    house = tmp_path / "house.mplstyle"
    house.write_text("axes.nonsense: 3\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"figure_style, house\.mplstyle: is no matplotlib style sheet"):
        figures.draw(build(material).figures()[0], house)
