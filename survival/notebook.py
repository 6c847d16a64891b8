"""How results show in a notebook: a line of text and a table, everything in them escaped, no scripts."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import pandas as pd

MOST_ROWS = 12  # a notebook is read, not scrolled


def as_html(lines: Sequence[str], table: pd.DataFrame, digits: int = 3, index: bool = False) -> str:
    """Lines of text above a table of numbers; the first and last rows of a long one."""
    said = "".join(f"<p>{escape(line)}</p>" for line in lines)
    numbers = dict.fromkeys(table.select_dtypes("float"), f"{{:.{digits}f}}".format)
    return said + table.to_html(index=index, formatters=numbers, border=0, max_rows=MOST_ROWS, na_rep="–")
