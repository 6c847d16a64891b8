"""Every function that makes a sentence of numbers, at null, positive, negative, tiny, withheld and missing values."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable

import pytest

from pipeline.reporting.words import Words, catalogue, changes, sentences
from pipeline.reporting.words.sentences import Interval

# A null result is never told as the absence of an effect.
FORBIDDEN = re.compile(
    r"ingen (\w+ )?(effekt|skillnad finns)|inte någon effekt|saknar effekt|utan effekt|(no|without|zero) (\w+ )?effect"
    r"|ineffective|verkningslös",
    re.IGNORECASE,
)
LEFT_OPEN = re.compile(r"[{}]|None|\bnan\b|\binf\b")
# Differences; a ratio has the same shape around one.
CASES = {
    "null": Interval(0.0, -0.02, 0.02),
    "positive": Interval(0.15, 0.13, 0.17),
    "negative": Interval(-0.15, -0.17, -0.13),
    "tiny": Interval(0.0004, 0.0001, 0.0007),
    "tiny null": Interval(0.00001, -0.0001, 0.0001),
    "large": Interval(1.9, 1.5, 2.4),
    "on the null": Interval(0.01, 0.0, 0.02),
    "open above": Interval(0.2, 0.1, None),
    "open below": Interval(0.2, None, 0.3),
    "withheld": Interval(None, None, None),
}
CLEAR = {"positive", "negative", "tiny", "large"}
WHO = {"participants": "deltagarna", "controls": "kontrollgruppen"}


def ratio(interval: Interval) -> Interval:
    return Interval(*(None if v is None else 1 + v for v in (interval.value, interval.lower, interval.upper)))


def scaled(interval: Interval, factor: float) -> Interval:
    return Interval(*(None if v is None else factor * v for v in (interval.value, interval.lower, interval.upper)))


def shares(value: float | None) -> tuple[float | None, float | None]:
    return (None, None) if value is None else (0.3 + value / 10, 0.3)


Make = Callable[[Words, Interval], str]
MAKERS: dict[str, Make] = {
    "points_more": sentences.points_more,
    "percent_higher": lambda w, i: sentences.percent_higher(w, ratio(i)),
    "days_more": lambda w, i: sentences.days_more(w, scaled(i, 500), "dagar"),
    "certainty": lambda w, i: sentences.certainty(w, i, 0, "share"),
    "shares_apart": lambda w, i: sentences.shares_apart(w, i, shares(i.value), time="ett år", done="gått", **WHO),
    "rates_apart": lambda w, i: sentences.rates_apart(w, ratio(i), do="går", **WHO),
    "row_sentence": lambda w, i: sentences.row_sentence(w, ratio(i), "Kvinnor", "män"),
    "median_reached": lambda w, i: sentences.median_reached(
        w, scaled(i, 500), "dagar", i.value is None, group="deltagarna", done="gått"
    ),
    "moved": lambda w, i: changes.moved(w, "Arbete", (CASES["positive"], i), sentences.points_more, 0, ("a", "b")),
}
TELLS_CERTAINTY = ("certainty", "shares_apart", "rates_apart")


def test_no_sentence_function_is_left_out() -> None:
    public = {
        name for module in (sentences, changes) for name, f in inspect.getmembers(module, inspect.isfunction)
        if f.__module__ == module.__name__ and not name.startswith("_")
    }  # fmt: skip
    assert public - {"enough_decimals", "same"} == MAKERS.keys()


@pytest.mark.parametrize("language", ["sv", "en"])
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("maker", MAKERS)
def test_sentences_are_whole_and_never_deny_an_effect(maker: str, case: str, language: str) -> None:
    said = MAKERS[maker](Words(language), CASES[case])
    assert said.strip() == said != ""
    assert not FORBIDDEN.search(said), said
    assert not LEFT_OPEN.search(said), said
    if language == "sv":
        assert not re.search(r"\d\.\d", said), said
    else:
        assert not re.search(r"\d,\d\d?(?!\d)", said), said


@pytest.mark.parametrize("language", ["sv", "en"])
@pytest.mark.parametrize("case", [case for case in CASES if not case.startswith("open")])
@pytest.mark.parametrize("maker", TELLS_CERTAINTY)
def test_significance_follows_the_interval(maker: str, case: str, language: str) -> None:
    said = MAKERS[maker](Words(language), CASES[case])
    sure = {"sv": "är statistiskt säkerställd", "en": "is statistically significant"}[language]
    unsure = {"sv": "är inte statistiskt säkerställd", "en": "is not statistically significant"}[language]
    assert (sure in said) == (case in CLEAR)
    assert (unsure in said) == (case not in CLEAR and case != "withheld")


@pytest.mark.parametrize("language", ["sv", "en"])
@pytest.mark.parametrize("maker", [maker for maker in MAKERS if maker != "moved"])
def test_a_withheld_value_brings_no_number(maker: str, language: str) -> None:
    assert not re.search(r"\d", MAKERS[maker](Words(language), CASES["withheld"]))


@pytest.mark.parametrize("language", ["sv", "en"])
def test_directions_are_opposite(language: str) -> None:
    words = Words(language)
    up, down = ({"sv": "fler", "en": "more"}[language], {"sv": "färre", "en": "fewer"}[language])
    assert up in MAKERS["points_more"](words, CASES["positive"])
    assert down in MAKERS["points_more"](words, CASES["negative"])
    both = MAKERS["points_more"](words, CASES["null"])
    assert up in both
    assert down in both


def test_singular_and_plural() -> None:
    sv, en = Words("sv"), Words("en")
    one = Interval(0.0, -0.01, 0.02)
    assert re.search(r"1.procentenhet färre och 2.procentenheter fler", sentences.points_more(sv, one))
    assert re.search(r"1.percentage point fewer and 2.percentage points more", sentences.points_more(en, one))


def test_the_catalogue_never_denies_an_effect() -> None:
    assert [key for key, texts in catalogue().items() for text in texts.values() if FORBIDDEN.search(text)] == []


def test_the_pattern_finds_what_it_must_not_let_through() -> None:
    for text in (
        "Insatsen har ingen effekt.",
        "There was no effect",
        "ingen säkerställd effekt",
        "no significant effect",
    ):
        assert FORBIDDEN.search(text)
