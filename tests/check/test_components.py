"""Are repositories of several components one model of several parts?"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from hubcheck.card import markdown
from hubcheck.card.compose import compose
from hubcheck.card.wording import sentence, words
from hubcheck.check.plan import plan_of
from hubcheck.check.run import Outcome
from hubcheck.demo.run import MODELS
from hubcheck.errors import ExitCode
from hubcheck.report.phrases import PhraseCode
from hubcheck.report.schema import Finding, PartVerdict
from hubcheck.report.words import (
    DeclarationVerdict,
    Depth,
    EvidenceKind,
    Holds,
    NothingCompared,
    ReasonCode,
    RelationKind,
    Verdict,
)
from tests.check.components_made import NAME, drawn, pipeline, sentence_model, with_clip
from tests.evidence.laboratory import SHAPE, outcome_of, plain, request, shipped, write
from tests.material.formats.encode import as_bf16
from tests.material.formats.folder import safetensors_file
from tests.material.zoo.corpus import LEARNED_TOKENS
from tests.material.zoo.disguises import disguise_fully


def held_against(
    subject: Path, *bases: Path, depth: Depth = Depth.SAMPLE, suspects: tuple[Path, ...] = ()
) -> Outcome:
    """Return a check of a folder against declared and suspected bases."""
    return outcome_of(request(subject, bases, suspects, seed=3, depth=depth))


def only(outcome: Outcome) -> Finding:
    """Return the one finding of a check."""
    (finding,) = outcome.report.findings
    return finding


def parts(finding: Finding) -> dict[str, PartVerdict]:
    """Return the parts of a finding by name."""
    return {part.name: part for part in finding.parts}


def title(outcome: Outcome) -> str:
    """Return the first line of the card."""
    return markdown.render(compose(outcome.report)).splitlines()[0]


# -- pipelines -------------------------------------------------------------------------------------


def test_a_copy_of_a_pipeline_is_identical(tmp_path: Path) -> None:
    """Every component of the same bytes is the same model, whatever lies beside them."""
    base, copy = pipeline(tmp_path / "base"), pipeline(tmp_path / "copy")
    (copy / "unet" / "diffusion_pytorch_model.fp16.safetensors").write_bytes(b"half")
    (copy / "single-file.safetensors").write_bytes(drawn({"x": (8, 8)}, 9))
    outcome = held_against(copy, base)
    assert only(outcome).verdict is Verdict.IDENTICAL
    unread = {u.path: u.why for u in outcome.report.subject.unread}
    assert unread == {
        "single-file.safetensors": "other-set",
        "unet/diffusion_pytorch_model.fp16.safetensors": "other-set",
    }


def test_a_resharded_copy_of_a_component_is_found_by_its_tensors(tmp_path: Path) -> None:
    """A UNet that no rule understands is the base's where its tensors are, bit for bit."""
    base, copy = pipeline(tmp_path / "base", big_unet=True), pipeline(tmp_path / "copy")
    shutil.rmtree(copy / "unet")
    shutil.copytree(base / "unet", copy / "unet")
    raw = (copy / "unet" / NAME).read_bytes()
    length = int.from_bytes(raw[:8], "little")
    header = json.loads(raw[8 : 8 + length])
    header["__metadata__"] = {"format": "pt", "saved": "again"}
    text = json.dumps(header).encode()
    (copy / "unet" / NAME).write_bytes(len(text).to_bytes(8, "little") + text + raw[8 + length :])
    finding = only(held_against(copy, base))
    assert finding.verdict is Verdict.RELATED
    assert finding.relation is not None
    assert finding.relation.kind is RelationKind.RECAST
    assert finding.compared == 1.0
    assert parts(finding)["unet"].relation is RelationKind.RECAST
    assert parts(finding)["vae"].relation is RelationKind.IDENTICAL


def test_a_fine_tuned_text_encoder_is_a_fine_tune_of_that_part(tmp_path: Path) -> None:
    """The orders of the text encoder decide it; the other components are the same bytes."""
    base = pipeline(tmp_path / "base")
    outcome = held_against(pipeline(tmp_path / "tuned", text_encoder="finetune"), base)
    finding = only(outcome)
    assert outcome.report.verdict is DeclarationVerdict.CONFIRMED
    assert finding.relation is not None
    assert finding.relation.kind is RelationKind.FINE_TUNE
    assert finding.log10_p < -100
    found = parts(finding)
    assert list(found) == ["text_encoder", "unet", "vae"]
    assert found["text_encoder"].relation is RelationKind.FINE_TUNE
    assert found["unet"].relation is found["vae"].relation is RelationKind.IDENTICAL
    assert "unet, vae: the same bytes" in sentence(finding.relation.detail)


def test_the_text_encoder_of_a_real_pipeline_is_read(tmp_path: Path) -> None:
    """CLIP's, by the names that diffusers stores: fine-tuned it is found, another one is none."""
    base = with_clip(pipeline(tmp_path / "base"), 1)
    tuned = with_clip(pipeline(tmp_path / "tuned"), 1, noise=0.05)
    outcome = held_against(tuned, base)
    assert parts(only(outcome))["text_encoder"].verdict is Verdict.RELATED
    assert outcome.report.verdict is DeclarationVerdict.CONFIRMED
    other = only(held_against(with_clip(pipeline(tmp_path / "other", unet=2), 2), base))
    assert parts(other)["text_encoder"].verdict is Verdict.UNRELATED


def test_a_swapped_text_encoder_is_named(tmp_path: Path) -> None:
    """The rest matches, that part was tested and does not: said in the title, not confirmed."""
    base = pipeline(tmp_path / "base")
    outcome = held_against(pipeline(tmp_path / "swapped", text_encoder="twin"), base)
    finding = only(outcome)
    assert parts(finding)["text_encoder"].verdict is Verdict.UNRELATED
    assert parts(finding)["unet"].verdict is Verdict.RELATED
    assert finding.relation is not None
    assert finding.relation.kind is RelationKind.PARTS
    assert outcome.report.verdict is DeclarationVerdict.INCONCLUSIVE
    assert "not the text" in title(outcome)
    assert "open" not in title(outcome)


@pytest.mark.parametrize("big", [False, True])
def test_a_swapped_unet_is_named_as_not_compared(tmp_path: Path, *, big: bool) -> None:
    """No order of it can be tested: it is named, and a model that is mostly it is inconclusive."""
    base = pipeline(tmp_path / "base", big_unet=big)
    outcome = held_against(pipeline(tmp_path / "swapped", unet=2, big_unet=big), base)
    finding = only(outcome)
    unet = parts(finding)["unet"]
    assert unet.verdict is Verdict.INCONCLUSIVE  # tensor by tensor, and by no order
    assert "0 of" in sentence(unet.reason)
    assert any(words(one).startswith("unet ") for one in finding.not_compared)
    assert outcome.report.verdict is DeclarationVerdict.INCONCLUSIVE
    assert outcome.exit_code is ExitCode.OK
    if big:
        assert finding.verdict is Verdict.INCONCLUSIVE
        assert finding.code is ReasonCode.REST_NOT_COMPARED


def test_an_independent_pipeline_names_what_was_not_compared(tmp_path: Path) -> None:
    """Never a match, and never unrelated while its largest component was not compared."""
    base = pipeline(tmp_path / "base", big_unet=True)
    other = pipeline(tmp_path / "other", text_encoder="twin", unet=2, vae=2, big_unet=True)
    outcome = held_against(other, base)
    finding = only(outcome)
    assert finding.verdict is Verdict.INCONCLUSIVE
    assert "text_encoder: tested, no match" in sentence(finding.reason)
    assert "unet" in sentence(finding.reason).partition("not compared by orders: ")[2]
    assert parts(finding)["text_encoder"].verdict is Verdict.UNRELATED


def test_a_public_part_that_both_took_is_no_match_of_the_whole(tmp_path: Path) -> None:
    """One VAE in two strangers' pipelines: the part is named, the card is not red."""
    base = pipeline(tmp_path / "base", big_unet=True)
    other = pipeline(tmp_path / "other", text_encoder="twin", unet=2, big_unet=True)
    outcome = held_against(other, suspects=(base,))
    finding = only(outcome)
    assert parts(finding)["vae"].relation is RelationKind.IDENTICAL
    assert finding.verdict is Verdict.INCONCLUSIVE
    assert outcome.report.verdict is DeclarationVerdict.INCONCLUSIVE
    assert outcome.exit_code is ExitCode.OK


def test_an_undeclared_pipeline_of_which_one_part_changed_is_undeclared(tmp_path: Path) -> None:
    """Most of it is the suspect's: a fine-tuned text encoder hides nothing."""
    base = pipeline(tmp_path / "base", big_unet=True)
    tuned = pipeline(tmp_path / "tuned", text_encoder="finetune", big_unet=True)
    assert held_against(tuned, suspects=(base,)).report.verdict is DeclarationVerdict.UNDECLARED


def test_what_explains_a_pipeline_is_a_pipeline(tmp_path: Path) -> None:
    """A suspect that is the declared base's kin is explained, components counted."""
    base = pipeline(tmp_path / "base")
    sister = pipeline(tmp_path / "sister", text_encoder="continued")
    tuned = pipeline(tmp_path / "tuned", text_encoder="finetune")
    report = held_against(tuned, base, suspects=(sister,)).report
    assert report.findings[1].verdict is Verdict.RELATED
    assert report.findings[1].explained_by == report.findings[0].base.ref
    assert report.verdict is DeclarationVerdict.CONFIRMED


def test_a_text_encoder_alone_is_found_in_a_pipeline_and_the_other_way_round(
    tmp_path: Path,
) -> None:
    """A model that is one component is held against each of them; the one that it is, is named."""
    whole = pipeline(tmp_path / "whole", text_encoder="finetune")
    for subject, base in ((whole, MODELS / "base"), (MODELS / "base", whole)):
        outcome = held_against(subject, base)
        finding = only(outcome)
        assert finding.verdict is Verdict.RELATED
        assert finding.relation is not None
        assert finding.relation.holds is Holds.WHOLE
        assert sentence(finding.relation.detail).startswith("text_encoder: all that")
        assert "a component matches" in title(outcome)
    stranger = only(held_against(whole, MODELS / "twin"))
    assert stranger.verdict is Verdict.INCONCLUSIVE
    assert "unet" in sentence(stranger.reason)


@pytest.mark.parametrize("stranger", [False, True])
def test_a_rearranged_component_is_not_called_unrelated(tmp_path: Path, *, stranger: bool) -> None:
    """An honest declaration of a rearranged copy is no contradiction; a stranger's is one."""
    base = pipeline(tmp_path / "base")
    subject = pipeline(tmp_path / "subject", text_encoder="twin", vae=2)
    for folder in (base, subject):
        shutil.rmtree(folder / "unet")  # no rule understands it, so nothing would be contradicted
    if not stranger:
        unused = np.arange(LEARNED_TOKENS, SHAPE.vocab)
        weights = disguise_fully(
            shipped("finetune"), SHAPE, np.random.default_rng(9), unused=unused
        )
        made = write(tmp_path / "made", plain(weights))
        for file in ("model.safetensors", "config.json"):
            shutil.copy(made / file, subject / "text_encoder" / file)
    outcome = held_against(subject, base)
    finding = only(outcome)
    wanted = Verdict.UNRELATED if stranger else Verdict.DISGUISED
    assert parts(finding)["text_encoder"].verdict is wanted
    assert finding.verdict is wanted
    assert (outcome.report.verdict is DeclarationVerdict.CONTRADICTED) is stranger
    if not stranger:
        assert finding.relation is not None
        assert finding.relation.kind is RelationKind.REARRANGED
        assert "text_encoder: disguised" in sentence(finding.relation.detail)
        assert finding.log10_p == parts(finding)["text_encoder"].log10_p > -3  # by the table alone
        assert finding.disguise
        rows = [e for e in finding.evidence if e.kind is EvidenceKind.CALIBRATED]
        assert {row.part for row in rows} == {"text_encoder"}


@pytest.mark.parametrize("depth", [Depth.HEADERS, Depth.DEEP, Depth.FULL])
def test_every_depth_takes_a_pipeline(tmp_path: Path, depth: Depth) -> None:
    """Deeper looks at bodies are left out where there is none; full compares every tensor."""
    base = pipeline(tmp_path / "base")
    outcome = held_against(
        pipeline(tmp_path / "tuned", text_encoder="finetune", vae=2), base, depth=depth
    )
    finding = only(outcome)
    assert outcome.exit_code is ExitCode.OK
    if depth is Depth.HEADERS:
        assert finding.code is ReasonCode.HEADERS_ONLY
        return
    assert parts(finding)["text_encoder"].relation is RelationKind.FINE_TUNE
    if depth is Depth.FULL:
        row = next(e for e in finding.evidence if e.family.code is PhraseCode.FAMILY_ALL)
        assert 0 < row.hits < row.units


def test_a_dropped_safety_checker_is_named_and_harmless(tmp_path: Path) -> None:
    """What the base alone holds could not be compared, and is said."""
    base = pipeline(tmp_path / "base")
    (base / "safety_checker").mkdir()
    (base / "safety_checker" / "model.safetensors").write_bytes(drawn({"x.weight": (64, 64)}, 5))
    index = json.loads((base / "model_index.json").read_text())
    index["safety_checker"] = ["stable_diffusion", "StableDiffusionSafetyChecker"]
    (base / "model_index.json").write_text(json.dumps(index))
    outcome = held_against(pipeline(tmp_path / "copy"), base)
    relation = only(outcome).relation
    assert outcome.report.verdict is DeclarationVerdict.CONFIRMED
    assert relation is not None
    assert relation.kind is not RelationKind.IDENTICAL
    assert "only in the base: safety_checker" in sentence(relation.detail)


# -- what a pipeline's files do to the exit code ---------------------------------------------------


def test_a_pipeline_without_a_base_is_a_model_without_a_base(tmp_path: Path) -> None:
    """Nothing was compared because nothing was declared, not because no model is there."""
    outcome = held_against(pipeline(tmp_path / "alone"))
    assert outcome.exit_code is ExitCode.OK
    assert outcome.report.nothing_compared is NothingCompared.NO_BASE


def test_a_component_in_a_container_that_is_not_read_is_named(tmp_path: Path) -> None:
    """The others are compared; exit 0, and a warning that names the component."""
    base, subject = pipeline(tmp_path / "base"), pipeline(tmp_path / "subject")
    (subject / "vae" / NAME).rename(subject / "vae" / "model.onnx")
    outcome = held_against(subject, base)
    assert outcome.exit_code is ExitCode.OK
    finding = only(outcome)
    assert finding.verdict is Verdict.RELATED
    assert finding.relation is not None
    assert "only in the base: vae" in sentence(finding.relation.detail)
    assert any("The component 'vae' was not read" in words(w) for w in outcome.report.warnings)


def test_a_component_of_several_sets_is_left_out(tmp_path: Path) -> None:
    """No loader knows which to read; that is a warning, not a hostile model."""
    base, subject = pipeline(tmp_path / "base"), pipeline(tmp_path / "subject")
    (subject / "vae" / NAME).rename(subject / "vae" / "a.safetensors")
    shutil.copy(subject / "vae" / "a.safetensors", subject / "vae" / "b.safetensors")
    outcome = held_against(subject, base)
    assert outcome.exit_code is ExitCode.OK
    assert any("The component 'vae' was not read" in words(w) for w in outcome.report.warnings)


def test_a_component_that_contradicts_itself_is_hostile(tmp_path: Path) -> None:
    """A header that lies ends with exit 4, in a folder as at top level."""
    base, subject = pipeline(tmp_path / "base"), pipeline(tmp_path / "subject")
    (subject / "vae" / NAME).write_bytes(b"\xff" * 64)
    assert held_against(subject, base).exit_code is ExitCode.UNREADABLE


def test_no_tensor_can_pose_as_another_components(tmp_path: Path) -> None:
    """A tensor of the body that is named like a component's is refused."""
    subject = sentence_model(tmp_path / "subject")
    named = {"2_Dense.linear.weight": as_bf16(np.zeros((2, 2), np.float32))}
    (subject / "0_Transformer" / "model.safetensors").write_bytes(safetensors_file(named))
    outcome = held_against(subject, sentence_model(tmp_path / "base"))
    assert outcome.exit_code is ExitCode.UNREADABLE


# -- sentence-transformers -------------------------------------------------------------------------


@pytest.mark.parametrize("at_top", [False, True])
def test_a_sentence_model_is_its_transformer(tmp_path: Path, *, at_top: bool) -> None:
    """In a numbered folder or at top level: copy, fine-tune and stranger come out as such."""
    base = sentence_model(tmp_path / "base", at_top=at_top)
    copy = sentence_model(tmp_path / "copy", at_top=at_top)
    assert only(held_against(copy, base)).verdict is Verdict.IDENTICAL
    tuned = held_against(
        sentence_model(tmp_path / "tuned", transformer="finetune", at_top=at_top), base
    )
    assert tuned.report.verdict is DeclarationVerdict.CONFIRMED
    relation = only(tuned).relation
    assert relation is not None
    assert relation.kind is RelationKind.FINE_TUNE
    assert parts(only(tuned))["2_Dense"].relation is RelationKind.IDENTICAL
    other = held_against(
        sentence_model(tmp_path / "other", transformer="twin", dense=2, at_top=at_top), base
    )
    assert only(other).verdict is Verdict.UNRELATED
    assert other.report.verdict is DeclarationVerdict.CONTRADICTED


def test_a_sentence_model_comes_from_the_plain_model(tmp_path: Path) -> None:
    """The transformer is the plain model's; the dense module is this model's own, and named."""
    for name, kind in (
        ("finetune", RelationKind.FINE_TUNE),
        ("base", RelationKind.UNDETERMINED),  # "the same values" is not said of what has more
    ):
        subject = sentence_model(tmp_path / name, transformer=name)
        outcome = held_against(subject, MODELS / "base")
        assert outcome.report.verdict is DeclarationVerdict.CONFIRMED
        relation = only(outcome).relation
        assert relation is not None
        assert relation.kind is kind
        assert "only in this model: 2_Dense" in sentence(relation.detail)
        assert "only the subject has" not in sentence(relation.detail)


def test_a_new_dense_module_is_named(tmp_path: Path) -> None:
    """It is small: the model is confirmed, and the module is among what was not compared."""
    base = sentence_model(tmp_path / "base")
    outcome = held_against(sentence_model(tmp_path / "new", dense=2), base)
    relation = only(outcome).relation
    assert outcome.report.verdict is DeclarationVerdict.CONFIRMED
    assert relation is not None
    assert relation.kind is RelationKind.UNDETERMINED
    assert "body: the same bytes" in sentence(relation.detail)
    assert "not compared by orders: 2_Dense (0 of 2" in sentence(relation.detail)


def test_a_stranger_with_the_bases_dense_module_is_not_the_base(tmp_path: Path) -> None:
    """A small public part matches; the body was tested and does not: never confirmed."""
    base = sentence_model(tmp_path / "base")
    outcome = held_against(sentence_model(tmp_path / "other", transformer="twin"), base)
    finding = only(outcome)
    assert parts(finding)["body"].verdict is Verdict.UNRELATED
    assert outcome.report.verdict is DeclarationVerdict.INCONCLUSIVE
    assert "the body does not" in title(outcome)


# -- names, seeds ----------------------------------------------------------------------------------


def test_the_card_names_each_component(tmp_path: Path) -> None:
    """Parts, evidence and architecture all speak of components by their folders."""
    base = pipeline(tmp_path / "base")
    outcome = held_against(pipeline(tmp_path / "tuned", text_encoder="finetune", vae=2), base)
    text = markdown.render(compose(outcome.report)).replace("&#95;", "_")
    assert "| text_encoder | related |" in text
    assert "| unet | related |" in text
    assert "| vae | inconclusive |" in text
    assert "unet: 1 weight file by sha256" in text
    (line, *_) = outcome.report.context.architecture
    assert [block.split()[0] for block in line.blocks] == ["text_encoder", "unet", "vae"]


def test_a_plan_lists_what_each_component_would_read(tmp_path: Path) -> None:
    """``--plan`` speaks of components; of one that no rule understands nothing is read."""
    base = pipeline(tmp_path / "base")
    plan = plan_of(request(pipeline(tmp_path / "tuned", text_encoder="finetune"), [base], seed=5))
    read = {pair.subject.name.rpartition(" ")[2]: pair.subject.n_bytes for pair in plan.pairs}
    assert list(read) == ["text_encoder", "unet", "vae"]
    assert read["text_encoder"] > 0
    assert read["unet"] == read["vae"] == 0


def test_the_same_seed_gives_the_same_finding(tmp_path: Path) -> None:
    """Whatever the order of folders and files on disk."""
    base = pipeline(tmp_path / "base")
    tuned = pipeline(tmp_path / "tuned", text_encoder="finetune", unet=2)
    wanted = request(tuned, [base], seed=5)
    assert outcome_of(wanted).report.findings == outcome_of(wanted).report.findings
