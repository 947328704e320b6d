"""Which tensors of a quantised checkpoint belong together, and which weight do they store?

Names, dtypes and shapes decide; the quantisation config only settles what they leave open (act
order, zero offset, block size). A group whose shapes do not fit together stays as it is, and
``packed.packed_storage`` then names the format. Scales and other companions leave the list with
their weight, so they never count as parameters.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from math import prod
from types import MappingProxyType
from typing import Final

from hubcheck.checkpoint import groups
from hubcheck.checkpoint.bitsandbytes import MAX_STATE_BYTES, State, four_bit_of, parse_state
from hubcheck.checkpoint.four_bit_floats import FourBitFloats, in_order
from hubcheck.checkpoint.gptq_awq import PACKS, Awq, Gptq, awq_of, gptq_of
from hubcheck.checkpoint.groups import Found, Tensors
from hubcheck.checkpoint.groups import weight as _weight
from hubcheck.checkpoint.interface import Checkpoint, TensorRecord, stored_as
from hubcheck.checkpoint.packed_ints import packed_ints_of
from hubcheck.checkpoint.pair_order import OrderKnown, PairOrder
from hubcheck.checkpoint.plain_values import whole
from hubcheck.checkpoint.quantisation_config import Quantisation, read_quantisation
from hubcheck.checkpoint.scaled import Scaled, block_of
from hubcheck.source.ledger import Purpose

FLOAT_SCALES: Final = frozenset({"F32", "F16", "BF16", "F8_E8M0", "U8"})
PLAIN_FLOATS: Final = frozenset({"F32", "F16", "BF16"})
PACKERS: Final = frozenset({"quark", "modelopt", "compressed-tensors", "mxfp4"})
"""Programs, as ``quant_method`` names them, that publish how they put two codes into a byte."""
SCALE_ENDINGS: Final = ("_scale_inv", "_scale", "_scale_2")
"""What stands behind a weight's name for its scales."""
WORDS: Final = frozenset({"U32", "I32"})
"""Dtypes under which words of codes are stored: PyTorch files have no unsigned ones."""
BITSANDBYTES_STATE: Final = (
    "quant_state.bitsandbytes__nf4",
    "quant_state.bitsandbytes__fp4",
)
_NUMBER: Final = re.compile(r"\.[0-9]+(?=\.)")
MATRIX: Final = 2
"""Axes of a matrix."""
SHAPES: Final = (MATRIX, MATRIX + 1)
"""Axes that ``weight_shape`` may state: of a matrix, or of stacked experts."""


def unpacked(
    checkpoint: Checkpoint, config: Mapping[str, object], pairs: PairOrder | None = None
) -> Checkpoint:
    """Return the checkpoint with every recognised packed group seen as its weight.

    Args:
        checkpoint: As its headers state it.
        config: The parsed ``config.json``; its quantisation config is hostile and only a hint.
        pairs: In which order four-bit codes lie where no program's names say so; None: as the
            configuration states, and where it does not they stay as they are.

    Returns:
        The same checkpoint where nothing is packed. Costs a few small reads for formats that keep
        the shape of a weight inside a tensor (bitsandbytes, compressed-tensors).

    Raises:
        HostileCheckpointError: such a small tensor is malformed.
    """
    tensors = checkpoint.tensors
    stated = read_quantisation(config)
    shapes = _read_inner_shapes(checkpoint)
    replaced: dict[str, TensorRecord] = {}
    gone: set[str] = set()
    mapped = any(name.endswith(".quant_map") for name in tensors)
    for name, record in tensors.items():
        if record.dtype in PLAIN_FLOATS and not (mapped or name.endswith("codes")):
            continue  # nothing else that is stored as plain floats holds codes
        found = _recognise(name, record, tensors, stated, shapes)
        if found is None:
            continue
        weight, parts = found
        if isinstance(weight.storage, FourBitFloats):
            if pairs is None and weight.storage.known is OrderKnown.NOBODY:
                continue
            weight = in_order(weight, weight.storage, pairs)
        if weight.name in replaced or (weight.name in tensors and weight.name not in parts):
            continue  # two tensors claim one weight: leave both as they are
        replaced[weight.name] = weight
        gone.update(filter(tensors.__contains__, parts))  # most name companions that are not there
    if not replaced:
        return checkpoint
    if replaced.keys() <= tensors.keys():  # the order of the names stays as it is
        seen = {n: replaced.get(n, r) for n, r in tensors.items() if n in replaced or n not in gone}
    else:
        kept = {name: record for name, record in tensors.items() if name not in gone}
        seen = dict(sorted((kept | replaced).items()))
    return replace(checkpoint, tensors=MappingProxyType(seen))


def _recognise(
    name: str,
    record: TensorRecord,
    tensors: Tensors,
    stated: Quantisation,
    shapes: Mapping[str, State],
) -> Found | None:
    """Return the weight that a tensor of codes stores, or None."""
    stem, _, last = name.rpartition(".")
    if record.storage is not None:
        return None
    if last == "qweight" and record.dtype == "I32":
        return _gptq_or_awq(stem, record, tensors, stated)
    if last == "weight_packed":
        if record.dtype == "I32":
            return _packed_ints(stem, record, tensors, shapes)
        return _four_bit_floats(stem, record, tensors, OrderKnown.PROGRAM)
    if name.endswith("_blocks") and record.dtype == "U8":
        return _gpt_oss(name, record, tensors)
    if last == "codes":
        return groups.aqlm(stem, record, tensors)
    if last == "weight" and record.dtype in WORDS and f"{stem}.scales" in tensors:
        return groups.mlx(stem, record, tensors, stated)
    if last == "weight" and f"{name}.quant_map" in tensors:
        return _bitsandbytes(name, record, tensors, shapes)
    if last == "weight" and record.dtype == "U8":
        found = groups.bitnet(stem, record, tensors, stated)
        found = found or _four_bit_floats(stem, record, tensors, _known(stem, tensors, stated))
        return found or groups.pairs_with_powers(name, record, tensors, _of_pairs(record, stated))
    if record.dtype in ("I8", "F4"):
        pairs = groups.pairs_with_powers(name, record, tensors, _of_pairs(record, stated))
        if pairs is not None:
            return pairs
    if record.dtype == "I8" and f"{stem}.SCB" in tensors:
        return _scaled(name, record, tensors, f"{stem}.SCB", stated, factor=1 / 127)
    if record.dtype.startswith("F8_E") or record.dtype == "I8":
        for ending in SCALE_ENDINGS:  # a loop: a mixture has 70,000 such tensors
            if name + ending in tensors:
                return _scaled(name, record, tensors, name + ending, stated)
        return _scaled(name, record, tensors, f"{stem}.scale", stated)
    return None


def _of_pairs(record: TensorRecord, stated: Quantisation) -> OrderKnown:
    """Return who says how pairs of E2M1 lie: PyTorch's own dtype for them, or the configuration."""
    says = stated.e2m1_pairs or record.dtype == "F4"
    return OrderKnown.CONFIG if says else OrderKnown.NOBODY


def _known(stem: str, tensors: Tensors, stated: Quantisation) -> OrderKnown:
    """Return who says how the codes of a tensor called ``weight`` lie."""
    if f"{stem}.weight_scale_2" in tensors:
        return OrderKnown.PROGRAM
    if stated.method.lower() in PACKERS:
        return OrderKnown.CONFIG
    return _of_pairs(tensors[f"{stem}.weight"], stated)


def _scaled(
    name: str,
    record: TensorRecord,
    tensors: Tensors,
    scale_name: str,
    stated: Quantisation,
    *,
    factor: float = 1.0,
) -> Found | None:
    """Return eight-bit codes with a grid of scales."""
    scales = tensors.get(scale_name)
    if scales is None or scales.dtype not in FLOAT_SCALES or scales is record:
        return None
    if record.dtype == "I8" and scales.dtype not in PLAIN_FLOATS:
        return None  # powers of two scale floats: what these bytes are is not known
    block = block_of(record.shape, scales.shape, stated.block)
    if block is None:
        return None
    zeros = tensors.get(f"{name}_zero_point")
    if zeros is not None and (zeros.shape != scales.shape or zeros.dtype not in ("I8", "U8")):
        return None
    kind = "fp8" if record.dtype.startswith("F8") else "int8"
    storage = Scaled(
        name=f"{kind} with scales",
        codes=record,
        scales=scales,
        block_rows=block[0],
        block_cols=block[1],
        zeros=zeros,
        factor=factor,
    )
    stem = name.rpartition(".")[0]
    others = (f"{stem}.weight_format", f"{name}_shape", f"{stem}.input_scale", f"{stem}.CB")
    parts = (name, scale_name, f"{name}_zero_point", *others)
    return stored_as(record, storage), parts


def _gptq_or_awq(
    stem: str, record: TensorRecord, tensors: Tensors, stated: Quantisation
) -> Found | None:
    """Return GPTQ or AWQ codes; the shapes tell which."""
    names = tuple(f"{stem}.{part}" for part in ("qweight", "qzeros", "scales", "g_idx"))
    zeros, scales, order = (tensors.get(n) for n in names[1:])
    if scales is None or scales.dtype not in PLAIN_FLOATS:
        return None
    if zeros is not None and zeros.dtype != "I32":
        return None
    storage: Gptq | Awq | None = None
    if zeros is not None:
        hints = (stated.bits or 4, stated.act_order, stated.plain_zeros)
        storage = gptq_of(record, zeros, scales, order, hints)
    if storage is None and order is None:
        storage = awq_of(record, zeros, scales)
    if storage is None:
        return None
    n_out = scales.shape[1]
    n_codes, n_words = PACKS[storage.bits] if isinstance(storage, Gptq) else (1, 1)
    n_in = record.shape[0] // n_words * n_codes
    return _weight(f"{stem}.weight", record, (n_in, n_out), storage), names


def _packed_ints(
    stem: str, record: TensorRecord, tensors: Tensors, shapes: Mapping[str, State]
) -> Found | None:
    """Return compressed-tensors codes packed into int32."""
    endings = ("packed", "scale", "shape", "zero_point", "g_idx")
    names = tuple(f"{stem}.weight_{part}" for part in endings)
    scales, state = tensors.get(names[1]), shapes.get(names[2])
    if scales is None or scales.dtype not in PLAIN_FLOATS or state is None:
        return None
    matrix = (state.shape[-2], state.shape[-1])
    storage = packed_ints_of(record, scales, matrix, tensors.get(names[3]), tensors.get(names[4]))
    if storage is None or state.shape[:-2] not in ((), record.shape[:-2]):
        return None
    shape = (*record.shape[:-2], *matrix)
    return _weight(f"{stem}.weight", record, shape, storage), names


def _four_bit_floats(
    stem: str, record: TensorRecord, tensors: Tensors, known: OrderKnown
) -> Found | None:
    """Return NVFP4 (ModelOpt or compressed-tensors) or MXFP4 (compressed-tensors) codes."""
    scales = tensors.get(f"{stem}.weight_scale")
    if len(record.shape) < MATRIX or scales is None or record.dtype != "U8":
        return None
    shape = (*record.shape[:-1], 2 * record.shape[-1])
    if len(scales.shape) != len(shape) or scales.shape[:-1] != shape[:-1] or not prod(shape):
        return None
    multiplied = tensors.get(f"{stem}.weight_scale_2")
    divided = tensors.get(f"{stem}.weight_global_scale")
    own = multiplied or divided
    group = shape[-1] // scales.shape[-1] if scales.shape[-1] else 0
    two_level = own is not None and scales.dtype.startswith("F8_E4M3") and group == 16  # noqa: PLR2004 - the format
    powers = own is None and scales.dtype in ("U8", "F8_E8M0") and group == 32  # noqa: PLR2004 - the format
    if not (two_level or powers) or group * scales.shape[-1] != shape[-1]:
        return None
    if own is not None and own.n_values != 1:
        return None
    storage = FourBitFloats(
        name="NVFP4" if two_level else "MXFP4",
        codes=record,
        scales=scales,
        n_cols=shape[-1],
        group=group,
        tensor_scale=own,
        divides=multiplied is None,
        known=known,
    )
    parts = ("_packed", "_scale", "_scale_2", "_global_scale", "_shape", "")
    names = tuple(f"{stem}.weight{part}" for part in parts)
    inputs = (f"{stem}.input_scale", f"{stem}.input_global_scale")
    return _weight(f"{stem}.weight", record, shape, storage), (*names, *inputs)


def _gpt_oss(name: str, record: TensorRecord, tensors: Tensors) -> Found | None:
    """Return stacked MXFP4 experts: blocks [E, out, groups, 16], scales [E, out, groups]."""
    stem = name.removesuffix("_blocks")
    scales = tensors.get(f"{stem}_scales")
    if scales is None or scales.dtype != "U8" or not prod(record.shape):
        return None
    if len(record.shape) < MATRIX + 1 or record.shape[-1] != 16:  # noqa: PLR2004 - 32 codes
        return None
    if scales.shape != record.shape[:-1]:
        return None
    shape = (*record.shape[:-2], 32 * record.shape[-2])
    storage = FourBitFloats(name="MXFP4", codes=record, scales=scales, n_cols=shape[-1], group=32)
    return _weight(stem, record, shape, storage), (name, f"{stem}_scales")


def _bitsandbytes(
    name: str, record: TensorRecord, tensors: Tensors, shapes: Mapping[str, State]
) -> Found | None:
    """Return nf4 or fp4 codes."""
    endings = ("absmax", "quant_map", "nested_absmax", "nested_quant_map")
    companions = {e: tensors[f"{name}.{e}"] for e in endings if f"{name}.{e}" in tensors}
    text = next((t for e in BITSANDBYTES_STATE if (t := f"{name}.{e}") in tensors), "")
    state = shapes.get(text)
    if state is None:
        return None
    # Sharded training needs every tensor in one dtype, so the bytes may lie in floats.
    codes = replace(record, dtype="U8", shape=(record.stop - record.start, 1))
    storage = four_bit_of(codes, companions, tensors[text], state)
    if storage is None:
        return None
    parts = (name, text, *(f"{name}.{e}" for e in endings))
    return _weight(name, record, state.shape, storage), parts


# -- shapes that are stored inside tensors -----------------------------------------------------


def _read_inner_shapes(checkpoint: Checkpoint) -> dict[str, State]:
    """Return what small tensors say about the shape of their weight, by tensor name.

    Tensors whose names differ in their numbers alone, beside codes of one size, share one read: a
    model has thousands, and a request each would cost more than its weights.
    """
    readers: dict[str, Callable[[bytes, str], State]] = {}
    groups: dict[tuple[str, int], list[str]] = {}
    for name, record in checkpoint.tensors.items():
        if record.dtype not in ("U8", "I64"):
            continue  # 140,000 names of a mixture need not be looked at
        codes = None
        if name.endswith(BITSANDBYTES_STATE) and record.dtype == "U8":
            codes = checkpoint.tensors.get(name.rpartition(".quant_state.")[0])
            readers[name] = parse_state
        elif name.endswith(".weight_shape") and record.dtype == "I64" and record.n_values in SHAPES:
            codes = checkpoint.tensors.get(name.removesuffix("shape") + "packed")
            readers[name] = _parse_shape
        if codes is not None and record.stop - record.start <= MAX_STATE_BYTES:
            n_bytes = codes.stop - codes.start
            shape = codes.shape if name.endswith("_shape") else (n_bytes,)
            groups.setdefault((_NUMBER.sub(".#", name), hash(shape)), []).append(name)
    first = [names[0] for names in groups.values()]
    spans = [whole(checkpoint.tensors[name]) for name in first]
    raws = checkpoint.source.read(spans, Purpose.HEADER) if spans else []
    found: dict[str, State] = {}
    for names, raw in zip(groups.values(), raws, strict=True):
        state = readers[names[0]](raw, names[0])
        found.update(dict.fromkeys(names, state))
    return found


def _parse_shape(raw: bytes, name: str) -> State:
    """Return the shape that two or three int64 state; a misfit shows against the codes."""
    del name
    axes = range(0, len(raw), 8)
    shape = tuple(int.from_bytes(raw[i : i + 8], "little", signed=True) for i in axes)
    return State(shape=shape, block=1, nested_block=0, nested_offset=0.0)
