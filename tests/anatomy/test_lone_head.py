"""Is a head told from a model, by what it lacks and never by what it says of itself?"""

from __future__ import annotations

from typing import Any, Final

import pytest

from hubcheck.anatomy.interface import Anatomy, Role
from hubcheck.anatomy.lone_head import Head
from hubcheck.anatomy.read import anatomy_of
from tests.anatomy.dense_families import llama
from tests.anatomy.tiny import shapes_of

D: Final = 16
LLAMA: Final = {name: tensor.shape for name, tensor in llama()[0].tensors.items()}
CONFIG: Final[dict[str, Any]] = llama()[1]
ATTENTION: Final = {"q_proj": (D, D), "k_proj": (D, D), "v_proj": (D, D), "o_proj": (D, D)}
MLP: Final = {"gate_proj": (40, D), "up_proj": (40, D), "down_proj": (D, 40)}
Shapes = dict[str, tuple[int, ...]]


def layer(at: str, *, read: int = D) -> Shapes:
    """Return a layer of a decoder; attention may read more than the stream."""
    shapes: Shapes = {f"{at}.mlp.{n}.weight": s for n, s in MLP.items()}
    for name, (out, width) in ATTENTION.items():
        shapes[f"{at}.self_attn.{name}.weight"] = (out, width if name == "o_proj" else read)
    return {**shapes, f"{at}.post_attention_layernorm.weight": (D,)}


EAGLE: Final[Shapes] = {
    "embed_tokens.weight": (50, D), "fc.weight": (D, 2 * D), **layer("layers.0"),
}  # fmt: skip
EAGLE_3: Final[Shapes] = {
    "fc.weight": (D, 3 * D), "norm.weight": (D,), "lm_head.weight": (30, D), "d2t": (30,),
    "t2d": (50,), "midlayer.hidden_norm.weight": (D,), **layer("midlayer", read=2 * D),
}  # fmt: skip
SPECULATORS: Final[Shapes] = {**EAGLE_3, **layer("layers.0", read=2 * D)}
MEDUSA: Final[Shapes] = {
    **{f"{n}.0.linear.{end}": s for n in range(3) for end, s in (("weight", (D, D)), ("bias", (D,)))},
    **{f"{n}.1.weight": (50, D) for n in range(3)},
}  # fmt: skip
SPECULATOR: Final[Shapes] = {
    f"speculator.{part}.{n}.weight": s
    for n in range(3)
    for part, s in (("emb", (50, D)), ("proj", (D, D)), ("head", (50, D)), ("ln", (D,)))
}


def read(shapes: Shapes, **config: object) -> Anatomy:
    """Return the anatomy of a checkpoint given by shapes."""
    return anatomy_of(
        shapes_of(shapes), {"model_type": "llama", "num_attention_heads": 2, **config}
    )


@pytest.mark.parametrize(
    ("shapes", "head"),
    [
        (EAGLE, Head.EAGLE),
        (EAGLE_3, Head.EAGLE),
        (MEDUSA, Head.MEDUSA),
        ({f"medusa_head.{n}": s for n, s in MEDUSA.items()}, Head.MEDUSA),
        ({"blocks.0.layers.0.weight": (D, D), "lm_heads.0.weight": (50, D)}, Head.MEDUSA),
        (SPECULATOR, Head.SPECULATOR),
        ({"v_head.summary.weight": (1, D), "v_head.summary.bias": (1,)}, Head.TASK),
        ({"score.weight": (2, D)}, Head.TASK),
        ({"mtp.layers.0.mlp.up_proj.weight": (40, D)}, Head.PREDICTOR),
    ],
)
def test_a_head_alone_is_named(shapes: Shapes, head: Head) -> None:
    """Whatever the configuration says, the names and shapes of a head alone make it one."""
    assert read(shapes).alone == head


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"fc.weight": (D, 2 * D)},
        {f"medusa_head.{n}": s for n, s in MEDUSA.items()},
        {"score.weight": (1, D)},
        SPECULATOR,
    ],
)
def test_a_model_is_no_head_whatever_is_added_and_said(more: Shapes) -> None:
    """A body with a head on it, under the configuration of a head, stays a model."""
    model = {n: s for k in range(3) for n, s in layer(f"model.layers.{k}").items()}
    model["model.embed_tokens.weight"] = (50, D)
    found = read({**model, **more}, architectures=["EagleModel"], model_type="medusa")
    assert found.alone == ""
    assert found.geometry.layers == 3


@pytest.mark.parametrize(
    "shapes",
    [
        {"encoder.layer.0.attention.attention.query.weight": (D, D), "classifier.weight": (9, D)},
        {"a.weight": (D, D), "score.weight": (1, D)},
        {"word_embeddings.weight": (50, D)},
        {},
    ],
)
def test_what_is_not_understood_is_not_taken_for_a_head(shapes: Shapes) -> None:
    """Matrices without a rule may be a body: beside them a head proves nothing."""
    assert read(shapes).alone == ""


def test_a_head_on_a_body_is_a_part_of_its_own() -> None:
    """It has a role, is no unknown tensor, and lies in no layer."""
    heads = {
        "score.weight": (1, D),
        "v_head.summary.weight": (1, D),
        "medusa_head.0.1.weight": (5, D),
    }
    found = anatomy_of(shapes_of({**LLAMA, **heads}), CONFIG)
    assert {found.others[name] for name in heads} == {Role.HEAD}
    assert found.unknown == ()


@pytest.mark.parametrize(
    ("directions", "lengths"),
    [
        ("weight_v", "weight_g"),
        ("parametrizations.weight.original1", "parametrizations.weight.original0"),
    ],
)
def test_a_weight_norm_pair_is_one_matrix(directions: str, lengths: str) -> None:
    """Directions stand for the matrix; the lengths beside them are counted as no parameters."""
    name = "model.layers.0.mlp.up_proj"
    shapes = dict(LLAMA)
    shape = shapes.pop(f"{name}.weight")
    shapes |= {f"{name}.{directions}": shape, f"{name}.{lengths}": (shape[0], 1)}
    found = anatomy_of(shapes_of(shapes), CONFIG)
    up = found.get(Role.UP, 0)
    assert up is not None
    assert up.tensor == f"{name}.{directions}"
    assert found.others[f"{name}.{lengths}"] is Role.QUANT_COMPANION
    assert found.unknown == ()
