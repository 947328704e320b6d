"""How are the candidates of ``hubcheck suspects`` shown: as a table, as JSON, as rows?"""

from __future__ import annotations

from typing import Any, Final

from hubcheck.candidates.candidate import STRENGTH, Candidate
from hubcheck.candidates.proposals import Proposals
from hubcheck.card.escaping import plain_text
from hubcheck.card.table import columns
from hubcheck.card.wording import sentence, words
from hubcheck.card.wordings.hints import SIGNALS
from hubcheck.errors import counted
from hubcheck.model import Model
from hubcheck.request.shortlist import note_of

HEAD: Final = ("", "candidate", "why", "first seen", "downloads", "note")
WHY_WIDTH: Final = 64


def as_text(subject: Model, proposals: Proposals) -> str:
    """Return the table of candidates and the line that tests them."""
    name = plain_text(str(subject.pin))
    if not proposals.candidates:
        return f"{name}: no candidate was found. Name one: hubcheck check --base or --suspect.\n"
    rows = tuple(
        _row(place, candidate, chosen=candidate in proposals.chosen)
        for place, candidate in enumerate(proposals.candidates, start=1)
    )
    listed = counted(len(rows), "candidate")
    lines = [f"{name}: {len(proposals.chosen)} of {listed} would be tested", ""]
    lines += columns(HEAD, rows)
    ledger = subject.source.ledger
    read = ledger.bytes_read + proposals.bytes_read
    requests = counted(ledger.requests + proposals.requests, "request")
    lines += [
        "",
        f"Read {read:,} bytes in {requests}, no weights.",
        f"Test them: hubcheck check {plain_text(subject.pin.ref)} --suspect auto",
        "A candidate is a name worth testing. It is no finding.",
    ]
    return "\n".join(lines) + "\n"


def _row(place: int, candidate: Candidate, *, chosen: bool) -> tuple[str, ...]:
    first = max(candidate.reasons, key=lambda r: STRENGTH[r.signal]).signal
    others = sorted({r.signal for r in candidate.reasons} - {first}, key=lambda g: -STRENGTH[g])
    shown = "; ".join([words(candidate.why[0]), *(SIGNALS[one.value] for one in others)])
    return (
        str(place) if chosen else "-",
        plain_text(candidate.ref),
        plain_text(shown, limit=WHY_WIDTH),
        candidate.created[:10],
        f"{candidate.downloads:,}" if candidate.downloads else "",
        sentence(note_of(candidate)),
    )


def rows_of(proposals: Proposals) -> list[dict[str, Any]]:
    """Return what is known of each candidate, in their order; names are raw."""
    return [
        {
            "ref": c.ref,
            "revision": c.revision,
            "chosen": c in proposals.chosen,
            "declared": c.declared,
            "why": list(map(words, c.why)),
            "signals": sorted({r.signal.value for r in c.reasons}),
            "standing": c.standing.value,
            "created": c.created,
            "younger": c.younger,
            "downloads": c.downloads,
        }
        for c in proposals.candidates
    ]


def as_values(subject: Model, proposals: Proposals) -> dict[str, Any]:
    """Return the candidates as JSON has them, in their order."""
    return {
        "subject": {"ref": subject.pin.ref, "revision": subject.pin.revision},
        "candidates": rows_of(proposals),
        "notes": list(map(words, proposals.notes)),
        "requests": subject.source.ledger.requests + proposals.requests,
        "bytes_read": subject.source.ledger.bytes_read + proposals.bytes_read,
    }
