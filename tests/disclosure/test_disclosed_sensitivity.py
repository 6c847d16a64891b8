"""Sensitivity analyses beside the rest of a report: they count nobody whom another table withholds or joins."""

from __future__ import annotations

import pytest
from make_results import jobb

from pipeline.disclosure import Policy, protect
from pipeline.results import Results
from pipeline.sensitivity.record import EffectRow, MonthRow, Sensitivity, SensitivityRow

TEN = Policy(10)
RATIO = {"hazard_ratio": 1.5, "lower": 1.3, "upper": 1.7}
EFFECT = {**RATIO, "p": 0.01, "difference": 0.13, "difference_lower": 0.11, "difference_upper": 0.15}
COUNTS = ("participants", "controls", "participant_events", "control_events")


def with_analyses(results: Results, rows: list[SensitivityRow], months: list[MonthRow] | None = None) -> Results:
    first = rows[0].model_dump(include=set(EffectRow.model_fields))
    found = Sensitivity(
        day=365, choices=[], specifications=rows, placebos={"outcome_before_start": EffectRow(**first)},
        placebo_before=1095, months=months or [], bootstrap=None, e_value=None, e_value_limit=None,
        detectable_ratio=None, effective_events=None,
    )  # fmt: skip
    return results.model_copy(update={"sensitivity": found})


def analysis(counts: tuple[int, int, int, int], **choices: str) -> SensitivityRow:
    own = {"intake": "whole", "coarsening": "configured"}
    counted = dict(zip(COUNTS, counts, strict=True))
    return SensitivityRow.model_validate({**EFFECT, **counted, "choices": own | choices, "varied": list(choices)})


def protected_analyses(results: Results) -> Sensitivity:
    found = protect(results, TEN).sensitivity
    assert found is not None
    return found


def test_people_of_nearly_everyone_are_everyone_as_in_the_flow() -> None:
    """One participant left out: 1,005 and 1,004 are 1,010 and 1,000, which would tell that somebody was."""
    results = jobb()
    matching = results.matching
    assert matching is not None
    everyone = {"participants": 1005, "participants_matched": 1004}
    results = results.model_copy(update={"matching": matching.model_copy(update=everyone)})
    found = protected_analyses(with_analyses(results, [analysis((1004, 8000, 400, 2000))]))
    assert found.specifications[0].participants == 1010
    assert found.placebos["outcome_before_start"].participants == 1010
    shown = protect(results, TEN).matching
    assert shown is not None
    assert shown.participants == shown.participants_matched == 1010


@pytest.mark.parametrize(("outside", "told"), [(4, False), (10, True)])
def test_part_of_the_intake_that_is_nearly_everyone_is_withheld(outside: int, told: bool) -> None:
    own = analysis((1000, 8000, 400, 2000))
    part = analysis((1000 - outside, 7000, 370, 1800), intake="during")
    both = analysis((980, 6900, 360, 1790), intake="during", coarsening="wider all")
    found = protected_analyses(with_analyses(jobb(), [own, part, both]))
    assert [row.hazard_ratio is not None for row in found.specifications] == [True, told, told]
    assert all(getattr(row, name) is None for row in found.specifications[1:] for name in COUNTS)
    assert found.specifications[0].participants == 1000


def test_a_month_withheld_among_the_classes_is_withheld_here_and_none_is_counted() -> None:
    results = jobb()
    shown = protect(results, TEN).matching
    assert shown is not None
    levels = [row for row in shown.classes if row.variable == "start_month" and row.level]
    hidden = {row.level for row in levels if row.participants is None}
    assert len(hidden) >= 1
    assert len(hidden) < len(levels)
    # Every month has enough people of its own here: what is withheld is so for the table's sake.
    counts = dict(zip(COUNTS, (40, 4000, 20, 1500), strict=True))
    months = [MonthRow(month=str(row.level), **RATIO, **counts) for row in levels]
    found = protected_analyses(with_analyses(results, [analysis((1000, 8000, 400, 2000))], months))
    assert {row.month for row in found.months if row.hazard_ratio is None} == hidden
    assert all(getattr(row, name) is None for row in found.months for name in COUNTS)
