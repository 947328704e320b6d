"""What is said of a base whose attention was converted, and of copies turned, rounded or made ternary?"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hubcheck.card.wording import sentence
from hubcheck.report.schema import Finding
from hubcheck.report.words import RelationKind, Verdict
from tests.evidence.laboratory import SHAPE, Weights, finding_of, model, plain, shipped, write
from tests.material.zoo.cuts import latent, merged_heads, merged_kv
from tests.material.zoo.planted import Product
from tests.material.zoo.relations import round_to_int4
from tests.material.zoo.symmetries import random_rotation, rotate_channels


def converted(how: str, weights: Weights) -> Product:
    """Return a model whose attention became another kind; everything else is as it was."""
    if how == "latent":
        made, said = latent(weights, SHAPE, rank=32, rope=8)
        return replace(plain(made), extra=said)
    return plain(*{"kv": merged_kv, "heads": merged_heads}[how](weights, SHAPE))


CONVERSIONS = {
    "kv": (RelationKind.WIDTH_CHANGED, "2 key-value heads became 1"),
    "heads": (RelationKind.WIDTH_CHANGED, "4 attention heads became 2"),
    "latent": (RelationKind.UNDETERMINED, "only the base has k, v; only the subject has mla.k_b"),
}


@pytest.mark.parametrize("how", ["heads", "latent"])
def test_a_base_whose_attention_was_converted_is_found_by_the_rest(
    how: str, tmp_path: Path
) -> None:
    """A model that was trained on for as long, then converted: related, and what became of it."""
    finding = finding_of(write(tmp_path / "m", converted(how, shipped("continued"))), model("base"))
    kind, said = CONVERSIONS[how]
    assert finding.verdict is Verdict.RELATED
    assert finding.relation is not None
    assert finding.relation.kind is kind
    assert said in sentence(finding.relation.detail)


@pytest.mark.parametrize("how", ["kv", "heads"])
def test_a_conversion_is_never_the_same_values(how: str, tmp_path: Path) -> None:
    """All else equal bit for bit, the other way round: the attention is another and is told."""
    weights = shipped("base")
    finding = finding_of(model("base"), write(tmp_path / "m", converted(how, weights)))
    assert finding.verdict is Verdict.RELATED
    assert finding.relation is not None
    assert finding.relation.kind is CONVERSIONS[how][0]
    assert "became" in sentence(finding.relation.detail)


def test_a_stranger_in_latent_attention_stays_one(tmp_path: Path) -> None:
    """Neither heads nor names of a conversion make anything related."""
    finding = finding_of(write(tmp_path / "m", converted("latent", shipped("twin"))), model("base"))
    assert finding.verdict is Verdict.UNRELATED


def _turned_and_rounded(weights: Weights) -> Weights:
    """Return a model whose stream was rotated before it was rounded to 4 bits (QuaRot, SpinQuant)."""
    turned = rotate_channels(weights, random_rotation(SHAPE.hidden, np.random.default_rng(3)))
    return {n: w.astype(np.float32) for n, w in round_to_int4(turned).items()}


def _ternary(weights: Weights) -> Weights:
    """Return a model whose matrices hold minus, nothing or plus one mean size each (BitNet)."""
    out = dict(weights)
    for name, w in weights.items():
        if "_proj" in name:
            size = float(np.abs(w).mean())
            out[name] = np.clip(np.rint(w / size), -1, 1).astype(np.float32) * np.float32(size)
    return out


def said_of_disguise(finding: Finding) -> str:
    """Return what the card says was done to a copy."""
    detail = finding.relation.detail if finding.relation is not None else ()
    return sentence((*detail, *finding.disguise))


def test_a_rotated_and_quantised_copy_is_not_called_relabelled_to_match(tmp_path: Path) -> None:
    """An honest method of storing: related, turned, and no word of a forgery."""
    turned = write(tmp_path / "m", plain(_turned_and_rounded(shipped("continued"))))
    finding = finding_of(turned, model("base"))
    assert finding.verdict is Verdict.RELATED
    assert finding.relation is not None
    assert finding.relation.kind is RelationKind.REARRANGED
    assert "rotated" in said_of_disguise(finding)
    assert "to match" not in said_of_disguise(finding)


def test_a_ternary_copy_is_a_quantised_one(tmp_path: Path) -> None:
    """Every matrix on three values and nothing else changed: quantised, from base to subject."""
    copy = write(tmp_path / "m", plain(_ternary(shipped("base")), dtype="F32"))
    finding = finding_of(copy, model("base"))
    assert finding.verdict is Verdict.RELATED
    assert finding.relation is not None
    assert finding.relation.kind is RelationKind.QUANTISED
    assert finding.direction == "base-to-subject"
