"""Which layers, rows, heads and tokens are looked at?

Everything is drawn by one seed, which is fresh (or shared with earlier checks of a private cache)
and written into the report: nothing in the repository predicts where a check will look, so no fixed
set of altered rows can evade it. A draw never looks at the weights, so the bound of
``statistics.hits`` is untouched by it. The same seed gives the same draw for every base of the same
shape; that is what lets several bases share one read of the subject.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hubcheck.frozen import frozen

IntArray = NDArray[np.int64]

LEAST_ROWS: Final = 64
"""Units per family of a large model: 14 hits settle a family, and 64 rows see a kept of about
sqrt(2 ln 64 / features), 0.05 at 2,048 channels (methods note, 4.10)."""
MOST_ROWS: Final = 256
SMALL_BLOCK: Final = 64 * 1024
"""Values; below this (128 KB in bf16) a block costs less than the request that fetches it, so small
models give more rows. Values, not bytes: the storage dtype must not change what is looked at."""
LEAST_TOKENS: Final = 256
MOST_TOKENS: Final = 512
TOKEN_VALUES: Final = 2 * 1024 * 1024
"""Values of embedding read per model: 512 tokens at width 4,096, 4 MB in bf16."""
TOKEN_WINDOW: Final = 64
"""Tokens are drawn in runs of consecutive shared tokens, one range request each."""
TOKEN_GAP: Final = 32 * 1024
"""Values; embedding rows of drawn tokens this close share one range request (64 KiB in bf16)."""
TOKEN_CHOICE: Final = 4
"""Windows drawn for each one taken where vocabularies are ordered differently: enough to find some
that lie together in either model, few enough that nobody can tell which."""
CHANNELS: Final = 256
"""Channels under test; more only cost time."""


@frozen(kw_only=False)
class Draw:
    """Seeded choices; each is a function of the seed, a purpose and the sizes involved."""

    seed: int

    def _rng(self, *purpose: int) -> np.random.Generator:
        return np.random.default_rng([self.seed, *purpose])

    def layers(self, n_layers: int) -> tuple[int, ...]:
        """Return all layers in the order in which they are tried."""
        return tuple(int(i) for i in self._rng(1, n_layers).permutation(n_layers))

    def rows(self, n_units: int, row_values: int, layer: int) -> tuple[int, ...]:
        """Return a contiguous run of unit indices of a family of ``n_units``."""
        affordable = SMALL_BLOCK // max(1, row_values)
        # one row in eight stays outside, for the channel test, which must not use rows under test
        size = min(n_units - n_units // 8, max(LEAST_ROWS, min(MOST_ROWS, affordable)))
        start = int(self._rng(2, n_units, layer).integers(0, n_units - size + 1))
        return tuple(range(start, start + size))

    def inputs(self, n_inputs: int, layer: int) -> tuple[int, ...]:
        """Return a contiguous run of input indices, for matrices stored by input."""
        size = min(n_inputs, LEAST_ROWS)
        start = int(self._rng(3, n_inputs, layer).integers(0, n_inputs - size + 1))
        return tuple(range(start, start + size))

    def one_of(self, n: int, layer: int) -> int:
        """Return one index below ``n`` (a kv group, an expert) for a layer."""
        return int(self._rng(4, n, layer).integers(0, n))

    def experts(self, n: int, turn: int, most: int) -> tuple[int, ...]:
        """Return at most ``most`` of ``n`` experts: one seeded order, taken on from turn to turn.

        Layers looked at one after the other get different experts, so that a few layers meet every
        expert of a mixture of few: what stands in one expert stands in it in every layer.

        Args:
            n: Experts of a layer.
            turn: The layer's place in the order in which layers are tried.
            most: Experts a layer.
        """
        order = self._rng(12, n).permutation(n)
        first = turn * most
        return tuple(int(order[(first + k) % n]) for k in range(min(most, n)))

    def tokens(self, n_shared: int, hidden: int) -> tuple[int, ...]:
        """Return positions in the list of shared tokens, in windows, sorted."""
        size = min(n_shared, max(LEAST_TOKENS, min(MOST_TOKENS, TOKEN_VALUES // max(1, hidden))))
        n_windows = -(-n_shared // TOKEN_WINDOW)
        chosen: list[int] = []
        for window in self._rng(5, n_shared).permutation(n_windows):
            first = int(window) * TOKEN_WINDOW
            chosen += range(first, min(first + TOKEN_WINDOW, n_shared))
            if len(chosen) >= size:
                break
        return tuple(sorted(chosen[:size]))

    def tokens_apart(
        self, base_ids: Sequence[int], subject_ids: Sequence[int], hidden: int
    ) -> tuple[int, ...]:
        """Return positions in the list of shared tokens where the two orders differ, sorted.

        Tokens that follow each other in one model lie apart in the other, and every row that lies
        alone costs a request. Windows are drawn from both orders, some more than needed, and those
        are taken that keep the number of requests low for the model that needs more of them.

        Args:
            base_ids: The base's ids of the shared tokens, rising.
            subject_ids: The subject's ids of the same tokens.
            hidden: Width of a row.
        """
        n_shared = len(base_ids)
        ids = [np.asarray(base_ids, dtype=np.int64), np.asarray(subject_ids, dtype=np.int64)]
        affordable = min(MOST_TOKENS, TOKEN_VALUES // max(1, 2 * hidden))
        size = min(n_shared, max(LEAST_TOKENS, affordable))
        n_windows = -(-n_shared // TOKEN_WINDOW)
        n_drawn = TOKEN_CHOICE * -(-size // TOKEN_WINDOW)
        apart = 1 + TOKEN_GAP // max(1, hidden)
        windows: list[IntArray] = []
        for which, side in enumerate(ids):
            order = np.argsort(side, kind="stable")
            drawn = self._rng(11, n_shared, which).permutation(n_windows)[:n_drawn].tolist()
            windows += [order[w * TOKEN_WINDOW : (w + 1) * TOKEN_WINDOW] for w in drawn]
        costs = [[_ranges(side[window], apart) for side in ids] for window in windows]
        chosen: dict[int, None] = {}
        spent = [0, 0]
        left = list(range(len(windows)))
        while left and len(chosen) < size:
            best = min(
                left, key=lambda w: (max(s + c for s, c in zip(spent, costs[w], strict=True)), w)
            )
            left.remove(best)
            spent = [s + c for s, c in zip(spent, costs[best], strict=True)]
            chosen.update(dict.fromkeys(windows[best].tolist()))
        return tuple(sorted(list(chosen)[:size]))

    def channels(self, n_channels: int) -> tuple[int, ...]:
        """Return the channels under test, sorted."""
        size = min(n_channels, CHANNELS)
        return tuple(
            sorted(self._rng(6, n_channels).choice(n_channels, size, replace=False).tolist())
        )

    def shift(self, n_units: int) -> int:
        """Return the offset of the shifted control, never 0 modulo ``n_units``."""
        return int(self._rng(7, n_units).integers(1, max(2, n_units)))

    def start(self, n_units: int, size: int) -> int:
        """Return where a run of ``size`` units begins, the same in every layer so wide."""
        return int(self._rng(9, n_units).integers(0, n_units - size + 1))

    def spread_tokens(self, n_shared: int, size: int, window: int) -> tuple[int, ...]:
        """Return ``size`` positions in the list of shared tokens, in windows, sorted."""
        chosen: list[int] = []
        for index in self._rng(10, n_shared).permutation(-(-n_shared // window)):
            first = int(index) * window
            chosen += range(first, min(first + window, n_shared))
            if len(chosen) >= size:
                break
        return tuple(sorted(chosen[:size]))

    def shuffles(self, layer: int) -> np.random.Generator:
        """Return the generator for planted copies."""
        return self._rng(8, layer + 1)


def _ranges(ids: IntArray, apart: int) -> int:
    """Return how many requests fetch some rows, where rows up to ``apart`` share one."""
    return 1 + int(np.count_nonzero(np.diff(np.sort(ids)) > apart))
