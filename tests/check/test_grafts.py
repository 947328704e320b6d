"""Is a model half of whose layers are a stranger's told as that, and as nothing better?

The shipped ``base`` keeps its first layers and its ends; the others come from ``twin``, a model
trained from its own start. Such a graft is no fine-tune, confirms no declaration, and nobody turned
its attention heads.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hubcheck.card.document import raw_text
from hubcheck.card.sentences import title
from hubcheck.card.wording import sentence
from hubcheck.report.phrases import PhraseCode, codes
from hubcheck.report.words import DeclarationVerdict, Depth, RelationKind, Verdict
from tests.evidence.laboratory import SHAPE, model, outcome_of, plain, request, shipped, write


def _graft(folder: Path, others: int) -> Path:
    """Return ``base`` with the last ``others`` layers of ``twin``."""
    weights, strange = shipped("base"), shipped("twin")
    for layer in range(SHAPE.layers - others, SHAPE.layers):
        own = {n for n in weights if f"layers.{layer}." in n}
        weights |= {n: strange[n] for n in own}
    return write(folder, plain(weights))


@pytest.mark.parametrize("depth", [Depth.SAMPLE, Depth.DEEP, Depth.FULL])
def test_a_graft_is_a_model_whose_layers_changed(tmp_path: Path, depth: Depth) -> None:
    """Half of the layers are bit for bit the base's: related, not confirmed, whose layers it says.

    The heads of the strange layers are a stranger's: nobody turned or relabelled them.
    """
    subject = _graft(tmp_path / "graft", SHAPE.layers // 2)
    report = outcome_of(request(subject, [model("base")], depth=depth)).report
    (finding,) = report.findings
    assert finding.verdict is Verdict.RELATED
    assert finding.relation is not None
    assert finding.relation.kind is RelationKind.LAYERS_CHANGED, sentence(finding.relation.detail)
    assert finding.other_layers == pytest.approx(0.5, abs=0.17)
    said = codes(finding.relation.detail)
    assert PhraseCode.LAYERS_OF_ANOTHER in said
    assert not said & {PhraseCode.HEADS_TURNED, PhraseCode.HEADS_RELABELLED}
    assert report.verdict is not DeclarationVerdict.CONFIRMED
    words = raw_text(title(report))
    assert "the weights match" not in words.replace("layers of the weights match", "")


def test_a_whole_copy_has_no_layers_of_another() -> None:
    """What the graft's words must not be said of."""
    report = outcome_of(request(model("finetune"), [model("base")])).report
    assert report.findings[0].other_layers == 0.0


@pytest.mark.parametrize(
    "beside", ["", "model.layers.1.self_attn.rotary_emb.inv_freq", "model.extra.1.note"]
)
def test_a_layer_that_is_gone_is_told_though_the_others_keep_their_numbers(
    tmp_path: Path, beside: str
) -> None:
    """Layers 0, 2 and 3 of four: no fine-tune, whatever note or buffer bears the number."""
    weights = {n: w for n, w in shipped("finetune").items() if "layers.1." not in n}
    if beside:
        weights[beside] = np.ones(8, dtype=np.float32)
    subject = write(tmp_path / "gap", plain(weights))
    (finding,) = outcome_of(request(subject, [model("base")])).report.findings
    assert finding.relation is not None
    assert finding.relation.kind is RelationKind.LAYERS_CHANGED
    (moved,) = (p for p in finding.relation.detail if p.code is PhraseCode.LAYERS_MOVED)
    assert (moved.params["base"], moved.params["subject"]) == (4, 3)
