"""Under which name is the action published?"""

from __future__ import annotations

from typing import Final

PROJECT: Final = "hubcheck/hubcheck"
"""Owner and repository, as ``uses:`` names them; the docs and examples are held against it."""
IMAGE: Final = f"ghcr.io/{PROJECT}"
"""Where releases put the two images."""
