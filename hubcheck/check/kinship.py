"""How are two bases of one subject related to each other?"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

from hubcheck.check.components import components_are_kin
from hubcheck.check.observe import comparer_of, opened_for, opened_pair, watch
from hubcheck.check.tested import Tested
from hubcheck.errors import HubcheckError
from hubcheck.evidence.looks.interface import Opened, Terms
from hubcheck.evidence.looks.towers import TOWERS
from hubcheck.evidence.observation import Observations
from hubcheck.evidence.refused import Refused, attempt, the_look
from hubcheck.model import Model, same_weights
from hubcheck.report.schema import Finding
from hubcheck.report.words import Depth, Verdict
from hubcheck.request.interface import Request
from hubcheck.verdict.declaration import Kinship
from hubcheck.verdict.whole_from_parts import judge_alone

LOCAL: Final = "local"
"""The revision of a folder or file."""


def kinship(
    tested: Sequence[Tested], declared: Finding, suspect: Finding, request: Request
) -> Kinship:
    """Return how two bases are related: by what they declare, by digest, or by a test."""
    by_ref = {one.base.ref: one.model for one in tested if one.model is not None}
    d, s = by_ref.get(declared.base.ref), by_ref.get(suspect.base.ref)
    if d is None or s is None:
        return Kinship.NONE
    names = [{b.ref.casefold() for b in m.known_declaration.bases} for m in (d, s)]
    if d.pin.ref.casefold() in names[1] or s.pin.ref.casefold() in names[0] or names[0] & names[1]:
        # Two that declare one ancestor are siblings by their own word; a false word would show in
        # what is tested next to it, the subject's own relation to both.
        declared_kin = Kinship.DECLARED
    else:
        declared_kin = Kinship.NONE
    on_the_hub = LOCAL not in {d.pin.revision, s.pin.revision}
    by_weights = Kinship.WEIGHTS if on_the_hub else Kinship.UNKNOWN_NAMES
    if declared_kin is Kinship.DECLARED and not names[0] & names[1]:
        return declared_kin
    if not _related(d, s, declared, suspect, request, len(tested)):
        return Kinship.NONE
    return declared_kin if declared_kin is not Kinship.NONE else by_weights


def _related(
    d: Model, s: Model, declared: Finding, suspect: Finding, request: Request, n_bases: int
) -> bool:
    """Return whether the weights of two bases are related."""
    if same_weights(d, s):
        return True
    if declared.verdict is Verdict.IDENTICAL or suspect.verdict is Verdict.IDENTICAL:
        # the subject IS one of them, and is related to the other: so are they
        return True
    try:
        comparer = comparer_of(d, s, seed=request.seed, tried=n_bases)
        comparison = comparer.run(search=True)
    except HubcheckError:
        return False
    both = opened_pair(comparer, d, s)
    terms = Terms(depth=Depth.SAMPLE, seed=request.seed, declared=False, tried=n_bases)
    return (
        comparison.settled_related
        or _towers_related(both, terms)
        or components_are_kin(d, s, terms, opened=partial(opened_for, request.seed), watch=watch)
    )


def _towers_related(both: Opened, terms: Terms) -> bool:
    """Return whether two bases without a shared body have a tower of one training."""
    left = attempt(lambda: TOWERS.take(both, terms, Observations()), the_look(TOWERS.name))
    if isinstance(left, Refused):
        return False
    judged = [judge_alone(tower) for tower in left.seen.towers]
    return any(one.verdict is Verdict.RELATED and not one.is_start for one in judged)
