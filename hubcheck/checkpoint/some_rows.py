"""How are some rows of a packed matrix a matrix of their own?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hubcheck.checkpoint.other_view import OtherView
from hubcheck.frozen import frozen
from hubcheck.source.interface import Span


@frozen
class SomeRows(OtherView):
    """A storage from one of its rows on; see ``interface.Storage``."""

    first: int

    def spans(self, start: int, stop: int) -> tuple[Span, ...]:
        """Return the bytes that rows ``start`` to ``stop`` cost."""
        return self.inner.spans(self.first + start, self.first + stop)

    def values(self, start: int, stop: int, raws: Sequence[bytes]) -> NDArray[np.float32]:
        """Return the rows, float32 [stop - start, n_cols]."""
        return self.inner.values(self.first + start, self.first + stop, raws)
