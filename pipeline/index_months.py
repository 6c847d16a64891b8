"""From which of their eligible months controls are compared: every one, one drawn by chance, or the first."""

from __future__ import annotations

import hashlib

import ibis
import numpy as np
import pandas as pd

from pipeline.config import Population
from pipeline.periods import Table


def choose_months(rows: Table, population: Population, seed: int) -> Table:
    """Rows of the months controls are compared from, with `index_weight`; participants keep their one row.

    every_month : all of them (sequential trials), weight 1
    random_month : one, drawn by a hash of seed and person; weighted by the number of months it was drawn from, or 1
        when `index_weights` is off. Without the weight short stays are over-represented.
    first_month : the first, weight 1 (entrants: another estimand)
    """
    if population.control_index == "every_month":
        return rows.mutate(index_weight=ibis.literal(1))
    by_date = ibis.window(group_by=["person_id", "participant"], order_by="index_date")
    everyone = ibis.window(group_by=["person_id", "participant"])
    numbered = rows.mutate(number=ibis.row_number().over(by_date), months=rows.count().over(everyone))
    if population.control_index == "first_month":
        return numbered.filter(numbered.number == 0).mutate(index_weight=ibis.literal(1)).drop("number", "months")
    controls = numbered.filter(numbered.participant == 0)
    counts = controls.filter(controls.number == 0).select("person_id", "months").to_pyarrow()
    drawn = draw_months(counts["person_id"].to_pylist(), counts["months"].to_numpy(), seed)
    months = ibis.memtable(
        pd.DataFrame({"drawn_person_id": counts["person_id"].to_pylist(), "drawn": drawn}),
        schema=ibis.schema({"drawn_person_id": "string", "drawn": "int64"}),
    )
    marked = numbered.left_join(months, numbered.person_id == months.drawn_person_id)
    chosen = marked.filter((marked.participant == 1) | (marked.number == marked.drawn))
    weighted = (chosen.participant == 0) & ibis.literal(population.index_weights)
    weight = ibis.ifelse(weighted, chosen.months, 1)
    return chosen.mutate(index_weight=weight).drop("number", "months", "drawn", "drawn_person_id")


def draw_months(people: list[str], months: np.ndarray, seed: int) -> np.ndarray:
    """For each person a number from 0 to months - 1, by a hash of seed and person: the same on any machine."""
    drawn = np.empty(len(people), np.int64)
    for i, (person, count) in enumerate(zip(people, months, strict=True)):
        digest = hashlib.blake2b(f"{seed} {person}".encode(), digest_size=8).digest()
        drawn[i] = int.from_bytes(digest, "big") % int(count)
    return drawn
