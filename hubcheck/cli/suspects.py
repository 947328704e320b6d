"""Which bases would a check of this model test, and why?

Serves ``hubcheck suspects``: candidates with their reasons, found without reading a weight.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import replace
from typing import Final

from hubcheck.candidates.candidate import STRENGTH, Candidate
from hubcheck.candidates.proposals import Limits, Proposals
from hubcheck.card.escaping import plain_text
from hubcheck.card.table import columns
from hubcheck.errors import ExitCode
from hubcheck.model import Access, Model, open_model
from hubcheck.request.discovery import discover
from hubcheck.request.shortlist import note_of
from hubcheck.source.reference import parse_reference

HEAD: Final = ("", "candidate", "why", "first seen", "downloads", "note")
WHY_WIDTH: Final = 64
MAX_READ: Final = 64_000_000
"""Bytes of headers and small files of the subject, as for a check."""


def run_suspects(arguments: argparse.Namespace, token: str | None) -> ExitCode:
    """Print the candidates of a model.

    Args:
        arguments: ``subject``, ``max_bases``, ``no_hub``, ``json``.
        token: Access token for the Hub.

    Raises:
        HubcheckError: the subject cannot be opened.
    """
    endpoint = os.environ.get("HF_ENDPOINT") or None
    access = Access(max_read=MAX_READ, token=token, endpoint=endpoint)
    subject = open_model(parse_reference(arguments.subject), access)
    limits = replace(Limits(), bases=arguments.max_bases)
    proposals = discover(subject, access, limits, on_the_hub=not arguments.no_hub)
    if arguments.json:
        print(as_json(subject, proposals))
        return ExitCode.OK
    print(as_text(subject, proposals), end="")
    for note in proposals.notes:
        print(f"hubcheck: {plain_text(note, limit=300)}", file=sys.stderr)
    return ExitCode.OK


def as_text(subject: Model, proposals: Proposals) -> str:
    """Return the table of candidates and the line that tests them."""
    name = plain_text(str(subject.pin))
    if not proposals.candidates:
        return f"{name}: no candidate was found. Name one: hubcheck check --base or --suspect.\n"
    rows = tuple(
        _row(place, candidate, chosen=candidate in proposals.chosen)
        for place, candidate in enumerate(proposals.candidates, start=1)
    )
    lines = [f"{name}: {len(proposals.chosen)} of {len(rows)} candidates would be tested", ""]
    lines += columns(HEAD, rows)
    ledger = subject.source.ledger
    read = ledger.bytes_read + proposals.bytes_read
    lines += [
        "",
        f"Read {read:,} bytes in {ledger.requests + proposals.requests} requests, no weights.",
        f"Test them: hubcheck check {plain_text(subject.pin.ref)} --suspect auto",
        "A candidate is a name worth testing. It is no finding.",
    ]
    return "\n".join(lines) + "\n"


def _row(place: int, candidate: Candidate, *, chosen: bool) -> tuple[str, ...]:
    why = candidate.why
    first = max(candidate.reasons, key=lambda r: STRENGTH[r.signal]).signal
    others = sorted({r.signal for r in candidate.reasons} - {first}, key=lambda g: -STRENGTH[g])
    shown = "; ".join([why[0], *others])
    return (
        str(place) if chosen else "-",
        plain_text(candidate.ref),
        plain_text(shown, limit=WHY_WIDTH),
        candidate.created[:10],
        f"{candidate.downloads:,}" if candidate.downloads else "",
        note_of(candidate),
    )


def as_json(subject: Model, proposals: Proposals) -> str:
    """Return the candidates as JSON, in their order."""
    return json.dumps(
        {
            "subject": {"ref": subject.pin.ref, "revision": subject.pin.revision},
            "candidates": [
                {
                    "ref": c.ref,
                    "revision": c.revision,
                    "chosen": c in proposals.chosen,
                    "declared": c.declared,
                    "why": list(c.why),
                    "signals": sorted({r.signal.value for r in c.reasons}),
                    "standing": c.standing.value,
                    "created": c.created,
                    "younger": c.younger,
                    "downloads": c.downloads,
                }
                for c in proposals.candidates
            ],
            "notes": list(proposals.notes),
            "requests": subject.source.ledger.requests + proposals.requests,
            "bytes_read": subject.source.ledger.bytes_read + proposals.bytes_read,
        },
        indent=2,
    )
