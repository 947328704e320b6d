"""Which GGUF block types need code books, and can they be read on this machine?

IQ1, IQ2 and IQ3 replace groups of four or eight values by an index into tables of up to 2,048
entries. The tables belong to ggml; its ``gguf`` package holds them and is optional here: without it
these types stay ``not-tested``, by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from importlib.util import find_spec
from types import MappingProxyType
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

SIZES: Final[Mapping[str, tuple[int, int]]] = MappingProxyType(
    {
        "IQ1_S": (256, 50),
        "IQ1_M": (256, 56),
        "IQ2_XXS": (256, 66),
        "IQ2_XS": (256, 74),
        "IQ2_S": (256, 82),
        "IQ3_XXS": (256, 98),
        "IQ3_S": (256, 110),
        "NVFP4": (64, 36),
    }
)
"""Values and bytes of a block, by type (``ggml-common.h``)."""
Unpack: TypeAlias = Callable[[NDArray[np.uint8]], NDArray[np.float32]]


@cache
def code_book_types() -> frozenset[str]:
    """Return the types that can be read: all or, without the package, none."""
    if find_spec("gguf") is None:
        return frozenset()
    from gguf import GGML_QUANT_SIZES, GGMLQuantizationType

    known = {kind.name: tuple(sizes) for kind, sizes in GGML_QUANT_SIZES.items()}
    return frozenset(
        name for name, sizes in SIZES.items() if known.get(name) == sizes and _handles(name)
    ) & frozenset(kind.name for kind in GGMLQuantizationType)


def _handles(type_name: str) -> bool:
    """Say whether the installed release turns a block of zeros of this type into values."""
    try:
        values = unpacker(type_name)(np.zeros((1, SIZES[type_name][1]), dtype=np.uint8))
    except (NotImplementedError, ValueError, KeyError):
        return False
    return values.shape == (1, SIZES[type_name][0])


@cache
def unpacker(type_name: str) -> Unpack:
    """Return what turns blocks, uint8 [blocks, bytes], into values, float32 [blocks, values]."""
    from gguf import GGMLQuantizationType
    from gguf.quants import dequantize

    kind = GGMLQuantizationType[type_name]

    def unpack(blocks: NDArray[np.uint8]) -> NDArray[np.float32]:
        return np.asarray(dequantize(np.ascontiguousarray(blocks), kind), dtype=np.float32)

    return unpack
