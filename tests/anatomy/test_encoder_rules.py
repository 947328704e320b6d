"""Do the rules of encoders keep apart what one name means in two families?"""

from __future__ import annotations

import pytest

from hubcheck.anatomy.interface import Anatomy, Role
from hubcheck.anatomy.read import anatomy_of
from tests.anatomy.tiny import shapes_of

H = 8
N = 12
EMBEDDING = {"bert.embeddings.word_embeddings.weight": (30, H)}
ATTENTION = {f"attention.self.{part}.weight": (H, H) for part in ("query", "key", "value")}
OUT = {"attention.output.dense.weight": (H, H)}
MLP = {"intermediate.dense.weight": (N, H), "output.dense.weight": (H, N)}


def read(layer: dict[str, tuple[int, ...]], **config: object) -> Anatomy:
    """Return the anatomy of a BERT with two such layers."""
    names = {f"bert.encoder.layer.{n}.{k}": s for n in range(2) for k, s in layer.items()}
    return anatomy_of(shapes_of({**EMBEDDING, **names}), {"num_attention_heads": 2, **config})


@pytest.mark.parametrize(
    ("norms", "roles"),
    [
        (
            ("attention.output.LayerNorm", "output.LayerNorm"),
            (Role.NORM_ATTN_POST, Role.NORM_MLP_POST),
        ),
        (("attention.LayerNorm", "output.LayerNorm"), (Role.NORM_ATTN_POST, Role.NORM_MLP_POST)),
        (("attention.LayerNorm", "LayerNorm"), (Role.NORM_ATTN_IN, Role.NORM_MLP_IN)),
        (("attention.LayerNorm", "intermediate.LayerNorm"), (Role.NORM_ATTN_IN, Role.NORM_MLP_IN)),
        (("attention.ln", "ln"), (Role.NORM_ATTN_IN, Role.NORM_MLP_IN)),
    ],
    ids=["BERT", "MPNet", "ESM", "RoBERTa with norms first", "Megatron"],
)
def test_norms_stand_where_their_neighbours_say(
    norms: tuple[str, str], roles: tuple[Role, Role]
) -> None:
    """``attention.LayerNorm`` stands behind the sum in MPNet and in front of the block in ESM."""
    anatomy = read({**ATTENTION, **OUT, **MLP, **{f"{n}.weight": (H,) for n in norms}})
    assert anatomy.unknown == ()
    for name, role in zip(norms, roles, strict=True):
        matrix = anatomy.get(role, 1)
        assert matrix is not None
        assert matrix.tensor == f"bert.encoder.layer.1.{name}.weight"


def test_gated_encoders_put_their_gate_first() -> None:
    """JinaBERT and MosaicBERT: act(first half) * second half, then a norm behind the sum."""
    anatomy = read(
        {
            "attention.self.Wqkv.weight": (3 * H, H),
            **OUT,
            "mlp.gated_layers.weight": (2 * N, H),
            "mlp.wo.weight": (H, N),
            "mlp.layernorm.weight": (H,),
        }
    )
    assert anatomy.unknown == ()
    gate, up = anatomy.get(Role.GATE, 0), anatomy.get(Role.UP, 0)
    assert gate is not None
    assert up is not None
    assert (gate.segments, up.segments) == (((0, N, 1),), ((N, 2 * N, 1),))
    assert anatomy.get(Role.NORM_MLP_POST, 0) is not None


def test_first_published_norms_are_read() -> None:
    """The first BERTs call weight and bias of a norm gamma and beta."""
    norm = "attention.output.LayerNorm"
    anatomy = read({**ATTENTION, **OUT, **MLP, f"{norm}.gamma": (H,), f"{norm}.beta": (H,)})
    for bias, word in ((False, "gamma"), (True, "beta")):
        matrix = anatomy.matrices[Role.NORM_ATTN_POST, 0, -1, bias]
        assert matrix.tensor == f"bert.encoder.layer.0.{norm}.{word}"


@pytest.mark.parametrize(
    ("config", "free"),
    [
        ({"model_type": "bert"}, True),
        ({"model_type": "distilbert", "sinusoidal_pos_embds": True}, False),
        ({"model_type": "distilbert", "sinusoidal_pos_embds": False}, True),
        ({"model_type": "marian"}, False),
    ],
)
def test_fixed_sinusoids_give_channels_a_place(config: dict[str, object], free: bool) -> None:
    """Where each channel has a frequency from the start, the order of channels is not free."""
    assert read({**ATTENTION, **OUT, **MLP}, **config).free_channels is free


def test_rwkv_has_no_heads_whatever_is_said() -> None:
    """Its values decay by their place, so a configuration cannot make an order of them."""
    layer = {
        "attention.time_decay": (H,),
        "attention.time_mix_key": (1, 1, H),
        **{f"attention.{p}.weight": (H, H) for p in ("key", "value", "receptance", "output")},
        "feed_forward.key.weight": (N, H),
        "feed_forward.value.weight": (H, N),
    }
    names = {f"rwkv.blocks.{n}.{k}": s for n in range(2) for k, s in layer.items()}
    shapes = shapes_of({"rwkv.embeddings.weight": (30, H), **names})
    anatomy = anatomy_of(shapes, {"num_attention_heads": 2, "head_dim": 4})
    assert anatomy.geometry.kv_heads == 0
    assert not anatomy.free_channels
    assert anatomy.get(Role.UP, 1) is not None
    assert anatomy.unknown == ()
