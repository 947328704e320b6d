"""What does a closer look see of a model that was really trained, and what may it read?"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hubcheck.card.wording import sentence
from hubcheck.check.observe import comparer_of
from hubcheck.evidence.looks.change.run import SAMPLE_BYTES, CloserLook, look_closer
from hubcheck.evidence.looks.sample.comparison import NOTHING_COMPARED, Comparison
from hubcheck.evidence.refused import Refused, Why
from hubcheck.model import Model, open_model
from hubcheck.report.words import Depth, RelationKind
from hubcheck.source.reference import parse_reference
from hubcheck.verdict.relation import changes_of, direction_of, relation_of
from tests.evidence.laboratory import (
    SHAPE,
    Weights,
    model,
    outcome_of,
    plain,
    request,
    shipped,
    write,
)
from tests.material.zoo import alterations, relations
from tests.material.zoo.folder import Dtype
from tests.material.zoo.model import initial_weights
from tests.material.zoo.recipes import UPCYCLED_SHAPE, recipe, upcycle

RNG = np.random.default_rng


def opened(folder: Path, max_read: int = 64_000_000) -> Model:
    """Open a folder as a check does."""
    wanted = request(folder, max_read=max_read)
    return open_model(parse_reference(str(folder)), wanted.access)


def seen(
    base: Path, subject: Path, limit: int = SAMPLE_BYTES
) -> tuple[CloserLook | Refused, Comparison, Model, Model]:
    """Return the closer look at two folders, and what it was made from."""
    theirs, ours = opened(base), opened(subject)
    comparer = comparer_of(theirs, ours, seed=3, tried=1)
    comparison = comparer.run(search=True)
    assert comparison.settled_related
    look = look_closer(comparer.base, comparer.subject, comparison, comparer.draw, limit=limit)
    return look, comparison, theirs, ours


def told(base: Path, subject: Path) -> tuple[RelationKind, str, str]:
    """Return relation, direction and the relation's words."""
    look, comparison, theirs, ours = seen(base, subject)
    relation = relation_of(comparison, theirs.anatomy, ours.anatomy, look)
    direction = direction_of(comparison, theirs.anatomy, ours.anatomy, look)
    assert (direction.value == "undetermined") is (not direction.reason)
    return relation.kind, direction.value, sentence(relation.detail)


def made(folder: Path, weights: Weights, dtype: Dtype = "BF16") -> Path:
    """Write changed weights of the shipped base."""
    return write(folder, plain(weights, dtype=dtype))


CHANGES = {
    "int4": (relations.round_to_int4, RelationKind.QUANTISED, "base-to-subject"),
    "int8": (relations.round_to_int8, RelationKind.QUANTISED, "base-to-subject"),
    "adapter": (
        lambda w: relations.adapter(w, RNG(1), rank=6, size=0.04),
        RelationKind.LORA_MERGE,
        "base-to-subject",
    ),
    "abliterated": (
        lambda w: relations.abliterate(w, RNG(2)),
        RelationKind.LORA_MERGE,
        "base-to-subject",
    ),
    "pruned": (
        lambda w: relations.prune_to_zero(w, share=0.4),
        RelationKind.SPARSE_UPDATE,
        "base-to-subject",
    ),
    "sparse": (
        lambda w: relations.update_sparsely(w, RNG(3), share=0.1, size=0.1),
        RelationKind.SPARSE_UPDATE,
        "undetermined",
    ),
    "rows": (
        lambda w: alterations.shuffle_rows(w, RNG(4), share=0.02, place="spread"),
        RelationKind.SPARSE_UPDATE,
        "undetermined",
    ),
    "noise": (
        lambda w: alterations.add_noise(w, RNG(5), size=0.05),
        RelationKind.FINE_TUNE,
        "undetermined",
    ),
}
TURNED = {"base-to-subject": "subject-to-base", "undetermined": "undetermined"}


@pytest.mark.parametrize("change", sorted(CHANGES))
def test_a_planted_change_is_named_and_turned_round_with_its_models(
    change: str, tmp_path: Path
) -> None:
    """Relation and direction are those planted, and asking the other way turns the direction."""
    make, kind, direction = CHANGES[change]
    subject = made(tmp_path / change, make(shipped("base")))
    assert told(model("base"), subject)[:2] == (kind, direction)
    assert told(subject, model("base"))[:2] == (kind, TURNED[direction])


def test_a_real_fine_tune_is_one_and_has_no_direction() -> None:
    """Training of another kind than planted: a fine-tune, with a figure for each part."""
    kind, direction, detail = told(model("base"), model("finetune"))
    assert (kind, direction) == (RelationKind.FINE_TUNE, "undetermined")
    assert detail.startswith("relative change attention 0.0")
    assert "norms" in detail


def test_a_format_is_told_and_with_it_the_direction(tmp_path: Path) -> None:
    """Float8 of bfloat16 lost digits; bfloat16 written as float32 did not."""
    coarse = made(tmp_path / "f8", shipped("base"), "F8_E4M3")
    wide = made(tmp_path / "f32", shipped("base"), "F32")
    assert told(model("base"), coarse)[:2] == (RelationKind.RECAST, "base-to-subject")
    assert told(coarse, model("base"))[:2] == (RelationKind.RECAST, "subject-to-base")
    assert told(model("base"), wide)[:2] == (RelationKind.RECAST, "undetermined")


def with_tiny_values(weights: Weights) -> Weights:
    """Return weights of which some lie below what float16 tells apart, and some below it all."""
    rng = RNG(5)
    changed = {}
    for name, values in weights.items():
        scale = rng.choice([1.0, 1e-4, 1e-8], size=values.shape, p=[0.95, 0.03, 0.02])
        changed[name] = (values * scale).astype(np.float32)
    return changed


@pytest.mark.parametrize(
    ("depth", "dtype"), [(Depth.SAMPLE, "BF16"), (Depth.FULL, "BF16"), (Depth.SAMPLE, "F32")]
)
def test_a_bfloat16_model_stored_as_float16_is_a_recast_though_tiny_values_are_lost(
    depth: Depth, dtype: Dtype, tmp_path: Path
) -> None:
    """The values that float16 cannot hold are what it makes of them; both ways, at any depth."""
    held = relations.stored(with_tiny_values(shipped("base")), "BF16")
    wide = made(tmp_path / "wide", held, dtype)
    narrow = made(tmp_path / "f16", held, "F16")
    for base, subject in ((wide, narrow), (narrow, wide)):
        wanted = request(subject, [base], depth=depth, max_read=10**9)
        finding = outcome_of(wanted).report.findings[0]
        assert finding.relation is not None
        assert finding.relation.kind is RelationKind.RECAST, finding.relation
        if depth is Depth.FULL:
            assert all(c.equal == 1.0 for c in finding.changes)


def test_a_fine_tune_stored_as_float16_is_no_recast(tmp_path: Path) -> None:
    """Values that both formats hold moved: that is training, tiny values or not."""
    held = relations.stored(with_tiny_values(shipped("base")), "BF16")
    tuned = made(tmp_path / "f16", with_tiny_values(shipped("finetune")), "F16")
    stretched = made(tmp_path / "f32", held, "F32")
    assert told(stretched, tuned)[0] is RelationKind.FINE_TUNE
    wide = made(tmp_path / "bf16", held)
    assert told(wide, tuned)[0] is RelationKind.FINE_TUNE
    assert told(tuned, wide)[0] is RelationKind.FINE_TUNE


def test_training_too_small_for_the_format_is_no_rounding(tmp_path: Path) -> None:
    """A float32 copy that moved by less than bfloat16 shows is not taken for the finer original."""
    tuned, base = shipped("finetune"), shipped("base")
    light = relations.update_lightly(base, tuned, size=0.002)
    subject = made(tmp_path / "light", light, "F32")
    kind, direction, _ = told(model("base"), subject)
    assert (kind, direction) == (RelationKind.SPARSE_UPDATE, "undetermined")


def test_the_rank_and_the_power_are_in_the_words(tmp_path: Path) -> None:
    """An adapter's rank is printed with what was left alone."""
    weights = alterations.merge_adapter(shipped("base"), RNG(7), rank=5, size=0.05)
    _, _, detail = told(model("base"), made(tmp_path / "a", weights))
    assert detail.startswith("the change of q, v has rank 5 above the rounding of BF16")
    assert "other sampled tensors are bit-equal" in detail


def test_copied_experts_are_told(tmp_path: Path) -> None:
    """Experts that began as one dense MLP, each then changed a little on its own."""
    sparse = alterations.add_noise(upcycle(shipped("base"), recipe("upcycled")), RNG(8), size=0.05)
    subject = write(tmp_path / "moe", plain(sparse, UPCYCLED_SHAPE))
    kind, direction, detail = told(model("base"), subject)
    assert (kind, direction) == (RelationKind.UPCYCLED, "undetermined")
    assert detail.startswith("16 of 16 experts compared in the subject hold the neurons")
    assert told(subject, model("base"))[:2] == (RelationKind.UPCYCLED, "undetermined")


def test_the_look_keeps_to_its_limit() -> None:
    """No more bytes than allowed are added for either model, and none is a refusal."""
    look, *_ = seen(model("base"), model("finetune"), limit=100_000)
    assert isinstance(look, CloserLook)
    assert max(look.bytes_base, look.bytes_subject) <= 100_000
    nothing, *_ = seen(model("base"), model("finetune"), limit=0)
    assert isinstance(nothing, CloserLook)
    assert (nothing.bytes_base, nothing.bytes_subject) == (0, 0)


def test_a_budget_that_is_spent_is_no_difference_of_shape(tmp_path: Path) -> None:
    """Nothing was read of what could have been compared: the limit is why, and the code says so."""
    narrow = replace(SHAPE, hidden=64, neurons=SHAPE.neurons // 2)
    stranger = write(tmp_path / "narrow", plain(initial_weights(narrow, 5), narrow))
    for subject, limit, code in (
        (model("finetune"), 0, Why.BUDGET),
        (stranger, SAMPLE_BYTES, Why.NO_SHARED_SHAPE),
    ):
        comparer = comparer_of(opened(model("base")), opened(subject), seed=3, tried=1)
        look = look_closer(
            comparer.base,
            comparer.subject,
            NOTHING_COMPARED,
            comparer.draw,
            limit=limit,
            layers={0: 0, 1: 1},
        )
        assert isinstance(look, Refused)
        assert look.code is code


def test_the_figures_become_cells_of_the_heat_map() -> None:
    """Every matrix looked at is a cell with its layer, role and share of equal values."""
    look, *_ = seen(model("base"), model("finetune"))
    assert isinstance(look, CloserLook)
    cells = changes_of(look)
    assert len(cells) == len(look.moved)
    assert {"q", "down", "norm.attn_in"} <= {c.role for c in cells}
    assert all(0 <= c.equal <= 1 and c.relative > 0 for c in cells)
    assert changes_of(Refused(code=Why.BUDGET)) == ()
