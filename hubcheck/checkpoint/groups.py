"""Which tensors of MLX, BitNet, AQLM and DeepSeek's pairs belong together, and what is stored?

As in ``unpacking``, which asks here for the formats of whole models that one program writes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final, TypeAlias

from hubcheck.checkpoint.bit_words import bit_words_of
from hubcheck.checkpoint.code_books import code_books_of
from hubcheck.checkpoint.four_bit_floats import FourBitFloats
from hubcheck.checkpoint.interface import Storage, TensorRecord
from hubcheck.checkpoint.pair_order import OrderKnown
from hubcheck.checkpoint.quantisation_config import Quantisation
from hubcheck.checkpoint.scaled import Scaled
from hubcheck.checkpoint.ternary import ternary_of

Tensors: TypeAlias = Mapping[str, TensorRecord]
Found: TypeAlias = tuple[TensorRecord, tuple[str, ...]]
"""A weight as it is to be seen, and the stored tensors it replaces."""

PLAIN_FLOATS: Final = frozenset({"F32", "F16", "BF16"})
POWERS: Final = frozenset({"F8_E8M0", "U8"})
"""Dtypes of scales that are powers of two."""
WORD_BYTES: Final = 4
MX_GROUP: Final = 32
"""Inputs that share a power of two (OCP Microscaling Formats 1.0)."""
NV_GROUP: Final = 16
PAIRS: Final = 2
"""Codes of four bits in a byte."""


def weight(
    name: str, record: TensorRecord, shape: tuple[int, ...], storage: Storage
) -> TensorRecord:
    """Return the record of a weight stored in the codes of ``record``."""
    return replace(record, name=name, dtype=storage.name, shape=shape, storage=storage)


def mlx(stem: str, record: TensorRecord, tensors: Tensors, stated: Quantisation) -> Found | None:
    """Return MLX's words of codes, with scales and offsets or with the scales of an MX format."""
    scales = tensors.get(f"{stem}.scales")
    ends = ("weight", "scales", "biases", "qbiases")
    names = tuple(f"{stem}.{end}" for end in ends)
    if scales is None or len(record.shape) < 2 or len(scales.shape) != len(record.shape):  # noqa: PLR2004
        return None
    offsets = tensors.get(names[2]) or tensors.get(names[3])
    storage: Storage | None
    if offsets is None:
        storage = _microscaled(record, scales)
        n_cols = _mx_columns(record, scales)
    else:
        if scales.dtype not in PLAIN_FLOATS or offsets.dtype not in PLAIN_FLOATS:
            return None
        storage = bit_words_of(record, scales, offsets, stated.of(stem))
        n_cols = storage.n_cols if storage is not None else 0
    if storage is None:
        return None
    return weight(f"{stem}.weight", record, (*record.shape[:-1], n_cols), storage), names


def _mx_columns(record: TensorRecord, scales: TensorRecord) -> int:
    """Return the inputs of words without offsets: bytes are E4M3 values or pairs of E2M1."""
    n_bytes, groups = WORD_BYTES * record.shape[-1], scales.shape[-1]
    fits = {MX_GROUP * groups, NV_GROUP * groups}
    return next((n for n in (PAIRS * n_bytes, n_bytes) if n in fits and n), 0)


def _microscaled(record: TensorRecord, scales: TensorRecord) -> Storage | None:
    """Return ``mxfp4``, ``nvfp4`` or ``mxfp8`` as MLX writes them, by their shapes."""
    n_bytes, n_cols = WORD_BYTES * record.shape[-1], _mx_columns(record, scales)
    if scales.dtype != "U8" or not n_cols or scales.shape[:-1] != record.shape[:-1]:
        return None
    group = n_cols // scales.shape[-1]
    shape = (*record.shape[:-1], n_bytes)
    if n_cols == n_bytes:
        codes = replace(record, dtype="F8_E4M3", shape=shape)
        if group != MX_GROUP:
            return None
        return Scaled(
            name="fp8 with scales", codes=codes, scales=scales, block_rows=1, block_cols=group
        )
    codes = replace(record, dtype="U8", shape=shape)
    if group == NV_GROUP:
        scales = replace(scales, dtype="F8_E4M3")
    name = "NVFP4" if group == NV_GROUP else "MXFP4"
    return FourBitFloats(name=name, codes=codes, scales=scales, n_cols=n_cols, group=group)


def bitnet(stem: str, record: TensorRecord, tensors: Tensors, stated: Quantisation) -> Found | None:
    """Return four ternary values a byte, where the configuration says that it is BitNet."""
    scale = tensors.get(f"{stem}.weight_scale")
    if stated.method.lower() != "bitnet" or scale is None or scale.dtype not in PLAIN_FLOATS:
        return None
    storage = ternary_of(record, scale, divides=not stated.multiplies)
    if storage is None:
        return None
    shape = (4 * record.shape[0], record.shape[1])
    names = (f"{stem}.weight", f"{stem}.weight_scale")
    return weight(names[0], record, shape, storage), names


def aqlm(stem: str, record: TensorRecord, tensors: Tensors) -> Found | None:
    """Return codes into code books."""
    names = tuple(f"{stem}.{end}" for end in ("codes", "codebooks", "scales"))
    books, scales = (tensors.get(name) for name in names[1:])
    if books is None or scales is None or {books.dtype, scales.dtype} - PLAIN_FLOATS:
        return None
    storage = code_books_of(record, books, scales)
    if storage is None:
        return None
    shape = (record.shape[0] * books.shape[2], record.shape[1] * books.shape[3])
    return weight(f"{stem}.weight", record, shape, storage), names


def pairs_with_powers(
    name: str, record: TensorRecord, tensors: Tensors, known: OrderKnown
) -> Found | None:
    """Return E2M1 pairs in bytes that the header calls int8, as DeepSeek-V4 stores its experts.

    A power of two for each sixteen bytes of a row: thirty-two codes, the group of MXFP4. No format
    of whole bytes has such groups.

    Args:
        name: Of the tensor of codes.
        record: The codes.
        tensors: What lies beside them.
        known: Who says in which order they lie; the header does where its dtype is F4.
    """
    stem = name.rpartition(".")[0]
    found = (n for n in (f"{stem}.scale", f"{name}_scale", f"{name}_scale_inv") if n in tensors)
    scale_name = next(found, "")
    scales = tensors.get(scale_name)
    if scales is None or scales.dtype not in POWERS or len(record.shape) < 2:  # noqa: PLR2004
        return None
    n_bytes, packed = record.shape[-1], record.dtype != "F4"
    n_cols = PAIRS * n_bytes if packed else n_bytes
    if not n_cols or scales.shape != (*record.shape[:-1], n_cols // MX_GROUP) or n_cols % MX_GROUP:
        return None
    codes = replace(record, dtype="U8", shape=(*record.shape[:-1], n_cols // PAIRS))
    storage = FourBitFloats(
        name="MXFP4", codes=codes, scales=scales, n_cols=n_cols, group=MX_GROUP, known=known
    )
    return weight(name, record, (*record.shape[:-1], n_cols), storage), (name, scale_name)
