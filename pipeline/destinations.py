"""Where those went who reached an outcome: by destination at the end, and by kind of destination over time."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from pipeline.effects import ARMS, TREATMENT, FollowUp, finite, people_reached
from pipeline.results import Destination, KindShare


def destinations(data: FollowUp, day: float) -> list[Destination]:
    """Where those went who reached the outcome, and the share of everyone who had gone there by a day.

    Competing destinations, which are not the outcome, have an incidence but no share of those who reached it.
    """
    rows, steps = data.rows, data.steps
    reached = rows[rows["destination"].notna()]
    if reached.empty:
        return []
    names = sorted(reached["destination"].unique())
    at = _incidence(data, steps["destination"], names, [day]).set_index(["group", "cause"])
    kinds = reached.groupby("destination")["kind"].first()
    found = []
    for arm, group in ARMS.items():
        here = reached[reached[TREATMENT] == arm]
        people = here.groupby("destination")["person"].nunique()
        weight = here[here["event"] == 1].groupby("destination")["weight"].sum()
        for code, name in enumerate(names, start=1):
            if (arm, code) not in at.index:
                continue
            row = at.loc[(arm, code)]
            found.append(
                Destination(
                    group=group,
                    destination=name,
                    kind=str(kinds[name]),
                    people=int(people.get(name, 0)),
                    share=finite(weight[name] / weight.sum()) if name in weight else None,
                    incidence=finite(row["incidence"]),
                    incidence_lower=finite(row["lower"]),
                    incidence_upper=finite(row["upper"]),
                )
            )
    return found


def kinds_over_time(data: FollowUp, days: Sequence[float]) -> list[KindShare]:
    """The share of everyone that had gone to each kind of destination by each day; nothing where there is one kind.

    Competing destinations take part in the estimate and are not among the kinds.
    """
    rows = data.rows
    last = min(float(rows.loc[rows[TREATMENT] == arm, "days"].max()) for arm in ARMS)
    asked = [float(day) for day in days if day <= last]
    kind_of = rows[rows["destination"].notna()].groupby("destination")["kind"].first()
    kinds = sorted(rows.loc[(rows["event"] == 1) & rows["destination"].notna(), "kind"].unique())
    if len(kinds) < 2 or not asked:
        return []
    names = [*kinds, *sorted(set(kind_of) - set(kinds))]
    at = _incidence(data, data.steps["destination"].map(kind_of), names, asked)
    found = []
    for arm, group in ARMS.items():
        own = rows[rows[TREATMENT] == arm]
        for code, kind in enumerate(kinds, start=1):
            people = people_reached(own[own["kind"] == kind], asked)
            points = at[(at["group"] == arm) & (at["cause"] == code)]
            found += [
                KindShare(
                    group=group,
                    kind=kind,
                    day=float(point.time),
                    people=int(n),
                    incidence=finite(point.incidence),
                    lower=finite(point.lower),
                    upper=finite(point.upper),
                )
                for point, n in zip(points.itertuples(), people, strict=True)
            ]
    return found


def _incidence(data: FollowUp, went: pd.Series, names: Sequence[str], days: Sequence[float]) -> pd.DataFrame:
    """Cumulative incidence by arm and cause, causes numbered from 1 as in `names`; `went` has one for each step."""
    from survival.pointwise import incidence_at

    cause = went.map({name: code for code, name in enumerate(names, start=1)}).fillna(0).astype(int)
    return incidence_at(data.steps["days"], cause, days, group=data.steps[TREATMENT].to_numpy(), **data.arguments())
