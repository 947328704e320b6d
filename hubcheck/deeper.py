"""What do the depths beyond the sample add to one finding?

``sample`` asks here only when a declared base comes out unrelated, so that an honest declaration of
a rearranged copy is not called ``contradicted``. ``deep`` asks whenever the exact tests did not
settle the matter, and maps layers, widths and experts where they did.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hubcheck.anatomy.interface import Role
from hubcheck.deep.calibration import shipped
from hubcheck.deep.disguise import Disguise, DisguiseTest
from hubcheck.deep.disguise_plan import AT_DEEP, AT_SAMPLE, NotLooked
from hubcheck.deep.mlp_views import effective_gate
from hubcheck.deep.undone import Gains, Gates, what_was_done
from hubcheck.deep.writers import NoWriters, through_writers
from hubcheck.errors import BudgetExceededError, UnreachableError
from hubcheck.evidence.compare import Comparer
from hubcheck.relate.turned import attention_turned
from hubcheck.relate.values import Refusal
from hubcheck.request import Request, at_least
from hubcheck.source.ledger import Ledger
from hubcheck.verdict.declaration import ENOUGH, MOST
from hubcheck.verdict.disguised import with_disguise, with_writers
from hubcheck.verdict.parts import PartLook, sides_of
from hubcheck.verdict.report import Finding
from hubcheck.verdict.words import OPEN, Depth, ReasonCode, RelationKind, Verdict

ESCALATION: Final = 512_000_000
"""Bytes a model may cost once a declared base comes out unrelated (DESIGN 3.4)."""


def may_be_disguised(finding: Finding, depth: Depth) -> bool:
    """Return whether the disguise test is made for a finding at this depth."""
    if depth is Depth.HEADERS or finding.code is ReasonCode.HEAD_ALONE:
        return False
    if lost_its_order(finding):
        return True
    if depth is Depth.SAMPLE:
        return finding.declared and finding.verdict is Verdict.UNRELATED
    relation = finding.relation.kind if finding.relation else None
    return finding.verdict in OPEN or relation is RelationKind.PARTS


def lost_its_order(finding: Finding) -> bool:
    """Return whether some orders of the body are the base's and most are not.

    Its neurons were relabelled, or its MLPs are another model's: only matching them tells, and it
    decides whether a base is held or a part of it, so it is looked at whoever named the base.
    """
    return finding.verdict is Verdict.RELATED and 0.0 < finding.held < MOST


def undone_by(seen: Disguise | None) -> frozenset[Role]:
    """Return the roles that the disguise test found to be the base's."""
    if seen is None or not seen.found:
        return frozenset()
    return frozenset({seen.roles.gate, seen.roles.up, seen.roles.down})


def with_undone(
    finding: Finding,
    look: PartLook,
    comparer: Comparer,
    seen: Disguise | None,
    *,
    neurons_found: bool = False,
) -> Finding:
    """Return the finding with what was compared once a rearrangement was undone.

    Args:
        finding: As all tests left it.
        look: What the exact tests saw of the body.
        comparer: Holds both sides.
        seen: What the disguise test saw, where it was made.
        neurons_found: Whether neurons of another number were found to be the base's.

    Raises:
        UnreadableError: a value read is not finite.
    """
    kind = finding.relation.kind if finding.relation is not None else None
    start = kind is RelationKind.COMMON_INITIALISATION
    if finding.verdict is not Verdict.RELATED or start or finding.compared >= ENOUGH:
        return finding
    found = {
        o.best_subject_layer: o.base.layer for o in look.comparison.hitting if o.base.layer >= 0
    }
    if seen is not None and seen.found and not found:
        found = {pair.subject: pair.base for pair in seen.score.found if pair.agreeing}
    n_base, n_subject = (s.anatomy.geometry.layers for s in (comparer.base, comparer.subject))
    if len(found) < 2 and n_base == n_subject:  # noqa: PLR2004 - a control needs a second layer
        found = {i: i for i in range(n_base)}
    turned = attention_turned(comparer.base, comparer.subject, found)
    roles = set(undone_by(seen))
    if neurons_found:
        roles |= {Role.GATE, Role.UP, Role.DOWN}
    if not isinstance(turned, Refusal):
        roles |= {t.role for t in turned if t.stands}
    sides = sides_of(look, undone=roles)
    least = min(sides, key=lambda side: side.compared)
    return finding.model_copy(
        update={
            "held": round(sides[0].held, 4),
            "order_tested": round(min(s.order_tested for s in sides), 4),
            "compared": round(least.compared, 4),
            "not_compared": tuple(f"{words} {share:.0%}" for words, share in least.not_compared),
        }
    )


def look_for_disguise(
    finding: Finding, comparer: Comparer, request: Request, progress: Callable[[str], None]
) -> tuple[Finding, Disguise | None]:
    """Return the finding with what the disguise test adds, and what it saw if it could be made.

    Raises:
        SubjectUnreadableError: a value of the subject is not finite.
        UnreadableError: a value of the base is not finite.
    """
    effort = AT_SAMPLE if request.depth is Depth.SAMPLE else AT_DEEP
    if request.depth is Depth.SAMPLE:
        for ledger in _ledgers(comparer):
            ledger.raise_limit(request.escalate_to)
    remaining = min(ledger.remaining for ledger in _ledgers(comparer))
    test = DisguiseTest(
        comparer.base.reader,
        comparer.subject.reader,
        comparer.tokens,
        seed=request.seed,
        effort=effort,
        device=request.resources.device,
        team=request.resources.team,
    )
    try:
        seen = test.run(
            calibration=shipped(), n_bases=comparer.n_bases, budget=remaining, progress=progress
        )
    except (BudgetExceededError, UnreachableError) as error:
        seen = NotLooked(reason=error.what)
    if isinstance(seen, NotLooked):
        note = f"disguise test not made: {seen.reason}"
        return finding.model_copy(update={"notes": (*finding.notes, note)}), None
    return with_disguise(finding, seen, words_of(seen) if seen.found else ()), seen


def look_through_writers(
    finding: Finding,
    comparer: Comparer,
    log_e: float,
    request: Request,
) -> Finding:
    """Return the finding with what another layer's writers show, where no token is shared.

    Raises:
        UnreadableError: a value read is not finite.
    """
    sides = (comparer.base, comparer.subject)
    if any(side.token_ids for side in sides) or not at_least(request.depth, Depth.DEEP):
        return finding
    remaining = min(ledger.remaining for ledger in _ledgers(comparer))
    try:
        seen = through_writers(*sides, comparer.draw, budget=remaining)
    except (BudgetExceededError, UnreachableError) as error:
        seen = NoWriters(reason=error.what)
    if isinstance(seen, NoWriters):
        note = f"no frame of writers: {seen.reason}"
        return finding.model_copy(update={"notes": (*finding.notes, note)})
    return with_writers(finding, seen, log_e, comparer.n_bases)


def words_of(seen: Disguise) -> tuple[str, ...]:
    """Return what was done to the copy, in words."""
    gains = [
        Gains(base_d=_gain(seen, 0, pair.base), subject_d=_gain(seen, 1, pair.subject))
        for pair in seen.score.found
        if pair.agreeing
    ]
    best = seen.score.found[0]
    try:
        gates = Gates(
            base_ud=effective_gate(seen.sides[0], seen.roles, seen.base[best.base].sample),
            subject_vd=effective_gate(seen.sides[1], seen.roles, seen.subject[best.subject].sample),
        )
    except BudgetExceededError:
        return what_was_done(seen, gains, None)
    return what_was_done(seen, gains, gates)


def _ledgers(comparer: Comparer) -> tuple[Ledger, Ledger]:
    """Return the ledgers of base and subject."""
    base, subject = (s.anatomy.checkpoint.source for s in (comparer.base, comparer.subject))
    return base.ledger, subject.ledger


def _gain(seen: Disguise, which: int, layer: int) -> NDArray[np.float32]:
    side = seen.sides[which]
    return side.gain_values(side.mlp_gain_role(layer), layer)
