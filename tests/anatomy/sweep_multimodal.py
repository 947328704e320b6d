"""How much of every multimodal architecture of transformers is mapped, and is any role wrong?

Writes the table that ``test_sweep_multimodal`` pins: ``python -m tests.anatomy.sweep_multimodal``.
A tiny random model is saved as published where the architecture can be made small; else the names
and shapes of its default configuration are taken, as transformers has them at run time. Where it
is small it also runs: the modules of body and towers are held against the canonical matrices.
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
from hubcheck.anatomy.towers import Tower, towers_of
from tests.anatomy.oracle import Oracle
from tests.anatomy.sweep import SMALL, saved_as_published, shrink
from tests.anatomy.tiny import checkpoint_of, shapes_of
from tests.anatomy.tower_oracle import tower_checks

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
    torch.manual_seed(0)
    model: torch.nn.Module = model_class(config).float().eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
    return model


def class_of(architecture: str) -> Any:
    """Return the model class of an architecture."""
    names = ARCHITECTURES[architecture]
    return getattr(transformers, names if isinstance(names, str) else names[0])


def anatomy_and_config(
    architecture: str,
) -> tuple[Anatomy, Mapping[str, Any], str, torch.nn.Module | None]:
    """Return the anatomy, the configuration, how names were come by, and a model that runs."""
    try:
        model = small_model(architecture)
        tensors, config = saved_as_published(model)
    except Exception as error:  # noqa: BLE001 - any reason leaves the default configuration
        config_class = class_of(architecture).config_class
        with torch.device("meta"):
            model = class_of(architecture)(config_class())
        shapes = {name: tuple(t.shape) for name, t in model.state_dict().items()}
        config = json.loads(model.config.to_json_string())
        why = f"{type(error).__name__}: {error}".split("\n", 1)[0][:60]
        return anatomy_of(shapes_of(shapes), config), config, f"run-time names ({why})", None
    return anatomy_of(checkpoint_of(tensors), config), config, "published names", model


def checked(anatomy: Anatomy, towers: tuple[Tower, ...], model: torch.nn.Module) -> dict[str, Any]:
    """Return how many places of body and towers agree with the running modules."""
    found: dict[str, Any] = {}
    try:
        counts = Oracle(model, anatomy).checks()
        found["body"] = dict(sorted(counts.items()))
    except Exception as error:  # noqa: BLE001 - a body that cannot run on text alone is told so
        found["body not run"] = f"{type(error).__name__}: {error}".split("\n", 1)[0][:80]
    for tower in towers:
        found[tower.name] = dict(sorted(tower_checks(model, tower).items()))
    return found


def row_of(architecture: str) -> dict[str, Any]:
    """Return the row of one architecture."""
    torch.set_num_threads(1)
    logging.getLogger("transformers").setLevel(logging.ERROR)
    try:
        anatomy, config, names, model = anatomy_and_config(architecture)
    except Exception as error:  # noqa: BLE001 - any reason not to build is what the table lists
        return {"not built": f"{type(error).__name__}: {error}".split("\n", 1)[0][:120]}
    tensors = anatomy.checkpoint.tensors
    roles: Counter[str] = Counter()
    for name, role in anatomy.others.items():
        if role in (Role.VISION, Role.AUDIO, Role.PROJECTOR, Role.MTP):
            roles[role] += tensors[name].n_values
    total = max(1, anatomy.checkpoint.n_parameters)
    towers = towers_of(anatomy, config)
    ran = {} if model is None else {"checked": checked(anatomy, towers, model)}
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
            for tower in towers
        },
        **ran,
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
