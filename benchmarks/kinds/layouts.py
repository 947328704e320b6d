"""Which ways of laying a repository out are asked about?"""

from __future__ import annotations

from typing import Final

from benchmarks.kinds.layout import Layout

LAYOUTS: Final[tuple[Layout, ...]] = ()
"""Every layout."""
