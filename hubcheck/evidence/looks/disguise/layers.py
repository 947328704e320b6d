"""How do the sampled layers of two models come to be views at hand?

Each is read by one process of the team and handed to all. Where a model lies on a host, the next
layers are on their way while one is looked at: of each model one at a time, so that two wait and no
more than three lie in memory.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from itertools import islice, zip_longest
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hubcheck.devices.blocks import Block, shared
from hubcheck.devices.store import Store
from hubcheck.devices.team import Team
from hubcheck.errors import HubcheckError, SubjectUnreadableError, UnreadableError
from hubcheck.evidence.looks.disguise.mlp_views import (
    EVERY,
    Matrices,
    Neurons,
    Sample,
    frame_wanted,
    looked_at,
    read_rows,
    weights_wanted,
)
from hubcheck.evidence.orders.mlps import MlpRoles
from hubcheck.evidence.reading import fetch_together
from hubcheck.evidence.side import Side
from hubcheck.source.side_by_side import waits

AHEAD: Final = 2
"""Layers that are on their way: one of each model."""

Rows = Mapping[str, NDArray[np.float32]]
Samples = tuple[Sequence[Sample], Sequence[Sample]]
"""Of base and subject."""
Work = tuple[int, Sample]
"""Which model, and what of it."""


class Layers:
    """The layers of both models that were looked at so far."""

    def __init__(self, sides: tuple[Side, Side], roles: MlpRoles, store: Store, team: Team) -> None:
        """Start with none.

        Args:
            sides: Base and subject.
            roles: Which kind of MLP.
            store: Where views lie.
            team: Processes that share the layers.
        """
        self._sides, self._roles, self._store, self._team = sides, roles, store, team
        self._places: dict[tuple[int, int], list[str]] = {}
        self.of: tuple[dict[int, Neurons], dict[int, Neurons]] = ({}, {})
        """By layer, of base and subject."""

    def names(self, which: int, layer: int) -> tuple[str, ...]:
        """Return what the views of a layer lie under in the store."""
        return tuple(self._places[which, layer])

    def last(self, *pair: int) -> list[dict[str, NDArray[np.float32]]]:
        """Return the views of a base and a subject layer; no view is asked for after them."""
        views = [dict(of[layer].views) for of, layer in zip(self.of, pair, strict=True)]
        self._store.close()
        return views

    def frames(self, samples: Samples, only: Matrices = EVERY) -> None:
        """Read what the frames of both models need to look at these samples."""
        fetch_together(
            [
                (side.reader, frame_wanted(side, [s.block.layer for s in some], only))
                for side, some in zip(self._sides, samples, strict=True)
            ]
        )

    def read(self, samples: Samples, only: Matrices = EVERY) -> None:
        """Read samples and look at them; layers that were read before have more views then.

        Args:
            samples: Of both models, their frames fetched.
            only: Matrices that are read, ``EVERY`` for all.

        Raises:
            SubjectUnreadableError: a value read of the subject is not finite.
            UnreadableError: a value read of the base is not finite.
        """
        blocks = []
        for which, sample in _by_turns(samples):
            side = self._sides[which]
            wanted = weights_wanted(side.anatomy, self._roles, sample, only)
            size = side.reader.size(wanted.values())
            # each value is multiplied with its place in the frame of every token
            flops = size * max(1, len(side.token_ids))
            blocks.append(Block(work=(which, sample), n_bytes=size, flops=flops))
        ledgers = [side.anatomy.checkpoint.source.ledger for side in self._sides]
        every = [block.work for block in blocks]
        with self._arriving(every, only) as rows:

            def one(work: Work) -> tuple[int, Neurons]:
                which, sample = work
                return which, looked_at(self._sides[which], sample, rows(work))

            for which, neurons in shared(
                blocks, one, team=self._team, accounts=ledgers, kept=self._put_away
            ):
                self._add(which, neurons)

    def _put_away(self, read: tuple[int, Neurons]) -> tuple[int, Neurons]:
        """Put the views of a layer into the store."""
        which, neurons = read
        name = _name(which, neurons)
        self._store.put(name, neurons.views)
        return which, replace(neurons, views=self._store.mapping(name))

    def _add(self, which: int, neurons: Neurons) -> None:
        """Note what was read of a layer, beside what is known of it."""
        layer = neurons.sample.block.layer
        places = self._places.setdefault((which, layer), [])
        places.append(_name(which, neurons))
        known = self.of[which].get(layer, neurons)
        self.of[which][layer] = replace(
            known,
            views=self._store.mapping(*places),
            lengths={**known.lengths, **neurons.lengths},
        )

    @contextmanager
    def _arriving(self, every: Sequence[Work], only: Matrices) -> Iterator[Callable[[Work], Rows]]:
        """Give what returns the rows of a layer; the next ones are fetched meanwhile.

        Where a layer ends it, the ``AHEAD`` after it are read as well, wherever the models lie:
        what is charged must not depend on whether a host or a cache gave the bytes.
        """
        read = partial(self._rows, only=only)
        if self._team.count > 1:
            yield read  # of its own share; what others read of a failed one is not booked
            return
        left = deque(every)
        if not all(waits(side.anatomy.checkpoint.source) for side in self._sides):

            def in_turn(work: Work) -> Rows:
                left.popleft()
                return read(work)

            try:
                yield in_turn
            except Exception:
                for following in islice(left, AHEAD):
                    with suppress(HubcheckError):
                        read(following)
                raise
            return
        # One thread a model: a source answers one caller at a time.
        pools = [ThreadPoolExecutor(1, thread_name_prefix="hubcheck-layer") for _ in self._sides]
        coming: dict[Work, Future[Rows]] = {}

        def rows(work: Work) -> Rows:
            while left and len(coming) <= AHEAD:
                following = left.popleft()
                coming[following] = pools[following[0]].submit(read, following)
            return coming.pop(work).result()

        try:
            yield rows
        except Exception:
            for pool in pools:
                pool.shutdown()  # what was asked for is read to its end
            raise
        finally:
            for pool in pools:
                pool.shutdown(cancel_futures=True)

    def _rows(self, work: Work, only: Matrices) -> Rows:
        """Read one layer; what is wrong with the subject is said to be the subject's fault."""
        which, sample = work
        try:
            return read_rows(self._sides[which], self._roles, sample, only)
        except UnreadableError as error:
            if which == 0:
                raise
            raise SubjectUnreadableError.of(error) from error


def _by_turns(samples: Samples) -> list[Work]:
    """Return the samples of both models by turns, so that both are on their way."""
    paired = zip_longest(*([(which, one) for one in some] for which, some in enumerate(samples)))
    return [work for pair in paired for work in pair if work is not None]


def _name(which: int, neurons: Neurons) -> str:
    """Return what some views of a layer lie under in the store."""
    return f"{which} {neurons.sample.block.layer} {' '.join(neurons.views)}"
