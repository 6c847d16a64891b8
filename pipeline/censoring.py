"""Censoring weights: controls still outside the project stand in for alike ones who have joined it.

Joining depends on the matching variables and needs a person to be in the programme, and so depends on what the outcome
depends on. Each eligible person-month has a probability of joining within it, from a pooled logistic regression on
calendar month and the matching variables as of that month. In a month in which a person is not eligible nobody joins.
A control followed into month m is weighted by the inverse of the probability of staying outside in every month before.
Robins and Finkelstein (2000); for sequential trials Hernán et al. (2008).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pipeline.classes import class_columns
from pipeline.config import Config
from pipeline.periods import Table
from pipeline.pooled_logistic import event_probabilities

Floats = NDArray[np.floating]
Ints = NDArray[np.integer]

SCHEMA = pa.schema(
    [("row", pa.int64()), ("from_day", pa.int32()), ("to_day", pa.int32()), ("weight_factor", pa.float64())]
)
ROWS_AT_A_TIME = 25_000
# Digits kept of a factor: the last bits differ between processors.
DECIMALS = 12


@dataclass(frozen=True, slots=True)
class PersonMonths:
    """Eligible person-months of everyone who is a control in some month, by person and month.

    people : (p,) person ids in order
    person : (n,) index into `people`, rising
    month : (n,) months since January 1970, rising within a person
    staying : (n,) log probability of not joining in the month, 0 where nobody joined
    """

    people: pa.Array
    person: Ints
    month: Ints
    staying: Floats


@dataclass(frozen=True, slots=True)
class Pieces:
    """Start-stop rows: (from_day, to_day] of the cohort's row, and the factor its weight is multiplied by."""

    row: Ints
    from_day: Ints
    to_day: Ints
    weight_factor: Floats


def person_months(panel: Table, config: Config) -> PersonMonths:
    """Person-months of controls with the probability of staying outside the project in each.

    `panel` holds every eligible month, also after the intake when people still joined then.
    """
    controls = panel.filter(panel.participant == 0)
    joined = controls.joins_later & (month_number(controls.joined_on) == month_number(controls.index_date))
    factors = {
        "month": controls.start_month,
        "entered": (controls.index_date.day() > 1).cast("string"),
        **_matching_classes(controls, config),
    }
    marked = controls.select("person_id", "index_date", joins=joined.fill_null(False).cast("int64"), **factors)
    cells = marked.group_by(*factors).aggregate(trials=marked.count(), events=marked.joins.sum())
    cells = cells.order_by(list(factors)).to_pandas()
    chance = event_probabilities(cells[list(factors)], cells["trials"].to_numpy(float), cells["events"].to_numpy(float))
    numbered = ibis.memtable(cells[list(factors)].assign(cell=range(len(cells))))
    months = marked.inner_join(numbered, list(factors)).order_by("person_id", "index_date")
    months = months.select("person_id", "cell", month=month_number(months.index_date)).to_pyarrow()
    people = months["person_id"].combine_chunks().dictionary_encode()
    # Those sure to join are gone by the end of the month: nobody is left to weight.
    staying = np.log1p(-np.where(chance < 1, chance, 0.0))
    return PersonMonths(
        people=people.dictionary,
        person=people.indices.to_numpy(zero_copy_only=False).astype(np.int64),
        month=months["month"].to_numpy().astype(np.int64),
        staying=staying[months["cell"].to_numpy()],
    )


def month_number(day: Any) -> Any:
    """Months since January 1970."""
    return (day.year() - 1970) * 12 + day.month() - 1


def _matching_classes(rows: Table, config: Config) -> dict[str, Any]:
    """The class of each matching variable but the month itself."""
    variables = config.matching.variables if config.matching else {}
    return class_columns(rows, {name: rule for name, rule in variables.items() if name != "start_month"})


def write_weights(cohort: Path, months: PersonMonths, path: Path) -> float:
    """Write `censoring.parquet` for the control rows of `cohort.parquet`; returns the largest factor.

    Columns: row (number of the row in the cohort, from 0), from_day, to_day, weight_factor, where the row is followed
    in (from_day, to_day]. The pieces of a row cover it from day 0 to the end of its follow-up (`follow_up_days`),
    whatever outcome may come before, so that they serve any outcome. Factors change as a calendar month begins.
    """
    columns = ["person_id", "participant", "index_date", "follow_up_days"]
    table = pq.read_table(cohort, columns=columns)
    rows = np.flatnonzero(table["participant"].to_numpy() == 0)
    largest = 1.0
    # Days and factors hardly repeat: a dictionary of them costs time and saves little.
    with pq.ParquetWriter(path, SCHEMA, use_dictionary=False) as writer:
        for part in _parts(rows):
            pieces = _pieces_of(table.take(pa.array(part)), part, months)
            writer.write_table(_as_table(pieces))
            largest = max(largest, float(pieces.weight_factor.max(initial=1.0)))
    return largest


def _as_table(pieces: Pieces) -> pa.Table:
    factor = np.round(pieces.weight_factor, DECIMALS)
    return pa.table([pieces.row, pieces.from_day, pieces.to_day, factor], schema=SCHEMA)


def _parts(rows: Ints) -> Iterator[Ints]:
    for start in range(0, len(rows), ROWS_AT_A_TIME):
        yield rows[start : start + ROWS_AT_A_TIME]


def _pieces_of(table: pa.Table, rows: Ints, months: PersonMonths) -> Pieces:
    person = pc.index_in(table["person_id"], value_set=months.people).to_numpy()
    index_day = table["index_date"].to_numpy().astype("datetime64[D]")
    days = table["follow_up_days"].to_numpy().astype(np.int64)
    return start_stop(rows, person, index_day, days, months)


def start_stop(rows: Ints, person: Ints, index_day: NDArray, days: Ints, months: PersonMonths) -> Pieces:
    """Cut rows where the weight of those who stay outside changes.

    Parameters
    ----------
    rows : (m,) names of the rows, rising
    person, index_day : (m,) index into `months.people`, and a day in one of the person's months
    days : (m,) length of follow-up, at least 1
    """
    month = index_day.astype("datetime64[M]").astype(np.int64)
    span = int(months.month.max()) + 1
    own = np.searchsorted(months.person * span + months.month, person * span + month)
    after = np.searchsorted(months.person, person, side="right")
    # A row passes through its own month and the person's later ones; the weight changes on the day after each.
    passes = np.repeat(np.arange(len(rows)), after - own)
    place = np.arange(len(passes)) - np.repeat(np.cumsum(after - own) - (after - own), after - own) + own[passes]
    next_month = (months.month[place] + 1).astype("datetime64[M]").astype("datetime64[D]")
    change = (next_month - index_day[passes]).astype(np.int64) - 1
    counts = (months.staying[place] < 0) & (change < days[passes])
    passes, place, change = passes[counts], place[counts], change[counts]
    upto = np.cumsum(months.staying)
    factor = np.exp(upto[own[passes]] - months.staying[own[passes]] - upto[place])
    return _tiled(rows, days, passes, change, factor)


def _tiled(rows: Ints, days: Ints, passes: Ints, change: Ints, factor: Floats) -> Pieces:
    """Pieces from each row's day 0 with factor 1, then from each change on with its factor, up to the next change.

    passes, change, factor : (c,) the row (rising) whose weight changes, from which day on (rising within it), to what
    """
    pieces = np.bincount(passes, minlength=len(rows)) + 1
    first = np.zeros(pieces.sum(), bool)
    first[np.cumsum(pieces) - pieces] = True
    start, weight = np.zeros(len(first), np.int64), np.ones(len(first))
    start[~first], weight[~first] = change, factor
    stop = np.append(start[1:], 0)
    stop[np.cumsum(pieces) - 1] = days
    # The piece with factor 1 is empty where the weight changes on day 0.
    kept = stop > start
    return Pieces(np.repeat(rows, pieces)[kept], start[kept], stop[kept], weight[kept])
