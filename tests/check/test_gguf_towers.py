"""Is a tower in a GGUF file of its own the tower that safetensors hold?"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import gguf
import numpy as np
import pytest

from hubcheck.anatomy.interface import Role
from hubcheck.anatomy.side_parts import side_parts_of
from hubcheck.anatomy.towers import towers_of
from hubcheck.report.words import RelationKind, Verdict
from tests.check.test_side_parts import projector
from tests.check.test_towers import CONFIG, DEMO, Tensors, opened, report, vision_tower, write
from tests.material.formats.folder import read_floats, stored_tokens
from tests.material.formats.gguf_file import write_gguf

NAMES: Final = {
    "attn.qkv": "attn_qkv", "attn.proj": "attn_out", "mlp.fc1": "ffn_up", "mlp.fc2": "ffn_down",
    "norm1": "ln1", "norm2": "ln2",
}  # fmt: skip
FILE: Final = "mmproj-model-f16.gguf"


def name_of(name: str) -> str:
    """Return the name that the converter gives a tensor of the tower or projector."""
    if match := re.fullmatch(r"visual\.blocks\.(\d+)\.(.+)\.(weight|bias)", name):
        return f"v.blk.{match[1]}.{NAMES[match[2]]}.{match[3]}"
    name = name.replace("multi_modal_projector.linear_1", "mm.0")
    name = name.replace("multi_modal_projector.linear_2", "mm.2")
    return name.replace("visual.patch_embed.proj", "v.patch_embd")


def write_tower(folder: Path, tensors: Tensors, *, heads: int = 4) -> Path:
    """Write a tower with its projector as a file of its own."""
    writer = gguf.GGUFWriter(folder / FILE, "clip")
    writer.add_vision_block_count(3)
    writer.add_vision_head_count(heads)
    for name, values in sorted(tensors.items()):
        flat = values.reshape(values.shape[0], -1) if values.ndim > 2 else values
        writer.add_tensor(name_of(name), flat.astype(np.float16 if flat.ndim > 1 else np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return folder


def write_body(folder: Path, body: str) -> Path:
    """Write a demo model as GGUF."""
    folder.mkdir()
    tokens, special = stored_tokens(DEMO / body)
    write_gguf(folder / "model.gguf", read_floats(DEMO / body), CONFIG, "BF16", tokens, special)
    return folder


def parts(seed: int) -> Tensors:
    """Return a tower and its projector."""
    return {**vision_tower(seed), **projector("llava", seed)}


def test_a_tower_is_read_beside_the_language_model(tmp_path: Path) -> None:
    """Both files make one model: layers, heads and neurons of the tower, and the projector."""
    model = opened(write_tower(write_body(tmp_path / "m", "base"), parts(1)))
    assert model.anatomy.unknown == ()
    assert model.anatomy.geometry.layers == 4
    (tower,) = towers_of(model.anatomy, model.config)
    geometry = tower.anatomy.geometry
    assert (tower.name, geometry.layers, geometry.heads, geometry.neurons) == ("vision", 3, 4, 256)
    assert tower.anatomy.get(Role.V, 1) is not None
    assert [p.name for p in side_parts_of(model.anatomy, model.config)] == ["projector"]


@pytest.mark.parametrize(("seed", "expected"), [(1, Verdict.RELATED), (2, Verdict.UNRELATED)])
def test_the_same_tower_in_both_formats(seed: int, expected: Verdict, tmp_path: Path) -> None:
    """A converted tower and projector are those of the safetensors, others are not."""
    base = write(tmp_path / "base", "base", parts(1))
    subject = write_tower(write_body(tmp_path / "subject", "finetune"), parts(seed))
    (finding,) = report(subject, bases=(base,)).findings
    found = {p.name: p.verdict for p in finding.parts}
    assert finding.verdict is found["body"] is Verdict.RELATED
    assert found["vision tower"] is found["projector"] is expected


def test_a_file_with_a_tower_alone_is_a_model(tmp_path: Path) -> None:
    """Without a language model the tower is what is compared."""
    alone = write_tower(write_folder(tmp_path / "subject"), parts(1))
    base = write(tmp_path / "base", "base", parts(1))
    (finding,) = report(alone, suspects=(base,)).findings
    assert finding.verdict is Verdict.RELATED
    assert finding.relation is not None
    assert finding.relation.kind is RelationKind.PARTS


def write_folder(folder: Path) -> Path:
    """Make an empty folder."""
    folder.mkdir()
    return folder


@pytest.mark.parametrize("heads", [0, 3, 10**9])
def test_a_lying_head_count_breaks_nothing(heads: int, tmp_path: Path) -> None:
    """A head count that does not fit leaves neurons to answer."""
    model = opened(write_tower(write_body(tmp_path / "m", "base"), parts(1), heads=heads))
    (tower,) = towers_of(model.anatomy, model.config)
    assert tower.anatomy.geometry.neurons == 256
