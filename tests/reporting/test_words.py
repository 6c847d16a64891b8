"""The catalogue, numbers and labels."""

from __future__ import annotations

import ast
import re
import string
from pathlib import Path

import pytest

from pipeline.config import Text
from pipeline.reporting import words as package
from pipeline.reporting.words import Words, catalogue, labels, numbers
from pipeline.reporting.words.numbers import MINUS, NBSP

SV, EN = Words("sv"), Words("en")
REPORTING = Path(package.__file__).parents[1]
DAYS, WEEKS = Text(sv="dagar", en="days"), Text(sv="veckor", en="weeks")


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_both_languages_have_every_phrase_with_the_same_places() -> None:
    for key, texts in catalogue().items():
        assert set(texts) == {"sv", "en"}, key
        assert placeholders(texts["sv"]) == placeholders(texts["en"]), key
        assert all(isinstance(text, str) and text.strip() for text in texts.values()), key


def test_every_key_in_the_code_is_in_the_catalogue() -> None:
    """words("key") with a plain key; keys put together from parts are met when the whole report is written."""
    used = set()
    for path in REPORTING.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            called = isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == "words"
            if called and node.args and isinstance(node.args[0], ast.Constant):
                used.add(node.args[0].value)
    for path in REPORTING.rglob("*.j2"):
        used |= set(re.findall(r'words\("([^"]+)"\)', path.read_text(encoding="utf-8")))
    assert len(used) > 150
    assert used - catalogue().keys() == set()


@pytest.mark.parametrize(
    ("value", "decimals", "sv", "en"),
    [
        (16729, 0, f"16{NBSP}729", "16,729"),
        (1234567.891, 1, f"1{NBSP}234{NBSP}567,9", "1,234,567.9"),
        (-0.5, 1, f"{MINUS}0,5", f"{MINUS}0.5"),
        (-0.04, 1, "0,0", "0.0"),
        (0, 0, "0", "0"),
        # Halves go up, also those that a float holds a little under: 82.5 in a table is 83 in the text.
        (82.5, 0, "83", "83"),
        (100 * 0.145, 0, "15", "15"),
        (-0.125, 2, f"{MINUS}0,13", f"{MINUS}0.13"),
        (None, 0, "..", ".."),
        (float("nan"), 0, "..", ".."),
    ],
)
def test_numbers(value: float | None, decimals: int, sv: str, en: str) -> None:
    assert (SV.number(value, decimals), EN.number(value, decimals)) == (sv, en)


def test_per_cent() -> None:
    assert SV.percent(0.234, 1) == f"23,4{NBSP}%"
    assert EN.percent(0.234) == "23%"
    assert SV.percent(None) == ".."
    assert SV.small_percent(0.004) == f"0,4{NBSP}%"
    assert SV.small_percent(0.998) == f"99,8{NBSP}%"
    assert SV.small_percent(0.0) == f"0{NBSP}%"


def test_p_values_and_stars() -> None:
    assert SV.p_value(0.0004) == f"<{NBSP}0,001"
    assert EN.p_value(0.0449) == "0.045"
    assert [numbers.stars(p) for p in (0.009, 0.01, 0.049, 0.05, None)] == ["**", "*", "*", "", ""]


def test_dates_and_months() -> None:
    assert SV.date("2022-09-30") == f"30{NBSP}september 2022"
    assert EN.month("2020-02") == "February 2020"
    assert SV.date(None) == "–"


def test_signed_points() -> None:
    assert SV.signed_points(0.074) == "+7"
    assert SV.signed_points(-0.0032) == f"{MINUS}0,3"
    assert SV.signed_points(0.0001) == "0,0"
    assert SV.signed_points(None) == ".."


def test_lists() -> None:
    assert [SV.listed(items) for items in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == [
        "",
        "a",
        "a och b",
        "a, b och c",
    ]


@pytest.mark.parametrize(
    ("day", "unit", "sv", "en"),
    [
        (183, DAYS, f"6{NBSP}månader", f"6{NBSP}months"),
        (30, DAYS, f"1{NBSP}månad", f"1{NBSP}month"),
        (548, DAYS, f"18{NBSP}månader", f"18{NBSP}months"),
        (100, DAYS, f"100{NBSP}dagar", f"100{NBSP}days"),
        (1, DAYS, f"1{NBSP}dag", f"1{NBSP}day"),
        (52, WEEKS, f"52{NBSP}veckor", f"52{NBSP}weeks"),
        (1, WEEKS, f"1{NBSP}vecka", f"1{NBSP}week"),
        (2.5, Text(sv="varv", en="rounds"), f"2,5{NBSP}varv", f"2.5{NBSP}rounds"),
    ],
)
def test_times(day: float, unit: Text, sv: str, en: str) -> None:
    assert (labels.time(SV, day, unit), labels.time(EN, day, unit)) == (sv, en)


def test_levels() -> None:
    assert labels.level(SV, "[30, 45)") == "30 till under 45"
    assert labels.level(SV, "(-inf, 25.5)") == "under 25,5"
    assert labels.level(EN, "[60, inf)") == "60 or more"
    assert labels.level(SV, "2020-02") == "februari 2020"
    assert labels.level(SV, "post_secondary") == "Eftergymnasial"
    assert labels.level(SV, "okänd nivå") == "okänd nivå"
    assert labels.level(SV, None) == ""


def test_levels_stand_in_their_natural_order() -> None:
    levels = ["unknown", "post_secondary", "compulsory", "zzz", "upper_secondary", "aaa"]
    assert sorted(levels, key=labels.level_order) == [
        "compulsory", "upper_secondary", "post_secondary", "unknown", "aaa", "zzz"
    ]  # fmt: skip


def test_what_the_catalogue_does_not_know_goes_by_its_own_name() -> None:
    assert labels.variable(SV, "log_wage") == "Log wage"
    assert labels.variable(SV, "bs(age, df=3)") == "bs(age, df=3)"
    assert labels.destination(SV, "part_time_job") == "Part time job"
    assert labels.group(EN, Text(sv="Med stöd", en="With aid")) == "the group “With aid”"
    assert labels.outcome(SV, Text(sv="Examen", en="Degree"), "done") == "nått utfallet ”Examen”"


def test_small_letters_spare_names_and_abbreviations() -> None:
    assert [labels.lower_first(t) for t in ("Kvinnor", "OSA", "Sverige", "Europa utom Sverige", "")] == [
        "kvinnor", "OSA", "Sverige", "Europa utom Sverige", ""
    ]  # fmt: skip
