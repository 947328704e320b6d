"""Which components do two models both have, and what is seen of each?

Each is held against its counterpart as a model of its own: by digest first, then by every test that
serves a model, with its own vocabulary, then by its bytes. A model that is a single component (a
text encoder) is held against every component of a pipeline.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from hubcheck.closer import closer_look
from hubcheck.deeper import look_for_disguise, may_be_disguised
from hubcheck.equal import tensors_of
from hubcheck.errors import HubcheckError
from hubcheck.evidence.compare import Comparer, routing_groups
from hubcheck.evidence.equal_files import FileState
from hubcheck.evidence.equality_value import Equality
from hubcheck.evidence.refused import Refused, attempt
from hubcheck.evidence.steps import STEP_BYTES
from hubcheck.model import Model, align_tokens, compare_weights
from hubcheck.relate.values import Refusal
from hubcheck.request import Request
from hubcheck.towers import NO_PARTS, look_at_parts
from hubcheck.verdict.components import are_kin
from hubcheck.verdict.components_seen import Alone, ComponentLook, ComponentsSeen
from hubcheck.verdict.equal_tensors import NOTHING_EQUAL, equal_tensors
from hubcheck.verdict.parts import PartLook, needs_equality
from hubcheck.verdict.report import Finding
from hubcheck.verdict.whole import parameters_of
from hubcheck.verdict.words import ReasonCode, Verdict

LEAST_STEP: Final = 1_000_000
"""Bytes a step may read of a component however many there are: two families of a small encoder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A component of the base and one of the subject."""

    name: str
    base: Model
    subject: Model


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What was seen of all components, and what could not be looked at."""

    seen: ComponentsSeen
    refused: tuple[Refused, ...] = ()


NO_COMPONENTS: Final = Looked(seen=ComponentsSeen())


def look_at_components(base: Model, subject: Model, request: Request, n_bases: int) -> Looked:
    """Compare every component that both models have; what cannot be read is a value.

    Args:
        base: The base, headers read.
        subject: The subject, headers read.
        request: Depth, seed and limits.
        n_bases: Bases tried in this check.
    """
    theirs, ours = base.readable_components, subject.readable_components
    if not theirs and not ours:
        return NO_COMPONENTS
    pairs, alone = component_pairs(base, subject)
    tries = n_bases * max(1, len(pairs)) if alone else n_bases
    refused: list[Refused] = []
    looks = [_look(pair, request, tries, len(pairs), refused) for pair in pairs]
    only = ((), ()) if alone else (_beyond(theirs, ours), _beyond(ours, theirs))
    seen = ComponentsSeen(
        looks=tuple(looks), only=only, alone=alone, same_body=_same_body(base, subject, request)
    )
    return Looked(seen=seen, refused=tuple(refused))


def components_are_kin(one: Model, other: Model, request: Request, n_bases: int) -> bool:
    """Return whether most of two models lies in components that are one training's."""
    try:
        seen = look_at_components(one, other, request, n_bases).seen
        totals = (parameters_of(one.anatomy), parameters_of(other.anatomy))
    except HubcheckError:
        return False
    return bool(seen) and not seen.alone and are_kin(seen, totals)


def _same_body(base: Model, subject: Model, request: Request) -> bool:
    """Return whether both have a body, of the same bytes."""
    if base.body_checkpoint is None or subject.body_checkpoint is None:
        return False
    files = compare_weights(base.body, subject.body, seed=request.seed)
    return files.state is FileState.EQUAL


def component_pairs(base: Model, subject: Model) -> tuple[list[Pair], Alone]:
    """Return which components are held against each other, by name; none of two plain models.

    A pipeline has no body: a model that is one is held against each of its components.
    """
    theirs, ours = base.readable_components, subject.readable_components
    bodies = (base.body_checkpoint is not None, subject.body_checkpoint is not None)
    if bodies == (True, False):
        return [Pair(name=n, base=base.body, subject=m) for n, m in ours.items()], Alone.BASE
    if bodies == (False, True):
        return [Pair(name=n, base=m, subject=subject.body) for n, m in theirs.items()], (
            Alone.SUBJECT
        )
    both = [Pair(name=n, base=theirs[n], subject=m) for n, m in ours.items() if n in theirs]
    return both, Alone.NEITHER


def with_rearranged(
    finding: Finding,
    base: Model,
    subject: Model,
    request: Request,
    n_bases: int,
    progress: Callable[[str], None],
) -> Finding:
    """Return the finding of a pipeline, open where a component that does not match was rearranged.

    An honest declaration of a rearranged copy must not be called contradicted (DESIGN 3.4). What
    exactly was done to the component is told by a check of the component itself.

    Args:
        finding: As the components left it.
        base: The base.
        subject: The subject.
        request: Depth, seed and limits.
        n_bases: Bases tried in this check.
        progress: Told each step in words.
    """
    if not may_be_disguised(finding, request.depth):
        return finding
    pairs, alone = component_pairs(base, subject)
    refuted = {p.name for p in finding.parts if p.verdict is Verdict.UNRELATED}
    notes: list[str] = []
    for pair in (p for p in pairs if p.name in refuted):
        tries = n_bases * len(pairs) if alone else n_bases
        comparer = component_comparer(pair, request, tries, len(pairs))
        looked, seen = look_for_disguise(finding, comparer, request, progress)
        notes += [f"{pair.name}: {note}" for note in looked.notes[len(finding.notes) :]]
        if seen is not None and seen.found:
            reason = f"the {pair.name} matches once a rearrangement is undone; check it by itself"
            update = {
                "verdict": Verdict.INCONCLUSIVE,
                "code": ReasonCode.PART_OPEN,
                "reason": reason,
                "relation": None,
                "evidence": looked.evidence,
            }
            return finding.model_copy(update=update)
    return finding.model_copy(update={"notes": (*finding.notes, *notes)})


def _beyond(these: Mapping[str, Model], those: Mapping[str, Model]) -> tuple[str, ...]:
    return tuple(name for name in these if name not in those)


def _look(
    pair: Pair, request: Request, n_bases: int, n_pairs: int, refused: list[Refused]
) -> ComponentLook:
    """Return what is seen of one component."""
    base, subject, name = pair.base, pair.subject, pair.name
    files = compare_weights(base, subject, seed=request.seed)
    if files.state is FileState.EQUAL:
        return ComponentLook(name=name, base=base.anatomy, subject=subject.anatomy, seen=files)
    seen = attempt(lambda: _compared(pair, request, n_bases, n_pairs), name)
    parts = attempt(
        lambda: look_at_parts(
            base, subject, seed=request.seed, n_bases=n_bases, depth=request.depth
        ),
        f"towers of {name}",
    )
    if isinstance(parts, Refused):
        refused.append(parts)
        parts = NO_PARTS
    refused += [seen] if isinstance(seen, Refused) else seen.comparison.refused
    refused += parts.refused
    equal = NOTHING_EQUAL
    if isinstance(seen, Refused) or needs_equality(seen):
        tensors = tensors_of(base, subject, request, share=n_pairs)
        equal = equal_tensors(tensors) if isinstance(tensors, Equality) else NOTHING_EQUAL
    return ComponentLook(
        name=name,
        base=base.anatomy,
        subject=subject.anatomy,
        seen=seen,
        towers=parts.towers,
        sides=parts.sides,
        equal=equal,
    )


def component_comparer(pair: Pair, request: Request, n_bases: int, n_pairs: int) -> Comparer:
    """Return what compares two components, each seen as a model of its own; nothing is read yet.

    Args:
        pair: The components.
        request: Says the seed.
        n_bases: Bases tried, of a single model against several components the tries too.
        n_pairs: Components that share what a step may read.
    """
    base, subject = pair.base, pair.subject
    return Comparer(
        base.reader,
        subject.reader,
        align_tokens(base, subject),
        seed=request.seed,
        n_bases=n_bases,
        routing_groups=routing_groups(base.config),
        step_bytes=[max(LEAST_STEP, n // n_pairs) for n in STEP_BYTES],
    )


def _compared(pair: Pair, request: Request, n_bases: int, n_pairs: int) -> PartLook:
    """Return what the tests of a model see of one component."""
    base, subject = pair.base, pair.subject
    comparer = component_comparer(pair, request, n_bases, n_pairs)
    comparison = comparer.run(search=False)
    closer = attempt(
        lambda: closer_look(comparer, comparison, request.depth, {}), f"relation of {pair.name}"
    )
    return PartLook(
        name=pair.name,
        comparison=comparison,
        base=base.anatomy,
        subject=subject.anatomy,
        closer=Refusal(reason=closer.error.what) if isinstance(closer, Refused) else closer,
    )
