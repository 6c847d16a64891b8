"""What sections say of the results: lock-in and its end, subgroups that differ, who was left out."""

from __future__ import annotations

from dataclasses import replace

import pytest
from make_outcomes import point

from pipeline.config import Disclosure, Text
from pipeline.headline import told_first
from pipeline.reporting.document import Bullets, Paragraph
from pipeline.reporting.material import Material
from pipeline.reporting.sections.comparison import classes_table, left_out_sentence
from pipeline.reporting.sections.destinations import destinations_section, kinds_table
from pipeline.reporting.sections.population import flow_section
from pipeline.reporting.sections.quality import suppressed_table
from pipeline.reporting.sections.subgroups import both_arms, subgroups_section
from pipeline.reporting.sections.varying import lead_from, lock_in
from pipeline.reporting.words.numbers import NBSP
from pipeline.results import Band, CurvePoint, Share, Suppression


def curve(group: str, *steps: tuple[float, float]) -> list[CurvePoint]:
    return [point(group, day, share, 0.0, 100, 0, 0) for day, share in steps]


@pytest.mark.parametrize(
    ("participants", "day"),
    [
        ([(0, 0.0), (40, 0.02), (70, 0.2)], 70),
        ([(0, 0.0), (10, 0.2), (40, 0.3), (70, 0.4)], 10),
        ([(0, 0.0), (40, 0.15), (70, 0.17)], None),
        ([(0, 0.0), (20, 0.3), (45, 0.3), (70, 0.3)], 20),
    ],
)
def test_the_day_from_which_participants_lead(participants: list[tuple[float, float]], day: float | None) -> None:
    controls = curve("controls", (0, 0.0), (30, 0.1), (60, 0.19), (70, 0.19))
    assert lead_from(curve("participants", *participants) + controls) == day


def test_a_lead_needs_both_arms() -> None:
    assert lead_from(curve("participants", (0, 0.0), (10, 0.5))) is None


def band(lower: float | None, upper: float | None) -> Band:
    ratio = None if lower is None or upper is None else (lower * upper) ** 0.5
    return Band(from_day=0, to_day=30, hazard_ratio=ratio, lower=lower, upper=upper, events=200)


@pytest.mark.parametrize(
    ("first", "sv", "en"),
    [
        (band(0.4, 0.8), "Till en början ligger deltagarna efter", "At first participants are behind"),
        (band(0.8, 1.2), "går inte att avgöra: till och med 1", "cannot be told: up to 1"),
        (band(1.2, 1.9), "ingen inlåsning syns", "no lock-in is seen"),
        (band(None, None), "ett intervall som inte kan visas", "an interval that cannot be shown"),
    ],
)
def test_lock_in_follows_the_interval(first: Band, sv: str, en: str, material: Material) -> None:
    said = lock_in(material, first)
    assert (sv if material.words.language == "sv" else en) in said
    assert ("omkring" in said or "until about" in said) == (first.upper == 0.8)
    # Of the fixture's times the difference is widest at two years.
    assert f"24{NBSP}m" in said


def test_every_clear_subgroup_has_a_line(material: Material) -> None:
    groups = both_arms(material)
    name = next(iter(groups))
    test = groups[name].interaction
    assert test is not None
    changed = groups[name].model_copy(update={"interaction": test.model_copy(update={"p_adjusted": 0.001})})
    main = material.main.model_copy(update={"subgroups": {**material.main.subgroups, name: changed}})
    outcomes = {**material.results.outcomes, material.main_name: main}
    section = subgroups_section(replace(material, results=material.results.model_copy(update={"outcomes": outcomes})))
    assert section is not None
    lines = [block for block in section.blocks if isinstance(block, Bullets)]
    assert len(lines) == 1
    assert len(lines[0].items) == 1
    assert lines[0].items[0].startswith(f"**{material.words.text(groups[name].label)}:**")


def test_kinds_in_the_text_are_those_of_the_table(material: Material) -> None:
    """Destinations are rounded one by one, so that their sum may be another number than the kind's own."""
    section = destinations_section(material)
    assert section is not None
    said = section.blocks[0]
    assert isinstance(said, Paragraph)
    last = [row for row in kinds_table(material).rows if str(row["day"]) == material.time(730)]
    assert len(last) == 3
    for row in last:
        told = f"**{material.words.small_percent(row['participants'])} {material.words('against')} "
        assert told + f"{material.words.small_percent(row['controls'])}**" in said.text


def test_what_leaving_people_out_changes(material: Material) -> None:
    told = left_out_sentence(material)
    assert told is not None
    assert ("högst förgymnasial" in told) == (material.words.language == "sv")
    balance = material.results.balance
    same = balance.model_copy(update={"after": balance.before})
    assert left_out_sentence(replace(material, results=material.results.model_copy(update={"balance": same}))) is None


def test_classes_of_a_yes_or_no_variable_are_said_so(material: Material) -> None:
    matching = material.results.matching
    assert matching is not None
    row = matching.classes[0].model_copy(update={"variable": "woman", "level": "1"})
    table = classes_table(material, matching.model_copy(update={"classes": [row]}))
    assert str(table.rows[0]["level"]) == material.words("level.yes")


def test_what_is_suppressed_is_listed_by_place(material: Material) -> None:
    entries = {
        "outcomes.work.curves.participants": "steps",
        "outcomes.work.curves.controls": "steps",
        "outcomes.work.models.full.score: [0.5, 1.5)": "few",
        "sensitivity.specifications.27": "few",
        "sensitivity.specifications.31": "few",
    }
    suppressed = [Suppression(place=place, reason=reason) for place, reason in entries.items()]
    table = suppressed_table(replace(material, results=material.results.model_copy(update={"suppressed": suppressed})))
    assert [(row["place"], row["figures"], str(row["reason"].code)) for row in table.rows] == [
        ("outcomes.work.curves", "participants, controls", "steps"),
        ("outcomes.work.models.full", "score: [0.5, 1.5)", "few"),
        ("sensitivity.specifications", "27, 31", "few"),
    ]


def test_counts_are_said_to_be_rounded_as_they_are(material: Material) -> None:
    coarse = material.config.model_copy(update={"disclosure": Disclosure(minimum_count=10, round_to=50)})
    (note,) = replace(material, config=coarse).rounded
    assert "50" in note
    assert "10" in material.rounded[0]


def test_half_a_year_and_a_year_are_told_first() -> None:
    def share(day: float) -> Share:
        return Share.model_validate({**dict.fromkeys(Share.model_fields), "day": day})

    days, weeks = Text(sv="dagar", en="days"), Text(sv="veckor", en="weeks")
    assert [s.day for s in told_first([share(d) for d in (183, 274, 365, 730)], days)] == [183, 365]
    assert [s.day for s in told_first([share(d) for d in (10, 20, 52)], weeks)] == [20, 52]
    assert told_first([], days) == []


@pytest.mark.parametrize(("matched", "few"), [(2820, True), (2760, False)])
def test_few_left_out_may_hide_among_all(matched: int, few: bool, material: Material) -> None:
    matching = material.results.matching
    assert matching is not None
    counts = {"participants": 2820, "participants_matched": matched}
    results = material.results.model_copy(update={"matching": matching.model_copy(update=counts)})
    lead = flow_section(replace(material, results=results)).blocks[0]
    assert isinstance(lead, Paragraph)
    assert any(part in lead.text for part in ("så gott som alla", "all but a few")) == few
    assert ("%" in lead.text) != few
