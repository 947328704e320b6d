"""Are the subject's matrices the base's with a published adapter added, up to rounding?

Nothing is tested here and nothing has a chance: rows of both models and of the adapter are read,
the sum is formed, and either the values are the same ones, as far as their formats hold them, or
they are not. An update too small to be seen above that rounding says nothing, since the base alone
would be as near.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import numpy as np

from hubcheck.anatomy.gguf_names import FORMAT as GGUF
from hubcheck.anatomy.interface import Anatomy
from hubcheck.checkpoint.adapter_update import (
    NotAdded,
    Update,
    Updates,
    added_rows,
    rows_needed,
    stored_shape,
)
from hubcheck.checkpoint.interface import Checkpoint, RowBlock
from hubcheck.checkpoint.rows import cost_of, read_rows
from hubcheck.errors import SubjectUnreadableError, UnreadableError
from hubcheck.evidence.looks.change.stored import (
    ON_GRID,
    SIGNIFICANT_BITS,
    FloatArray,
    coarsest,
    ulp,
)
from hubcheck.evidence.refused import Refused, Why
from hubcheck.frozen import frozen

LIMIT: Final = 8_000_000
"""Bytes read of each of the three; further matrices are left out and counted."""
SHARE_OF_BUDGET: Final = 4
"""At most this part of what a ledger has left."""
ROWS: Final = 16
"""Neighbouring rows of each matrix."""
STEPS: Final = 1.01
"""Grid steps that a sum may lie off: half for its own rounding, half for that of a base that was
read in the coarser format first; the rounding of the update is added, in steps of its own."""
MOVED: Final = 2.0
"""Times that, a value of the update has to be to tell the sum from the base alone."""
LEAST_MOVED: Final = 64
"""Such values from which a matrix tells anything."""
LEAST: Final = 2.0**-24
"""Values below it are lost in float16."""
_FROM_NUMBER: Final = re.compile(r"(?<=\.)\d+\..+")


@frozen
class AdapterSum:
    """How many of the matrices that an adapter changes are base and update together."""

    matrices: int
    """That it changes."""
    equal: int
    """Whose rows are the base's with the update added."""
    different: int
    silent: int
    """Whose update is smaller than rounding."""
    absent: int
    """That one of the models does not have by that name and shape, in plain floats."""
    left: int
    """Not read: the limit of bytes."""
    values: int
    """Compared, in the matrices that are equal or different."""
    beside: int
    """Tensors of the adapter that are no update of a matrix: not looked at."""


def add_up(
    base: Anatomy, subject: Anatomy, updates: Updates, *, seed: int, limit: int = LIMIT
) -> AdapterSum | NotAdded | Refused:
    """Return whether base and adapter make the subject.

    Args:
        base: The base.
        subject: The subject.
        updates: What the adapter adds.
        seed: Of the rows and of the order in which matrices are read.
        limit: Most bytes read of each of the three.

    Raises:
        HubcheckError: a ledger refuses, the network fails, or a value is not finite.
    """
    three = (base.checkpoint, subject.checkpoint, updates.checkpoint)
    if GGUF in {c.format for c in three}:
        return NotAdded.FILE  # its rows lie in another order
    limit = min(limit, *(c.source.ledger.remaining // SHARE_OF_BUDGET for c in three))
    names = tuple(_names(one) for one in (base, subject))
    rng = np.random.default_rng([seed, 0xADA])
    counts = dict.fromkeys(("equal", "different", "silent", "absent", "left"), 0)
    spent, values = [0, 0, 0], 0
    for place in rng.permutation(len(updates.updates)):
        update = updates.updates[int(place)]
        pair = _pair(three, names, updates, update)
        if pair is None:
            counts["absent"] += 1
            continue
        n_rows = stored_shape(updates, update)[0]
        start = int(rng.integers(max(1, n_rows - ROWS + 1)))
        stop = min(n_rows, start + ROWS)
        asked = [[RowBlock(tensor=name, start=start, stop=stop)] for name in pair]
        blocks = (*asked, list(rows_needed(updates, update, start, stop)))
        costs = [cost_of(c, some) for c, some in zip(three, blocks, strict=True)]
        if any(s + c > limit for s, c in zip(spent, costs, strict=True)):
            counts["left"] += 1
            continue
        spent = [s + c for s, c in zip(spent, costs, strict=True)]
        theirs = read_rows(three[0], asked[0])[0]
        try:
            ours = read_rows(three[1], asked[1])[0]
        except UnreadableError as error:
            raise SubjectUnreadableError.of(error) from error
        added = added_rows(updates, update, start, stop)
        dtypes = (
            *(c.tensors[n].dtype for c, n in zip(three[:2], pair, strict=True)),
            *(three[2].tensors[n].dtype for n in (update.first, update.second)),
        )
        word = _compared(theirs, ours, added, dtypes)
        counts[word] += 1
        values += ours.size if word != "silent" else 0
    if counts["left"] == len(updates.updates):
        return Refused(code=Why.BUDGET)
    return AdapterSum(matrices=len(updates.updates), values=values, beside=updates.beside, **counts)


def _compared(
    base: FloatArray, subject: FloatArray, added: FloatArray, dtypes: tuple[str, ...]
) -> str:
    """Return whether some rows are the sum, are not, or cannot tell."""
    coarse, by_adapter = coarsest(*dtypes[:2]), coarsest(*dtypes)
    theirs = base.astype(np.float64)
    with np.errstate(over="ignore"):
        total = theirs + added
    if not np.isfinite(total).all():
        return "different"
    step = np.maximum(ulp(total, coarse), ulp(theirs, coarse))
    near = np.maximum(STEPS * step + ulp(added, by_adapter), LEAST)
    moved = np.abs(added) > MOVED * near
    if int(moved.sum()) < LEAST_MOVED:
        return "silent"
    same = np.abs(subject.astype(np.float64) - total) <= near
    return "equal" if same.mean() >= ON_GRID and same[moved].mean() >= ON_GRID else "different"


def _names(anatomy: Anatomy) -> Mapping[str, str]:
    """Return stored names by plain ones, and by what follows the first number where that is one."""
    plain = {anatomy.plain.get(name, name): name for name in anatomy.checkpoint.tensors}
    tails: dict[str, list[str]] = {}
    for name, stored in plain.items():
        tails.setdefault(_tail(name), []).append(stored)
    return {**{t: some[0] for t, some in tails.items() if len(some) == 1}, **plain}


def _tail(name: str) -> str:
    found = _FROM_NUMBER.search(name)
    return found[0] if found else name


def _pair(
    three: tuple[Checkpoint, Checkpoint, Checkpoint],
    names: tuple[Mapping[str, str], ...],
    updates: Updates,
    update: Update,
) -> tuple[str, str] | None:
    """Return the matrix of an update in base and subject; None where one has no such matrix."""
    wanted = f"{update.module}.weight"
    found = [one.get(wanted) or one.get(_tail(wanted)) for one in names]
    shape = stored_shape(updates, update)
    for checkpoint, name in zip(three, found, strict=False):
        record = checkpoint.tensors.get(name or "")
        plain = record is not None and record.is_plain and record.dtype in SIGNIFICANT_BITS
        if record is None or not plain or tuple(record.shape) != shape:
            return None
    return (found[0] or "", found[1] or "")
