"""Sentences with numbers: at null, positive, negative, tiny, suppressed and missing values, in both languages."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.reporting.words import Words, catalogue
from pipeline.reporting.words.numbers import NBSP
from pipeline.reporting.words.sentences import (
    Interval,
    certainty,
    days_more,
    enough_decimals,
    median_reached,
    percent_higher,
    points_more,
    rates_apart,
    row_sentence,
    shares_apart,
)

SV, EN = Words("sv"), Words("en")
MISSING = Interval(None, None, None)
PHRASES = {
    "time": "12 månader",
    "participants": "deltagarna",
    "controls": "kontrollgruppen",
    "done": "gått till arbete",
}
FORBIDDEN = re.compile(r"ingen effekt|no effect", re.IGNORECASE)


@pytest.mark.parametrize(
    ("interval", "sv", "en"),
    [
        ((0.07, 0.052, 0.093), "mellan 5 och 9 procentenheter fler", "between 5 and 9 percentage points more"),
        ((-0.06, -0.071, -0.044), "mellan 4 och 7 procentenheter färre", "between 4 and 7 percentage points fewer"),
        (
            (-0.01, -0.032, 0.011),
            f"mellan 3{NBSP}procentenheter färre och 1{NBSP}procentenhet fler",
            f"between 3{NBSP}percentage points fewer and 1{NBSP}percentage point more",
        ),
        (
            (0.003, 0.001, 0.0042),
            "mellan 0,1 och 0,4 procentenheter fler",
            "between 0.1 and 0.4 percentage points more",
        ),
        ((0.0003, 0.0001, 0.0006), "mellan 0,01 och 0,06 procentenheter fler", None),
        ((0.052, 0.0519, 0.0523), "mellan 5,19 och 5,23 procentenheter fler", None),
        ((0.05, 0.05, 0.05), "omkring 5,00 procentenheter fler", None),
        ((0.06, 0.05, None), f"minst 5{NBSP}procentenheter fler", f"at least 5{NBSP}percentage points more"),
        ((None, None, None), "ett intervall som inte kan visas", "an interval that cannot be shown"),
        ((0.0, 0.0, 0.02), "mellan 0 och 2 procentenheter fler", None),
    ],
)
def test_difference_of_shares(interval: tuple[float | None, ...], sv: str, en: str | None) -> None:
    assert points_more(SV, Interval(*interval)) == sv
    if en is not None:
        assert points_more(EN, Interval(*interval)) == en


@pytest.mark.parametrize(
    ("interval", "sv"),
    [
        ((1.57, 1.47, 1.68), "mellan 47 och 68 procent högre"),
        ((0.64, 0.55, 0.745), "mellan 26 och 45 procent lägre"),
        ((0.95, 0.80, 1.15), f"mellan 20{NBSP}procent lägre och 15{NBSP}procent högre"),
        ((2.4, 2.12, 2.86), "mellan 2,1 och 2,9 gånger så hög"),
        ((1.9, 1.6, 2.3), "mellan 60 och 130 procent högre"),
        ((0.998, 0.9974, 0.9986), "mellan 0,1 och 0,3 procent lägre"),
        ((None, None, None), "ett intervall som inte kan visas"),
    ],
)
def test_ratio_of_rates(interval: tuple[float | None, ...], sv: str) -> None:
    assert percent_higher(SV, Interval(*interval)) == sv


def test_headline_puts_the_interval_before_the_shares() -> None:
    sentence = shares_apart(SV, Interval(0.15, 0.13, 0.17), (0.40, 0.25), **PHRASES)
    assert sentence == (
        "Inom 12 månader från starten hade **mellan 13 och 17 procentenheter fler** av deltagarna än av "
        "kontrollgruppen gått till arbete: 40 procent mot 25 procent. Skillnaden är statistiskt säkerställd."
    )


def test_null_headline_says_what_the_data_allow() -> None:
    sentence = shares_apart(EN, Interval(0.0, -0.02, 0.021), (0.3, 0.3), **PHRASES)
    assert "not statistically significant" in sentence
    assert "consistent with both fewer and more" in sentence


@pytest.mark.parametrize("words", [SV, EN])
def test_withheld_headline_has_no_number(words: Words) -> None:
    phrases = {**PHRASES, "time": "ett år"}
    for sentence in (
        shares_apart(words, MISSING, (None, None), **phrases),
        rates_apart(words, MISSING, do="x", **phrases),
    ):
        assert not re.search(r"\d", sentence)


def test_rate_sentence_compares_with_the_right_word() -> None:
    phrases = {"participants": "deltagarna", "controls": "kontrollgruppen", "do": "går till arbete"}
    assert "procent högre** än för kontrollgruppen (hazardkvot 1,57)" in rates_apart(
        SV, Interval(1.57, 1.47, 1.68), **phrases
    )
    assert "gånger så hög** som för kontrollgruppen" in rates_apart(SV, Interval(2.5, 2.1, 2.9), **phrases)


def test_row_sentences() -> None:
    assert row_sentence(SV, Interval(0.821, 0.774, 0.871), "Kvinnor", "män") == (
        "Kvinnor: takten är mellan 13 och 23 procent lägre än för män."
    )
    assert row_sentence(SV, Interval(0.976, 0.973, 0.979), "För varje ytterligare levnadsår är takten", None) == (
        "För varje ytterligare levnadsår är takten mellan 2 och 3 procent lägre."
    )
    assert "inte statistiskt säkerställd" in row_sentence(SV, Interval(1.0, 0.9, 1.1), "Kvinnor", "män")
    assert row_sentence(SV, MISSING, "Kvinnor", "män") == "Uppgiften kan inte visas."


def test_medians() -> None:
    said = {"group": "deltagarna", "done": "gått till arbete"}
    assert median_reached(SV, Interval(613, 571, 672), "dagar", False, **said) == (
        "Hälften av deltagarna hade gått till arbete efter 613 dagar (mellan 571 och 672)."
    )
    assert "(minst 571)" in median_reached(SV, Interval(613, 571, None), "dagar", False, **said)
    assert "Färre än hälften" in median_reached(SV, MISSING, "dagar", False, **said)
    assert "för få personer" in median_reached(SV, MISSING, "dagar", True, **said)


def test_mean_times() -> None:
    assert days_more(SV, Interval(-82.6, -96.2, -69.0), "dagar") == "mellan 69 och 96 dagar kortare"
    assert days_more(EN, Interval(2.0, -0.3, 4.2), "weeks") == f"between 0.3{NBSP}weeks less and 4{NBSP}weeks more"


def test_certainty() -> None:
    assert certainty(SV, Interval(1.2, 1.01, 1.4), 1, "rate") == "Skillnaden är statistiskt säkerställd."
    assert "inte statistiskt" in certainty(SV, Interval(1.2, 1.0, 1.4), 1, "rate")
    assert certainty(SV, MISSING, 1, "rate") == "Osäkerheten kan inte visas."


def test_nobody_is_told_that_there_is_no_effect() -> None:
    assert not [key for key, texts in catalogue().items() for text in texts.values() if FORBIDDEN.search(text)]


limits = st.floats(-0.9, 0.9).map(lambda value: round(value, 5))


@settings(derandomize=True, max_examples=200, deadline=None)
@given(limits, limits)
def test_any_interval_is_told_with_its_direction(a: float, b: float) -> None:
    low, high = sorted((a, b))
    sentence = points_more(SV, Interval((low + high) / 2, low, high))
    assert not FORBIDDEN.search(sentence)
    assert ("färre" in sentence) == (low < 0)
    assert ("fler" in sentence) == (high > 0 or low == high == 0)


@settings(derandomize=True, max_examples=200, deadline=None)
@given(st.floats(0.001, 500), st.floats(0.001, 500))
def test_decimals_keep_limits_apart(a: float, b: float) -> None:
    small, large = sorted((a, b))
    decimals = enough_decimals(small, large)
    assert decimals in (0, 1, 2)
    if decimals < 2:
        assert round(small, decimals) != round(large, decimals)
