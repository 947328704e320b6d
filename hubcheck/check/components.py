"""Which components do two models both have, and what is seen of each?

Each is held against its counterpart as a model of its own: by digest first, then by every look that
serves a model, with its own vocabulary. A model that is a single component (a text encoder) is held
against every component of a pipeline.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from hubcheck.errors import HubcheckError
from hubcheck.evidence.looks.equality.files import FileState
from hubcheck.evidence.looks.interface import Opened, Terms
from hubcheck.evidence.observation import Observations
from hubcheck.evidence.refused import Refused, attempt
from hubcheck.frozen import frozen
from hubcheck.model import Model, compare_weights
from hubcheck.report.phrases import PhraseCode, phrase
from hubcheck.verdict.component_entries import NO_COMPONENTS, Alone, Component, Components
from hubcheck.verdict.components import are_kin
from hubcheck.verdict.judge import Case
from hubcheck.verdict.whole import parameters_of

Watch = Callable[[Opened, Terms], Observations]
"""Takes every look that is due at two opened models."""
Open = Callable[[Model, Model, int, int], Opened]
"""Opens two models to be looked at: base, subject, bases tried, looks that share the bytes."""


@frozen
class Pair:
    """A component of the base and one of the subject."""

    name: str
    base: Model
    subject: Model


def look_at_components(
    base: Model, subject: Model, terms: Terms, *, opened: Open, watch: Watch
) -> Components:
    """Compare every component that both models have; what cannot be read is a value.

    Args:
        base: The base, headers read.
        subject: The subject, headers read.
        terms: Of the whole; components are tries of one another.
        opened: Makes two models ready to be looked at.
        watch: Takes every look that is due.
    """
    theirs, ours = base.readable_components, subject.readable_components
    if not theirs and not ours:
        return NO_COMPONENTS
    pairs, alone = component_pairs(base, subject)
    # Whichever component carries the verdict, all were tried.
    of_each = replace(terms, tried=terms.tried * max(1, len(pairs)))
    seen = tuple(_look(pair, of_each, len(pairs), opened, watch) for pair in pairs)
    only = ((), ()) if alone else (_beyond(theirs, ours), _beyond(ours, theirs))
    return Components(
        seen=seen,
        only=only,
        alone=alone,
        bodies=has_bodies(base, subject),
        same_body=_same_body(base, subject, terms.seed),
    )


def components_are_kin(
    one: Model, other: Model, terms: Terms, *, opened: Open, watch: Watch
) -> bool:
    """Return whether most of two models lies in components that are one training's."""
    try:
        seen = look_at_components(one, other, terms, opened=opened, watch=watch)
        totals = (parameters_of(one.anatomy), parameters_of(other.anatomy))
    except HubcheckError:
        return False
    return bool(seen) and not seen.alone and are_kin(seen, totals)


def has_bodies(base: Model, subject: Model) -> bool:
    """Return whether both models have a body; a pipeline has none."""
    return base.body_checkpoint is not None and subject.body_checkpoint is not None


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


def _same_body(base: Model, subject: Model, seed: int) -> bool:
    """Return whether both have a body, of the same bytes."""
    if not has_bodies(base, subject):
        return False
    files = compare_weights(base.body, subject.body, seed=seed)
    return files.state is FileState.EQUAL


def _beyond(these: Mapping[str, Model], those: Mapping[str, Model]) -> tuple[str, ...]:
    return tuple(name for name in these if name not in those)


def _look(pair: Pair, terms: Terms, n_pairs: int, opened: Open, watch: Watch) -> Component:
    """Return what is seen of one component."""
    base, subject = pair.base, pair.subject
    files = compare_weights(base, subject, seed=terms.seed)
    if files.state is FileState.EQUAL:
        return Component(name=pair.name, base=base.anatomy, subject=subject.anatomy, seen=files)
    component = phrase(PhraseCode.LOOK_COMPONENT, name=pair.name)
    both = attempt(lambda: opened(base, subject, terms.tried, n_pairs), component)
    seen: Case | Refused = (
        both
        if isinstance(both, Refused)
        else Case(
            base=both.comparer.base.anatomy,
            subject=both.comparer.subject.anatomy,
            tried=terms.tried,
            seen=watch(both, terms),
        )
    )
    return Component(name=pair.name, base=base.anatomy, subject=subject.anatomy, seen=seen)
