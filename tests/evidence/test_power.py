"""Is every derivative of a trained model recognised, and nothing more said than is known?"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from hubcheck.card.wording import power_words, sentence, words
from hubcheck.report.phrases import because
from hubcheck.report.schema import Finding
from hubcheck.report.words import DeclarationVerdict, Depth, ReasonCode, RelationKind, Verdict
from tests.evidence.derivatives import DERIVATIVES, permuted_heads
from tests.evidence.laboratory import (
    SHAPE,
    derived,
    finding_of,
    material,
    model,
    outcome_of,
    plain,
    report_of,
    request,
    shipped,
)
from tests.material.zoo import disguises
from tests.material.zoo.planted import Product
from tests.tables import taken

Keep = Callable[[str, Callable[[], Product]], Path]
OTHER_WIDTH = ("neurons pruned", "neurons split")
"""Derivatives whose MLPs have another number of neurons."""
SEEDS = taken((11,), (11, 2024, *range(5, 9)))


def part(finding: Finding, name: str) -> Verdict:
    """Return the verdict of one part of a model."""
    return next(p.verdict for p in finding.parts if p.name == name)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", DERIVATIVES)
def test_a_derivative_is_related_and_its_declaration_confirmed(
    name: str, seed: int, keep: Keep
) -> None:
    """Every derivative is related to its base below 1 in 10 billion, at every seed."""
    report = report_of(keep(name, DERIVATIVES[name]), [model("base")], seed=seed)
    finding = report.findings[0]
    assert finding.verdict is Verdict.RELATED, finding.reason
    assert finding.log10_p <= -10
    assert finding.log10_p_without_strongest <= -3
    assert finding.relation is not None
    assert finding.relation.kind not in {RelationKind.PARTS, RelationKind.COMMON_INITIALISATION}
    # MLPs of another size as well: the look across shapes finds which neuron is whose.
    assert report.verdict is DeclarationVerdict.CONFIRMED


@pytest.mark.parametrize("name", sorted(OTHER_WIDTH))
def test_an_mlp_of_another_size_is_confirmed_once_its_neurons_are_found(
    name: str, keep: Keep
) -> None:
    """Depth deep matches the neurons; what was compared then confirms the declaration."""
    wanted = request(keep(name, DERIVATIVES[name]), [model("base")], seed=11, depth=Depth.DEEP)
    report = outcome_of(wanted).report
    assert report.findings[0].compared >= 0.9
    assert report.verdict is DeclarationVerdict.CONFIRMED


@pytest.mark.parametrize("name", ["fine-tune", "layer dropped", "neurons pruned"])
def test_an_unnamed_derivative_is_undeclared(name: str, keep: Keep) -> None:
    """The same derivative with a card that names nothing is undeclared when its base is suspected."""
    report = report_of(keep(name, DERIVATIVES[name]), suspects=[model("base")])
    assert report.verdict is DeclarationVerdict.UNDECLARED


@pytest.mark.parametrize("name", ["finetune", "continued", "disguised", "upscaled"])
def test_derivation_is_seen_from_both_sides(name: str) -> None:
    """With the derivative as base and the base as subject the verdict is the same."""
    assert finding_of(model("base"), model(name)).verdict is Verdict.RELATED


@pytest.mark.parametrize("seed", SEEDS)
def test_a_merge_is_related_to_both_parents(seed: int, keep: Keep) -> None:
    """60/40 merges of two unrelated models, and of two related ones, are found from either."""
    for name, parents in (
        ("merge-independent", ("base", "twin")),
        ("merge-related", ("base", "continued")),
    ):
        folder = keep(name, lambda name=name, parents=parents: derived(name, *parents))  # type: ignore[misc]
        report = report_of(folder, [model(p) for p in parents], seed=seed)
        assert [f.verdict for f in report.findings] == [Verdict.RELATED, Verdict.RELATED], name
        assert report.verdict is DeclarationVerdict.CONFIRMED


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("name", "worn"), [("wears-norms", "norms"), ("wears-embeddings", "embeddings")]
)
def test_a_copied_part_is_named_and_accuses_nobody(
    name: str, worn: str, seed: int, keep: Keep
) -> None:
    """Copied norms or embeddings are related as parts; the body is not, and nothing is undeclared."""
    folder = keep(name, lambda: derived(name))
    report = report_of(folder, suspects=[model("base")], seed=seed)
    finding = report.findings[0]
    assert finding.verdict is Verdict.RELATED
    assert finding.relation is not None
    assert finding.relation.kind is RelationKind.PARTS
    assert sentence(finding.relation.detail).startswith(worn)
    assert part(finding, worn) is Verdict.RELATED
    assert part(finding, "body") is Verdict.UNRELATED
    assert report.verdict is not DeclarationVerdict.UNDECLARED
    assert any(worn in words(warning) for warning in report.warnings)
    declared = report_of(folder, [model("base")], seed=seed)
    assert declared.verdict is not DeclarationVerdict.CONFIRMED


@pytest.mark.parametrize("seed", [*SEEDS, 3, 4])
def test_a_model_relabelled_to_match_is_never_related(seed: int, keep: Keep) -> None:
    """An unrelated model whose units were relabelled to match the base frames nobody."""
    folder = keep(
        "framed", lambda: plain(disguises.match_to(shipped("twin"), shipped("base"), SHAPE))
    )
    report = report_of(folder, suspects=[model("base")], seed=seed)
    finding = report.findings[0]
    assert finding.verdict is Verdict.INCONCLUSIVE
    assert finding.reason == because(ReasonCode.ORDER_WITHOUT_CONTENT)
    assert finding.log10_p < -10, "the attack must be strong, or this test shows nothing"
    assert report.verdict is DeclarationVerdict.INCONCLUSIVE


def test_a_relabelled_model_buys_no_confirmation(keep: Keep) -> None:
    """A false declaration is not confirmed by relabelling the model to match the declared base."""
    folder = keep(
        "framed", lambda: plain(disguises.match_to(shipped("twin"), shipped("base"), SHAPE))
    )
    report = report_of(folder, [model("base")])
    assert report.verdict is not DeclarationVerdict.CONFIRMED


def test_the_control_finds_nothing_and_the_self_test_everything() -> None:
    """The shifted count of a copy is about one a family, the base against itself hits always."""
    finding = finding_of(model("finetune"), model("base"))
    assert finding.controls is not None
    assert finding.controls.shifted_hits < 3
    assert finding.controls.self_hits > 0.99


def test_an_unrelated_verdict_says_what_it_would_have_seen() -> None:
    """The twin is unrelated, and a copy keeping at most 0.2 would have been seen."""
    finding = finding_of(model("twin"), model("base"), declared=False)
    assert finding.verdict is Verdict.UNRELATED
    assert finding.detectable_kept <= 0.2
    assert "would have been seen" in power_words(finding.power)


def test_swapped_heads_are_said_to_be_rearranged(keep: Keep) -> None:
    """A model with swapped kv groups is not described as equal in every sampled value."""
    folder = keep("heads permuted", lambda: plain(permuted_heads(material("base"))))
    relation = finding_of(folder, model("base")).relation
    assert relation is not None
    assert relation.kind is not RelationKind.RECAST


def test_a_planted_share_is_seen_where_the_report_says_it_would_be(keep: Keep) -> None:
    """A copy that keeps twice the printed detectable share in its body is never called unrelated.

    The planted model keeps the share of every matrix of the base and fills the rest with the
    twin's own values, which is what the printed power speaks about.
    """
    told = finding_of(model("twin"), model("base"), declared=False).detectable_kept
    rho = 2 * told

    def planted() -> Product:
        base, twin = shipped("base"), shipped("twin")
        mixed = {}
        for name, own in twin.items():
            if own.ndim == 1 or "proj" not in name:
                mixed[name] = own
                continue
            scale = own.std() / base[name].std()
            mixed[name] = rho * scale * base[name] + np.float32(np.sqrt(1 - rho**2)) * own
        return plain(mixed)

    finding = finding_of(keep("planted", planted), model("base"), declared=False)
    assert finding.verdict in {Verdict.RELATED, Verdict.INCONCLUSIVE}
    assert finding.log10_p < -10


def told(pattern: str) -> float:
    """Return a figure of the sentence on power of the twin against the base."""
    power = power_words(finding_of(model("twin"), model("base")).power)
    found = re.search(pattern, power)
    assert found is not None, power
    return float(found[1])


def filled(rho: float) -> Product:
    """Return the twin with a share of every matrix of the base's body in it."""
    base, twin = shipped("base"), shipped("twin")
    mixed = {}
    for name, own in twin.items():
        if own.ndim == 1 or "proj" not in name:
            mixed[name] = own
            continue
        scale = own.std() / base[name].std()
        mixed[name] = rho * scale * base[name] + np.float32(np.sqrt(1 - rho**2)) * own
    return plain(mixed)


def test_a_copy_is_called_related_from_where_the_report_says(keep: Keep) -> None:
    """A tenth above the printed share it is related, at the share of being seen it is not yet."""
    related = told(r"one of similarity ([0-9.]+) or more would have been called related")
    seen = told(r"a copy of similarity ([0-9.]+) or more")
    assert seen < related
    folder = keep("filled-related", lambda: filled(related + 0.1))
    assert finding_of(folder, model("base")).verdict is Verdict.RELATED
    folder = keep("filled-seen", lambda: filled(seen + 0.02))
    assert finding_of(folder, model("base")).verdict is not Verdict.RELATED


@pytest.mark.parametrize("seed", range(4))
def test_units_copied_exactly_are_seen_where_the_report_says(seed: int, keep: Keep) -> None:
    """The printed share of neurons and V/O dimensions, copied bit for bit, is never unrelated."""
    share = told(r"so would ([0-9]+)% of the body's units") / 100

    def grafted() -> Product:
        base, mixed = shipped("base"), shipped("twin")
        rng = np.random.default_rng(seed)
        for layer in range(SHAPE.layers):
            stem = f"model.layers.{layer}."
            for rows, columns in ((("mlp.gate_proj", "mlp.up_proj"), "mlp.down_proj"),):
                units = rng.random(SHAPE.neurons) < share
                for name in rows:
                    mixed[f"{stem}{name}.weight"][units] = base[f"{stem}{name}.weight"][units]
                down = f"{stem}{columns}.weight"
                mixed[down][:, units] = base[down][:, units]
            values = f"{stem}self_attn.v_proj.weight"
            copied = rng.random(mixed[values].shape[0]) < share
            mixed[values][copied] = base[values][copied]
        return plain(mixed)

    finding = finding_of(keep(f"grafted-{seed}", grafted), model("base"), seed=seed)
    assert finding.verdict is not Verdict.UNRELATED
