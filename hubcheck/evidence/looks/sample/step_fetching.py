"""What of a step can be read, where a value, a limit or the network refuses a part of it?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial

from hubcheck.errors import (
    HubcheckError,
    SubjectUnreadableError,
    UnreachableError,
    UnreadableError,
)
from hubcheck.evidence.looks.sample.steps import Item
from hubcheck.evidence.reading import Reader, Wanted, fetch_together
from hubcheck.evidence.refused import REFUSING, Refused, SideName, refused_by
from hubcheck.evidence.side import Side
from hubcheck.report.phrases import Phrase
from hubcheck.source.ledger import Ledger
from hubcheck.source.side_by_side import side_by_side


class StepFetching:
    """Reads the steps of one comparison and keeps what refused."""

    def __init__(self, base: Side, subject: Side) -> None:
        """Take both sides; nothing is read."""
        self.base = base
        self.subject = subject
        self.refused: list[Refused] = []
        """Families that could not be read, in the order of the steps."""
        self._out_of_reach: set[SideName] = set()

    def fetched(
        self,
        chosen: Sequence[Item],
        wanted_base: Sequence[Wanted],
        wanted_subject: Sequence[Wanted],
        beside: Sequence[tuple[Reader, Sequence[Wanted]]] = (),
    ) -> Sequence[Item]:
        """Read a step in one go; where that fails, family by family, and keep what can be read.

        One value that is no number, or one answer that did not come, takes nothing from the
        families that can be read.

        Args:
            chosen: What the step looks at.
            wanted_base: Rows of the base for it.
            wanted_subject: Rows of the subject for it.
            beside: What other parts of both models read first, at the same time where the budgets
                hold all of it; where it fails, whoever needs it reads it again and says so.
        """
        both = (self.base.reader, wanted_base), (self.subject.reader, wanted_subject)
        calls: list[Callable[[], None]] = [partial(fetch_together, both)]
        if self._affords([*both, *beside]):
            calls += (partial(_tried, reader, wanted) for reader, wanted in beside)
        try:
            side_by_side(calls)
        except REFUSING:
            return [item for item in map(self._fetched_alone, chosen) if item[2]]
        return chosen

    @staticmethod
    def _affords(asked: Sequence[tuple[Reader, Sequence[Wanted]]]) -> bool:
        """Return whether the budgets hold everything: which rows come must not hang on chance."""
        costs: Counter[Ledger] = Counter()
        for reader, wanted in asked:
            costs[reader.anatomy.checkpoint.source.ledger] += reader.cost(wanted)
        return all(cost <= ledger.remaining // 2 for ledger, cost in costs.items())

    def _fetched_alone(self, item: Item) -> Item:
        """Read one family block by block; return it with the blocks that could be read."""
        test, block, blocks = item
        label = test.label(block)
        if not self._could_fetch("base", test.wanted(self.base, block), label):
            return test, block, ()
        return (
            test,
            block,
            [
                b
                for b in blocks
                if self._could_fetch("subject", test.wanted(self.subject, b), label)
            ],
        )

    def _could_fetch(self, side: SideName, wanted: Sequence[Wanted], label: Phrase) -> bool:
        """Read some rows of one side; return whether that could be done, and keep why not."""
        if side in self._out_of_reach:
            return False
        reader = (self.base if side == "base" else self.subject).reader
        try:
            reader.fetch(wanted)
        except REFUSING as error:
            if isinstance(error, UnreachableError):
                self._out_of_reach.add(side)
            fault: HubcheckError = error
            if side == "subject" and isinstance(error, UnreadableError):
                fault = SubjectUnreadableError.of(error)
            self.refused.append(refused_by(fault, look=label, side=side))
            return False
        return True


def _tried(reader: Reader, wanted: Sequence[Wanted]) -> None:
    """Read rows ahead of whoever looks at them."""
    with suppress(*REFUSING):
        reader.fetch(wanted)
