"""What does a LoRA adapter add to which rows of a matrix, by its own configuration?

PEFT adds ``scale * B A`` to a stored matrix, its transpose where the module keeps its weight by
input; the scale is alpha over the rank, or over its root. Ranks are those of the factors' shapes.
Whatever adds something else (DoRA, starts that change the base itself, other tuners), or says so
in a way that is not understood, is refused by a code: half of an update is no update.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hubcheck.checkpoint.adapter import ADAPTER_FILE, adapter_name
from hubcheck.checkpoint.interface import Checkpoint, RowBlock, TensorRecord
from hubcheck.checkpoint.rows import read_rows
from hubcheck.checkpoint.safetensors import open_safetensors
from hubcheck.frozen import frozen
from hubcheck.source.interface import Source

PLAIN_STARTS: Final = (None, True, False, "gaussian", "eva", "orthogonal")
"""Values of ``init_lora_weights`` that leave the base as it is; PiSSA, OLoRA, CorDA and LoftQ take
from it what they put into the factors."""
CHANGES_MORE: Final = ("use_qalora", "layer_replication", "use_bdlora", "target_parameters")
"""Keys under which a configuration says that something beside ``scale * B A`` is done."""
_PLAIN_KEY: Final = re.compile(r"[\w.-]{1,200}")
MOST_PATTERNS: Final = 10_000
FLOATS: Final = frozenset({"F32", "F16", "BF16"})
MATRIX: Final = 2


class NotAdded(StrEnum):
    """Why an adapter cannot be added to a base."""

    FILE = "file"
    """It is no safetensors file, or there are no usable factors in it."""
    CONFIG = "config"
    """Its configuration is missing, or says no rank and scale."""
    TUNER = "tuner"
    """It is no LoRA."""
    DORA = "dora"
    START = "start"
    """Its start took something out of the base."""
    BASE = "base"
    """No base that was looked at was named beside it."""
    MORE = "more"
    """It does more than add a product."""


@frozen
class Update:
    """What is added to one matrix."""

    module: str
    """Hostile text."""
    first: str
    """Name of the factor A, [rank, in]."""
    second: str
    """Name of the factor B, [out, rank]."""
    scale: float
    embedding: bool
    """Added transposed: the rows of the matrix are the columns of A."""


@frozen
class Updates:
    """Everything an adapter adds."""

    checkpoint: Checkpoint
    updates: tuple[Update, ...]
    by_input: bool
    """Its modules keep their weights by input (``fan_in_fan_out``)."""
    beside: int
    """Tensors that are no factors: modules saved whole, biases, what is not understood."""


def updates_of(source: Source, config: Mapping[str, object]) -> Updates | NotAdded:
    """Return what an adapter adds, or why that is not said here.

    Args:
        source: Holds ``adapter_model.safetensors``. Charged for its header.
        config: ``adapter_config.json``. Hostile.

    Raises:
        HubcheckError: the file contradicts itself, or cannot be reached.
    """
    if not any(entry.path == ADAPTER_FILE for entry in source.files()):
        return NotAdded.FILE
    refused = _refused(config)
    if refused is not None:
        return refused
    checkpoint = open_safetensors(source, named=ADAPTER_FILE)
    found: dict[tuple[str, bool], dict[str, TensorRecord]] = {}
    beside = 0
    for name, record in checkpoint.tensors.items():
        named = adapter_name(name)
        usable = len(record.shape) == MATRIX and record.dtype in FLOATS and record.n_values
        if "lora_magnitude_vector" in name:
            return NotAdded.DORA
        if named is None or not usable or record.storage is not None:
            beside += 1
            continue
        module, factor, embedding = named
        found.setdefault((module, embedding), {})[factor] = record
    updates = []
    for (module, embedding), factors in sorted(found.items()):
        first, second = factors.get("A"), factors.get("B")
        if first is None or second is None or first.shape[0] != second.shape[1]:
            beside += len(factors)
            continue
        scale = _scale(config, module, first.shape[0])
        if scale is None:
            return NotAdded.CONFIG
        updates.append(
            Update(
                module=module,
                first=first.name,
                second=second.name,
                scale=scale,
                embedding=embedding,
            )
        )
    if not updates:
        return NotAdded.FILE
    return Updates(
        checkpoint=checkpoint,
        updates=tuple(updates),
        by_input=config.get("fan_in_fan_out") is True,
        beside=beside,
    )


def _refused(config: Mapping[str, object]) -> NotAdded | None:
    if str(config.get("peft_type", "")).upper() != "LORA":
        return NotAdded.TUNER
    if config.get("use_dora"):
        return NotAdded.DORA
    start = config.get("init_lora_weights")
    if not (start is None or isinstance(start, bool) or start in PLAIN_STARTS):
        return NotAdded.START
    if any(config.get(key) for key in CHANGES_MORE):
        return NotAdded.MORE
    patterns = config.get("alpha_pattern") or {}
    if not isinstance(patterns, Mapping) or len(patterns) > MOST_PATTERNS:
        return NotAdded.CONFIG
    # Keys are regular expressions of strangers: none is run, and what is more than a name refused.
    if not all(isinstance(key, str) and _PLAIN_KEY.fullmatch(key) for key in patterns):
        return NotAdded.MORE
    return None


def _scale(config: Mapping[str, object], module: str, rank: int) -> float | None:
    """Return the factor before ``B A``; None where the configuration does not say it."""
    patterns = config.get("alpha_pattern")
    alpha = config.get("lora_alpha")
    for key, value in (patterns if isinstance(patterns, Mapping) else {}).items():
        if module == key or module.endswith(f".{key}"):
            alpha = value
            break
    if not isinstance(alpha, int | float) or isinstance(alpha, bool):
        return None
    try:
        scale = float(alpha) / (math.sqrt(rank) if config.get("use_rslora") else rank)
    except OverflowError:
        return None
    return scale if math.isfinite(scale) and scale else None


def rows_needed(updates: Updates, update: Update, start: int, stop: int) -> tuple[RowBlock, ...]:
    """Return what has to be read for some stored rows of a matrix."""
    first, second = (updates.checkpoint.tensors[n] for n in (update.first, update.second))
    rows = (0, second.n_rows) if update.embedding or updates.by_input else (start, stop)
    return (
        RowBlock(tensor=first.name, start=0, stop=first.n_rows),
        RowBlock(tensor=second.name, start=rows[0], stop=rows[1]),
    )


def stored_shape(updates: Updates, update: Update) -> tuple[int, int]:
    """Return the shape of the matrix that an update is added to."""
    first, second = (updates.checkpoint.tensors[n] for n in (update.first, update.second))
    whole = (second.shape[0], first.shape[1])
    return whole[::-1] if update.embedding or updates.by_input else whole


def added_rows(updates: Updates, update: Update, start: int, stop: int) -> NDArray[np.float64]:
    """Return what is added to rows ``start`` to ``stop`` of the stored matrix.

    Raises:
        HubcheckError: a factor cannot be read, or holds values that are not finite.
    """
    blocks = rows_needed(updates, update, start, stop)
    first, second = (a.astype(np.float64) for a in read_rows(updates.checkpoint, blocks))
    if update.embedding or updates.by_input:
        factors = (first[:, start:stop].T, second.T)
    else:
        factors = (second, first)
    with np.errstate(over="ignore", invalid="ignore"):  # a stranger's factors may be of any size
        return np.asarray(update.scale * (factors[0] @ factors[1]))
