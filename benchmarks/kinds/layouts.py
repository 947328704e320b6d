"""Which ways of laying a repository out are asked about?"""

from __future__ import annotations

from typing import Final

from benchmarks.kinds.layout import Layout
from benchmarks.kinds.layouts_containers import CONTAINERS
from benchmarks.kinds.layouts_folders import FOLDERS
from benchmarks.kinds.layouts_names import NAMES
from benchmarks.kinds.layouts_shards import SHARDS
from benchmarks.kinds.layouts_stored import STORED

LAYOUTS: Final[tuple[Layout, ...]] = (*STORED, *SHARDS, *NAMES, *FOLDERS, *CONTAINERS)
"""Every layout, chapter by chapter."""
