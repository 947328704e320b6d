"""What does a quantisation config say that names and shapes leave open?

Hostile: a value of another type counts as absent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Final

from hubcheck.frozen import frozen

KEYS: Final = ("quantization_config", "quantization")
"""The second is MLX's, which writes both."""

EXPERTS: Final = "expert_dtype"
E2M1: Final = "fp4"


@frozen
class Quantisation:
    """The hints; what is absent is empty."""

    method: str = ""
    """``quant_method``; hostile text, to be compared with known names only."""
    bits: int = 0
    group: int = 0
    """Inputs that share a scale."""
    modules: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """MLX: (bits, group) of the modules that differ, by path."""
    act_order: bool | None = None
    """GPTQ ``desc_act``; None where nothing is stated."""
    plain_zeros: bool = False
    """True: GPTQ zeros are stored as they are (``gptq_v2``), not minus one."""
    block: tuple[int, ...] = ()
    """(rows, columns) that one fp8 scale covers."""
    multiplies: bool = False
    """BitNet: the scale of ternary weights multiplies."""
    e2m1_pairs: bool = False
    """Experts are said to be E2M1 pairs, the format that DeepSeek publishes."""

    def of(self, module: str) -> tuple[int, int]:
        """Return (bits, group) of one module, zeros where nothing is stated."""
        return self.modules.get(module, (self.bits, self.group))


def read_quantisation(config: Mapping[str, object]) -> Quantisation:
    """Return the hints of a parsed ``config.json``."""
    stated = (config.get(key) for key in KEYS)
    found = next((one for one in stated if isinstance(one, Mapping)), None)
    pairs = config.get(EXPERTS) == E2M1
    if found is None:
        return Quantisation(e2m1_pairs=pairs)
    act_order, method = found.get("desc_act"), found.get("quant_method")
    block = found.get("weight_block_size")
    sizes = [n for n in block if type(n) is int and n > 0] if isinstance(block, list) else []
    apart = {
        str(module): (_whole(own, "bits"), _whole(own, "group_size"))
        for module, own in found.items()
        if isinstance(own, Mapping)
    }
    return Quantisation(
        method=method if isinstance(method, str) else "",
        bits=_whole(found, "bits"),
        group=_whole(found, "group_size"),
        modules=apart,
        act_order=act_order if isinstance(act_order, bool) else None,
        plain_zeros=found.get("checkpoint_format") == "gptq_v2",
        block=tuple(sizes) if isinstance(block, list) and len(sizes) == len(block) else (),
        multiplies=found.get("linear_class") == "autobitlinear",
        e2m1_pairs=pairs or found.get(EXPERTS) == E2M1,
    )


def _whole(found: Mapping[object, object], key: str) -> int:
    """Return a stated whole number, 0 where there is none."""
    value = found.get(key)
    return value if type(value) is int else 0
