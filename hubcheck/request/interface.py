"""What does a check depend on, beside the models, the clock and the network?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import field
from typing import TYPE_CHECKING, Final, Literal

from hubcheck.behaviour.interface import Wanted
from hubcheck.evidence.looks.whole.interface import Resources
from hubcheck.frozen import frozen
from hubcheck.model import Access, Model
from hubcheck.report.catalogue_search import CatalogueSearch
from hubcheck.report.phrases import Clauses
from hubcheck.report.schema import Policy
from hubcheck.report.words import Depth
from hubcheck.source.reference import Reference
from hubcheck.verdict.allowance import Allowance

if TYPE_CHECKING:
    from hubcheck.candidates.hub_index import HubIndex

EVERY_BYTE: Final = 2**53 - 1
"""The budget of ``full`` where none is named: no limit, as a number that JSON keeps exactly."""
BUDGETS: Final = {
    Depth.HEADERS: 64_000_000,
    Depth.SAMPLE: 64_000_000,
    Depth.DEEP: 2_000_000_000,
    Depth.FULL: EVERY_BYTE,
}
"""Bytes per model where --max-read is not given (DESIGN 3.4)."""
ESCALATION: Final = 512_000_000
"""Bytes that a model may cost at ``sample`` once a declared base comes out unrelated (DESIGN 3.4),
where no limit was named."""
IN_FULL: Final = 100
"""Bases whose rows of evidence stand in the report, 23 KB each; a further one takes 2 KB, so that a
report of 10,000 can be read back (``report.load.MAX_REPORT``)."""
ORDER: Final = (Depth.HEADERS, Depth.SAMPLE, Depth.DEEP, Depth.FULL)
"""From the lightest; each gives what the one before it gives."""


FoundBy = Literal["named", "files", "search", "catalogue"]
"""Who proposed a base: the user or the card, the subject's other files, a search on the Hub, a
catalogue."""


@frozen
class Searched:
    """What a search for bases found beside those that are tested."""

    kind: Literal["", "files", "hub"] = ""
    """Where suspects were looked for: nowhere, in the subject's files, on the Hub too."""
    tried: int = 0
    """Models whose weights were looked at to choose the ones tested: the bound is divided by their
    number where it is the larger one."""
    left_aside: tuple[tuple[str, Clauses, Clauses], ...] = ()
    """(name, reasons, note) of candidates that are not tested."""
    notes: Clauses = ()
    requests: int = 0
    bytes_read: int = 0
    index: HubIndex | None = None
    """What the Hub was asked already."""
    catalogue: CatalogueSearch | None = None
    """What a catalogue answered, if one was asked."""


def nothing_searched() -> Searched:
    """Return that no base was searched for."""
    return Searched()


def files_searched() -> Searched:
    """Return that suspects are what the subject's files name."""
    return Searched(kind="files")


@frozen
class BaseRequest:
    """One base to test."""

    reference: Reference
    declared: bool
    why: Clauses
    found_by: FoundBy = "named"
    """Who proposed it: the user or the card, the subject's other files, a search."""
    opened: Model | None = None
    """The base, where choosing it has opened it already."""
    tried: int = 0
    """Among how many models it counts, where that was fixed for itself; 0: all that were tried."""

    @property
    def closely(self) -> bool:
        """Whether a disguise is looked for at every depth: if it is declared, or its sketch fits.

        A sketch sees through a disguise that orders do not: ``unrelated`` would come too early.
        """
        return self.declared or self.found_by == "catalogue"


@frozen
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
    escalate_to: int = 0
    """Bytes per model that ``sample`` may read once a declared base comes out unrelated; no more
    than ``access.max_read`` where the user named that."""
    searched: Callable[[], Searched] = nothing_searched
    """What the search for bases found, asked once ``bases`` has been."""
    allow: tuple[Allowance, ...] = ()
    """Bases that the policy file accepts."""
    warn_only: bool = False
    """Whether a failure of the policy is told and ends with exit code 0."""
    behaviour: Wanted | None = None
    """What is wanted of running the models; None: nothing."""
    named: tuple[BaseRequest, ...] = ()
    """Bases that are tested whatever the subject says: opened while the subject is."""
    in_full: int = IN_FULL
    """Bases that the report tells in full, where more are tested (``check.in_full``)."""
    resources: Resources = field(default_factory=Resources)
    """Processes, device, kept state and progress of the depths beyond the sample."""


def at_least(depth: Depth, other: Depth) -> bool:
    """Return whether a depth gives all that another gives."""
    return ORDER.index(depth) >= ORDER.index(other)


def budget_of(depth: Depth, named: int | None) -> int:
    """Return the bytes that may be read of each model.

    Args:
        depth: The depth.
        named: What the user named, which stays hard at every depth; None for nothing. Depth
            ``full`` then reads every byte, of a folder and of the Hub alike: that is what it is
            asked for.
    """
    return BUDGETS[depth] if named is None else named
