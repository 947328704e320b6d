"""Under which names does a library publish the tensors of a model?

transformers saves some classes under the names of their checkpoints, not of their modules: what was
certified in the running model is met in files, so it is written down as files name it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def published_names(model: Any) -> Mapping[str, str]:
    """Return the published name of every tensor by the name of the running model.

    A tensor that is split or joined when it is saved has none.

    Args:
        model: A module of any library; only transformers renames.
    """
    state: dict[str, Any] = dict(model.state_dict())
    try:
        from transformers.core_model_loading import revert_weight_conversion

        saved = revert_weight_conversion(model, dict(state))
    except (ImportError, AttributeError):
        return {name: name for name in state}
    # Renamed tensors stay the same memory; what is joined or split does not.
    by_place = {(t.data_ptr(), tuple(t.shape)): name for name, t in saved.items() if t.numel()}
    found = {
        name: by_place.get((t.data_ptr(), tuple(t.shape)), "") if t.numel() else name
        for name, t in state.items()
    }
    return {name: there for name, there in found.items() if there}


def as_published(axis: Mapping[str, Any], named: Mapping[str, str]) -> dict[str, Any]:
    """Return an axis as it is written down, by published names.

    Args:
        axis: By the names of the running model.
        named: The published name of every tensor.
    """
    some = {
        key: [[named.get(move[0], move[0]), *move[1:]] for move in axis[key]]
        for key in ("writes", "reads", "heads")
    }
    return {**axis, **some}
