"""Outcomes to report on, every count of them consistent with the people behind.

Ratios are rate ratios: the report does not care how they were estimated.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from make_people import SUBGROUPS, where

from pipeline.config import Text
from pipeline.results import (
    Arms,
    Band,
    ChiSquared,
    CurvePoint,
    Destination,
    Estimate,
    Interaction,
    KindShare,
    Model,
    OutcomeResult,
    ProportionalityRow,
    RatioPoint,
    Removed,
    RestrictedMean,
    Selection,
    Share,
    SubgroupResult,
    Term,
)

Z = 1.959964
AT = [183.0, 365.0, 548.0, 730.0]
BANDS = [30.0, 183.0, 274.0]


def curve(people: pd.DataFrame, group: str, times: Sequence[float] = AT) -> list[CurvePoint]:
    """One minus Kaplan-Meier of one arm with log-log intervals, from day 0, at every event day and at given times."""
    end, reached = np.sort(people["days"]), np.sort(people.loc[people["event"], "days"])
    days = np.union1d(reached, [time for time in times if len(end) and time <= end[-1]])
    dead = np.searchsorted(reached, days, side="right") - np.searchsorted(reached, days)
    risks = len(end) - np.searchsorted(end, days)
    points, survival, variance = [point(group, 0, 0.0, 0.0, len(people), 0, 0)], 1.0, 0.0
    for day, d, risk, events in zip(days, dead, risks, np.cumsum(dead), strict=True):
        survival *= 1 - d / risk
        variance += d / (risk * (risk - d)) if risk > d else 0.0
        points.append(point(group, day, 1 - survival, variance, int(risk), int(events), int(d)))
    return points


def point(group: str, day: float, incidence: float, variance: float, risk: int, events: int, on_day: int) -> CurvePoint:
    """A point of a curve with its log-log interval."""
    lower, upper = incidence, incidence
    if 0 < incidence < 1:
        log = math.log(1 - incidence)
        width = Z * math.sqrt(variance) / abs(log)
        lower, upper = 1 - (1 - incidence) ** math.exp(-width), 1 - (1 - incidence) ** math.exp(width)
    return CurvePoint(
        group=group, day=float(day), cumulative_incidence=incidence, lower=lower, upper=upper, at_risk=risk,
        events=events, events_on_day=on_day,
    )  # fmt: skip


def shares(people: pd.DataFrame, at: Iterable[float] = AT) -> list[Share]:
    """Shares of both arms at given days with their difference; null where an arm is empty."""
    arms = [curve(people[people["participant"] == arm], name) for arm, name in ((1, "participants"), (0, "controls"))]
    return [_share(day, *([p for p in arm if p.day <= day][-1] for arm in arms)) for day in at]


def _share(day: float, p: CurvePoint, c: CurvePoint) -> Share:
    def half(x: CurvePoint) -> float:
        return (x.upper - x.lower) / 2

    known = p.at_risk > 0 and c.at_risk > 0
    difference = p.cumulative_incidence - c.cumulative_incidence if known else None
    width = math.hypot(half(p), half(c))
    return Share(
        day=day,
        participants=p.cumulative_incidence if p.at_risk else None,
        participants_lower=p.lower if p.at_risk else None,
        participants_upper=p.upper if p.at_risk else None,
        controls=c.cumulative_incidence if c.at_risk else None,
        controls_lower=c.lower if c.at_risk else None,
        controls_upper=c.upper if c.at_risk else None,
        difference=difference,
        lower=difference - width if known else None,
        upper=difference + width if known else None,
        participant_events=p.events if p.at_risk else None,
        control_events=c.events if c.at_risk else None,
    )


def rate_ratio(people: pd.DataFrame, first: float = 0, last: float = math.inf) -> tuple[float, float, int]:
    """Ratio of event rates between two days, its standard error (log) and the events."""
    events, time = {}, {}
    for arm in (1, 0):
        rows = people[people["participant"] == arm]
        events[arm] = int((rows["event"] & (rows["days"] > first) & (rows["days"] <= last)).sum())
        time[arm] = float((rows["days"].clip(upper=last) - first).clip(lower=0).sum())
    if not events[1] or not events[0]:
        return math.nan, math.nan, events[1] + events[0]
    ratio = (events[1] / time[1]) / (events[0] / time[0])
    return ratio, math.sqrt(1 / events[1] + 1 / events[0]), events[1] + events[0]


def term(factor: str, ratio: float, error: float, level: str | None = None) -> Term:
    """A row of a regression from a hazard ratio and the standard error of its logarithm."""
    b = math.log(ratio)
    return Term(
        term=factor if level is None else f"{factor}[{level}]",
        factor=factor,
        level=level,
        hazard_ratio=ratio,
        lower=math.exp(b - Z * error),
        upper=math.exp(b + Z * error),
        p=math.erfc(abs(b / error) / math.sqrt(2)),
        coefficient=b,
        std_error=error,
        model_std_error=error * 0.97,
    )


# Published Table 6, everyone; born outside Europe and years in Sweden were not significant.
TERMS = [
    ("woman", None, 0.821, 0.03),
    ("born_outside_europe", None, 1.02, 0.04),
    ("age", None, 0.976, 0.0015),
    ("months_registered", None, 0.998, 0.0003),
    ("no_disability", None, 1.266, 0.045),
    ("sickness_benefit", None, 0.8, 0.06),
    ("social_assistance", None, 1.091, 0.03),
    ("years_in_sweden", "0-3", 0.93, 0.06),
    ("years_in_sweden", "4-7", 0.95, 0.05),
    ("years_in_sweden", "8-11", 1.05, 0.06),
    ("years_in_sweden", "12+", 0.97, 0.05),
    ("education", "post_secondary", 1.334, 0.04),
    ("education", "unknown", 0.708, 0.15),
    ("education", "upper_secondary", 1.234, 0.035),
]
DROPPED = ("born_outside_europe", "years_in_sweden")


def model(people: pd.DataFrame, method: str = "none", without: tuple[str, ...] = ()) -> Model:
    """A Cox regression as results hold it; without a treatment row when there is one arm only."""
    ratio, error, _ = rate_ratio(people)
    dropped = DROPPED if method == "backward" else ()
    complete = people.iloc[: max(0, len(people) - round(0.0044 * len(people)))]
    terms = [] if math.isnan(ratio) else [term("participant", ratio, error)]
    terms += [term(f, r, e, level) for f, level, r, e in TERMS if f not in (*dropped, *without)]
    return Model(
        formula="participant + woman + age",
        n=len(complete),
        people=len(complete),
        participants=int((complete["participant"] == 1).sum()),
        controls=int((complete["participant"] == 0).sum()),
        events=int(complete["event"].sum()),
        left_out=len(people) - len(complete),
        terms=terms,
        selection=Selection(
            method=method,
            level=0.05 if method == "backward" else None,
            removed=[Removed(factor=f, p=p) for f, p in zip(dropped, (0.64, 0.31), strict=False)],
        ),
    )


def models(people: pd.DataFrame) -> dict[str, Model]:
    """Full and selected."""
    without = () if len(set(people["woman"])) > 1 else ("woman",)
    return {"full": model(people, without=without), "backward": model(people, "backward", without)}


def subgroup(people: pd.DataFrame, everyone: pd.DataFrame, name: str) -> SubgroupResult:
    """A subgroup with curves, shares, models and its interaction test."""
    sv, en, condition = SUBGROUPS[name]
    arms = {arm: people[people["participant"] == arm] for arm in (1, 0)}
    both = all(len(rows) for rows in arms.values())
    inside, rest = rate_ratio(people), rate_ratio(everyone.drop(people.index))
    interaction = None
    if both and not math.isnan(rest[0]) and not math.isnan(inside[0]):
        t = term("x", inside[0] / rest[0], math.hypot(inside[1], rest[1]))
        interaction = Interaction(
            ratio=t.hazard_ratio, lower=t.lower, upper=t.upper, p=t.p, p_adjusted=min(1.0, 10 * t.p), tests=10
        )
    return SubgroupResult(
        label=Text(sv=sv, en=en),
        where=condition,
        participants=len(arms[1]),
        controls=len(arms[0]),
        at=shares(people),
        models=models(people),
        interaction=interaction,
        curves=curve(arms[1], "participants") + curve(arms[0], "controls") if both else [],
    )


def kind_of(destination: str) -> str:
    """The kind of a destination, as the configuration has it."""
    if destination in ("category_22", "category_35"):
        return "without_support"
    return "deregistered" if destination.startswith("reason") else "with_support"


def kinds_over_time(people: pd.DataFrame) -> list[KindShare]:
    """The share of everyone that had gone to each kind by each of the report's times, per arm."""
    kinds = people["destination"].map(kind_of, na_action="ignore")
    if kinds[people["event"]].nunique() < 2:
        return []
    rows = []
    for arm, group in ((1, "participants"), (0, "controls")):
        own = people["participant"] == arm
        for kind in sorted(kinds[people["event"]].unique()):
            for day in AT:
                n = int((own & people["event"] & (kinds == kind) & (people["days"] <= day)).sum())
                i = n / max(int(own.sum()), 1)
                rows.append(KindShare(group=group, kind=kind, day=day, people=n, incidence=i, lower=max(0, i - 0.01),
                                      upper=i + 0.01))  # fmt: skip
    return rows


def destinations(people: pd.DataFrame) -> list[Destination]:
    """Where those went who reached the outcome, per arm."""
    rows = []
    for arm, group in ((1, "participants"), (0, "controls")):
        reached = people[(people["participant"] == arm) & people["event"]]
        total = int((people["participant"] == arm).sum())
        for name, n in sorted(reached["destination"].value_counts().items()):
            i = n / total
            rows.append(
                Destination(
                    group=group, destination=name, kind=kind_of(name), people=int(n), share=n / len(reached),
                    incidence=i, incidence_lower=max(0, i - 0.01), incidence_upper=i + 0.01,
                )
            )  # fmt: skip
    return rows


def outcome(people: pd.DataFrame, sv: str, en: str, *, subgroups: bool = False) -> OutcomeResult:
    """Everything about one outcome of these people."""
    arms = {arm: people[people["participant"] == arm] for arm in (1, 0)}
    bands = []
    for first, last in zip([0.0, *BANDS], [*BANDS, math.inf], strict=True):
        r, e, n = rate_ratio(people, first, last)
        t = term("band", r, e)
        bands.append(
            Band(from_day=first, to_day=last if math.isfinite(last) else None, hazard_ratio=r, lower=t.lower,
                 upper=t.upper, events=n)
        )  # fmt: skip
    smooth = [
        RatioPoint(day=d, hazard_ratio=v, lower=v * 0.8, upper=v * 1.25)
        for d in range(1, 912, 10)
        for v in [0.5 + 1.6 * math.exp(-((math.log(d / 150)) ** 2) / 2)]
    ]
    return OutcomeResult(
        label=Text(sv=sv, en=en),
        participants=len(arms[1]),
        controls=len(arms[0]),
        participant_events=int(arms[1]["event"].sum()),
        control_events=int(arms[0]["event"].sum()),
        day_zero_events=3,
        curves=curve(arms[1], "participants") + curve(arms[0], "controls"),
        at=shares(people),
        median_days=Arms(
            participants=Estimate(value=613, lower=571, upper=672),
            controls=Estimate(value=None, lower=None, upper=None),
        ),
        logrank=ChiSquared(statistic=228.41, df=1, p=1.3e-51),
        rmst=RestrictedMean(
            until=730,
            participants=Estimate(value=489.2, lower=478.0, upper=500.4),
            controls=Estimate(value=571.8, lower=564.1, upper=579.5),
            difference=Estimate(value=-82.6, lower=-96.2, upper=-69.0),
            p=1e-32,
        ),
        models=models(people),
        proportionality=[
            ProportionalityRow(term="participant", statistic=41.2, df=1, p=1.4e-10),
            ProportionalityRow(term="woman", statistic=0.3, df=1, p=0.58),
            ProportionalityRow(term="GLOBAL", statistic=71.2, df=13, p=3e-10),
        ],
        hazard_ratio_over_time=bands,
        hazard_ratio_curve=smooth,
        bands_test=ChiSquared(statistic=88.0, df=3, p=5e-19),
        destinations=destinations(people),
        kinds_over_time=kinds_over_time(people),
        subgroups={
            name: subgroup(where(people, SUBGROUPS[name][2]), people, name) for name in (SUBGROUPS if subgroups else ())
        },
    )
