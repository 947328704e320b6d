"""What does reading every byte of both models add to a finding?

The verdict stays what the tests made it; depth ``full`` adds how far every tensor moved, exactly.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from hubcheck.errors import SubjectUnreadableError, UnreadableError, printable
from hubcheck.evidence.looks.whole.interface import Unmatched, WholeChange
from hubcheck.evidence.looks.whole.run import stream
from hubcheck.evidence.side import SharedTokens
from hubcheck.model import Model
from hubcheck.report.phrases import Clauses, PhraseCode, phrase
from hubcheck.report.schema import Change, Evidence, Finding
from hubcheck.report.words import EvidenceKind
from hubcheck.request.interface import Request

SHOWN_UNMATCHED = 3
"""Tensors without a counterpart that are named; the rest is counted."""


def with_every_byte(
    finding: Finding,
    base: Model,
    subject: Model,
    request: Request,
    base_of: Mapping[int, int],
    tokens: SharedTokens,
) -> Finding:
    """Return the finding with the change of every tensor, or with why there is none.

    Args:
        finding: What the tests made of the base.
        base: The base.
        subject: The subject.
        request: Holds the processes, the device and the kept state.
        base_of: Subject layer to base layer; empty for layers of equal number.
        tokens: Tokens that both vocabularies share, as the tests aligned them.

    Raises:
        SubjectUnreadableError: a value of the subject is not finite.
    """
    whole = stream(
        base.anatomy,
        subject.anatomy,
        layer_map=tuple(sorted(base_of.items())),
        resources=request.resources,
        tokens=tokens,
    )
    if not isinstance(whole, WholeChange):
        if whole.side == "subject" and isinstance(whole.error, UnreadableError):
            raise SubjectUnreadableError.of(whole.error) from whole.error
        note = phrase(PhraseCode.NOT_EVERY_TENSOR, why=whole.reason)
        return finding.model_copy(update={"notes": (*finding.notes, note)})
    return finding.model_copy(
        update={
            "changes": tuple(Change(**asdict(cell)) for cell in whole.cells),
            "evidence": (*finding.evidence, _row(whole)),
            "notes": (*finding.notes, *whole.notes, *_unmatched(whole.unmatched)),
        }
    )


def _row(whole: WholeChange) -> Evidence:
    """Return the whole model in one line of evidence: exact, and about no order."""
    return Evidence(
        test="change",
        family=phrase(PhraseCode.FAMILY_ALL),
        kind=EvidenceKind.EXACT,
        part="model",
        frame="",
        units=whole.values,
        hits=whole.equal_values,
        log10_p=0.0,
        detectable_kept=0.0,
        note=whole.said,
        kept=round(whole.cosine, 4),
    )


def _unmatched(found: tuple[Unmatched, ...]) -> Clauses:
    """Return what was not compared, in one phrase."""
    if not found:
        return ()
    named = tuple(
        f"{printable(one.tensor)} ({one.side}): {one.reason}" for one in found[:SHOWN_UNMATCHED]
    )
    more = max(0, len(found) - SHOWN_UNMATCHED)
    return (phrase(PhraseCode.UNMATCHED, named=named, more=more),)
