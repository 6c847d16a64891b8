"""What the parts of results.json are built from."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

Number = float | None
Count = int | None


class Record(BaseModel):
    """A part of the results: no unknown fields."""

    model_config = ConfigDict(extra="forbid")
