"""Which bytes does a made-up tensor hold at an offset, without any other byte being made?

Every block of rows has a random stream of its own, keyed by the model's seed, the tensor's name and
the block, so that a range of a file of any size costs what the range costs. Rows and channels have
scales of their own, embeddings share the geometry of one language, and norm gains follow one curve
over depth in every model: what makes unrelated models look alike is there.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from math import prod
from typing import Final

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float32]

BLOCK_VALUES: Final = 32 * 1024
"""Values made together: a block of bf16 is 64 KiB, which takes half a millisecond."""
LATENTS: Final = 16
"""Dimensions of the geometry that all embeddings share."""
SIZE: Final = np.float32(0.02)
SCALE_INV: Final = np.float32(2.0**-10)
"""What every eight-bit code is multiplied by: values of size 0.02 are then codes of size 20."""
ITEM_BYTES: Final = {"BF16": 2, "F8_E4M3": 1, "F32": 4}


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Whose values: a model from scratch, or one with something added to each value."""

    seed: int
    change: float = 0.0
    """Size of what is added, relative to a row; 0.14 keeps a cosine of 0.99."""
    change_seed: int = 0


def bytes_of(
    recipe: Recipe, name: str, dtype: str, shape: tuple[int, ...], start: int, stop: int
) -> bytes:
    """Return bytes ``start`` to ``stop`` (exclusive) of a tensor; F32 are the scales of F8_E4M3."""
    if dtype == "F32":
        one: bytes = SCALE_INV.astype("<f4").tobytes()
        return (one * (stop // 4 - start // 4 + 1))[start % 4 :][: stop - start]
    n_in = shape[-1]
    n_out = prod(shape[:-1])
    step = max(1, BLOCK_VALUES // n_in)
    row_bytes = ITEM_BYTES[dtype] * n_in
    first, last = start // row_bytes // step, (stop - 1) // row_bytes // step
    encode = bfloat16 if dtype == "BF16" else float8
    blocks = [encode(_block(recipe, name, n_out, n_in, n)) for n in range(first, last + 1)]
    origin = first * step * row_bytes
    return b"".join(blocks)[start - origin : stop - origin]


def _block(recipe: Recipe, name: str, n_out: int, n_in: int, number: int) -> Values:
    step = max(1, BLOCK_VALUES // n_in)
    n_rows = min(step, n_out - number * step)
    if n_out == 1:
        values = gains(recipe.seed, name, n_in)[None]
    else:
        values = _rows(recipe.seed, name, n_rows, n_in, number)
    if recipe.change:
        noise = _stream(recipe.change_seed, "change", name, str(number))
        length = recipe.change * np.sqrt(np.mean(values * values, axis=1, keepdims=True))
        share = 0.1 if n_out == 1 else 1.0  # training moves gains little
        values = values + share * length * noise.standard_normal(values.shape, dtype=np.float32)
    return np.asarray(values, dtype=np.float32)


def _rows(seed: int, name: str, n_rows: int, n_in: int, number: int) -> Values:
    stream = _stream(seed, name, str(number))
    values: Values = stream.standard_normal((n_rows, n_in), dtype=np.float32)
    if "embed" in name or "head" in name:
        tokens = _stream(0, "tokens", str(number))
        left = tokens.standard_normal((n_rows, LATENTS), dtype=np.float32)
        values += left @ _latent(seed, n_in)
    values *= np.exp(0.25 * stream.standard_normal((n_rows, 1), dtype=np.float32)) * SIZE
    values *= _channels(seed, n_in)
    return values


@cache
def _latent(seed: int, n_in: int) -> Values:
    """Return how a model places the common geometry in its channels, [latents, n_in]."""
    placed: Values = _stream(seed, "latent", str(n_in)).standard_normal(
        (LATENTS, n_in), dtype=np.float32
    )
    return placed / np.float32(np.sqrt(LATENTS))


@cache
def _channels(seed: int, n_in: int) -> Values:
    """Return the loudness of a model's channels, [n_in]; one in five hundred is loud."""
    stream = _stream(seed, "channels", str(n_in))
    found = np.exp(0.15 * stream.standard_normal(n_in))
    return np.asarray(np.where(stream.random(n_in) < 0.002, 6 * found, found), dtype=np.float32)


def gains(seed: int, name: str, n: int) -> Values:
    """Return norm gains (or a bias): one curve over depth for all models, own channels."""
    parts = name.split(".")
    number = parts[parts.index("layers") + 1] if "layers" in parts else ""
    depth = int(number) + 1 if number.isdecimal() else 50
    own = _stream(seed, "gains", str(n)).standard_normal(n)
    fresh = _stream(seed, name).standard_normal(n)
    return np.asarray(0.15 * depth**0.4 * (1 + 0.12 * (own + 0.5 * fresh)), dtype=np.float32)


def _stream(seed: int, *purpose: str) -> np.random.Generator:
    digest = hashlib.blake2b("\0".join([str(seed), *purpose]).encode(), digest_size=16).digest()
    return np.random.Generator(np.random.SFC64(list(np.frombuffer(digest, dtype=np.uint32))))


def bfloat16(values: Values) -> bytes:
    """Return the values rounded to nearest even, as stored."""
    bits = np.ascontiguousarray(values).view(np.uint32)
    rounded = bits + (np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1)))
    return (rounded >> np.uint32(16)).astype("<u2").tobytes()


def float8(values: Values) -> bytes:
    """Return the values as the nearest F8_E4M3 codes under ``SCALE_INV``."""
    table = _magnitudes()
    codes = np.searchsorted((table[1:] + table[:-1]) / 2, np.abs(values) / SCALE_INV)
    return (codes.astype(np.uint8) | (np.signbit(values).astype(np.uint8) << 7)).tobytes()


@cache
def _magnitudes() -> Values:
    """Return what the 127 codes from 0 up stand for: four exponent bits, three of mantissa."""
    codes = np.arange(127)
    exponents, fractions = codes >> 3, codes & 7
    normal = np.ldexp(1.0 + fractions / 8, exponents - 7)
    return np.where(exponents > 0, normal, np.ldexp(fractions / 8, -6)).astype(np.float32)
