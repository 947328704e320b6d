"""Is a tower in which a stranger's layers were put said to be a fine-tune?"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file

from hubcheck.cli import main

WIDTH, NEURONS, LAYERS = 64, 256, 4
CONFIG = {
    "model_type": "vit", "architectures": ["ViTModel"], "image_size": 32, "patch_size": 8,
    "hidden_size": WIDTH, "num_attention_heads": 2, "num_hidden_layers": LAYERS,
}  # fmt: skip


def tower(seed: int) -> dict[str, NDArray[np.float32]]:
    """Return the tensors of a random vision transformer."""
    draw = np.random.default_rng(seed)
    found: dict[str, NDArray[np.float32]] = {}

    def add(name: str, *shape: int) -> None:
        rows = np.exp(draw.normal(size=(shape[0], 1)) * 0.3) if len(shape) > 1 else 1.0
        found[name] = (draw.normal(size=shape) * 0.05 * rows).astype(np.float32)

    for n in range(LAYERS):
        at = f"vit.encoder.layer.{n}"
        for part in ("query", "key", "value"):
            add(f"{at}.attention.attention.{part}.weight", WIDTH, WIDTH)
        add(f"{at}.attention.output.dense.weight", WIDTH, WIDTH)
        add(f"{at}.intermediate.dense.weight", NEURONS, WIDTH)
        add(f"{at}.output.dense.weight", WIDTH, NEURONS)
        for norm in ("layernorm_before", "layernorm_after"):
            add(f"{at}.{norm}.weight", WIDTH)
    return found


def test_a_tower_with_layers_of_another_is_not_confirmed(tmp_path: Path) -> None:
    """Every second layer is another model's: related, layers changed, never a fine-tune."""
    base, other = tower(1), tower(2)
    mixed = {n: other[n] if ".layer.1." in n or ".layer.3." in n else v for n, v in base.items()}
    for name, tensors in (("base", base), ("mixed", mixed)):
        (tmp_path / name).mkdir()
        save_file(tensors, tmp_path / name / "model.safetensors")
        (tmp_path / name / "config.json").write_text(json.dumps(CONFIG))
    folders = [str(tmp_path / name) for name in ("mixed", "base")]
    out = tmp_path / "out"
    code = main(["check", folders[0], "--base", folders[1], "--seed", "1", "--out", str(out)])
    report = json.loads((out / "report.json").read_text())
    (finding,) = report["findings"]
    assert code == 0
    assert report["verdict"] == "inconclusive"
    assert finding["verdict"] == "related"
    assert finding["relation"]["kind"] == "layers-changed"
