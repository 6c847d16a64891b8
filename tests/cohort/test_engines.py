"""The same cohort on both engines; needs pyspark and Java, and half a minute for Spark to start and plan."""

from __future__ import annotations

import importlib.util
import shutil

import pandas as pd
import pytest
from by_hand import Builder, configuration, with_both_arms


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("pyspark") is None, reason="pyspark is not installed")
@pytest.mark.skipif(shutil.which("java") is None, reason="Java is not installed")
def test_spark_gives_the_same_cohort(build: Builder) -> None:
    registers = with_both_arms()
    for number in range(12):
        registers.in_job(f"c{number}", f"02-{number + 1:02d}")
    registers.started("c3", "04-20")
    registers.category("c4", "33", "05-05")
    config = configuration(control_index="random_month", other_exit="competing")
    ours, theirs = (build(registers, config.model_copy(update={"engine": engine})) for engine in ("duckdb", "spark"))
    pd.testing.assert_frame_equal(ours.cohort, theirs.cohort)
    weights = [pd.read_parquet(built.folder / "censoring.parquet") for built in (ours, theirs)]
    pd.testing.assert_frame_equal(*weights)
    assert ours.flow == theirs.flow
    assert ours.description == theirs.description
