"""Where in a stored tensor do the canonical matrices of a rule lie, if its shape allows them?

Every answer is checked against the residual width and the tensor's siblings; a shape that does
not fit gives None and the tensor stays unknown.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from math import prod
from typing import Final, NamedTuple

from hubcheck.anatomy.interface import Role
from hubcheck.anatomy.rule import Rule, Store
from hubcheck.anatomy.splits import Segments, Split, SplitSizes, split_axis
from hubcheck.anatomy.traits import READERS, RESIDUAL_NORMS, VECTORS, WRITERS
from hubcheck.frozen import frozen

MAX_EXPERTS: Final = 4096
"""More experts in one tensor than any published model has is not believed."""
ORIENTATIONS: Final = {
    Store.ROWS: (False,),
    Store.FLAT_ROWS: (False,),
    Store.COLUMNS: (True,),
    Store.FLAT_COLUMNS: (True,),
}
"""Orientations a store fixes (False rows, True columns); the others leave it to the shape."""
PAIRED: Final = frozenset(
    (
        *(Role.GATE, Role.UP, Role.EXPERT_GATE, Role.EXPERT_UP),
        *(Role.SHARED_GATE, Role.SHARED_UP),
    )
)
"""Roles whose output axis must be the input axis of the matching ``down``."""


@frozen
class Site:
    """What is known about the place a tensor stands in."""

    bias: bool
    hidden: int
    """Width of the residual stream, or 0 when it could not be established."""
    sizes: SplitSizes
    query_fits: bool | None
    """For a separate q: True plain, False twice as wide (query and gate), None neither."""
    experts: int
    """Experts of the layer by its router, for experts stored flat."""
    columns: bool | None
    """Orientation the model's unambiguous tensors of this kind show, None if they show none."""


class Slab(NamedTuple):
    """One [n, in] matrix before its axis ``n`` is split."""

    stacked: int
    """Index in the stack, or -1 where the tensor holds one matrix."""
    n: int
    n_in: int
    transposed: bool
    offset: int


class Form(NamedTuple):
    """A canonical matrix inside some tensor of a shape, as ``Matrix`` describes it."""

    role: Role
    stacked: int
    n_out: int
    n_in: int
    transposed: bool
    offset: int
    segments: Segments


def fits(rule: Rule, n: int, n_in: int, hidden: int) -> bool:
    """Say whether [n, n_in] can be the rule's weight in a model of width ``hidden``."""
    if hidden <= 0 or rule.narrow:
        return True
    if any(role in WRITERS for role in rule.roles):
        return n == hidden
    return n_in == hidden or not any(role in READERS for role in rule.roles)


def oriented(rule: Rule, a: int, b: int, hidden: int) -> tuple[bool, ...]:
    """Return the orientations (False rows, True columns) that an [a, b] tensor allows."""
    allowed = ORIENTATIONS.get(rule.store, (False, True))
    return tuple(t for t in allowed if fits(rule, *((b, a) if t else (a, b)), hidden))


def way_of(rule: Rule, a: int, b: int, site: Site) -> bool | None:
    """Return the orientation of an [a, b] tensor, None when it is none or cannot be told."""
    ways = oriented(rule, a, b, site.hidden)
    if len(ways) == 1:
        return ways[0]
    return site.columns if ways else None


def slabs_of_weight(rule: Rule, shape: tuple[int, ...], site: Site) -> Iterator[Slab]:
    """Yield the matrices of a weight, none when the shape or its orientation does not fit."""
    several = rule.store not in (Store.ROWS, Store.COLUMNS, Store.EITHER)
    if rule.store is Store.STACKED:
        if len(shape) != 3:
            return
        count, a, b = shape
    elif len(shape) != 2:
        return
    else:
        count, b = (site.experts if several else 1), shape[1]
        a, rest = divmod(shape[0], count) if count else (0, 1)
        if rest:
            return
    transposed = way_of(rule, a, b, site)
    if transposed is None or count > MAX_EXPERTS:
        return
    n, n_in = (b, a) if transposed else (a, b)
    for i in range(count):
        yield Slab(i if several else -1, n, n_in, transposed, i * a)


def slabs_of_vector(rule: Rule, shape: tuple[int, ...], site: Site) -> Iterator[Slab]:
    """Yield the vectors of a norm or bias: one, or one per stacked expert."""
    if not shape:
        return
    n = shape[-1]
    if rule.store is Store.STACKED:
        if len(shape) == 2 and shape[0] <= MAX_EXPERTS:
            for i in range(shape[0]):
                yield Slab(i, n, 1, transposed=True, offset=i)
    elif prod(shape) == n:
        residual = any(role in RESIDUAL_NORMS or role in WRITERS for role in rule.roles)
        if not residual or rule.narrow or site.hidden in (0, n):
            yield Slab(-1, n, 1, transposed=True, offset=0)


def pieces_of(rule: Rule, n: int, n_in: int, site: Site) -> tuple[Segments, ...] | None:
    """Return the split of an axis, after the checks that need the tensor's siblings."""
    role = rule.roles[0]
    latent = {Role.MLA_Q_B: site.sizes.q_lora, Role.MLA_K_B: site.sizes.kv_lora}.get(role, 0)
    if latent and not site.bias and n_in != latent:
        return None
    if rule.split is Split.WHOLE:
        if role is Role.Q and site.query_fits is not True:
            return None
        if role in PAIRED and site.sizes.half not in (0, n):
            return None
    elif rule.split is Split.QUERY_GATE and site.query_fits is not False:
        return None
    return split_axis(rule.split, n, site.sizes)


@lru_cache(maxsize=512)
def place(rule: Rule, shape: tuple[int, ...], site: Site) -> tuple[Form, ...] | None:
    """Return where the canonical matrices of a rule lie, or None when the shape does not fit.

    Args:
        rule: A rule with roles.
        shape: Shape of the stored tensor.
        site: Its place. Thousands of experts share one, hence the cache.
    """
    if any(size <= 0 for size in shape):
        return None
    vector = site.bias or rule.roles[0] in VECTORS
    find = slabs_of_vector if vector else slabs_of_weight
    forms: list[Form] = []
    pieces: tuple[Segments, ...] | None = None
    for slab in find(rule, shape, site):
        # Stacked experts share one width, so one split serves all of them.
        pieces = pieces or pieces_of(rule, slab.n, slab.n_in, site)
        if pieces is None:
            return None
        for role, segments in zip(rule.roles, pieces, strict=True):
            base = 0 if slab.transposed else slab.offset
            placed = tuple((a + base, b + base, step) for a, b, step in segments)
            forms.append(
                Form(
                    role=role,
                    stacked=slab.stacked,
                    n_out=sum(len(range(*piece)) for piece in segments),
                    n_in=slab.n_in,
                    transposed=slab.transposed,
                    offset=slab.offset if slab.transposed else placed[0][0],
                    segments=placed,
                )
            )
    return tuple(forms) or None
