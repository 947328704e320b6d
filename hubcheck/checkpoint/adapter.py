"""Which modules does an adapter change, and of which shape are they?

Read from the headers of ``adapter_model.safetensors`` alone, or from the description inside
``adapter_model.bin``, which is walked and never run. Names as PEFT writes them:
``base_model.model.<module>.lora_A.weight`` [r, in] and ``lora_B.weight`` [out, r] (embeddings:
``lora_embedding_A`` [r, rows], ``lora_embedding_B`` [columns, r]); whole copies of a module
keep its name. Diffusers' older names (``.lora.down.weight``, ``.lora_linear_layer.up.weight``) and
those of kohya's scripts (``lora_unet_..._to_q.lora_down.weight``, kernels [r, in, 3, 3]) say the
same. Other tuners (LoHa, LoKr, IA3, OFT, VeRA, prompts) are counted by name, not understood. A
textual inversion holds vectors for words that a text encoder is to learn.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field
from math import prod
from typing import Final

from hubcheck.checkpoint.interface import TensorRecord
from hubcheck.checkpoint.other_formats import is_adapter_file, is_inversion
from hubcheck.checkpoint.safetensors import open_safetensors
from hubcheck.checkpoint.torch_files import torch_tensors
from hubcheck.frozen import frozen
from hubcheck.source.interface import Source

ADAPTER_FILE: Final = "adapter_model.safetensors"
TORCH_FILE: Final = "adapter_model.bin"
_WRAPPER: Final = "base_model.model."
_LORA: Final = re.compile(r"(.+)\.lora_(embedding_)?([AB])(?:\.(?:default|weight))*")
_OTHER_NAMES: Final = re.compile(
    r"(.+)\.(?:lora\.|lora_linear_layer\.|lora_)(down|up)(?:\.(?:default|weight))*"
)
"""Factors as diffusers named them before PEFT, and as kohya's scripts do."""
_PROCESSOR: Final = re.compile(r"(.+)\.processor\.(to_[qkv]|to_out)_lora\.(down|up)\.weight")
"""Factors as diffusers named them at first."""
_TURNED: Final = re.compile(r"(.+)\.lora_([ab])")
"""Factors as MLX names them, [in, r] and [r, out]."""
_BESIDE: Final = re.compile(r".+\.(?:alpha|dora_scale)(?:\.weight)?")
"""Numbers that scale an update."""
_OTHER: Final = re.compile(
    r"(.+)\.(hada_\w+|lokr_\w+|ia3_l|oft_\w+|boft_\w+|vera_\w+|lora_magnitude_vector|lora_\w+)"
    r"(?:\..+)?"
)
MATRIX: Final = 2
"""Axes of a low-rank factor; a kernel has two more."""
KERNEL: Final = 4


@frozen
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
    words: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """Shapes of the vectors of a textual inversion, by name."""


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
    tensors = _tensors(source)
    if is_inversion({name: record.shape for name, record in tensors.items()}):
        words = {name: record.shape for name, record in tensors.items()}
        return Adapter(modules={}, ranks=(), copies={}, others=(), words=words)
    factors: dict[str, dict[str, TensorRecord]] = {}
    copies: dict[str, tuple[int, ...]] = {}
    others: list[str] = []
    for name, record in tensors.items():
        plain = _PROCESSOR.sub(_module_of, name.removeprefix(_WRAPPER))
        lora = _LORA.fullmatch(plain)
        old, turned = _OTHER_NAMES.fullmatch(plain), _TURNED.fullmatch(plain)
        if lora and len(record.shape) in (MATRIX, KERNEL):
            kind = lora[3] + ("e" if lora[2] else "")
            factors.setdefault(lora[1], {})[kind] = record
        elif old and len(record.shape) in (MATRIX, KERNEL):
            factors.setdefault(old[1], {})["A" if old[2] == "down" else "B"] = record
        elif turned and len(record.shape) == MATRIX:
            factors.setdefault(turned[1], {})[turned[2]] = record
        elif _BESIDE.fullmatch(plain):
            continue
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


def _tensors(source: Source) -> Mapping[str, TensorRecord]:
    """Return the tensors of the file that is the adapter: PEFT's first, then by its name."""
    paths = sorted(entry.path for entry in source.files() if "/" not in entry.path)
    if ADAPTER_FILE in paths:
        return open_safetensors(source, named=ADAPTER_FILE).tensors
    if TORCH_FILE in paths:
        return dict(sorted(torch_tensors(source, TORCH_FILE).items()))
    safe = [path for path in paths if path.endswith(".safetensors")]
    named = [path for path in safe if is_adapter_file(path)] or safe
    # With no file at all the usual one is missing, and that is what is said.
    return open_safetensors(source, named=named[0] if named else ADAPTER_FILE).tensors


def _module_of(found: re.Match[str]) -> str:
    """Return a factor of an attention's processor by the matrix that it updates."""
    matrix = "to_out.0" if found[2] == "to_out" else found[2]
    return f"{found[1]}.{matrix}.lora.{found[3]}.weight"


def _updated(found: Mapping[str, TensorRecord]) -> tuple[int, int, int] | None:
    """Return (out, in, rank) of an update whose factors fit, else None."""
    down, up = found.get("a"), found.get("b")
    if down is not None and up is not None:
        fits = down.shape[1] == up.shape[0]
        return (up.shape[1], down.shape[0], up.shape[0]) if fits else None
    first, second = found.get("A"), found.get("B")
    if first is None or second is None:
        first, second = found.get("Be"), found.get("Ae")
        if first is None or second is None:
            return None
        if len(first.shape) != MATRIX or len(second.shape) != MATRIX:
            return None
        # An embedding [rows, columns] is updated by (B A)^T, B [columns, r] and A [r, rows].
        if first.shape[1] != second.shape[0]:
            return None
        return second.shape[1], first.shape[0], first.shape[1]
    if second.shape[1] != first.shape[0] or prod(second.shape[2:]) != 1:
        return None
    return second.shape[0], prod(first.shape[1:]), first.shape[0]
