"""What is said of an adapter that was added to a base, and which line of evidence is it?"""

from __future__ import annotations

from hubcheck.checkpoint.adapter_update import NotAdded
from hubcheck.evidence.looks.adapter_sum import AdapterSum
from hubcheck.evidence.refused import Refused
from hubcheck.frozen import frozen
from hubcheck.report.phrases import Clauses, PhraseCode, phrase
from hubcheck.report.schema import Evidence
from hubcheck.report.words import EvidenceKind
from hubcheck.verdict.refusals import why_not


@frozen
class Added:
    """An adapter, the base that it was added to, and what came out."""

    adapter: str
    """Its reference; empty for the one beside the subject's own weights."""
    base: str
    seen: AdapterSum | NotAdded | Refused


def adapter_notes(added: tuple[Added, ...]) -> Clauses:
    """Return what came of each sum of base and adapter."""
    found = []
    for one in added:
        seen, named = one.seen, {"adapter": one.adapter, "base": one.base}
        if isinstance(seen, AdapterSum):
            said = phrase(
                PhraseCode.ADAPTER_ADDED,
                **named,
                matrices=seen.matrices,
                equal=seen.equal,
                different=seen.different,
                silent=seen.silent,
                absent=seen.absent,
                left=seen.left,
                beside=seen.beside,
                values=seen.values,
            )
        elif isinstance(seen, NotAdded):
            said = phrase(PhraseCode.ADAPTER_NOT_ADDED, **named, why=seen.value)
        else:
            said = phrase(PhraseCode.ADAPTER_REFUSED, **named, why=why_not(seen))
        found.append(said)
    return tuple(found)


def adapter_rows(added: tuple[Added, ...]) -> tuple[Evidence, ...]:
    """Return one row for each adapter of which something could be told: outside E, no order."""
    return tuple(
        Evidence(
            test="adapter",
            family=phrase(PhraseCode.FAMILY_ADAPTER, adapter=one.adapter),
            kind=EvidenceKind.IDENTITY,
            part="model",
            frame="",
            units=one.seen.equal + one.seen.different,
            hits=one.seen.equal,
            log10_p=0.0,
            detectable_kept=0.0,
            note=(phrase(PhraseCode.NOTE_ADAPTER),),
        )
        for one in added
        if isinstance(one.seen, AdapterSum) and one.seen.equal + one.seen.different
    )
