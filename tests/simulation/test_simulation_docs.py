"""What docs/simulation.md prints is what the simulation gives."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

from pipeline.simulation import Simulated, true_effect

DOCS = Path(__file__).parents[2] / "docs" / "simulation.md"
BLOCK = re.compile(r"```python\n(?P<code>.*?)```\n\n```text\n(?P<printed>.*?)```", re.DOTALL)
TRUTH = re.compile(r"^\| (\d+) \| ([\d.]+) \| ([\d.]+) \| (-?[\d.]+) \| ([\d.]+) \|$", re.MULTILINE)


def test_the_example_prints_what_stands_below_it() -> None:
    (block,) = BLOCK.finditer(DOCS.read_text(encoding="utf-8"))
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(block["code"], DOCS.name, "exec"), {})
    assert printed.getvalue() == block["printed"]


def test_the_table_of_the_truth(default: Simulated) -> None:
    rows = TRUTH.findall(DOCS.read_text(encoding="utf-8"))
    assert len(rows) == 8
    truth = true_effect(default, [int(row[0]) for row in rows])
    columns = [100 * truth["participants"], 100 * truth["controls"], 100 * truth["difference"], truth["hazard_ratio"]]
    for column, decimals, shown in zip(columns, (1, 1, 1, 2), list(zip(*rows, strict=True))[1:], strict=True):
        assert [f"{value:.{decimals}f}" for value in column] == list(shown)
