"""What the two arms reached, and how far apart they are: curves, shares, medians, means, tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from pipeline.results import Arms, ChiSquared, CurvePoint, Estimate, RestrictedMean, Share

TREATMENT = "participant"
ARMS = {1: "participants", 0: "controls"}


@dataclass(frozen=True, slots=True)
class FollowUp:
    """Rows of one outcome, ready for the survival library.

    `rows` has a row per person (and index month): participant, person_id, stratum, weight, days, event, destination,
    kind and every covariate. `steps` are the same rows cut where their censoring weight changes (entry, days, event,
    weight), or the rows themselves when there are no censoring weights: curves and their tests are made from these.
    """

    rows: pd.DataFrame
    steps: pd.DataFrame
    weighted: bool

    def arguments(self) -> dict[str, Any]:
        """What every function of the survival library is called with."""
        steps = self.steps
        return {
            "entry": steps["entry"].to_numpy() if "entry" in steps else None,
            "weights": steps["weight"].to_numpy() if self.weighted else None,
            "cluster": steps["person"].to_numpy() if self.weighted else None,
        }


def follow_up(
    matched: pd.DataFrame, outcome: str, censoring: pd.DataFrame | None = None, after: str | None = None
) -> FollowUp:
    """The rows whose clock starts for an outcome, with censoring weights when there are any.

    censoring : row, from_day, to_day, weight_factor; rows of the cohort that are not named keep factor 1
    after : the outcome whose day starts the clock; rows then keep the censoring weight they had on that day
    """
    rows = matched[matched[f"{outcome}_days"].notna()].copy()
    for name in ("days", "event", "destination", "kind", "day_zero"):
        column = f"{outcome}_{name}"
        rows[name] = rows.get(column)
    rows["days"] = rows["days"].astype(float)
    rows["event"] = rows["event"].astype(int)
    rows["person"] = pd.factorize(rows["person_id"])[0]
    plain = bool((rows["weight"] == 1).all()) and rows["person"].is_unique
    if censoring is not None and after is not None:
        rows["weight"] *= _factor_on(rows, rows[f"{after}_days"], censoring)
    steps = rows if censoring is None or after is not None else _cut(rows, censoring)
    return FollowUp(rows, steps, weighted=not plain or censoring is not None)


def _cut(rows: pd.DataFrame, censoring: pd.DataFrame) -> pd.DataFrame:
    """Rows cut where their censoring weight changes; the event stays with the last piece."""
    owner = pd.Index(rows["row"]).get_indexer(censoring["row"])
    followed = rows["days"].to_numpy()
    known = np.flatnonzero(owner >= 0)
    begun = known[censoring["from_day"].to_numpy()[known] < followed[owner[known]]]
    cut = np.zeros(len(rows), dtype=bool)
    cut[owner[known]] = True
    whole = np.flatnonzero(~cut)
    at = np.concatenate([owner[begun], whole])
    order = np.argsort(at, kind="stable")
    at = at[order]

    def of_pieces(name: str, otherwise: float) -> NDArray[np.float64]:
        """(pieces,) a column of `censoring`, and what stands for it in rows that are not cut."""
        known = censoring[name].to_numpy()[begun].astype(float)
        return np.concatenate([known, np.full(len(whole), otherwise)])[order]

    end = of_pieces("to_day", np.inf)
    last = followed[at] <= end
    pieces = {name: rows[name].to_numpy()[at] for name in ("row", TREATMENT, "person", "stratum")}
    return pd.DataFrame(
        {
            **pieces,
            "entry": of_pieces("from_day", 0.0),
            "days": np.minimum(followed[at], end),
            "event": np.where(last, rows["event"].to_numpy()[at], 0),
            "destination": np.where(last, rows["destination"].to_numpy()[at], None),
            "weight": rows["weight"].to_numpy()[at] * of_pieces("weight_factor", 1.0),
        },
        copy=False,
    )


def _factor_on(rows: pd.DataFrame, day: pd.Series, censoring: pd.DataFrame) -> NDArray[np.float64]:
    """(n,) censoring weight of each row on a day of its follow-up; 1 for rows that have none."""
    pieces = rows.assign(on=day)[["row", "on"]].merge(censoring, on="row")
    pieces = pieces[(pieces["from_day"] < pieces["on"]) & (pieces["on"] <= pieces["to_day"])]
    return rows["row"].map(pieces.set_index("row")["weight_factor"]).fillna(1.0).to_numpy()


def curves_of(data: FollowUp) -> Any:
    """Weighted Kaplan-Meier curves by arm (`survival.Curves`)."""
    from survival import kaplan_meier

    steps = data.steps
    return kaplan_meier(steps["days"], steps["event"], group=steps[TREATMENT].to_numpy(), **data.arguments())


def curve_points(curves: Any, data: FollowUp, times: Sequence[float] = ()) -> list[CurvePoint]:
    """Share reached at each event day and at given times, with its band and the people behind it, from day 0 on."""
    points = []
    for arm, name in ARMS.items():
        own = data.rows[data.rows[TREATMENT] == arm]
        if own.empty:
            continue
        curve = arm_curve(curves, arm)
        asked = [time for time in times if time <= own["days"].max()]
        days = np.union1d([0.0, *asked], curve.times)
        at_risk, reached, on_day = people_at_risk(own, days), people_reached(own, days), people_on_days(own, days)
        survival, lower, upper = (curve.at(v, days, 1.0) for v in (curve.survival, curve.lower, curve.upper))
        points += [
            CurvePoint(
                group=name,
                day=float(day),
                cumulative_incidence=float(1 - s),
                lower=float(1 - high),
                upper=float(1 - low),
                at_risk=int(people),
                events=int(events),
                events_on_day=int(new),
            )
            for day, s, low, high, people, events, new in zip(
                days, survival, lower, upper, at_risk, reached, on_day, strict=True
            )
        ]
    return points


def shares(curves: Any, data: FollowUp, days: Sequence[float]) -> list[Share]:
    """Share reached by each day in both arms, and the difference, each with its interval.

    The difference knows that one person may stand in both arms. Days past the end of an arm's follow-up are left open.
    """
    from survival.differences import survival_difference

    steps = data.steps
    last = {arm: float(data.rows.loc[data.rows[TREATMENT] == arm, "days"].max()) for arm in ARMS}
    asked = [day for day in days if day <= min(last.values())]
    if not asked:
        return []
    at: dict[str, list[float]] = {}
    for arm, name in ARMS.items():
        curve, times = arm_curve(curves, arm), np.asarray(asked, dtype=float)
        limits = {name: curve.survival, f"{name}_lower": curve.upper, f"{name}_upper": curve.lower}
        at |= {key: (1 - curve.at(values, times, 1.0)).tolist() for key, values in limits.items()}
    reached = {arm: people_reached(data.rows[data.rows[TREATMENT] == arm], asked).tolist() for arm in ARMS}
    gaps = survival_difference(
        steps["days"], steps["event"], steps[TREATMENT].to_numpy(), asked, groups=(0, 1), **data.arguments()
    )
    return [
        Share(
            day=float(gap.time),
            **{key: values[i] for key, values in at.items()},
            difference=float(gap.difference),
            lower=float(gap.lower),
            upper=float(gap.upper),
            participant_events=reached[1][i],
            control_events=reached[0][i],
        )
        for i, gap in enumerate(gaps.itertuples())
    ]


def arm_curve(curves: Any, arm: int) -> Any:
    """The curve of one arm (`survival.curves.Curve`)."""
    return next(curve for curve in curves.curves if curve.group == arm)


def medians(curves: Any) -> Arms:
    """Days until half have reached the outcome; null when fewer than half do."""
    table = curves.quantile(0.5).set_index("group")
    found = {
        name: Estimate(
            value=finite(table.at[arm, "quantile"]),
            lower=finite(table.at[arm, "lower"]),
            upper=finite(table.at[arm, "upper"]),
        )
        for arm, name in ARMS.items()
        if arm in table.index
    }
    nothing = Estimate(value=None, lower=None, upper=None)
    return Arms(**{name: found.get(name, nothing) for name in ARMS.values()})


def log_rank(data: FollowUp) -> ChiSquared:
    """Test that both arms reach the outcome at the same pace."""
    from survival import logrank

    steps = data.steps
    test = logrank(steps["days"], steps["event"], steps[TREATMENT].to_numpy(), **data.arguments())
    return ChiSquared(statistic=finite(test.statistic), df=int(test.df), p=finite(test.p))


def restricted_mean_days(data: FollowUp, until: float) -> RestrictedMean | None:
    """Mean days without the outcome up to a day, and the difference; null when follow-up ends before it."""
    from survival import restricted_mean

    rows, steps = data.rows, data.steps
    if any(rows.loc[rows[TREATMENT] == arm, "days"].max() < until for arm in ARMS):
        return None
    means = restricted_mean(
        steps["days"], steps["event"], group=steps[TREATMENT].to_numpy(), until=until, **data.arguments()
    )
    table = means.table().set_index("group")
    arms = {
        name: Estimate(
            value=finite(table.at[arm, "mean"]),
            lower=finite(table.at[arm, "lower"]),
            upper=finite(table.at[arm, "upper"]),
        )
        for arm, name in ARMS.items()
    }
    gap = means.difference().iloc[0]
    return RestrictedMean(
        until=float(until),
        **arms,
        difference=Estimate(value=finite(gap["difference"]), lower=finite(gap["lower"]), upper=finite(gap["upper"])),
        p=finite(gap["p"]),
    )


def finite(value: float) -> float | None:
    """A number, or null where there is none."""
    return float(value) if np.isfinite(value) else None


def people_at_risk(rows: pd.DataFrame, days: ArrayLike) -> NDArray[np.int64]:
    """People at risk just before each day, each once although they may have a row for several index months."""
    last = np.sort(rows.groupby("person")["days"].max().to_numpy())
    return len(last) - np.searchsorted(last, np.asarray(days), side="left")


def people_on_days(rows: pd.DataFrame, days: ArrayLike) -> NDArray[np.int64]:
    """People who reach the outcome on each day itself, from any of their index months."""
    found = rows[rows["event"] == 1].groupby("days")["person"].nunique()
    return found.reindex(np.asarray(days), fill_value=0).to_numpy(dtype=np.int64)


def people_reached(rows: pd.DataFrame, days: ArrayLike) -> NDArray[np.int64]:
    """People who have reached the outcome by each day, each once."""
    first = np.sort(rows[rows["event"] == 1].groupby("person")["days"].min().to_numpy())
    return np.searchsorted(first, np.asarray(days), side="right")
