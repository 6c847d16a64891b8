"""Settings for every test."""

from __future__ import annotations

from pipeline.collector import collect_rarely

collect_rarely()  # as commands do: a load of a few rows is a seventh quicker
