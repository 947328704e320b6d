"""Is a byte that holds several codes never taken for a weight of a narrower model?"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from hubcheck.anatomy.several_a_byte import packed_several
from hubcheck.checkpoint.packed import SEVERAL_A_BYTE
from hubcheck.errors import UnsupportedFormatError
from hubcheck.model import Access, open_model
from hubcheck.source.reference import LocalReference
from tests.material.formats.encode import Matrix, Stored, as_bf16, int4_pairs, int8_channel
from tests.material.formats.folder import is_linear, write_safetensors

ACCESS = Access(max_read=1 << 30, token=None, endpoint=None)
HIDDEN, NEURONS, KV, VOCAB = 32, 64, 16, 40
SHAPES = {
    "self_attn.q_proj.weight": (HIDDEN, HIDDEN),
    "self_attn.k_proj.weight": (KV, HIDDEN),
    "self_attn.v_proj.weight": (KV, HIDDEN),
    "self_attn.o_proj.weight": (HIDDEN, HIDDEN),
    "mlp.gate_proj.weight": (NEURONS, HIDDEN),
    "mlp.up_proj.weight": (NEURONS, HIDDEN),
    "mlp.down_proj.weight": (HIDDEN, NEURONS),
    "input_layernorm.weight": (HIDDEN,),
    "post_attention_layernorm.weight": (HIDDEN,),
}


def write(folder: Path, encode: Callable[[Matrix], dict[str, Stored]]) -> Path:
    """Write a Llama of two layers whose linear layers are stored by ``encode``."""
    draw = np.random.default_rng(0)
    shapes = {f"model.layers.{n}.{path}": s for n in range(2) for path, s in SHAPES.items()}
    shapes |= {"model.embed_tokens.weight": (VOCAB, HIDDEN), "model.norm.weight": (HIDDEN,)}
    tensors: dict[str, Stored] = {}
    for name, shape in shapes.items():
        values = draw.normal(size=shape).astype(np.float32)
        if is_linear(name):
            tensors |= {f"{name.removesuffix('weight')}{p}": t for p, t in encode(values).items()}
        else:
            tensors[name] = as_bf16(values)
    folder.mkdir()
    write_safetensors(folder / "model.safetensors", tensors)
    return folder


@pytest.mark.parametrize("of_outputs", [False, True])
def test_two_codes_a_byte_are_not_read(tmp_path: Path, of_outputs: bool) -> None:
    """Along inputs or outputs: the model is refused by the name of what it is, whole."""
    folder = write(tmp_path / "m", partial(int4_pairs, of_outputs=of_outputs))
    model = open_model(LocalReference(path=folder, typed="m"), ACCESS)
    with pytest.raises(UnsupportedFormatError) as refused:
        _ = model.anatomy
    assert refused.value.format_name == SEVERAL_A_BYTE


def test_one_code_a_byte_is_read(tmp_path: Path) -> None:
    """Eight bits with a scale for each output are weights, all of them."""
    folder = write(tmp_path / "m", int8_channel)
    model = open_model(LocalReference(path=folder, typed="m"), ACCESS)
    assert model.anatomy.mapped_share == 1.0
    assert not packed_several(model.anatomy)
