"""Which layers, rows, heads and tokens are looked at?

Everything is drawn by one seed, which is fresh on every run and written into the report: nothing in
the repository predicts where a check will look, so no fixed set of altered rows can evade it. A
draw never looks at the weights, so the bound of ``statistics.hits`` is untouched by it. The same
seed gives the same draw for every base of the same shape; that is what lets several bases share
one read of the subject.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

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
CHANNELS: Final = 256
"""Channels under test; more only cost time."""


@dataclass(frozen=True, slots=True)
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

    def channels(self, n_channels: int) -> tuple[int, ...]:
        """Return the channels under test, sorted."""
        size = min(n_channels, CHANNELS)
        return tuple(
            sorted(self._rng(6, n_channels).choice(n_channels, size, replace=False).tolist())
        )

    def shift(self, n_units: int) -> int:
        """Return the offset of the shifted control, never 0 modulo ``n_units``."""
        return int(self._rng(7, n_units).integers(1, max(2, n_units)))

    def shuffles(self, layer: int) -> np.random.Generator:
        """Return the generator for planted copies."""
        return self._rng(8, layer + 1)
