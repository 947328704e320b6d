"""Which tensors of two models are equal bit for bit, whatever architecture they belong to?

No role, no layer and no order is needed: tensors of one name, dtype and shape are held against each
other, byte by byte, and what is left is matched by content. What every model holds (ones, masks,
tables that code computes) is equal too and proves nothing: it is told apart and not counted.

What equality cannot say: whose values they are. A part that both took from one public model, and a
part that was never trained after one seed drew it, are bit-equal without either model being the
other's. The bound is on chance (``statistics.worth``), not on a common source.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from hubcheck.checkpoint.decode import INTEGER_DTYPES
from hubcheck.checkpoint.interface import Checkpoint
from hubcheck.errors import (
    HubcheckError,
    UnsupportedFormatError,
)
from hubcheck.evidence.looks.equality.pairs import Key, Paired, key_of, pair_by_name
from hubcheck.evidence.looks.equality.plan import Plan, plan_of, pool_of
from hubcheck.evidence.looks.equality.ranges import Piece, read_pieces
from hubcheck.evidence.looks.equality.value import (
    Equality,
    Outcome,
    TensorPair,
)
from hubcheck.evidence.refused import SIDES, Refused, SideName, Why, refused_by
from hubcheck.source.side_by_side import side_by_side, waits
from hubcheck.statistics.worth import Content, worth_of

LIMIT: Final = 4_000_000
"""Bytes a model at depth ``sample``: a small model whole, pages of a large one."""
FAR_RANGES: Final = 64
"""Ranges of a model on a host: each may be a request."""
SHARE_OF_BUDGET: Final = 4
"""At most this part of what a ledger has left is spent here: the tests come after."""
PROOF: Final = -10.0
"""log10 of the bound from which a tensor counts as equal: one in ten billion, as everywhere."""

NO_NAMES: Final[tuple[frozenset[str], frozenset[str]]] = (frozenset(), frozenset())
_COMPUTED: Final = (
    "position_ids", "inv_freq", "cos_cached", "sin_cached", "masked_bias", "attn_mask",
    "causal_mask", "relative_position_index", "relative_coords_table", "mel_filters",
    "mel_basis", "num_batches_tracked", "alphas_cumprod", "sinusoid",
)  # fmt: skip
"""Parts of names under which code stores what it computes. The content decides where it can; these
are added. Both models must use such a name: renaming a tensor alone takes nothing out."""


def look_for_equality(
    base: Checkpoint,
    subject: Checkpoint,
    *,
    seed: int,
    limit_bytes: int = LIMIT,
    far_ranges: int = FAR_RANGES,
    fixed: tuple[frozenset[str], frozenset[str]] = NO_NAMES,
) -> Equality | Refused:
    """Return which tensors of two models are equal bit for bit.

    Args:
        base: The base, headers read.
        subject: The subject, headers read.
        seed: Decides which ranges are read where not all of it is.
        limit_bytes: Most bytes read of each; never more than a quarter of what its ledger has left.
        far_ranges: Most ranges read of each where one of the two does not lie on this machine.
        fixed: Names, of base and of subject, that are equal in all models of a known class.

    Returns:
        What was found, or a coded refusal: a budget or network fault is one.
    """
    sides = (base, subject)
    try:
        pairing = pair_by_name(base.tensors, subject.tensors)
        limit = min(limit_bytes, *(c.source.ledger.remaining // SHARE_OF_BUDGET for c in sides))
        near = all(c.source.pin.revision == "local" for c in sides)
        pool = pool_of(pairing, base, subject)
        if not pool and all(_is_computed(p, subject, fixed) for p in pairing.alike):
            return Refused(code=Why.NO_COUNTERPART)
        most = None if near else far_ranges
        plan = plan_of(pairing.alike, pool, base, subject, seed=seed, limit=limit, most=most)
    except UnsupportedFormatError as error:
        return refused_by(error)
    if not plan.base:
        return Refused(code=Why.BUDGET if plan.readable else Why.FORMAT)
    asked = zip(SIDES, sides, (plan.base, plan.subject), strict=True)
    calls = [partial(_read, plan, *one) for one in asked]
    read: list[dict[str, list[Piece]]] = []
    for pieces in side_by_side(calls, at_once=all(waits(c.source) for c in sides)):
        if isinstance(pieces, Refused):
            return pieces
        read.append(pieces)
    pairs = [
        _compared(p, read[0][p.base], read[1][p.subject], plan, subject, fixed=fixed)
        for p in plan.named
    ]
    pairs = _with_renamed(pairs, read[0], read[1], plan, base, subject)
    done = {p.subject for p in plan.named}
    left = [p for p in pairing.alike if p.subject not in done]
    pairs += [_left(p, Outcome.NOT_READ, subject) for p in left]
    pairs += [_left(p, _apart(p, base, subject), subject) for p in pairing.apart]
    paired = {p.base for p in pairs}, {p.subject for p in pairs}
    return Equality(
        pairs=tuple(sorted(pairs, key=lambda p: (p.subject, p.base))),
        only_base=tuple(n for n in base.tensors if n not in paired[0]),
        only_subject=tuple(n for n in subject.tensors if n not in paired[1]),
        base_values=base.n_parameters,
        subject_values=subject.n_parameters,
        bytes_compared=sum(piece.words.nbytes for pieces in read[1].values() for piece in pieces),
    )


def _read(
    plan: Plan, side: SideName, checkpoint: Checkpoint, names: Iterable[str]
) -> dict[str, list[Piece]] | Refused:
    """Return the planned ranges of one side, or why they cannot be read."""
    wanted = {n: plan.ranges[key_of(checkpoint.tensors[n])] for n in names}
    try:
        return dict(read_pieces(checkpoint, wanted, as_numbers=plan.as_numbers))
    except HubcheckError as error:
        return refused_by(error, side=side)


def _is_computed(
    pair: Paired, subject: Checkpoint, fixed: tuple[frozenset[str], frozenset[str]]
) -> bool:
    """Say whether two tensors of one name are equal in any two models, by dtype or by name.

    A class that is known says it of its own tensors: seeded features, frozen code books.
    """
    if pair.base in fixed[0] and pair.subject in fixed[1]:
        return True
    if subject.tensors[pair.subject].dtype in INTEGER_DTYPES:
        return True
    return any(part in pair.base and part in pair.subject for part in _COMPUTED)


def _compared(
    pair: Paired,
    base: Sequence[Piece],
    subject: Sequence[Piece],
    plan: Plan,
    checkpoint: Checkpoint,
    *,
    searched: int = 1,
    fixed: tuple[frozenset[str], frozenset[str]] = NO_NAMES,
) -> TensorPair:
    """Return what two tensors say that were read at the same places."""
    record = checkpoint.tensors[pair.subject]
    computed = _is_computed(pair, checkpoint, fixed)
    compared = equal = alike = 0
    differs = False
    bound = math.log10(searched)
    contents: Counter[Content] = Counter()
    for one, other in zip(base, subject, strict=True):
        same = one.words == other.words
        n = int(same.size)
        if not same.all():
            differs = True
            compared, alike = compared + n, alike + int(same.sum())
            continue
        if computed:
            continue
        worth = worth_of(one.words, one.numbers())
        contents[worth.content] += n
        if worth.content is Content.LEARNED:
            compared, equal, alike = compared + n, equal + n, alike + n
            bound += worth.log10_p
    outcome = Outcome.DIFFERENT
    if not differs:
        outcome = Outcome.EQUAL if bound <= PROOF else Outcome.PROVES_NOTHING
        outcome = Outcome.BY_CONSTRUCTION if computed else outcome
    return TensorPair(
        base=pair.base,
        subject=pair.subject,
        values=record.n_values,
        outcome=outcome,
        compared=compared,
        equal=equal,
        alike=alike,
        whole=key_of(record) in plan.whole,
        log10_p=bound if outcome is Outcome.EQUAL else 0.0,
        content=contents.most_common(1)[0][0] if contents else Content.LEARNED,
    )


def _with_renamed(
    pairs: Sequence[TensorPair],
    base_pieces: Mapping[str, Sequence[Piece]],
    subject_pieces: Mapping[str, Sequence[Piece]],
    plan: Plan,
    base: Checkpoint,
    subject: Checkpoint,
) -> list[TensorPair]:
    """Return the pairs with those found by content, in place of the same names that differ.

    A layer that moved keeps its content under another layer's name, one that was repeated keeps it
    under several: each tensor of the subject may be any one of the base.
    """
    settled = [p for p in pairs if p.outcome is not Outcome.DIFFERENT]
    open_subject = set(plan.subject) - {p.subject for p in settled}
    taken = {p.base for p in settled}
    ours = _by_content(plan.base, base_pieces, base)
    theirs = _by_content(open_subject, subject_pieces, subject)
    sizes = [
        Counter(key_of(checkpoint.tensors[n]) for n in names)
        for checkpoint, names in ((base, plan.base), (subject, open_subject))
    ]
    found: list[TensorPair] = []
    for content, names in sorted(theirs.items(), key=lambda item: item[1]):
        same = sorted(ours.get(content, ()), key=lambda n: (n in taken, n))
        for place, name in enumerate(names if same else ()):
            one = same[min(place, len(same) - 1)]
            told = _compared(
                Paired(base=one, subject=name),
                base_pieces[one],
                subject_pieces[name],
                plan,
                subject,
                searched=sizes[0][content[0]] * sizes[1][content[0]],
            )
            if told.outcome is Outcome.EQUAL:
                found.append(replace(told, renamed=True))
    matched = {p.subject for p in found}
    return [*(p for p in pairs if p.subject not in matched), *found]


def _by_content(
    names: Iterable[str], pieces: Mapping[str, Sequence[Piece]], checkpoint: Checkpoint
) -> dict[tuple[Key, bytes], list[str]]:
    """Return names by dtype, shape and what they hold at the places read."""
    found: dict[tuple[Key, bytes], list[str]] = defaultdict(list)
    for name in sorted(names):
        digest = hashlib.blake2b(digest_size=16)
        for piece in pieces[name]:
            digest.update(piece.words.tobytes())
        found[key_of(checkpoint.tensors[name]), digest.digest()].append(name)
    return found


def _left(pair: Paired, outcome: Outcome, subject: Checkpoint) -> TensorPair:
    """Return a pair that was not read."""
    values = subject.tensors[pair.subject].n_values
    return TensorPair(base=pair.base, subject=pair.subject, values=values, outcome=outcome)


def _apart(pair: Paired, base: Checkpoint, subject: Checkpoint) -> Outcome:
    """Return what keeps two tensors of one name apart."""
    one, other = base.tensors[pair.base], subject.tensors[pair.subject]
    return Outcome.OTHER_SHAPE if one.shape != other.shape else Outcome.OTHER_DTYPE
