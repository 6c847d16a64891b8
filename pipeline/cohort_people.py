"""Who is who in a ready cohort: keys of people replaced as in register extracts, personal numbers refused elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from pipeline import engine
from pipeline.engine import quoted
from pipeline.errors import Fault, list_some
from pipeline.registers.identity import CANDIDATE, MISPLACED, SHARE, number_in
from pipeline.registers.pseudonyms import Hashing, in_place_of, name_people

_FIRST_ROW = 2  # the row under the header, as people count in an editor


def with_names(people: pd.DataFrame, person: str, keys: Hashing, folder: Path) -> pd.DataFrame:
    """The people with a name of letters in the place of each key, a digest of all else that the file says of them.

    With a key of one's own, `pseudonyms.parquet` in `folder` has the hash of each name. As files are read, hashes stand
    in a private folder that is removed; keys are written nowhere.
    """
    text = people[person].astype(str)
    hashes = text.map({key: (in_place_of(key, keys) or key).strip() for key in text.unique()})
    with engine.session("duckdb", folder) as (connection, scratch):
        others = people.drop(columns=person)
        plain = others.set_axis([f"c{place}" for place in range(others.shape[1])], axis=1)
        plain.assign(person_id=hashes).to_parquet(scratch / "rows.parquet", index=False)
        rows = scratch / "different.parquet"  # rows that are alike would cancel each other out in a digest
        connection.raw_sql(
            f"COPY (SELECT *, count(*) AS copies FROM read_parquet({quoted(scratch / 'rows.parquet')}) GROUP BY ALL) "
            f"TO {quoted(rows)} (FORMAT parquet)"
        )
        table = name_people(connection.con, {"cohort": rows})
        if keys.kept:
            found = connection.table(table).select(person_id="name", pseudonym="person_id")
            engine.write_parquet(found, folder / "pseudonyms.parquet", ["person_id"])
        names = connection.con.sql(f"SELECT person_id, name FROM {table}").df().set_index("person_id")["name"]
    return people.assign(**{person: hashes.map(names)})


def misplaced(people: pd.DataFrame, person: str | None, shown: str, keys: Hashing) -> Iterator[Fault]:
    """A fault for each column besides the key that holds personal numbers.

    One is enough in a column of text; of a column of numbers, which may look like one by chance, half must be.
    """
    for name in people.columns:
        if name == person:
            continue
        texts = _texts(people[name].dropna())
        numbers = {text for text in texts.unique() if re.search(CANDIDATE, text) and number_in(text, keys.reference)}
        rows = texts.index[texts.isin(numbers)] + _FIRST_ROW
        if len(rows) and (len(rows) >= SHARE * len(texts) or not pd.api.types.is_numeric_dtype(people[name])):
            remedy = "Take the column out of the file; or, if it is the person's key, name it as cohort.person."
            yield Fault(f"{shown}, column {name}, {list_some(rows)}", MISPLACED, remedy)


def _texts(column: pd.Series) -> pd.Series:
    """A column's values as text, whole numbers without decimals."""
    if pd.api.types.is_float_dtype(column):
        column = column[column == column.round()]
        return column.map("{:.0f}".format)
    return column.astype(str)
