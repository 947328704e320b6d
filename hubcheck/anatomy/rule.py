"""What does one rule of the table say of a tensor?"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from hubcheck.anatomy.interface import Role
from hubcheck.anatomy.splits import Split


class Store(StrEnum):
    """How the canonical [n, in] matrix (n fused, in shared) lies in the stored tensor."""

    ROWS = "rows"
    """[n, in], the weight of a linear layer."""
    COLUMNS = "columns"
    """[in, n], the weight of GPT-2's Conv1D."""
    EITHER = "either"
    """One of the two; the shape says which."""
    STACKED = "stacked"
    """[E, n, in] or [E, in, n]; the shape says which."""
    FLAT_ROWS = "flat rows"
    """[E * n, in]."""
    FLAT_COLUMNS = "flat columns"
    """[E * in, n]."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rule:
    """One line of the table; compared by identity, since it is a cache's key."""

    path: re.Pattern[str]
    roles: tuple[Role, ...]
    """Empty: the name is known not to tell the role, the tensor stays unknown."""
    split: Split = Split.WHOLE
    store: Store = Store.ROWS
    beside: re.Pattern[str] | None = None
    """Only where the same layer holds a path that matches (a bias is ``path.bias``)."""
    absent: re.Pattern[str] | None = None
    """Only where it holds none that matches."""
    under: re.Pattern[str] | None = None
    """Only under a prefix that matches."""
    families: frozenset[str] = frozenset()
    """Only for these model types; for names that two families use for two things."""
    bias: bool | None = None
    """Only for a bias (True) or for a weight (False), where the two mean different things."""
    narrow: bool = False
    """The tensor lies in a space of its own width, not in the residual stream."""


def rule(
    path: str,
    *roles: Role,
    split: Split = Split.WHOLE,
    store: Store = Store.ROWS,
    beside: str = "",
    absent: str = "",
    under: str = "",
    families: str = "",
    bias: bool | None = None,
    narrow: bool = False,
) -> Rule:
    """Write one line of the table, patterns and families as text."""
    return Rule(
        path=re.compile(path),
        roles=roles,
        split=split,
        store=store,
        beside=re.compile(beside) if beside else None,
        absent=re.compile(absent) if absent else None,
        under=re.compile(under) if under else None,
        families=frozenset(families.split()),
        bias=bias,
        narrow=narrow,
    )
