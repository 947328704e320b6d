"""Does the subject hold what a suspect made of the declared base that explains it?"""

from __future__ import annotations

from collections.abc import Sequence

from hubcheck.check.tested import Tested
from hubcheck.evidence.draw import Draw
from hubcheck.evidence.looks.change.moved import bytes_for
from hubcheck.evidence.looks.closeness.run import HeldChange, held_change
from hubcheck.evidence.refused import Refused, attempt, the_look
from hubcheck.model import Model
from hubcheck.report.schema import Finding
from hubcheck.report.words import Verdict
from hubcheck.request.interface import Request
from hubcheck.verdict.closeness import Closeness, closeness_of

LOOK = the_look("held-change")


def closeness(
    tested: Sequence[Tested],
    subject: Model,
    declared: Finding,
    suspect: Finding,
    request: Request,
) -> Closeness:
    """Return how a suspect and the declared base that explains it stand to the subject.

    Args:
        tested: Every base, opened.
        subject: The model under test.
        declared: A declared base that is itself related to the suspect.
        suspect: A base that the subject matches.
        request: What was asked.
    """
    by_ref = {one.base.ref: one for one in tested}
    d, s = by_ref[declared.base.ref], by_ref[suspect.base.ref]
    seen = _held(d, s, subject, request)
    # A suspect that a catalogue proposed was chosen among all that it holds.
    searches = max(sum(not one.request.declared for one in tested), s.request.tried)
    return closeness_of(_kept(s, suspect), _kept(d, declared), seen, searches=searches)


def _held(d: Tested, s: Tested, subject: Model, request: Request) -> HeldChange | Refused | None:
    if d.model is None or s.model is None:
        return None
    if d.renamed or s.renamed:
        return None  # places of a renamed copy are a guess, which the orders alone pay for
    base, suspect = d.model, s.model
    return attempt(
        lambda: held_change(
            base.reader,
            suspect.reader,
            subject.reader,
            Draw(request.seed),
            limit=bytes_for(request.depth),
        ),
        LOOK,
    )


def _kept(one: Tested, finding: Finding) -> float:
    """Return the similarity at full precision; a finding holds four digits of it."""
    if finding.verdict is Verdict.IDENTICAL:
        return 1.0
    return one.judgement.kept if one.looked_at else finding.kept
