"""What does an audit hold of each of its models, and what changed since the last one?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Final, Literal

from pydantic import Field

from hubcheck.report.part import Part
from hubcheck.report.schema import Report

SCHEMA: Final = "hubcheck-audit 1.0"


class Changed(StrEnum):
    """What is not as it was."""

    NEW = "new"
    GONE = "gone"
    WEIGHTS = "weights"
    CARD = "card"
    BASES = "bases"
    VERDICT = "verdict"
    CONCLUSION = "conclusion"
    REACHED = "reached"
    """It could be checked and cannot any more, or the other way round."""


class Base(Part):
    """A base that was looked at."""

    ref: str
    revision: str = ""
    asked: str = ""
    declared: bool = False
    verdict: str = ""


class Entry(Part):
    """One model."""

    ref: str
    revision: str = ""
    exit_code: int = Field(description="of the check, as `hubcheck check` ends with")
    verdict: str = Field(default="", description="empty where there is no report")
    conclusion: str = ""
    declared: tuple[str, ...] = ()
    bases: tuple[Base, ...] = ()
    weights_digest: str = ""
    bytes_read: int = 0
    requests: int = 0
    report: str = Field(default="", description="the report's file, below the audit's folder")
    error: str = Field(default="", description="why there is no report")
    reused: bool = Field(default=False, description="nothing had changed; not looked at again")
    changed: tuple[Changed, ...] = ()


class Audit(Part):
    """The whole result."""

    schema_version: Literal["hubcheck-audit 1.0"] = SCHEMA
    version: str = Field(description="of hubcheck")
    asked: str = Field(description="the owner, collection or list, and how it was checked")
    started: str
    finished: str = ""
    compared_with: str = Field(default="", description="when the last audit ended; empty: none")
    entries: tuple[Entry, ...] = ()
    gone: tuple[str, ...] = Field(default=(), description="models of the last audit that are gone")
    seconds: float = 0.0


def entry_of(report: Report, exit_code: int, file: str) -> Entry:
    """Return what is kept of a report."""
    return Entry(
        ref=report.subject.ref,
        revision=report.subject.revision,
        exit_code=exit_code,
        verdict=report.verdict.value,
        conclusion=report.conclusion.value,
        declared=report.declared.bases,
        bases=tuple(
            Base(
                ref=f.base.ref,
                revision=f.base.revision,
                asked=f.base.asked,
                declared=f.declared,
                verdict=f.verdict.value,
            )
            for f in report.findings
        ),
        weights_digest=report.subject.weights_digest,
        bytes_read=report.coverage.bytes_read,
        requests=report.coverage.requests,
        report=file,
    )


def changes(now: Entry, before: Entry | None) -> tuple[Changed, ...]:
    """Return what is not as it was in the last audit.

    Args:
        now: The model now.
        before: The model then; None: it was not there.
    """
    if before is None:
        return (Changed.NEW,)
    if bool(now.error) != bool(before.error):
        return (Changed.REACHED,)
    known = now.weights_digest and before.weights_digest
    moved = (
        now.weights_digest != before.weights_digest if known else now.revision != before.revision
    )
    different = {
        Changed.WEIGHTS: moved,
        Changed.CARD: now.declared != before.declared,
        Changed.BASES: _revisions(now.bases) != _revisions(before.bases),
        Changed.VERDICT: (now.verdict, _verdicts(now)) != (before.verdict, _verdicts(before)),
        Changed.CONCLUSION: now.conclusion != before.conclusion,
    }
    return tuple(what for what, is_different in different.items() if is_different)


def _revisions(bases: Sequence[Base]) -> Mapping[str, str]:
    return {b.ref: b.revision for b in bases}


def _verdicts(entry: Entry) -> Mapping[str, str]:
    return {b.ref: b.verdict for b in entry.bases}
