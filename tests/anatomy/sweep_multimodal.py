"""How much of every multimodal architecture of transformers is mapped, tower by tower?

Writes the table that ``test_sweep_multimodal`` pins: ``python -m tests.anatomy.sweep_multimodal``.
A tiny random model is saved as published where the architecture can be made small; else the names
and shapes of its default configuration are taken, as transformers has them at run time.
"""

from __future__ import annotations

import json
import logging
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import torch
import transformers
from transformers.models.auto import modeling_auto

from hubcheck.anatomy.interface import Anatomy, Role
from hubcheck.anatomy.read import anatomy_of
from hubcheck.anatomy.towers import towers_of
from tests.anatomy.sweep import SMALL, saved_as_published, shrink
from tests.anatomy.tiny import checkpoint_of, shapes_of

TABLE: Final = Path(__file__).with_name("sweep_multimodal.json")
CAUSAL: Final = modeling_auto.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES
ARCHITECTURES: Final[dict[str, Any]] = {
    name: classes
    for mapping in (
        modeling_auto.MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES,
        getattr(modeling_auto, "MODEL_FOR_MULTIMODAL_LM_MAPPING_NAMES", {}),
    )
    for name, classes in mapping.items()
    if name not in CAUSAL
}
"""Architectures that read pictures or sound beside text; the others are in the first sweep."""


def small_model(architecture: str) -> torch.nn.Module:
    """Return a tiny random model.

    Raises:
        ValueError: it stays large.
    """
    model_class = class_of(architecture)
    config = model_class.config_class()
    shrink(config)
    for name in ("vision_config", "text_config", "audio_config"):
        inner = getattr(config, name, None)
        if inner is not None and getattr(inner, "depth", None):
            inner.depth = SMALL["num_hidden_layers"]
    with torch.device("meta"):
        size = sum(p.numel() for p in model_class(config).parameters())
    if size > 40_000_000:
        message = f"stays at {size / 1e6:.0f} M parameters"
        raise ValueError(message)
    model: torch.nn.Module = model_class(config).float().eval()
    return model


def class_of(architecture: str) -> Any:
    """Return the model class of an architecture."""
    names = ARCHITECTURES[architecture]
    return getattr(transformers, names if isinstance(names, str) else names[0])


def anatomy_and_config(architecture: str) -> tuple[Anatomy, Mapping[str, Any], str]:
    """Return the anatomy of a model, its configuration, and how its names were come by."""
    try:
        tensors, config = saved_as_published(small_model(architecture))
    except Exception as error:  # noqa: BLE001 - any reason leaves the default configuration
        config_class = class_of(architecture).config_class
        with torch.device("meta"):
            model = class_of(architecture)(config_class())
        shapes = {name: tuple(t.shape) for name, t in model.state_dict().items()}
        config = json.loads(model.config.to_json_string())
        why = f"{type(error).__name__}: {error}".split("\n", 1)[0][:60]
        return anatomy_of(shapes_of(shapes), config), config, f"run-time names ({why})"
    return anatomy_of(checkpoint_of(tensors), config), config, "published names"


def row_of(architecture: str) -> dict[str, Any]:
    """Return the row of one architecture."""
    torch.set_num_threads(1)
    logging.getLogger("transformers").setLevel(logging.ERROR)
    try:
        anatomy, config, names = anatomy_and_config(architecture)
    except Exception as error:  # noqa: BLE001 - any reason not to build is what the table lists
        return {"not built": f"{type(error).__name__}: {error}".split("\n", 1)[0][:120]}
    tensors = anatomy.checkpoint.tensors
    roles: Counter[str] = Counter()
    for name, role in anatomy.others.items():
        if role in (Role.VISION, Role.AUDIO, Role.PROJECTOR, Role.MTP):
            roles[role] += tensors[name].n_values
    total = max(1, anatomy.checkpoint.n_parameters)
    return {
        "mapped": round(100 * anatomy.mapped_share, 2),
        "unknown": len(anatomy.unknown),
        "tensors": len(tensors),
        "layers": anatomy.geometry.layers,
        "names": names,
        "parts": {str(r): round(100 * n / total, 1) for r, n in sorted(roles.items())},
        "towers": {
            tower.name: {
                "mapped": round(100 * tower.anatomy.mapped_share, 1),
                "layers": tower.anatomy.geometry.layers,
            }
            for tower in towers_of(anatomy, config)
        },
    }


def main() -> None:
    """Write the table anew; a first argument limits it to architectures that contain it."""
    chosen = [a for a in sorted(ARCHITECTURES) if not sys.argv[1:] or sys.argv[1] in a]
    lines = []
    for architecture in chosen:
        row = row_of(architecture)
        lines.append(f"    {json.dumps(architecture)}: {json.dumps(row)}")
        print(lines[-1], flush=True)
    head = f'{{\n  "transformers": {json.dumps(transformers.__version__)},\n  "architectures": {{\n'
    if not sys.argv[1:]:
        TABLE.write_text(head + ",\n".join(lines) + "\n  }\n}\n")


if __name__ == "__main__":
    main()
