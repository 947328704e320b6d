"""What does a check depend on, beside the models, the clock and the network?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hubcheck.errors import UsageError
from hubcheck.model import Access, Model
from hubcheck.source.reference import Reference
from hubcheck.verdict.report import Policy
from hubcheck.verdict.words import Depth

if TYPE_CHECKING:
    from hubcheck.candidates.hub_index import HubIndex


@dataclass(frozen=True, slots=True, kw_only=True)
class Searched:
    """What a search for bases found beside those that are tested."""

    tried: int = 0
    """Models whose weights were looked at to choose the ones tested: the bound is divided by their
    number where it is the larger one."""
    left_aside: tuple[tuple[str, tuple[str, ...], str], ...] = ()
    """(name, reasons, note) of candidates that are not tested."""
    notes: tuple[str, ...] = ()
    requests: int = 0
    bytes_read: int = 0
    index: HubIndex | None = None
    """What the Hub was asked already."""


def nothing_searched() -> Searched:
    """Return that no base was searched for."""
    return Searched()


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseRequest:
    """One base to test."""

    reference: Reference
    declared: bool
    why: tuple[str, ...]
    opened: Model | None = None
    """The base, where choosing it has opened it already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Everything a check depends on but the models themselves, the clock and the network."""

    subject: Reference
    bases: Callable[[Model], Sequence[BaseRequest]]
    """Which bases to test, given the opened subject (its declaration may name them)."""
    depth: Depth
    seed: int
    policy: Policy
    access: Access
    replay: str
    """The command that repeats this check, for the card."""
    searched: Callable[[], Searched] = nothing_searched
    """What the search for bases found, asked once ``bases`` has been."""


def sample_depth(word: str) -> Depth:
    """Return the depth, or refuse one that this version does not have.

    Raises:
        UsageError: ``deep`` and ``full`` are planned.
    """
    depth = Depth(word)
    if depth in (Depth.DEEP, Depth.FULL):
        what = f"--depth {depth} is not available in this version."
        raise UsageError(
            what, cause="it is planned, not built.", next_step="use --depth sample (the default)."
        )
    return depth
