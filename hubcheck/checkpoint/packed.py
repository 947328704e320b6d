"""Which tensors hold quantised values whose raw numbers mean nothing without their scales?

Such tensors are never compared as numbers. Names and dtypes decide; a scale alone does not, because
plain models have parameters called ``scale`` too.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from hubcheck.checkpoint.decode import DTYPE_BITS, INTEGER_DTYPES
from hubcheck.checkpoint.gguf_blocks import BLOCKS
from hubcheck.checkpoint.gguf_header import TYPE_NAMES
from hubcheck.checkpoint.groups import pairs_with_powers
from hubcheck.checkpoint.interface import Checkpoint, TensorRecord
from hubcheck.checkpoint.pair_order import OrderKnown

GPTQ_AWQ: Final = "GPTQ/AWQ"
BITSANDBYTES: Final = "bitsandbytes"
FP8_WITH_SCALES: Final = "fp8 with scales"
MXFP4: Final = "MXFP4"
NVFP4: Final = "NVFP4"
COMPRESSED_TENSORS: Final = "compressed-tensors"
SUB_BYTE: Final = "sub-byte floats"
INTEGER: Final = "integer weights"
PAIRS: Final = "FP4 pairs in no stated order"
SEVERAL_A_BYTE: Final = "integer weights, several a byte"
MLX: Final = "MLX"
EETQ: Final = "EETQ"
QUANTO: Final = "Quanto"
TORCHAO: Final = "torchao"
BITNET: Final = "BitNet"
HIGGS: Final = "HIGGS"
BY_LAST_NAME: Final[Mapping[str, str]] = MappingProxyType(
    {
        "q_weight": "EXL2",
        "trellis": "EXL3",
        "W_q": "HQQ",
        "Qidxs": "QuIP#",
        "dense_weights": "SpQR",
        "_packed": QUANTO,
        "_data": QUANTO,
        "_weight_qdata": TORCHAO,
    }
)
"""Storages told by the last part of a tensor's name, which no other program uses."""
COMPANIONS: Final = ("scale", "scales", "zeros", "zero_point", "absmax", "codebook", "lut", "s")
"""What tensors beside codes are called, in whatever program: in the module, or behind the name."""
INDICES: Final = ("idx", "perm", "groups", "shape")
"""How the names of integers end that say where a value belongs."""
MATRIX: Final = 2

GGUF_ONLY_NAMED: Final = frozenset(TYPE_NAMES.values()) - BLOCKS.keys() - DTYPE_BITS.keys()
"""Block types of GGUF that are named and not read."""

MIN_PACKED_SHARE: Final = 0.05
"""Share of a model's bytes from which on it counts as packed. A half-billion model with 4-bit
matrices and plain embeddings has a quarter; one decoy tensor must not switch a whole check off."""

_SCALES: Final = ("_scale", "_scale_inv", "_scale_2", "_global_scale", "_scales")
"""What follows ``X.weight`` in the name of its scale."""

_BITSANDBYTES_ENDS: Final = (".absmax", ".quant_map", ".nested_absmax")
"""What follows ``X.weight`` in the names of a 4-bit tensor's block maxima and code book."""


def packed_storage(checkpoint: Checkpoint) -> str:
    """Return the name of the packed storage that a model uses, or ``""`` if its values are plain.

    The name is the one that covers most bytes; it is given only if packed tensors make up at least
    ``MIN_PACKED_SHARE`` of the model.
    """
    n_bytes: Counter[str] = Counter()
    for name, storage in packed_tensors(checkpoint).items():
        tensor = checkpoint.tensors[name]
        n_bytes[storage] += tensor.stop - tensor.start
    if n_bytes.total() == 0 or n_bytes.total() < MIN_PACKED_SHARE * checkpoint.n_bytes:
        return ""
    return max(sorted(n_bytes), key=n_bytes.__getitem__)


def packed_tensors(checkpoint: Checkpoint) -> Mapping[str, str]:
    """Return the storage of every tensor whose raw values mean nothing alone, by tensor name.

    Scales and other companions are not listed; the tensor they belong to is. Tensors that
    ``unpacking`` has understood are not listed either.
    """
    found = {}
    in_order = sorted(checkpoint.tensors)
    for name, tensor in checkpoint.tensors.items():
        known = tensor.storage is not None
        storage = "" if known else _storage(tensor, checkpoint.tensors, in_order)
        if storage:
            found[name] = storage
    return found


def _storage(
    tensor: TensorRecord, tensors: Mapping[str, TensorRecord], in_order: Sequence[str]
) -> str:
    """Return the storage of one tensor, or ``""``; ``in_order`` has all names, sorted."""
    name, dtype = tensor.name, tensor.dtype
    last = name.rpartition(".")[2]
    if BY_LAST_NAME.get(last) == TORCHAO:
        return TORCHAO
    if f"{name}.quant_map" in tensors and last == "weight":
        return BITSANDBYTES  # in a container of any dtype
    if DTYPE_BITS.get(dtype, 8) % 8:
        return SUB_BYTE
    if dtype in GGUF_ONLY_NAMED:
        return f"GGUF {dtype}"
    if dtype in INTEGER_DTYPES:
        return _integer_storage(name, tensor, tensors)
    if not dtype.startswith("F8_") or name.endswith((*_SCALES, ".scale")):
        return ""
    # DeepSeek's own layout writes ``X.scale`` beside ``X.weight``.
    scales = [name + ending for ending in _SCALES] + [name.removesuffix("weight") + "scale"]
    known = any(scale in tensors for scale in scales)
    return FP8_WITH_SCALES if known or _has_company(tensor, tensors, in_order) else ""


def _has_company(
    codes: TensorRecord, tensors: Mapping[str, TensorRecord], in_order: Sequence[str]
) -> bool:
    """Return whether smaller numbers of no known name lie beside a matrix of eight-bit floats.

    A matrix that was only cast to eight bits has a bias beside it at most. What else stands in its
    module, or begins with its name, may scale it: then its values mean nothing alone.
    """
    if len(codes.shape) < MATRIX:
        return False
    stem, _, last = codes.name.rpartition(".")
    beside = [f"{codes.name}_", f"{codes.name}."] + [f"{stem}."] * (last == "weight")
    return any(
        "." not in name.removeprefix(start)
        and not name.endswith("bias")
        and name != codes.name
        and not tensors[name].dtype.startswith("I")
        and 2 * tensors[name].n_values <= codes.n_values
        for start in beside
        for name in _beginning_with(start, in_order)
    )


def _beginning_with(start: str, in_order: Sequence[str]) -> Iterator[str]:
    for place in range(bisect_left(in_order, start), len(in_order)):
        if not in_order[place].startswith(start):
            return
        yield in_order[place]


def _integer_storage(name: str, tensor: TensorRecord, tensors: Mapping[str, TensorRecord]) -> str:
    """Return the storage of a tensor of integers; buffers such as position ids are plain."""
    stem, _, last = name.rpartition(".")
    storage = BY_LAST_NAME.get(last, "")
    if pairs_with_powers(name, tensor, tensors, OrderKnown.NOBODY) is not None:
        return PAIRS
    if last == "qweight":
        storage = GPTQ_AWQ
    elif last == "codes" and f"{stem}.codebooks" in tensors:
        storage = "AQLM"
    elif last == "indices" and f"{stem}.centroids.weight" in tensors:
        storage = "VPTQ"
    elif last == "weight_packed":
        is_nvfp4 = f"{stem}.weight_global_scale" in tensors
        storage = NVFP4 if is_nvfp4 else COMPRESSED_TENSORS
    elif name.endswith("_blocks") and name.removesuffix("_blocks") + "_scales" in tensors:
        storage = MXFP4
    elif last == "weight" and tensor.shape:
        storage = _of_weight(name, tensor, tensors)
    return storage or _unnamed(name, tensor, tensors)


def _of_weight(name: str, tensor: TensorRecord, tensors: Mapping[str, TensorRecord]) -> str:
    """Return the storage of integers that are called ``weight``, by what lies beside them."""
    stem = name.removesuffix(".weight")
    if f"{stem}.SCB" in tensors or any(name + end in tensors for end in _BITSANDBYTES_ENDS):
        storage = BITSANDBYTES
    elif f"{name}_scale_2" in tensors:
        storage = NVFP4
    elif f"{stem}.tables" in tensors:
        storage = HIGGS
    elif f"{stem}.scales" in tensors:
        storage = MLX
    elif f"{name}_scales" in tensors:
        storage = EETQ
    elif f"{name}_scale" in tensors:
        scale = tensors[f"{name}_scale"]
        ternary = tensor.dtype == "U8" and scale.n_values == 1
        storage = BITNET if ternary else COMPRESSED_TENSORS
    else:
        storage = INTEGER
    return storage


def _unnamed(name: str, tensor: TensorRecord, tensors: Mapping[str, TensorRecord]) -> str:
    """Return the storage of integers under a name that says nothing, by scales beside them."""
    if len(tensor.shape) < MATRIX or tensor.dtype in ("BOOL", "I64"):
        return ""  # masks and indices
    if name.endswith((*COMPANIONS, *INDICES)):
        return ""
    stem = name.rpartition(".")[0]
    beside = [f"{stem}.{end}" for end in COMPANIONS] + [f"{name}_{end}" for end in COMPANIONS]
    return INTEGER if any(one in tensors for one in beside) else ""
