"""How does each publisher's format store one matrix?

Written from the published layouts, apart from the decoders of ``hubcheck.checkpoint``, so that an
error in either shows. Rounding is to nearest; nobody calibrates here. Every function takes a float
matrix [out, in] and returns stored tensors by what follows the module's name.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

Matrix = NDArray[np.float32]

NF4: Final = (
    -1.0, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453, -0.28444138169288635,
    -0.18477343022823334, -0.09105003625154495, 0.0, 0.07958029955625534, 0.16093020141124725,
    0.24611230194568634, 0.33791524171829224, 0.44070982933044434, 0.5626170039176941,
    0.7229568362236023, 1.0,
)  # fmt: skip
"""The sixteen quantiles of the QLoRA paper's NormalFloat."""
E2M1: Final = (
    0.0,
    0.5,
    1.0,
    1.5,
    2.0,
    3.0,
    4.0,
    6.0,
    -0.0,
    -0.5,
    -1.0,
    -1.5,
    -2.0,
    -3.0,
    -4.0,
    -6.0,
)


@dataclass(frozen=True, slots=True)
class Stored:
    """A tensor as a safetensors file holds it."""

    dtype: str
    shape: tuple[int, ...]
    raw: bytes


def stored(array: NDArray[np.generic], dtype: str = "") -> Stored:
    """Return an array as it is; ``dtype`` renames the container."""
    names = {
        "f4": "F32",
        "f2": "F16",
        "i4": "I32",
        "u4": "I32",
        "i8": "I64",
        "u1": "U8",
        "i1": "I8",
    }
    short = array.dtype.str[1:]
    return Stored(dtype or names[short], array.shape, np.ascontiguousarray(array).tobytes())


def as_bf16(values: Matrix) -> Stored:
    """Return bfloat16."""
    raw = torch.from_numpy(np.ascontiguousarray(values)).to(torch.bfloat16).view(torch.uint8)
    return Stored("BF16", values.shape, raw.numpy().tobytes())


def as_f16(values: Matrix) -> Stored:
    """Return half floats."""
    return stored(values.astype(np.float16))


def as_e4m3(values: Matrix) -> Stored:
    """Return eight-bit floats."""
    raw = torch.from_numpy(np.ascontiguousarray(values)).to(torch.float8_e4m3fn).view(torch.uint8)
    return Stored("F8_E4M3", values.shape, raw.numpy().tobytes())


def nearest(values: Matrix, table: tuple[float, ...]) -> NDArray[np.uint8]:
    """Return the index of the closest entry of a table."""
    distance = np.abs(values[..., None] - np.asarray(table, dtype=np.float32))
    index: NDArray[np.uint8] = distance.argmin(axis=-1).astype(np.uint8)
    return index


def grouped(w: Matrix, group: int) -> Matrix:
    """Return [out, groups, group]."""
    return w.reshape(w.shape[0], -1, group)


def words(codes: NDArray[np.integer], bits: int) -> NDArray[np.uint32]:
    """Pack codes along the last axis into 32-bit words, the first in the lowest bits."""
    if 32 % bits:  # one run of bits, across words
        single = (codes[..., None] >> np.arange(bits)) & 1
        run = single.reshape(*codes.shape[:-1], -1).astype(np.uint8)
        run = np.pad(run, [*[(0, 0)] * (codes.ndim - 1), (0, -run.shape[-1] % 32)])
        return np.packbits(run, axis=-1, bitorder="little").view("<u4")
    per_word = 32 // bits
    pad = -codes.shape[-1] % per_word
    padded = np.pad(codes, [*[(0, 0)] * (codes.ndim - 1), (0, pad)]).astype(np.uint32)
    split = padded.reshape(*codes.shape[:-1], -1, per_word)
    shifted = split << (np.arange(per_word, dtype=np.uint32) * np.uint32(bits))
    packed: NDArray[np.uint32] = np.bitwise_or.reduce(shifted, axis=-1)
    return packed


# -- eight bits ----------------------------------------------------------------------------------


def fp8_block(w: Matrix, block: int = 128) -> dict[str, Stored]:
    """DeepSeek's grid of scales."""
    n_out, n_in = w.shape
    rows, cols = -(-n_out // block), -(-n_in // block)
    padded = np.zeros((rows * block, cols * block), dtype=np.float32)
    padded[:n_out, :n_in] = w
    tiles = padded.reshape(rows, block, cols, block)
    scale = np.maximum(np.abs(tiles).max(axis=(1, 3)), 1e-12).astype(np.float32) / 448
    codes = (tiles / scale[:, None, :, None]).reshape(rows * block, cols * block)[:n_out, :n_in]
    return {"weight": as_e4m3(codes), "weight_scale_inv": stored(scale)}


def fp8_channel(w: Matrix) -> dict[str, Stored]:
    """One scale per output."""
    scale = np.abs(w).max(axis=1, keepdims=True) / 448
    return {"weight": as_e4m3(w / scale), "weight_scale": stored(scale.astype(np.float32))}


def fp8_tensor(w: Matrix) -> dict[str, Stored]:
    """One scale for the tensor, and one for its inputs."""
    scale = np.asarray(np.abs(w).max() / 448, dtype=np.float32)
    return {
        "weight": as_e4m3(w / scale),
        "weight_scale": stored(scale),
        "input_scale": stored(np.ones((), dtype=np.float32)),
    }


def int8_channel(w: Matrix) -> dict[str, Stored]:
    """compressed-tensors ``int-quantized``."""
    scale = (np.abs(w).max(axis=1, keepdims=True) / 127).astype(np.float32)
    return {"weight": stored(np.rint(w / scale).astype(np.int8)), "weight_scale": stored(scale)}


def bnb_int8(w: Matrix) -> dict[str, Stored]:
    """LLM.int8(): row maxima, 127 steps."""
    top = np.abs(w).max(axis=1).astype(np.float32)
    codes = np.rint(w * (127 / top[:, None])).astype(np.int8)
    layout = stored(np.zeros((), dtype=np.uint8))
    return {"weight": stored(codes), "SCB": stored(top), "weight_format": layout}


# -- four bits -----------------------------------------------------------------------------------


def affine(
    w: Matrix, group: int, levels: int
) -> tuple[NDArray[np.uint32], NDArray[np.uint32], Matrix]:
    """Return codes [out, in], zeros [out, groups] and scales [out, groups]."""
    parts = grouped(w, group)
    low, high = parts.min(axis=2).clip(max=0), parts.max(axis=2).clip(min=0)
    scale = np.maximum((high - low) / levels, 1e-8).astype(np.float16).astype(np.float32)
    zero = np.rint(-low / scale).clip(0, levels)
    codes = np.rint(parts / scale[..., None] + zero[..., None]).clip(0, levels)
    return codes.reshape(w.shape).astype(np.uint32), zero.astype(np.uint32), scale


def gptq(
    w: Matrix, *, bits: int = 4, group: int = 32, act_order: bool = False, v2: bool = False
) -> dict[str, Stored]:
    """AutoGPTQ's layout; ``v2`` stores zeros as they are."""
    n_in = w.shape[1]
    order = np.random.default_rng(7).permutation(n_in) if act_order else np.arange(n_in)
    codes, zeros, scale = affine(w[:, order], group, (1 << bits) - 1)
    back = np.argsort(order)
    groups = (np.arange(n_in) // group)[back].astype(np.int32)
    zeros = zeros if v2 else (zeros - np.uint32(1)) & np.uint32((1 << bits) - 1)
    return {
        "qweight": stored(words(codes[:, back], bits).T),
        "qzeros": stored(words(np.ascontiguousarray(zeros.T), bits)),
        "scales": stored(np.ascontiguousarray(scale.T).astype(np.float16)),
        "g_idx": stored(groups),
    }


def awq(w: Matrix, group: int = 32) -> dict[str, Stored]:
    """AutoAWQ's gemm layout: eight outputs a word, interleaved."""
    codes, zeros, scale = affine(w, group, 15)
    order = [0, 2, 4, 6, 1, 3, 5, 7]

    def packed(values: NDArray[np.uint32]) -> NDArray[np.uint32]:
        by_eight = values.reshape(values.shape[0], -1, 8)[:, :, order]
        return words(by_eight.reshape(values.shape), 4)

    return {
        "qweight": stored(packed(np.ascontiguousarray(codes.T))),
        "qzeros": stored(packed(np.ascontiguousarray(zeros.T))),
        "scales": stored(np.ascontiguousarray(scale.T).astype(np.float16)),
    }


def packed_ints(
    w: Matrix, *, bits: int = 4, group: int = 32, symmetric: bool = True
) -> dict[str, Stored]:
    """compressed-tensors ``pack-quantized``."""
    half = 1 << (bits - 1)
    found: dict[str, Stored] = {"weight_shape": stored(np.asarray(w.shape, dtype=np.int64))}
    if symmetric:
        parts = grouped(w, group)
        scale = (np.abs(parts).max(axis=2) / (half - 1)).astype(np.float32)
        codes = np.rint(parts / scale[..., None]).clip(-half, half - 1).reshape(w.shape) + half
    else:
        unsigned, zeros, scale = affine(w, group, 2 * half - 1)
        codes = unsigned
        found["weight_zero_point"] = stored(np.ascontiguousarray(words(zeros.T, bits).T))
    found["weight_packed"] = stored(words(codes.astype(np.uint32), bits))
    found["weight_scale"] = stored(scale)
    return found


def bnb_four_bit(
    w: Matrix, *, kind: str = "nf4", block: int = 64, nested: bool = True
) -> dict[str, Stored]:
    """bitsandbytes: flattened, the higher nibble first, maxima of blocks, maxima of maxima."""
    table = NF4 if kind == "nf4" else (0.0, 0.0052083333, 0.6666667, 1.0, 0.3333333, 0.5, 0.1666667,
                                       0.25, -0.0, -0.0052083333, -0.6666667, -1.0, -0.3333333,
                                       -0.5, -0.1666667, -0.25)  # fmt: skip
    flat = w.reshape(-1)
    parts = np.pad(flat, (0, -flat.size % block)).reshape(-1, block)
    top = np.maximum(np.abs(parts).max(axis=1), 1e-12).astype(np.float32)
    state: dict[str, object] = {
        "quant_type": kind,
        "blocksize": block,
        "dtype": "bfloat16",
        "shape": [*w.shape],
    }
    found: dict[str, Stored] = {"weight.quant_map": stored(np.asarray(table, dtype=np.float32))}
    if nested:
        offset = float(top.mean())
        rest = top - np.float32(offset)
        blocks = np.pad(rest, (0, -rest.size % 256)).reshape(-1, 256)
        outer = np.maximum(np.abs(blocks).max(axis=1), 1e-12).astype(np.float32)
        steps = np.linspace(-1, 1, 256, dtype=np.float32)
        codes = nearest(blocks / outer[:, None], tuple(steps.tolist())).reshape(-1)[: rest.size]
        used = steps[codes] * np.repeat(outer, 256)[: rest.size] + np.float32(offset)
        state |= {"nested_blocksize": 256, "nested_dtype": "float32", "nested_offset": offset}
        found["weight.absmax"] = stored(codes)
        found["weight.nested_absmax"] = stored(outer)
        found["weight.nested_quant_map"] = stored(steps)
        top = used.astype(np.float32)
    else:
        found["weight.absmax"] = stored(top)
    nibbles = nearest(parts / top[:, None], table).reshape(-1)[: flat.size + flat.size % 2]
    packed = (nibbles[::2] << 4) | nibbles[1::2]
    found["weight"] = stored(packed.reshape(-1, 1))
    text = np.frombuffer(json.dumps(state).encode(), dtype=np.uint8)
    found[f"weight.quant_state.bitsandbytes__{kind}"] = stored(text)
    return found


def fp4_codes(scaled: Matrix) -> NDArray[np.uint8]:
    """Return E2M1 codes, two a byte, the lower nibble first."""
    codes = nearest(scaled, E2M1)
    return np.ascontiguousarray(codes[..., ::2] | (codes[..., 1::2] << 4))


def power_scales(parts: Matrix) -> NDArray[np.uint8]:
    """Return the biased exponents that bring each group into the range of E2M1."""
    top = np.maximum(np.abs(parts).max(axis=-1), 1e-12)
    exponents: NDArray[np.uint8] = np.ceil(np.log2(top / 6) + 127).clip(0, 254).astype(np.uint8)
    return exponents


def _powers(exponents: NDArray[np.uint8]) -> Matrix:
    """Return the scales [..., 1] that biased exponents stand for."""
    powers: Matrix = np.exp2(exponents.astype(np.float32) - np.float32(127))
    return powers[..., None]


def mxfp4(w: Matrix) -> dict[str, Stored]:
    """compressed-tensors ``mxfp4-pack-quantized``."""
    parts = grouped(w, 32)
    exponents = power_scales(parts)
    codes = fp4_codes(parts / _powers(exponents))
    return {
        "weight_packed": stored(codes.reshape(w.shape[0], -1)),
        "weight_scale": stored(exponents),
    }


def mxfp4_experts(w_eoi: Matrix) -> dict[str, Stored]:
    """gpt-oss: stacked experts [E, out, in] as ``_blocks`` and ``_scales``."""
    parts = w_eoi.reshape(*w_eoi.shape[:2], -1, 32)
    exponents = power_scales(parts)
    codes = fp4_codes(parts / _powers(exponents))
    return {"_blocks": stored(codes), "_scales": stored(exponents)}


def nvfp4(w: Matrix, *, divides: bool) -> dict[str, Stored]:
    """NVFP4 of compressed-tensors (``divides``) or ModelOpt."""
    parts = grouped(w, 16)
    own = np.float32(np.abs(w).max() / (6 * 448))
    scale = as_e4m3(np.maximum(np.abs(parts).max(axis=-1) / 6 / own, 2.0**-6))
    used = torch.frombuffer(bytearray(scale.raw), dtype=torch.float8_e4m3fn).float().numpy()
    codes = fp4_codes(parts / (used.reshape(scale.shape) * own)[..., None]).reshape(w.shape[0], -1)
    if divides:
        return {
            "weight_packed": stored(codes),
            "weight_scale": scale,
            "weight_global_scale": stored(np.asarray([1 / own], dtype=np.float32)),
        }
    return {
        "weight": stored(codes),
        "weight_scale": scale,
        "weight_scale_2": stored(np.asarray(own, dtype=np.float32)),
        "input_scale": stored(np.ones((), dtype=np.float32)),
    }


def fp4_pairs(w: Matrix) -> dict[str, Stored]:
    """DeepSeek-V4's experts: E2M1 pairs that the header calls int8, a power of two for 32."""
    parts = grouped(w, 32)
    exponents = power_scales(parts)
    codes = fp4_codes(parts / _powers(exponents)).reshape(w.shape[0], -1)
    return {"weight": stored(codes, "I8"), "scale": stored(exponents, "F8_E8M0")}


def mlx(w: Matrix, bits: int = 4, group: int = 32) -> dict[str, Stored]:
    """MLX's affine mode: words of codes, a scale and an offset for each group."""
    parts = grouped(w, group)
    low = parts.min(axis=-1, keepdims=True).astype(np.float16)
    step = (parts.max(axis=-1, keepdims=True) - low) / (2**bits - 1)
    scale = np.maximum(step, 1e-7).astype(np.float16)
    codes = np.rint((parts - low) / scale).clip(0, 2**bits - 1).astype(np.uint32)
    packed = words(codes.reshape(w.shape[0], -1), bits)
    return {
        "weight": stored(packed, "U32"),
        "scales": stored(scale[..., 0]),
        "biases": stored(low[..., 0]),
    }


def ternary(w: Matrix, *, multiplies: bool) -> dict[str, Stored]:
    """BitNet of transformers: quarters of the outputs side by side in each byte."""
    scale = np.float32(np.abs(w).mean())
    codes = (np.rint(w / scale).clip(-1, 1) + 1).astype(np.uint8)
    quarters = codes.reshape(4, -1, w.shape[1])
    packed = sum(quarters[i] << (2 * i) for i in range(4))
    own = scale if multiplies else 1 / scale
    return {
        "weight": stored(np.asarray(packed, dtype=np.uint8)),
        "weight_scale": stored(np.asarray([own], dtype=np.float32)),
    }


def code_books(w: Matrix, books: int = 2, bits: int = 6, width: int = 8) -> dict[str, Stored]:
    """AQLM: each run of inputs is the sum of one entry of each book, chosen one book at a time."""
    draw = np.random.default_rng(0)
    scale = np.linalg.norm(w, axis=1, keepdims=True).astype(np.float16).astype(np.float32)
    rest = (w / scale).reshape(w.shape[0], -1, width)
    entries, codes = [], []
    for _ in range(books):
        runs = rest.reshape(-1, width)
        book = runs[draw.choice(len(runs), 2**bits, replace=False)].astype(np.float16)
        far = ((rest[..., None, :] - book.astype(np.float32)) ** 2).sum(axis=-1)
        code = far.argmin(axis=-1)
        rest = rest - book[code]
        entries.append(book[:, None, :])
        codes.append(code)
    stacked = np.stack(codes, axis=-1)
    return {
        "codes": stored(np.where(stacked < 128, stacked, stacked - 256).astype(np.int8)),
        "codebooks": stored(np.stack(entries)),
        "scales": stored(scale.astype(np.float16)[:, :, None, None]),
    }


def int4_pairs(w: Matrix, *, of_outputs: bool = False) -> dict[str, Stored]:
    """Two four-bit codes a byte with plain scales, as any program may pack them: not published."""
    scale = (np.abs(w).max(axis=1, keepdims=True) / 7).astype(np.float32)
    codes = (np.rint(w / scale).clip(-8, 7).astype(np.int8)) & 0xF
    if of_outputs:
        packed, scale = codes[::2] | (codes[1::2] << 4), scale[::2]
    else:
        packed = codes[:, ::2] | (codes[:, 1::2] << 4)
    return {"weight": stored(packed.astype(np.int8)), "weight_scale": stored(scale)}


Encoder = Callable[[Matrix], dict[str, Stored]]

ENCODERS: Final[Mapping[str, tuple[Encoder, dict[str, object]]]] = {
    "fp8, 128 x 128 blocks": (fp8_block, {"quant_method": "fp8", "weight_block_size": [128, 128]}),
    "fp8, per channel": (fp8_channel, {"quant_method": "compressed-tensors"}),
    "fp8, per tensor": (fp8_tensor, {"quant_method": "fp8"}),
    "int8, compressed-tensors": (int8_channel, {"quant_method": "compressed-tensors"}),
    "int8, bitsandbytes": (bnb_int8, {"quant_method": "bitsandbytes", "load_in_8bit": True}),
    "nf4, bitsandbytes, nested": (bnb_four_bit, {"quant_method": "bitsandbytes"}),
    "fp4, bitsandbytes": (
        lambda w: bnb_four_bit(w, kind="fp4", nested=False),
        {"quant_method": "bitsandbytes"},
    ),
    "GPTQ 4 bit": (gptq, {"quant_method": "gptq", "bits": 4, "desc_act": False}),
    "GPTQ 4 bit, act order": (
        lambda w: gptq(w, act_order=True),
        {"quant_method": "gptq", "bits": 4, "desc_act": True},
    ),
    "GPTQ 3 bit": (
        lambda w: gptq(w, bits=3),
        {"quant_method": "gptq", "bits": 3, "desc_act": False},
    ),
    "GPTQ 8 bit, v2": (
        lambda w: gptq(w, bits=8, v2=True),
        {"quant_method": "gptq", "bits": 8, "desc_act": False, "checkpoint_format": "gptq_v2"},
    ),
    "AWQ 4 bit": (awq, {"quant_method": "awq", "bits": 4}),
    "int4, compressed-tensors": (packed_ints, {"quant_method": "compressed-tensors"}),
    "int4 asymmetric, compressed-tensors": (
        lambda w: packed_ints(w, symmetric=False),
        {"quant_method": "compressed-tensors"},
    ),
    "int8 packed, compressed-tensors": (
        lambda w: packed_ints(w, bits=8),
        {"quant_method": "compressed-tensors"},
    ),
    "MXFP4, compressed-tensors": (mxfp4, {"quant_method": "compressed-tensors"}),
    "NVFP4, compressed-tensors": (
        lambda w: nvfp4(w, divides=True),
        {"quant_method": "compressed-tensors"},
    ),
    "MLX 4 bit": (mlx, {"bits": 4, "group_size": 32}),
    "MLX 8 bit": (lambda w: mlx(w, bits=8), {"bits": 8, "group_size": 32}),
    "MXFP4 pairs in int8, DeepSeek": (
        fp4_pairs,
        {"quant_method": "fp8", "scale_fmt": "ue8m0", "expert_dtype": "fp4"},
    ),
    "NVFP4, ModelOpt": (lambda w: nvfp4(w, divides=False), {"quant_method": "modelopt"}),
}
"""By format: how a linear layer is stored, and the quantisation config beside it."""
