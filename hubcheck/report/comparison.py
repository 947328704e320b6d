"""What does a comparison of two models hold, where neither is said to come from the other?

The machine-readable result of ``hubcheck compare``: the finding of one base, as a report holds it,
without anything that a declaration would mean. Fields may be added, never renamed. ``finding``
calls B the base and A the subject; which is which changes no word of the result.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, Literal

from pydantic import Field

from hubcheck.report.part import Part
from hubcheck.report.phrase_fields import ClausesField
from hubcheck.report.schema import Context, Coverage, Finding, Subject, Tool
from hubcheck.report.words import Depth, Verdict

SCHEMA: Final = "hubcheck-comparison 1.0"


class Result(StrEnum):
    """What two models are to each other, as far as was tested."""

    IDENTICAL = "identical"
    RELATED = "related"
    REARRANGED = "related-rearranged"
    UNRELATED = "unrelated"
    INCONCLUSIVE = "inconclusive"
    NOT_COMPARED = "not-compared"


RESULTS: Final = {
    Verdict.IDENTICAL: Result.IDENTICAL,
    Verdict.RELATED: Result.RELATED,
    Verdict.DISGUISED: Result.REARRANGED,
    Verdict.UNRELATED: Result.UNRELATED,
    Verdict.INCONCLUSIVE: Result.INCONCLUSIVE,
    Verdict.NOT_TESTED: Result.NOT_COMPARED,
}


class Stored(Part):
    """How one of the two is stored."""

    tensors: int = Field(ge=0)
    parameters: int = Field(ge=0, description="values in all tensors")
    bytes: int = Field(ge=0, description="of all tensors")
    formats: tuple[str, ...] = Field(default=(), description="number formats, most bytes first")


class OtherShape(Part):
    """A tensor that both have, in another shape."""

    name: str
    a: tuple[int, ...]
    b: tuple[int, ...]


class OtherFormat(Part):
    """Tensors that both have, stored in another number format."""

    a: str
    b: str
    tensors: int


class Tensors(Part):
    """What the headers say of the tensors of both; names without wrappers."""

    shared: int = Field(ge=0, description="of the same name and shape")
    shared_values: int = Field(ge=0)
    other_shape: tuple[OtherShape, ...] = ()
    other_format: tuple[OtherFormat, ...] = Field(
        default=(), description="among those of the same name and shape"
    )
    only_a: tuple[str, ...] = ()
    only_b: tuple[str, ...] = ()


class Comparison(Part):
    """The whole result of one comparison."""

    schema_version: Literal["hubcheck-comparison 1.0"] = SCHEMA
    tool: Tool
    started: str = Field(description="ISO 8601, UTC")
    finished: str = Field(description="ISO 8601, UTC")
    depth: Depth
    seed: int = Field(ge=0)
    result: Result
    a: Subject
    b: Subject
    a_stored: Stored | None = Field(default=None, description="null where it cannot be read")
    b_stored: Stored | None = None
    tensors: Tensors | None = Field(default=None, description="null where one cannot be read")
    finding: Finding
    context: Context = Context()
    coverage: Coverage
    warnings: ClausesField = ()
    limits: ClausesField = ()
    max_read: int = Field(default=0, description="the budget in bytes per model")
    repeat: str = Field(default="", description="the command that repeats it, seed included")
    seconds: float = 0.0
