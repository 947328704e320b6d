"""What does a quantisation config say that names and shapes leave open?

Hostile: a value of another type counts as absent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantisation:
    """The hints; what is absent is empty."""

    bits: int = 0
    act_order: bool | None = None
    """GPTQ ``desc_act``; None where nothing is stated."""
    plain_zeros: bool = False
    """True: GPTQ zeros are stored as they are (``gptq_v2``), not minus one."""
    block: tuple[int, ...] = ()
    """(rows, columns) that one fp8 scale covers."""


def read_quantisation(config: Mapping[str, object]) -> Quantisation:
    """Return the hints of a parsed ``config.json``."""
    found = config.get("quantization_config")
    if not isinstance(found, Mapping):
        return Quantisation()
    bits, act_order = found.get("bits"), found.get("desc_act")
    block = found.get("weight_block_size")
    sizes = [n for n in block if type(n) is int and n > 0] if isinstance(block, list) else []
    return Quantisation(
        bits=bits if type(bits) is int else 0,
        act_order=act_order if isinstance(act_order, bool) else None,
        plain_zeros=found.get("checkpoint_format") == "gptq_v2",
        block=tuple(sizes) if isinstance(block, list) and len(sizes) == len(block) else (),
    )
