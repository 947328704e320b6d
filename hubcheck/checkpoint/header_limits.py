"""How much may a file state about its tensors before it is refused?"""

from __future__ import annotations

from typing import Final

MAX_NAME_LENGTH: Final = 1024
"""Most characters in a tensor's name; names of real models stay below 200."""

MAX_RANK: Final = 32
"""Most axes of a tensor; real models use at most 5, and a long shape makes products slow."""

MAX_DIMENSION: Final = 2**48
"""Longest axis: more bytes than any file, and small enough for NumPy to describe when another axis
is empty."""
