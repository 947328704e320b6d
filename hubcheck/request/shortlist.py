"""Which of many suspects are worth the bytes of a test?

The gains of a few norms cost some kilobytes and keep their order through ordinary training. How
they correlate decides who is tested first and nothing else: it is no evidence (two strangers'
gains look alike too, a disguised copy's do not), and everyone probed counts as tried.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hubcheck.anatomy.interface import Role
from hubcheck.candidates.candidate import STRENGTH, Candidate, Signal, Standing
from hubcheck.errors import HubcheckError
from hubcheck.evidence.reading import Wanted
from hubcheck.frozen import frozen
from hubcheck.model import Access, Model, open_model, same_weights
from hubcheck.report.phrases import Clauses, PhraseCode, phrase
from hubcheck.source.reference import HubReference, parse_hub_reference

AT_ONCE: Final = 8
SAME_BYTES: Final = 2.0
"""Above any correlation."""
STANDS_OUT: Final = 0.5
"""Correlations below count alike. Measured on the zoo: ten models trained apart reach 0.25 with
each other, fine-tunes and long further training keep 0.86 or more with their base, disguises 0."""


@frozen
class Probed:
    """A suspect, opened, with how much its gains look like the subject's."""

    candidate: Candidate
    reference: HubReference
    model: Model | None
    likeness: float
    """Centred correlation of gains, or 0 where it could not be taken."""

    @property
    def why(self) -> Clauses:
        """Why it was proposed."""
        return self.candidate.why

    @property
    def note(self) -> Clauses:
        """What a reader of the left-aside list should know."""
        return note_of(self.candidate)


def note_of(candidate: Candidate) -> Clauses:
    """Return what is known of a candidate that no reason says."""
    known = []
    if candidate.younger:
        known.append(PhraseCode.ASIDE_YOUNGER)
    if candidate.standing is Standing.GATED:
        known.append(PhraseCode.ASIDE_GATED)
    if candidate.standing is Standing.MISSING:
        known.append(PhraseCode.ASIDE_MISSING)
    return tuple(map(phrase, known))


def probe(suspects: Sequence[Candidate], subject: Model, access: Access, room: int) -> list[Probed]:
    """Return suspects in the order in which they should be tested.

    Args:
        suspects: As proposed, strongest first; that order decides between equals.
        subject: The model under test.
        access: Limits and credentials.
        room: How many will be tested; with no more suspects than that none is probed.
    """
    if len(suspects) <= room:
        return [_unprobed(one) for one in suspects]
    own = _gains(subject)
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="hubcheck-probe") as pool:
        probed = list(pool.map(lambda one: _probe(one, subject, own, access), suspects))
    return sorted(probed, key=_place)


def _place(one: Probed) -> tuple[bool, float]:
    """A name that leaked is tested whatever its gains look like: a disguise changes gains."""
    named = one.candidate.strength >= STRENGTH[Signal.LEAKED]
    return (not named, -one.likeness if one.likeness >= STANDS_OUT else 0.0)


def _reference(one: Candidate) -> HubReference:
    return parse_hub_reference(f"{one.ref}@{one.revision}" if one.revision else one.ref)


def _unprobed(one: Candidate) -> Probed:
    return Probed(candidate=one, reference=_reference(one), model=None, likeness=0.0)


def _probe(
    one: Candidate, subject: Model, own: dict[Role, NDArray[np.float64]], access: Access
) -> Probed:
    reference = _reference(one)
    try:
        model = open_model(reference, access)
        same = same_weights(model, subject)
        likeness = SAME_BYTES if same else _likeness(own, _gains(model))
    except HubcheckError:
        return _unprobed(one)  # opened again when its turn comes, and then its reason is told
    return Probed(candidate=one, reference=reference, model=model, likeness=likeness)


def _gains(model: Model) -> dict[Role, NDArray[np.float64]]:
    """Return the final gain and those of the middle layer, as far as the model has them."""
    try:
        anatomy = model.anatomy
        middle = anatomy.geometry.layers // 2
        places = ((Role.NORM_FINAL, -1), (Role.NORM_ATTN_IN, middle), (Role.NORM_MLP_IN, middle))
        matrices = [m for role, layer in places if (m := anatomy.get(role, layer)) is not None]
        wanted = {m.role: Wanted(matrix=m, why="probe") for m in matrices}
        model.reader.fetch(wanted.values())
    except HubcheckError:
        return {}
    return {r: model.reader.block(w)[:, 0].astype(np.float64) for r, w in wanted.items()}


def _likeness(
    own: dict[Role, NDArray[np.float64]], other: dict[Role, NDArray[np.float64]]
) -> float:
    """Return the largest centred correlation over gains of equal size."""
    best = 0.0
    for role, a in own.items():
        b = other.get(role)
        if b is None or b.shape != a.shape or a.size < 2:  # noqa: PLR2004 - one value has no shape
            continue
        x, y = a - a.mean(), b - b.mean()
        scale = float(np.linalg.norm(x) * np.linalg.norm(y))
        if scale > 0:
            best = max(best, float(x @ y) / scale)
    return best
