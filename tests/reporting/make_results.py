"""Whole results to report on: a matched evaluation in days with the published numbers, a randomised one in weeks."""

from __future__ import annotations

import pandas as pd
from make_outcomes import outcome
from make_people import draw

from pipeline.config import Text
from pipeline.results import (
    About,
    Balance,
    BalanceRow,
    BeforeAfter,
    DescriptionRow,
    FlowStep,
    MatchedClass,
    Matching,
    Results,
    Unmatched,
)

# variable, level, before: participants, controls; after: participants, controls (facts section 3, Table 4)
BALANCE = [
    ("age", None, 44.1, 41.2, 44.2, 44.1),
    ("woman", None, 0.51, 0.43, 0.50, 0.50),
    ("education", "compulsory", 0.30, 0.34, 0.33, 0.33),
    ("education", "upper_secondary", 0.38, 0.37, 0.37, 0.37),
    ("education", "post_secondary", 0.30, 0.27, 0.28, 0.28),
    ("education", "unknown", 0.02, 0.02, 0.02, 0.02),
    ("birth_region", "sweden", 0.21, 0.26, 0.21, 0.21),
    ("birth_region", "europe", 0.16, 0.18, 0.15, 0.15),
    ("birth_region", "outside_europe", 0.63, 0.56, 0.64, 0.64),
    ("months_registered", None, 60.1, 49.3, 61.0, 60.2),
    ("disability", None, 0.20, 0.14, 0.20, 0.17),
    ("sickness_benefit", None, 0.06, 0.05, 0.06, 0.05),
    ("social_assistance", None, 0.50, 0.41, 0.50, 0.46),
]
SPREAD = {"age": 10.5, "months_registered": 52.0}


def balance() -> Balance:
    """Table 4 with standardised differences."""

    def row(variable: str, level: str | None, p: float, c: float, p0: float, median: bool) -> BalanceRow:
        share = variable not in SPREAD
        sd = (p0 * (1 - p0)) ** 0.5 if share else SPREAD[variable]
        return BalanceRow(
            variable=variable, level=level, participants=p, controls=c, smd=(p - c) / sd,
            variance_ratio=None if share else 1.06,
            participants_median=47.0 if median else None, controls_median=36.0 if median else None,
        )  # fmt: skip

    return Balance(
        before=[row(v, k, a, b, a, v == "months_registered") for v, k, a, b, _, _ in BALANCE],
        after=[row(v, k, a, b, p0, v == "months_registered") for v, k, p0, _, a, b in BALANCE],
        l1=BeforeAfter(before=0.412, after=0.187),
        l1_bins={"age": "[18, 30), [30, 45), [45, 60), [60, 66]", "woman": "0, 1"},
    )


def description(total: int = 2821) -> list[DescriptionRow]:
    """Table 2."""
    shares = [
        ("woman", None, 0.50),
        *(("age_group", level, s) for level, s in (("under_30", 0.06), ("30_to_59", 0.88), ("60_or_older", 0.06))),
        ("education", "compulsory", 0.33),
        ("education", "upper_secondary", 0.37),
        ("education", "post_secondary", 0.29),
        ("education", "unknown", 0.01),
        ("birth_region", "sweden", 0.21),
        ("birth_region", "europe", 0.16),
        ("birth_region", "outside_europe", 0.63),
        ("social_assistance", None, 0.50),
        ("has_children", None, 0.59),
        ("is_single", None, 0.51),
    ]
    rows = [_described(variable, level, round(share * total), total) for variable, level, share in shares]
    rows.append(DescriptionRow(variable="age", level=None, count=total, share=None, mean=44.1, median=44.0))
    return rows


def _described(variable: str, level: str | None, count: int, total: int) -> DescriptionRow:
    return DescriptionRow(variable=variable, level=level, count=count, share=count / total, mean=None, median=None)


def flow(matched: int, controls: int) -> list[FlowStep]:
    """Selection steps from the extracts to the matched groups; one drops only three participants."""
    steps = [
        ("in_extract", 3045, 24118, 3045, 24118),
        ("started_in_intake", 3045, 24118, 3045, 24118),
        ("in_programme_at_start", 2824, 16729, 2824, 214_402),
        ("eligible", 2821, 16729, 2821, 208_911),
        ("matched", matched, controls, matched, 121_034),
    ]
    return [
        FlowStep(step=s, participants=p, controls=c, participant_rows=pr, control_rows=cr) for s, p, c, pr, cr in steps
    ]


def matching(matched: int, controls: int) -> Matching:
    """Counts and classes; one start month holds four participants, one variable alone keeps two out."""
    classes = [
        ("age", "(-inf, 30)", 169, 2510),
        ("age", "[30, 45)", 1241, 7529),
        ("age", "[45, 60)", 1242, 5688),
        ("age", "[60, inf)", 169, 1002),
        ("education", "compulsory_or_unknown", 960, 6022),
        ("education", "more", 1861, 10707),
        ("start_month", "2020-02", 405, 4011),
        ("start_month", "2020-03", 4, 3977),
        ("start_month", "2020-04", 2412, 8741),
    ]
    return Matching(
        participants=2821,
        participants_matched=matched,
        controls=16729,
        controls_matched=controls,
        control_rows_matched=121_034,
        strata=1204,
        effective_controls=6120.4,
        classes=[MatchedClass(variable=v, level=k, participants=p, controls=c) for v, k, p, c in classes],
        unmatched=[Unmatched(variable="age", participants=31), Unmatched(variable="education", participants=2)],
    )


def about(**changes: object) -> About:
    """Front matter of the matched evaluation."""
    values: dict[str, object] = {
        "name": "jobb",
        "title": Text(sv="Nådde deltagarna arbete eller studier snabbare?", en="Did participants reach work sooner?"),
        "programme": Text(sv="projektet", en="the project"),
        "participants": Text(sv="Deltagare", en="Participants"),
        "controls": Text(sv="Matchad kontrollgrupp", en="Matched comparison group"),
        "status": "draft",
        "source": Text(sv="Källa: AF, SCB och ESF, egna beräkningar", en="Source: AF, SCB and ESF, own calculations"),
        "languages": ["sv", "en"],
        "headline": "work_or_studies",
        "time_unit": Text(sv="dagar", en="days"),
        "design": "matched",
        "estimand": "ATT",
        "intake_first": "2020-02-01",
        "intake_last": "2022-04-30",
        "follow_up_to": "2022-09-30",
        "control_index": "every_month",
        "future_participants": "censor",
        "other_exit": "remain",
        "minimum_count": 10,
        "simulated": True,
    }
    return About.model_validate(values | changes)


def jobb(participants: int = 2756, controls: int = 7988, seed: int = 1, disability: float = 0.2) -> Results:
    """A matched evaluation in days: three outcomes, twelve subgroups, small counts here and there."""
    return results_of(draw(participants, controls, seed, disability), seed)


def results_of(people: pd.DataFrame, seed: int = 1) -> Results:
    """The evaluation of these people; the two other outcomes are of people drawn beside them."""
    matched = {arm: int((people["participant"] == arm).sum()) for arm in (1, 0)}
    narrow, back = draw(matched[1], matched[0], seed + 1), draw(412, 1710, seed + 2)
    return Results(
        evaluation=about(),
        flow=flow(matched[1], matched[0]),
        description=description(),
        matching=matching(matched[1], matched[0]),
        balance=balance(),
        outcomes={
            "work_or_studies": outcome(people, "Arbete eller studier", "Work or studies", subgroups=True),
            "deregistered": outcome(
                narrow, "Avregistrerad till arbete eller studier", "Deregistered for work or studies"
            ),
            "return": outcome(back, "Åter inskriven hos Arbetsförmedlingen", "Registered at AF again"),
        },
    )


def ready(minimum_count: int = 1) -> Results:
    """A randomised evaluation of a ready cohort in weeks: nothing matched, no flow of selections, public data."""
    people = draw(216, 216, seed=5)
    people["days"] = (people["days"] / 20).clip(lower=1).round()
    result = outcome(people, "Arrestering", "Arrest")
    at = [day for day in result.at if day.day == 365]
    weeks = result.model_copy(
        update={
            "at": [row.model_copy(update={"day": day}) for day in (5.0, 26.0, 52.0) for row in at],
            "destinations": [],
            "hazard_ratio_curve": [],
            "rmst": None,
        }
    )
    return Results(
        evaluation=about(
            name="rossi", title=Text(sv="Stöd och arrestering", en="Aid and arrest"), participants="With aid",
            controls="Without aid", languages=["en"], headline="arrest", time_unit={"sv": "veckor", "en": "weeks"},
            design="randomised", estimand=None, intake_first=None, intake_last=None, follow_up_to=None, source=None,
            control_index=None, future_participants=None, other_exit=None, simulated=False,
            minimum_count=minimum_count, status="final",
        ),
        flow=[FlowStep(step="in_file", participants=216, controls=216, participant_rows=216, control_rows=216)],
        description=[_described("race", None, 190, 216)],
        matching=None,
        balance=Balance(
            before=[BalanceRow(variable="race", level=None, participants=0.88, controls=0.87, smd=0.02,
                               variance_ratio=None)],
            after=[BalanceRow(variable="race", level=None, participants=0.88, controls=0.87, smd=0.02,
                              variance_ratio=None)],
            l1=BeforeAfter(before=0.2, after=0.2),
        ),
        outcomes={"arrest": weeks},
    )  # fmt: skip
