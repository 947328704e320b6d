"""From which shares do words of a finding hold? Decided here, for judge, looks and cards alike."""

from __future__ import annotations

from typing import Final

ENOUGH: Final = 0.9
"""Compared share that ``confirmed`` and "all that it holds" need (DESIGN 9.5)."""
MOST: Final = 0.5
"""Share of what was tested that must be held: a model whose MLPs are a stranger's is not its base's
alone. Of a part, the compared share from which its match is the part's (DESIGN 9.3); of a suspect,
the share of its body that makes it more than a part (DESIGN 13.2)."""
BIG_PART: Final = 0.1
"""Share of the parameters of both sides from which a part must match to confirm."""
PRESENT: Final = 0.02
"""Share of a merge below which a base has none, whatever its interval: on planted merges decoys
stay below .01."""
