"""Which modules does an adapter change, and of which shape are they?

Read from the headers of ``adapter_model.safetensors`` alone, or from the description inside
``adapter_model.bin``, which is walked and never run. Names as PEFT writes them:
``base_model.model.<module>.lora_A.weight`` [r, in] and ``lora_B.weight`` [out, r] (embeddings:
``lora_embedding_A`` [r, rows], ``lora_embedding_B`` [columns, r]); whole copies of a module
keep its name. Other tuners (LoHa, LoKr, IA3, OFT, VeRA, prompts) are counted by name, not
understood.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from hubcheck.checkpoint.interface import TensorRecord
from hubcheck.checkpoint.safetensors import open_safetensors
from hubcheck.checkpoint.torch_files import torch_tensors
from hubcheck.source.interface import Source

ADAPTER_FILE: Final = "adapter_model.safetensors"
TORCH_FILE: Final = "adapter_model.bin"
_WRAPPER: Final = "base_model.model."
_LORA: Final = re.compile(r"(.+)\.lora_(embedding_)?([AB])(?:\.(?:default|weight))*")
_OTHER: Final = re.compile(
    r"(.+)\.(hada_\w+|lokr_\w+|ia3_l|oft_\w+|boft_\w+|vera_\w+|lora_magnitude_vector|lora_\w+)"
    r"(?:\..+)?"
)
MATRIX: Final = 2
"""Axes of a low-rank factor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Adapter:
    """What an adapter changes."""

    modules: Mapping[str, tuple[int, int]]
    """(out, in) of each low-rank update, by module."""
    ranks: tuple[int, ...]
    """The distinct ranks."""
    copies: Mapping[str, tuple[int, ...]]
    """Shapes of parameters stored whole (``modules_to_save``), by name."""
    others: tuple[str, ...]
    """Tensors of tuners that are not understood, and factors without their partner."""


def adapter_name(name: str) -> tuple[str, str, bool] | None:
    """Return module, factor (A or B) and whether it is an embedding's; None for no factor."""
    found = _LORA.fullmatch(name.removeprefix(_WRAPPER))
    return (found[1], found[3], bool(found[2])) if found else None


def read_adapter(source: Source) -> Adapter:
    """Return what an adapter changes.

    Args:
        source: A model that holds one of these files. Charged for its header.

    Raises:
        HostileCheckpointError: the file is missing or its header contradicts itself.
        UnsupportedFormatError: a PyTorch file from before 1.6, or one that wants to call something.
    """
    paths = {entry.path for entry in source.files()}
    tensors: Mapping[str, TensorRecord]
    if TORCH_FILE in paths and ADAPTER_FILE not in paths:
        tensors = dict(sorted(torch_tensors(source, TORCH_FILE).items()))
    else:
        tensors = open_safetensors(source, named=ADAPTER_FILE).tensors
    factors: dict[str, dict[str, TensorRecord]] = {}
    copies: dict[str, tuple[int, ...]] = {}
    others: list[str] = []
    for name, record in tensors.items():
        plain = name.removeprefix(_WRAPPER)
        lora = _LORA.fullmatch(plain)
        if lora and len(record.shape) == MATRIX:
            kind = lora[3] + ("e" if lora[2] else "")
            factors.setdefault(lora[1], {})[kind] = record
        elif _OTHER.fullmatch(plain) or plain == "prompt_embeddings":
            others.append(name)
        else:
            copies[plain] = record.shape
    modules: dict[str, tuple[int, int]] = {}
    ranks: set[int] = set()
    for module, found in factors.items():
        shape = _updated(found)
        if shape is None:
            others += sorted(r.name for r in found.values())
            continue
        modules[module] = shape[:2]
        ranks.add(shape[2])
    return Adapter(
        modules=dict(sorted(modules.items())),
        ranks=tuple(sorted(ranks)),
        copies=copies,
        others=tuple(others),
    )


def _updated(found: Mapping[str, TensorRecord]) -> tuple[int, int, int] | None:
    """Return (out, in, rank) of an update whose factors fit, else None."""
    first, second = found.get("A"), found.get("B")
    if first is None or second is None:
        first, second = found.get("Be"), found.get("Ae")
        if first is None or second is None:
            return None
        # An embedding [rows, columns] is updated by (B A)^T, B [columns, r] and A [r, rows].
        if first.shape[1] != second.shape[0]:
            return None
        return second.shape[1], first.shape[0], first.shape[1]
    if second.shape[1] != first.shape[0]:
        return None
    return second.shape[0], first.shape[1], first.shape[0]
