"""Which kinds of the base's body orders were found, and how much of its body do they stand for?

Attention and MLPs are tested apart. Where one kind was tested in two families or more and none was
found, what is said of the other must not be said of the whole (DESIGN 9.3).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Final

from hubcheck.anatomy.interface import Anatomy, Role
from hubcheck.computed_once import kept_with
from hubcheck.evidence.combine import NOTABLE
from hubcheck.evidence.family import FamilyOutcome, Test
from hubcheck.evidence.looks.change.values import ATTENTION, CROSS, DENSE, LATENT
from hubcheck.evidence.looks.change.values import EXPERT as EXPERT_ROLES
from hubcheck.evidence.looks.sample.comparison import Comparison
from hubcheck.evidence.orders.mlp_matches import found_pairs, sure_layers
from hubcheck.evidence.orders.mlps import EXPERT
from hubcheck.frozen import frozen
from hubcheck.report.phrases import Clauses, Phrase, PhraseCode, phrase

SHARED: Final = (Role.SHARED_GATE, Role.SHARED_UP, Role.SHARED_DOWN)
MLP: Final = "mlp"
KINDS: Final = (
    ("attention", (Test.VO, Test.HEADS), (*ATTENTION, *LATENT, *CROSS)),
    (MLP, (Test.NEURONS,), (*DENSE, *EXPERT_ROLES, *SHARED)),
)
KEYS_AND_VALUES: Final = (Role.K, Role.V)
NO_PARAMETERS: Final = frozenset({Role.BUFFER, Role.QUANT_COMPANION})
OTHER_HEAD: Final = "head of another shape"
FEWEST: Final = 2
"""Families that must have been tested before a kind counts as missing: one may be a stray."""
MOST_OF_IT: Final = 0.5
"""Share of the body below which what was found is a part (DESIGN 9.3)."""


@frozen
class Held:
    """One kind of body order of the base."""

    name: str
    tested: int
    found: int
    share: float
    """Of the kind's orders that were tested, how much was found, 0 to 1."""
    parameters: int
    """Of the base, in matrices of the kind."""

    @property
    def missing(self) -> bool:
        """Whether it was tested and nothing of it was found."""
        return self.tested >= FEWEST and self.found == 0

    @property
    def said(self) -> Phrase:
        """Say it: 'no order of the MLP was found (0 of 4 families)'."""
        counts = {"found": self.found, "tested": self.tested}
        return Phrase(PhraseCode.KIND_MATCHES, {"kind": self.name, **counts})


def held_of(comparison: Comparison, base: Anatomy, subject: Anatomy) -> tuple[Held, ...]:
    """Return every kind of body order that was tested."""
    found = []
    sure = sure_layers(comparison.outcomes, subject)
    for name, tests, roles in KINDS:
        families = [o for o in comparison.outcomes if o.test in tests]
        if not families:
            continue
        hit = [o for o in families if was_found(o, comparison)]
        parameters = sum(_parameters(base)[role] for role in set(roles))
        found.append(
            Held(
                name=name,
                tested=len(families),
                found=len(hit),
                share=_share(families, hit, sure),
                parameters=parameters,
            )
        )
    return tuple(found)


def was_found(outcome: FamilyOutcome, comparison: Comparison) -> bool:
    """Return whether a body order of the base is in the subject, in its order or by its signs.

    Signs of rows matched by their gates need no order: they tell a relabelled MLP from another.
    """
    # A family of few units can keep its order and still be too small to be notable.
    kept = outcome.log_e >= NOTABLE or 2 * outcome.best.hits >= outcome.best.units
    return kept or any(s.label == outcome.label and s.log_e >= NOTABLE for s in comparison.signs)


def _share(
    families: Sequence[FamilyOutcome], hit: Sequence[FamilyOutcome], sure: Collection[int]
) -> float:
    """Return how much was found: all of it where any layer was, but experts one by one.

    Layers may have been dropped; in the layers that are there each expert counts, where not to find
    it means something (``sure_layers``). Experts of the base that stand in one order are found
    together in any copy of one: as many were found as the subject has. But a dense MLP that stands
    in the order of all of them is what they came from.
    """
    if not hit:
        return 0.0
    layers = {o.base.layer for o in hit} & set(sure)
    experts = [o for o in families if o.base.kind == EXPERT.kind and o.base.layer in layers]
    if not experts:
        return 1.0
    pairs = found_pairs(experts)
    found = Counter(base.layer for base in pairs.values())
    if all(block.kind != EXPERT.kind for block in pairs):
        found = Counter(o.base.layer for o in experts if o in hit)
    there = Counter(o.base.layer for o in experts)
    return sum(min(found[layer], n) for layer, n in there.items()) / len(experts)


def share_held(held: Sequence[Held]) -> float:
    """Return the share of the base's body, as far as it was tested, that was found."""
    total = sum(h.parameters for h in held)
    return sum(h.share * h.parameters for h in held) / total if total else 1.0


def said_of_kinds(held: Sequence[Held], *, but: str = "") -> Clauses:
    """Return what matches and what does not, where something tested is missing.

    Args:
        held: Of every kind that was tested.
        but: A kind of which something more exact is said elsewhere.
    """
    if not any(h.missing for h in held):
        return ()
    return tuple(h.said for h in sorted(held, key=lambda h: h.missing) if h.name != but)


def is_part(held: Sequence[Held]) -> bool:
    """Return whether less than half of the body was found while the rest was tested."""
    return share_held(held) < MOST_OF_IT


def one_sided(base: Anatomy, subject: Anatomy) -> Clauses:
    """Return which roles only one of the two models has.

    Every role counts that holds parameters. A head that is the embedding is stored once or twice as
    the file format likes. Heads on a body (a pooler, a classifier) are of one role: they are told
    apart by their shapes. Which matrices have no counterpart is ``parts``'s question.
    """
    # Other components of the repository are judged on their own.
    roles = [_roles(anatomy) - {Role.COMPONENT} for anatomy in (base, subject)]
    if base.tied or subject.tied:
        roles = [some - {Role.LM_HEAD} for some in roles]
    heads = _heads(base), _heads(subject)
    further = [{OTHER_HEAD} if all(heads) and heads[n] - heads[1 - n] else set() for n in (0, 1)]
    only = (
        ("base", (roles[0] - roles[1]) | further[0]),
        ("subject", (roles[1] - roles[0]) | further[1]),
    )
    return tuple(
        phrase(PhraseCode.ONLY_ONE_SIDE, side=side, roles=tuple(sorted(str(role) for role in some)))
        for side, some in only
        if some
    )


def converted(alone: Clauses) -> Clauses:
    """Return what ``one_sided`` said where keys or values are of another kind.

    Keys and values for each head became a latent that all heads read, or the other way round: no
    fine-tune does that.
    """
    kinds = {str(role) for role in (*KEYS_AND_VALUES, *LATENT)}
    sides = [kinds & set(names) for one in alone if isinstance(names := one.params["roles"], tuple)]
    return alone if len(sides) > 1 and all(sides) else ()


@kept_with
def _parameters(anatomy: Anatomy) -> Counter[Role]:
    """Return the parameters in the matrices of each role."""
    found: Counter[Role] = Counter()
    for (role, *_), matrix in anatomy.matrices.items():
        found[role] += matrix.n_out * matrix.n_in
    return found


@kept_with
def _roles(anatomy: Anatomy) -> frozenset[str]:
    found = {role for role, *_ in anatomy.matrices} | set(anatomy.others.values())
    return frozenset(found - NO_PARAMETERS) | ({anatomy.beside} - {""})


def _heads(anatomy: Anatomy) -> Counter[tuple[int, ...]]:
    """Return the shapes of the heads on a body."""
    tensors = anatomy.checkpoint.tensors
    return Counter(tensors[name].shape for name in heads_of(anatomy))


def heads_of(anatomy: Anatomy) -> frozenset[str]:
    """Return the names of the heads on a body: no order is tested in them, no closer look reads."""
    return frozenset(name for name, role in anatomy.others.items() if role is Role.HEAD)
