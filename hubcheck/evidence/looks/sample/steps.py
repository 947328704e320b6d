"""Which families does each step look at, and what may it read?

Three steps: corresponding layers, more layers, a search over all layers and groups.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from hubcheck.evidence.family import Block, FamilyTest
from hubcheck.evidence.orders.axes import AxisTest
from hubcheck.evidence.orders.mlps import LAYERS_A_STEP
from hubcheck.evidence.orders.neurons import NeuronTest
from hubcheck.evidence.reading import Wanted
from hubcheck.evidence.side import Side
from hubcheck.frozen import frozen

BLOCKS_A_STEP: Final = LAYERS_A_STEP
"""Families of each test that a step adds; of experts, so many of each of as many layers."""
AXES_A_STEP: Final = 16
"""Free axes that a step adds of a model without layers: its places differ in size and kind."""
STEP_BYTES: Final = (12_000_000, 8_000_000, 32_000_000)
"""Weight bytes a step may add for each model: the first leaves room within the 16 MB that a check
of 100 B may read for gaps between scattered rows, side parts and the relation; the third searches
models of some billions whole. What does not fit is left out, and the card then speaks of 'these
layers' instead of 'any layer'."""
MORE_LAYERS: Final = 1
"""The step that repeats the first on further layers."""
CHEAP_STEP: Final = 1_000_000
"""Bytes; a step this small is always taken."""
SEARCH: Final = len(STEP_BYTES) - 1
"""The step that searches all layers and groups."""

Item = tuple[FamilyTest, Block, Sequence[Block]]
"""A test, a base block, and the subject blocks to hold it against."""


@frozen
class Step:
    """What one step looks at."""

    items: tuple[Item, ...]
    left_out: int
    """Items that did not fit the step's bytes or a model's budget."""
    cost: int = 0
    """Bytes of weights that it adds, of the model that it reads more of."""


def blocks_of(test: FamilyTest) -> int:
    """Return how many blocks of a test a step looks at."""
    if isinstance(test, AxisTest):
        return AXES_A_STEP
    return BLOCKS_A_STEP * (test.blocks_a_layer if isinstance(test, NeuronTest) else 1)


class Steps:
    """Plans the steps of one comparison; nothing is read here."""

    def __init__(
        self,
        tests: Sequence[FamilyTest],
        base: Side,
        subject: Side,
        was_seen: Callable[[FamilyTest, Block], bool],
        step_bytes: Sequence[int] = STEP_BYTES,
    ) -> None:
        """Bind the tests and both sides.

        Args:
            tests: In the order of their turns.
            base: The base.
            subject: The subject.
            was_seen: Whether a base block has been looked at; such blocks are searched.
            step_bytes: Weight bytes each step may add for each model.
        """
        self.tests, self.base, self.subject, self._was_seen = tests, base, subject, was_seen
        self._step_bytes = step_bytes

    def is_costly(self, step: int) -> bool:
        """Return whether a step would read more than a small model holds."""
        for side in (self.base, self.subject):
            wanted = [
                w
                for test, block, blocks in self._items(step)
                for b in (blocks if side is self.subject else [block])
                for w in test.wanted(side, b)
            ]
            if side.reader.cost(wanted) > CHEAP_STEP:
                return True
        return False

    def most_after(self, step: int) -> tuple[int, ...]:
        """Return the bytes of each model that each step after this one may ask for.

        A model that holds less asks for less.
        """
        whole = max(side.anatomy.checkpoint.n_bytes for side in (self.base, self.subject))
        return tuple(min(whole, most) for most in self._step_bytes[step + 1 :])

    def _items(self, step: int) -> list[Item]:
        """Return (test, base block, subject blocks) of a step, most telling first."""
        if step < SEARCH:
            rounds = [
                [
                    (t, b, t.direct(b))
                    for b in t.base_blocks()[step * blocks_of(t) : (step + 1) * blocks_of(t)]
                ]
                for t in self.tests
            ]
        else:
            # Blocks that were looked at, and the first few where nothing corresponded directly.
            rounds = [
                [
                    (t, b, t.mapped(b))
                    for n, b in enumerate(t.base_blocks())
                    if n < blocks_of(t) or self._was_seen(t, b)
                ]
                for t in self.tests
            ]
        longest = max((len(r) for r in rounds), default=0)
        by_turn = [r[n] for n in range(longest) for r in rounds if n < len(r)]
        return [item for item in by_turn if item[2]]

    def affordable(self, step: int, known: Sequence[dict[Wanted, None]]) -> Step:
        """Return the items of a step that fit the step's bytes and the models' budgets.

        Args:
            step: Its number.
            known: What this comparison has asked of base and subject before.
        """
        items = self._items(step)
        chosen = self._fitting(items, known, self._step_bytes[step])
        if chosen.items or step == SEARCH or not chosen.left_out:
            return chosen
        # One family of a model of 16,384 channels costs more than a step; without any there is no
        # answer at all. So each test gets what its cheapest family costs; budgets hold as ever.
        cheapest: dict[int, int] = {}
        for item in items:
            alone = self._fitting([item], known, None)
            if alone.items:
                test = id(item[0])
                cheapest[test] = min(cheapest.get(test, alone.cost), alone.cost)
        return self._fitting(items, known, sum(cheapest.values()))

    def _fitting(
        self, items: Sequence[Item], known: Sequence[dict[Wanted, None]], most: int | None
    ) -> Step:
        """Return the items that fit ``most`` bytes of each model, or the models' budgets alone."""
        readers = (self.base.reader, self.subject.reader)
        left = [r.anatomy.checkpoint.source.ledger.remaining for r in readers]
        chosen: list[Item] = []
        left_out = 0
        asked: tuple[dict[Wanted, None], dict[Wanted, None]] = ({}, {})
        spent, read = [0, 0], [0, 0]
        for test, block, blocks in items:
            new = (
                [w for w in test.wanted(self.base, block) if w not in asked[0]],
                [w for b in blocks for w in test.wanted(self.subject, b) if w not in asked[1]],
            )
            if not new[0] and not test.wanted(self.base, block):
                continue
            # What a step may add is counted as if this comparison read alone: which rows are drawn
            # must not depend on what other bases have read of the subject before.
            alone = [
                r.size([w for w in wanted if w not in before])
                for r, wanted, before in zip(readers, new, known, strict=True)
            ]
            cost = [r.cost(wanted) for r, wanted in zip(readers, new, strict=True)]
            if any(
                (most is not None and spent[n] + alone[n] > most) or read[n] + cost[n] > left[n]
                for n in (0, 1)
            ):
                left_out += 1
                continue
            for n in (0, 1):
                spent[n] += alone[n]
                read[n] += cost[n]
                asked[n].update(dict.fromkeys(new[n]))
            chosen.append((test, block, blocks))
        return Step(items=tuple(chosen), left_out=left_out, cost=max(spent))
