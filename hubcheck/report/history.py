"""What does a chain of a model's published states hold?

The result of ``hubcheck history``. It supports a claim or does not; it proves none, and no field is
a verdict.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, Literal

from pydantic import Field

from hubcheck.report.comparison import Result
from hubcheck.report.part import Part
from hubcheck.report.schema import Tool

SCHEMA: Final = "hubcheck-history 1.0"


class Looks(StrEnum):
    """What the chain looks like."""

    FROM_A_DRAW = "from-a-draw"
    """Its first state is like an initialisation, and every state is related to the one before."""
    NOT_A_DRAW = "not-a-draw"
    """Its first state holds structure that a fresh draw does not: learned, or drawn otherwise."""
    BROKEN = "broken"
    """A state is not shown to come from the one before."""
    OPEN = "open"
    """Too little could be read."""


class State(Part):
    """One published state."""

    ref: str
    revision: str = Field(description="40-hex commit, or 'local'")
    asked: str = Field(default="", description="the branch, tag or commit, as it was named")
    weights_digest: str = ""
    matrices: int = Field(
        default=0,
        description="blocks of matrices that were asked; 0 without a fault: too few are understood",
    )
    p: float = Field(
        default=1.0, description="of leading singular values so large in a fresh draw; exact"
    )
    leading: float = Field(
        default=0.0, description="largest singular value over that of shuffled entries, median"
    )
    beyond: float = Field(
        default=0.0, description="share of the squared length beyond all shuffled copies, median"
    )
    gains: int = Field(default=0, description="norms whose gains were read")
    constant: int = Field(default=0, description="of them, those whose gains are one number")
    fault: str = Field(default="", description="why nothing could be read")


class Step(Part):
    """How one state stands to the one before it."""

    result: Result
    log10_p: float = Field(default=0.0, le=0)
    kept: float = Field(default=0.0, description="median cosine of units at the same place")
    changed: float = Field(
        default=0.0, description="median of |after - before| / |before| over what was sampled"
    )


class TokenRows(Part):
    """Embedding rows from the first state to the last."""

    rows: int = Field(ge=0)
    still: int = Field(ge=0, description="rows that did not turn: nothing trained them")
    ratio: float = Field(description="length of the others over theirs in the first state; 0: none")


class History(Part):
    """The whole result."""

    schema_version: Literal["hubcheck-history 1.0"] = SCHEMA
    tool: Tool
    model: str
    seed: int = Field(ge=0)
    looks: Looks
    states: tuple[State, ...]
    steps: tuple[Step, ...] = Field(description="one fewer than states")
    tokens: TokenRows | None = None
    left_out: int = Field(default=0, ge=0, description="states that were found and not looked at")
    bytes_read: int = 0
    requests: int = 0
    seconds: float = 0.0
    repeat: str = Field(default="", description="the command that repeats it, seed included")
