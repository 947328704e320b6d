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
from hubcheck.source.ranges import gaps_of
from hubcheck.source.side_by_side import side_by_side, waits


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
        later: Sequence[int] = (),
    ) -> Sequence[Item]:
        """Read a step in one go; where that fails, family by family, and keep what can be read.

        One value that is no number, or one answer that did not come, takes nothing from the
        families that can be read.

        Args:
            chosen: What the step looks at.
            wanted_base: Rows of the base for it.
            wanted_subject: Rows of the subject for it.
            beside: What other parts of both models read first, with it where the budgets hold all
                of it and the steps that may follow; where it fails, whoever needs it reads it again
                and says so. Whether it is read does not hang on where the models lie.
            later: Bytes of each model that each of these steps may ask for.
        """
        both = (self.base.reader, wanted_base), (self.subject.reader, wanted_subject)
        calls: list[Callable[[], None]] = [partial(fetch_together, both)]
        if beside and self._affords([*both, *beside], later):
            calls += (partial(_tried, reader, wanted) for reader, wanted in beside)
        at_once = all(waits(reader.anatomy.checkpoint.source) for reader, _ in both)
        try:
            side_by_side(calls, at_once=at_once)
        except REFUSING:
            return [item for item in map(self._fetched_alone, chosen) if item[2]]
        return chosen

    @staticmethod
    def _affords(asked: Sequence[tuple[Reader, Sequence[Wanted]]], later: Sequence[int]) -> bool:
        """Return whether the budgets hold everything, gaps included: so no order decides.

        Neither which of these reads is charged first, nor that other parts are read before the
        body's later steps, takes a row from any of them.
        """
        costs: Counter[Ledger] = Counter()
        for reader, wanted in asked:
            cost = reader.cost(wanted)
            costs[reader.anatomy.checkpoint.source.ledger] += cost + gaps_of(cost)
        follow = sum(cost + gaps_of(cost) for cost in later)
        return all(cost + follow <= ledger.remaining for ledger, cost in costs.items())

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
