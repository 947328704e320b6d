"""How far can storing a weight move it, in each format?

Relative change of a row, ||stored - original|| / ||original||, for weights that are roughly normal
within a block: measured over the formats of ``benchmarks/formats`` and rounded up to the next step,
so that calibrated quantisers (GPTQ and AWQ trade row error for output error) fall below it, too.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache
from typing import Final

from hubcheck.checkpoint.interface import Checkpoint
from hubcheck.computed_once import kept_with

PLAIN: Final = {"BF16": 2.0**-9, "F16": 2.0**-12, "F8_E4M3": 2.0**-5, "F8_E5M2": 2.0**-4}
"""Largest relative rounding error of a plain dtype: half a unit in the last place."""
BY_BITS: Final = {8: 0.02, 7: 0.03, 6: 0.05, 5: 0.08, 4: 0.16, 3: 0.32, 2: 0.6}
"""Measured in benchmarks: 8 bits 0.006, 5 bits 0.042, 4 bits 0.08 to 0.13."""
FP8: Final = 0.04
"""Measured 0.027: three bits of mantissa, whatever the scale."""
_BITS: Final = re.compile(r"([2-8]) bit|GGUF I?Q([2-8])_|(?:MX|NV)FP(4)|int(8)")


@lru_cache(maxsize=256)
def rounding_of(storage_name: str) -> float:
    """Return the largest relative change that a packed storage makes, 0 for an unknown one."""
    if storage_name.startswith("fp8"):
        return FP8
    match = _BITS.search(storage_name)
    bits = next((int(g) for g in match.groups() if g), 0) if match else 0
    return BY_BITS.get(bits, 0.0)


@kept_with
def main_storage(checkpoint: Checkpoint) -> str:
    """Return the name of the packed storage that holds most values; empty where most are plain."""
    counts: Counter[str] = Counter()
    for tensor in checkpoint.tensors.values():
        name = tensor.storage.name if tensor.storage is not None else ""
        counts[name if rounding_of(name) else ""] += tensor.n_values
    return max(sorted(counts), key=counts.__getitem__, default="")
