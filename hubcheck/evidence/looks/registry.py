"""Which looks are there, and in which order are they asked?

A further look is a module beside these and a line here. What it spends needs a share in
``evidence.account``; what it means, a rule in ``verdict``.
"""

from __future__ import annotations

from typing import Final

from hubcheck.evidence.looks.attention import ATTENTION
from hubcheck.evidence.looks.change.look import CHANGE
from hubcheck.evidence.looks.disguise.look import DISGUISE
from hubcheck.evidence.looks.equality.look import EQUAL_TENSORS
from hubcheck.evidence.looks.expert_map.look import EXPERT_MAP
from hubcheck.evidence.looks.interface import Look
from hubcheck.evidence.looks.layer_map.look import LAYER_MAP
from hubcheck.evidence.looks.orders import ORDERS
from hubcheck.evidence.looks.shapes.look import OTHER_SHAPES
from hubcheck.evidence.looks.towers import TOWERS
from hubcheck.evidence.looks.whole.look import EVERY_TENSOR
from hubcheck.evidence.looks.width.look import WIDTH
from hubcheck.evidence.looks.writers import WRITERS

LOOKS: Final[tuple[Look[object], ...]] = (
    ORDERS,
    TOWERS,
    OTHER_SHAPES,
    LAYER_MAP,
    WIDTH,
    EXPERT_MAP,
    CHANGE,
    EQUAL_TENSORS,
    DISGUISE,
    WRITERS,
    ATTENTION,
    EVERY_TENSOR,
)
"""In the order in which they are asked; each knows what those before it left."""
