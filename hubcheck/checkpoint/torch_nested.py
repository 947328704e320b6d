"""Under which key of a training script's dictionary do the weights lie?"""

from __future__ import annotations

import re
from typing import Any, Final

WRAPPERS: Final = ("state_dict", "model", "module", "model_state_dict", "string_to_param")
"""Keys under which training scripts keep the weights of a larger dictionary."""
MOST_ABOVE: Final = 3
"""Dictionaries around the weights: a trainer's, a module's, a wrapper's."""
_TRAINING: Final = re.compile(
    r"(?i)optim|opt_|lr_|sched|scaler|amp|rng|random|loss|metric|callback|loop|hyper|arg|config|cfg"
)
"""How the names begin under which training scripts keep what is no weight."""


def weights_in(found: dict[Any, Any], tensor: type) -> dict[Any, Any]:
    """Return the dictionary of tensors inside a larger one, empty where there is none.

    Itself, or that under a key that training scripts use, or the only one; where several hold
    tensors (a generator and what judges it), all of them, each under its key.

    Args:
        found: The dictionary. Hostile: it may hold itself.
        tensor: What describes a tensor.
    """
    return _inside(found, tensor, set(), 0)


def _inside(found: dict[Any, Any], tensor: type, seen: set[int], depth: int) -> dict[Any, Any]:
    """Return the same, of a dictionary that ``depth`` others stand around.

    One that stands in many places is looked into once.
    """
    if id(found) in seen or depth > MOST_ABOVE:
        return {}
    seen.add(id(found))
    if any(isinstance(v, tensor) for v in found.values()):
        return found
    for key in WRAPPERS:
        inner = found.get(key)
        held = _inside(inner, tensor, seen, depth + 1) if isinstance(inner, dict) else {}
        if held:
            return held
    parts = {
        key: held
        for key, inner in found.items()
        if isinstance(key, str) and isinstance(inner, dict) and not _TRAINING.match(key)
        if (held := _inside(inner, tensor, seen, depth + 1))
    }
    if len(parts) == 1:
        return next(iter(parts.values()))
    return {f"{key}.{name}": v for key, held in parts.items() for name, v in held.items()}
