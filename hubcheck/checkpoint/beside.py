"""Is an adapter all that a model holds, or does it lie beside the weights that it changes?

Loaders with PEFT at hand put an adapter on top of the weights in its folder, or on those of the
base that ``adapter_config.json`` names. The full weights are what can be compared. A file that
holds none of the modules that the adapter changes (a projector, a value head) is not them.
"""

from __future__ import annotations

import re
from typing import Final

from hubcheck.checkpoint.adapter import ADAPTER_FILE, TORCH_FILE, read_adapter
from hubcheck.checkpoint.disagreement import Disagreement, DisagreementCode
from hubcheck.checkpoint.gguf import FORMAT as GGUF
from hubcheck.checkpoint.interface import Checkpoint
from hubcheck.checkpoint.other_formats import (
    LORA_ADAPTER,
    MOST_FOR_ONE,
    PEFT_ADAPTER,
    has_adapter,
    is_inversion,
    is_update_alone,
    refuse_adapter,
    refuse_inversion,
)
from hubcheck.errors import HubcheckError, UnsupportedFormatError
from hubcheck.source.interface import Source

CONFIG: Final = "adapter_config.json"
_ADAPTERS: Final = (ADAPTER_FILE, TORCH_FILE)
MOST_PACKED: Final = 16
"""Values of two bits in one integer of 32."""
_FROM_NUMBER: Final = re.compile(r"(?<=\.)\d+\..+")


def adapter_beside(source: Source, checkpoint: Checkpoint) -> tuple[Disagreement, ...]:
    """Return what to say of an adapter beside the weights that were located.

    Args:
        source: The model. Charged for the header of its adapter, if there is one.
        checkpoint: What was located.

    Raises:
        UnsupportedFormatError: what was located is an update itself, or holds nothing of what the
            adapter changes.
    """
    paths = {entry.path for entry in source.files()}
    is_update = checkpoint.metadata.get("general.type") == "adapter"
    if is_update or is_update_alone(checkpoint.tensors):
        known = checkpoint.format == GGUF or not has_adapter(paths)
        refuse_adapter(checkpoint.paths[0], LORA_ADAPTER if known else PEFT_ADAPTER)
    few = len(checkpoint.tensors) <= MOST_FOR_ONE
    if few and is_inversion({name: record.shape for name, record in checkpoint.tensors.items()}):
        refuse_inversion(checkpoint.paths[0])
    adapter = next((path for path in _ADAPTERS if path in paths), "")
    if adapter and not _is_there(source, checkpoint):
        refuse_adapter(adapter)
    beside = adapter or (CONFIG if CONFIG in paths else "")
    if not beside:
        return ()
    code = DisagreementCode.ADAPTER_BESIDE
    return (Disagreement(code=code, file=beside, instead=checkpoint.paths[0]),)


def refuse_update(source: Source, error: UnsupportedFormatError) -> None:
    """Call a model an adapter where one is there, and what lies beside it could not be read.

    Raises:
        UnsupportedFormatError: there is an adapter; from the error.
    """
    adapter = next((e.path for e in source.files() if e.path in _ADAPTERS), "")
    usual = any(e.path.startswith(("model.", "model-", "pytorch_model")) for e in source.files())
    if adapter and not usual and error.format_name != PEFT_ADAPTER:
        try:
            refuse_adapter(adapter)
        except UnsupportedFormatError as known:
            raise known from error


def _is_there(source: Source, checkpoint: Checkpoint) -> bool:
    """Say whether the modules that the adapter changes can be here, whatever they are called.

    Where none is found by name the count of values decides: packed storage keeps at most
    ``MOST_PACKED`` values in one.
    """
    try:
        modules = read_adapter(source).modules
    except HubcheckError:  # an adapter that cannot be read takes nothing from the weights
        return True
    held = {_tail(name.removesuffix(".weight")) for name in checkpoint.tensors}
    if not modules or any(_tail(module) in held for module in modules):
        return True
    changed = sum(n_out * n_in for n_out, n_in in modules.values())
    return checkpoint.n_parameters * MOST_PACKED >= changed


def _tail(module: str) -> str:
    """Return the name of a module from its first number on: without the prefix of a wrapper."""
    found = _FROM_NUMBER.search(module)
    return found[0] if found else module
