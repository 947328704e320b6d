"""What does a check depend on, beside the models, the clock and the network?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hubcheck.model import Access, Model
from hubcheck.source.reference import Reference
from hubcheck.verdict.report import Policy
from hubcheck.verdict.words import Depth


def zero() -> int:
    """Return 0: no base was chosen by its weights."""
    return 0


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseRequest:
    """One base to test."""

    reference: Reference
    declared: bool
    why: tuple[str, ...]


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
    tried: Callable[[], int] = zero
    """Bases whose weights were looked at to choose the ones tested, asked once those are chosen:
    the bound is divided by their number if it is the larger one."""
