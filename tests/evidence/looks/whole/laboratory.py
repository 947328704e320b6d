"""How does a test compare two whole models, and what is the plain answer?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hubcheck.anatomy.interface import Anatomy
from hubcheck.evidence.looks.whole.interface import Resources, WholeChange
from hubcheck.evidence.looks.whole.run import stream
from hubcheck.evidence.refused import Refused
from hubcheck.evidence.side import SharedTokens
from hubcheck.model import Access, open_model
from hubcheck.source.reference import parse_reference
from tests.evidence.laboratory import Weights, plain, write
from tests.material.zoo.folder import Dtype

NO_LIMIT = 1 << 40


def folder(path: Path, weights: Weights, dtype: Dtype = "BF16") -> Path:
    """Write weights as a model folder of the zoo's shape."""
    return write(path, plain(weights, dtype=dtype))


def anatomy(path: Path, max_read: int = NO_LIMIT) -> Anatomy:
    """Open a model folder."""
    access = Access(max_read=max_read, token=None, endpoint=None)
    return open_model(parse_reference(str(path)), access).anatomy


def answer(
    base: Path,
    subject: Path,
    *,
    layer_map: Sequence[tuple[int, int]] = (),
    tokens: SharedTokens | None = None,
    max_read: int = NO_LIMIT,
    **resources: Any,
) -> WholeChange | Refused:
    """Compare two folders."""
    return stream(
        anatomy(base, max_read),
        anatomy(subject, max_read),
        layer_map=layer_map,
        resources=Resources(**resources),
        tokens=tokens,
    )


def whole(base: Path, subject: Path, **more: Any) -> WholeChange:
    """Compare two folders that can be compared."""
    found = answer(base, subject, **more)
    assert isinstance(found, WholeChange), found
    return found


def refused(base: Path, subject: Path, **more: Any) -> Refused:
    """Compare two folders that cannot be compared."""
    found = answer(base, subject, **more)
    assert isinstance(found, Refused), found
    return found


def bf16(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return values rounded to bfloat16, as float32."""
    bits = np.ascontiguousarray(values, dtype=np.float32).view(np.uint32)
    kept = (bits + 0x7FFF + ((bits >> 16) & 1)) & np.uint32(0xFFFF0000)
    return kept.astype(np.uint32).view(np.float32)


def moved(weights: Weights, size: float, seed: int = 0) -> Weights:
    """Return weights after a change of full rank, ``size`` of each tensor's own length."""
    rng = np.random.default_rng(seed)
    return {
        name: np.asarray(
            w + size * np.sqrt(np.mean(w * w)) * rng.standard_normal(w.shape), dtype=np.float32
        )
        for name, w in weights.items()
    }


def distance(a: Weights, b: Weights) -> float:
    """Return |b - a| / |a| over all tensors, by the textbook."""
    change = sum(float(((b[n].astype(np.float64) - a[n]) ** 2).sum()) for n in a)
    return float(np.sqrt(change / sum(float((a[n].astype(np.float64) ** 2).sum()) for n in a)))
