"""Are projectors and MTP blocks judged apart from body and towers, and never beyond themselves?"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import pytest

from hubcheck.anatomy.interface import Role
from hubcheck.anatomy.side_parts import side_parts_of
from hubcheck.card.wording import sentence
from hubcheck.report.words import DeclarationVerdict, RelationKind, Verdict
from tests.check.test_towers import CONFIG, Tensors, opened, report, vision_tower, write

HIDDEN: Final = CONFIG["hidden_size"]
LAYERS: Final = CONFIG["num_hidden_layers"]
QUERIES: Final = CONFIG["num_attention_heads"] * CONFIG["head_dim"]
VALUES: Final = CONFIG["num_key_value_heads"] * CONFIG["head_dim"]
NEURONS: Final = 96
PREFIXES: Final = (f"model.layers.{LAYERS}.", "mtp.layers.0.", "model.mtp_layers.0.")
"""DeepSeek and GLM; Qwen3-Next; MiMo."""
DENSE: Final[dict[str, tuple[int, ...]]] = {
    "self_attn.q_proj.weight": (QUERIES, HIDDEN), "self_attn.k_proj.weight": (VALUES, HIDDEN),
    "self_attn.v_proj.weight": (VALUES, HIDDEN), "self_attn.o_proj.weight": (HIDDEN, QUERIES),
    "mlp.gate_proj.weight": (NEURONS, HIDDEN), "mlp.up_proj.weight": (NEURONS, HIDDEN),
    "mlp.down_proj.weight": (HIDDEN, NEURONS), "input_layernorm.weight": (HIDDEN,),
    "post_attention_layernorm.weight": (HIDDEN,), "eh_proj.weight": (HIDDEN, 2 * HIDDEN),
    "enorm.weight": (HIDDEN,), "shared_head.norm.weight": (HIDDEN,),
}  # fmt: skip
JOINING: Final = ("eh_proj.weight", "enorm.weight", "shared_head.norm.weight")
"""What joins a predictor to the body."""
SPARSE: Final[dict[str, tuple[int, ...]]] = {
    **{n: s for n, s in DENSE.items() if not n.startswith("mlp.")},
    "mlp.gate.weight": (20, HIDDEN),
    **{
        f"mlp.experts.{e}.{part}.weight": DENSE[f"mlp.{part}.weight"]
        for e in range(20)
        for part in ("gate_proj", "up_proj", "down_proj")
    },
}


def made(shapes: dict[str, tuple[int, ...]], prefix: str, seed: int) -> Tensors:
    """Return random tensors."""
    rng = np.random.default_rng(seed)
    return {
        prefix + name: rng.normal(size=shape).astype(np.float32) * 0.1
        for name, shape in shapes.items()
    }


def projector(kind: str, seed: int) -> Tensors:
    """Return a random projector from 64 channels of vision into the body."""
    shapes: dict[str, dict[str, tuple[int, ...]]] = {
        "llava": {"linear_1.weight": (128, 64), "linear_2.weight": (HIDDEN, 128)},
        "old llava": {"0.weight": (128, 64), "2.weight": (HIDDEN, 128)},
        "qwen2_vl": {"ln_q.weight": (64,), "mlp.0.weight": (256, 256), "mlp.2.weight": (HIDDEN, 256)},
        "glm4v": {
            "proj.weight": (HIDDEN, HIDDEN), "gate_proj.weight": (96, HIDDEN),
            "up_proj.weight": (96, HIDDEN), "down_proj.weight": (HIDDEN, 96),
        },
    }  # fmt: skip
    at = {"llava": "multi_modal_projector.", "old llava": "model.mm_projector."}
    return made(shapes[kind], at.get(kind, "visual.merger."), seed)


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize("shapes", [DENSE, SPARSE], ids=["dense", "sparse"])
def test_a_predictor_is_read_by_the_rules_of_a_layer(
    prefix: str, shapes: dict[str, tuple[int, ...]], tmp_path: Path
) -> None:
    """Attention, MLP or experts and norms of an MTP block have their roles, nothing is unknown."""
    model = opened(write(tmp_path / "m", "base", made(shapes, prefix, 1)))
    assert model.anatomy.geometry.layers == LAYERS
    (part,) = side_parts_of(model.anatomy, model.config)
    assert part.name == "MTP block"
    assert part.anatomy.unknown == ()
    geometry = part.anatomy.geometry
    assert (geometry.layers, geometry.heads) == (1, CONFIG["num_attention_heads"])
    assert geometry.experts == (20 if shapes is SPARSE else 0)
    assert part.anatomy.get(Role.V, 0) is not None
    assert part.anatomy.get(Role.NORM_MLP_IN, 0) is not None


@pytest.mark.parametrize("kind", ["llava", "old llava", "qwen2_vl", "glm4v"])
def test_a_projector_is_read_as_an_mlp(kind: str, tmp_path: Path) -> None:
    """The inner neurons of a projector are found under each family's names."""
    model = opened(write(tmp_path / "m", "base", projector(kind, 1)))
    (part,) = side_parts_of(model.anatomy, model.config)
    assert part.name == "projector"
    assert part.anatomy.unknown == ()
    down = part.anatomy.get(Role.DOWN, 0)
    assert down is not None
    assert down.n_out == HIDDEN
    assert part.anatomy.gated is (kind == "glm4v")


def test_a_plain_model_has_neither() -> None:
    """A decoder alone has no such part."""
    model = opened(Path(__file__).parents[2] / "hubcheck" / "demo" / "models" / "base")
    assert side_parts_of(model.anatomy, model.config) == ()


PARTS: Final = [
    *(("MTP block", made, (DENSE, prefix)) for prefix in PREFIXES),
    ("MTP block", made, (SPARSE, PREFIXES[0])),
    *(("projector", projector, (kind,)) for kind in ("llava", "qwen2_vl", "glm4v")),
]


@pytest.mark.parametrize(("name", "make", "given"), PARTS)
@pytest.mark.parametrize("body", ["finetune", "twin"])
def test_a_borrowed_part_and_one_of_its_own(
    name: str, make: object, given: tuple[object, ...], body: str, tmp_path: Path
) -> None:
    """The base's part is related beside any body, another one is not; it alone accuses nobody."""
    assert callable(make)
    base = write(tmp_path / "base", "base", make(*given, 1))
    for seed, expected in ((1, Verdict.RELATED), (2, Verdict.UNRELATED)):
        subject = write(tmp_path / f"subject-{seed}", body, make(*given, seed))
        found = report(subject, suspects=(base,))
        (finding,) = found.findings
        parts = {p.name: p for p in finding.parts}
        assert parts[name].verdict is expected
        assert (parts[name].log10_p < -10) is (expected is Verdict.RELATED)
        if body == "finetune":
            assert finding.verdict is Verdict.RELATED
            assert parts["body"].verdict is Verdict.RELATED
            continue
        assert found.verdict is not DeclarationVerdict.UNDECLARED
        assert parts["body"].verdict is Verdict.UNRELATED
        assert finding.verdict is expected
        if expected is Verdict.RELATED:
            assert finding.relation is not None
            assert finding.relation.kind is RelationKind.PARTS
            assert sentence(finding.relation.detail) == f"{name} only, the body does not match"


def test_projectors_trained_between_the_same_neighbours_are_not_one(tmp_path: Path) -> None:
    """Two projectors of their own between one tower and one body agree in nothing of their own."""
    base = write(tmp_path / "base", "base", {**vision_tower(1), **projector("llava", 1)})
    subject = write(tmp_path / "subject", "finetune", {**vision_tower(1), **projector("llava", 2)})
    (finding,) = report(subject, suspects=(base,)).findings
    parts = {p.name: p.verdict for p in finding.parts}
    assert parts["vision tower"] is parts["body"] is Verdict.RELATED
    assert parts["projector"] is Verdict.UNRELATED


def test_layers_that_are_not_counted_are_called_so(tmp_path: Path) -> None:
    """A stranger's layers beyond the count change no verdict, and are no predictors."""
    base = write(tmp_path / "base", "base", {})
    dead = made({n: s for n, s in DENSE.items() if n not in JOINING}, f"model.layers.{LAYERS}.", 3)
    subject = write(tmp_path / "subject", "finetune", dead)
    (part,) = side_parts_of(opened(subject).anatomy, opened(subject).config)
    assert (part.name, part.anatomy.geometry.layers) == ("uncounted layers", 1)
    told = report(subject, bases=(base,))
    assert told.verdict is DeclarationVerdict.CONFIRMED
    relation = told.findings[0].relation
    assert relation is not None
    assert "only the subject has layers that config.json does not count" in sentence(
        relation.detail
    )
