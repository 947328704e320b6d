"""Which matrices are stored with an axis for heads of their own?

XLNet keeps q, k, v, o and r as [in, heads, size] parameters. The same bytes, row after row, are a
matrix [in, heads * size], which the rules can read.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from hubcheck.checkpoint.interface import Checkpoint, TensorRecord
from hubcheck.checkpoint.torch_files import Foretold

HEADS_APART: Final = re.compile(r"(?:.*\.)?rel_attn\.[qkvor]")
AXES: Final = 3


def with_flat_heads(checkpoint: Checkpoint) -> Checkpoint:
    """Return the checkpoint with such tensors as matrices; itself where there are none."""
    flat = {
        name: _flat(record)
        for name, record in checkpoint.tensors.items()
        if len(record.shape) == AXES and record.is_plain and HEADS_APART.fullmatch(name)
    }
    return replace(checkpoint, tensors={**checkpoint.tensors, **flat}) if flat else checkpoint


def _flat(record: TensorRecord) -> TensorRecord:
    """Return a tensor with its last two axes as one."""
    columns = record.shape[1] * record.shape[2]
    storage = record.storage
    if isinstance(storage, Foretold):
        storage = replace(storage, n_cols=columns)
    return replace(record, shape=(record.shape[0], columns), storage=storage)
