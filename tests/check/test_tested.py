"""Does every verdict speak only of what was tested?

Each test is a case that the first version got wrong, on models made here: byte-equal encoders,
settled evidence beside values that are no numbers, an encoder-decoder whose encoder is noise,
siblings, damped copies, towers of one initialisation.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file
from transformers import BertConfig, BertModel, WhisperConfig, WhisperForConditionalGeneration

from hubcheck.card import markdown
from hubcheck.card.compose import compose
from hubcheck.card.wording import sentence, words
from hubcheck.check.run import Outcome
from hubcheck.errors import ExitCode, NetworkFaultError
from hubcheck.evidence.looks.interface import Look
from hubcheck.evidence.looks.registry import LOOKS
from hubcheck.evidence.observation import Skip
from hubcheck.report.words import (
    Conclusion,
    DeclarationVerdict,
    Depth,
    ReasonCode,
    RelationKind,
    Verdict,
)
from tests.evidence.laboratory import (
    SHAPE,
    model,
    outcome_of,
    plain,
    request,
    shipped,
    write,
)

Tensors = dict[str, NDArray[np.float32]]
READING: Final = [Depth.SAMPLE, Depth.DEEP, Depth.FULL]
SILENT: Final = "the body does not match"


def put(folder: Path, tensors: Tensors, config: dict[str, object]) -> Path:
    """Write a model folder of any architecture."""
    folder.mkdir()
    save_file(
        {n: np.ascontiguousarray(w) for n, w in tensors.items()}, folder / "model.safetensors"
    )
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def shaken(module: torch.nn.Module, seed: int) -> Tensors:
    """Return a module's weights with noise added, as if trained: no two are equal."""
    rng = np.random.default_rng(seed)
    return {
        name: np.asarray(w + rng.normal(size=w.shape) * 0.02, dtype=np.float32)
        for name, t in module.state_dict().items()
        if (w := t.float().numpy()).dtype.kind == "f" and "position_ids" not in name
    }


BERT: Final = BertConfig(
    vocab_size=800, hidden_size=96, num_hidden_layers=3, num_attention_heads=4,
    intermediate_size=256, max_position_embeddings=64,
)  # fmt: skip
OTHER_WORDS: Final = {
    "encoder": "trunk", "layer": "cells", "attention": "mixing", "self": "inner", "query": "aa",
    "key": "bb", "value": "cc", "output": "ee", "dense": "dd", "intermediate": "wide",
}  # fmt: skip


def encoder(seed: int, *, known: bool = False) -> Tensors:
    """Return a small sentence encoder; a known one bears the names that BERT's tensors have."""
    torch.manual_seed(seed)
    tensors = shaken(BertModel(BERT), seed)
    if known:
        return tensors
    return {
        ".".join(OTHER_WORDS.get(part, part) for part in name.split(".")): values
        for name, values in tensors.items()
    }


def config_of_encoder(*, known: bool = False) -> dict[str, object]:
    """Return its configuration, of an architecture of no known name or of BERT's."""
    strange = {"model_type": "strange", "architectures": ["StrangeModel"]}
    return {**BERT.to_dict(), **({} if known else strange)}


@pytest.fixture(scope="module")
def strange(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a small sentence encoder, none of whose layers any rule reads."""
    return put(tmp_path_factory.mktemp("strange") / "base", encoder(1), config_of_encoder())


def checked(
    subject: Path, bases: list[Path], suspects: list[Path] | None = None, **options: object
) -> Outcome:
    """Return the outcome of a check."""
    return outcome_of(request(subject, bases, suspects or [], seed=5, **options))  # type: ignore[arg-type]


def config_of(folder: Path) -> dict[str, object]:
    """Return a folder's configuration."""
    found: dict[str, object] = json.loads((folder / "config.json").read_text())
    return found


# -- equality needs no anatomy ---------------------------------------------------------------------


@pytest.mark.parametrize("depth", READING)
def test_a_byte_identical_encoder_is_identical_at_every_depth(
    strange: Path, tmp_path: Path, depth: Depth
) -> None:
    """The same bytes in another folder are the same model, whatever any rule understands of it."""
    copy = put(tmp_path / "copy", load_file(strange / "model.safetensors"), config_of(strange))
    outcome = checked(copy, [strange], depth=depth)
    (finding,) = outcome.report.findings
    assert finding.verdict is Verdict.IDENTICAL
    assert outcome.report.verdict is DeclarationVerdict.CONFIRMED


@pytest.mark.parametrize("known", [False, True], ids=["no rule reads it", "BERT"])
@pytest.mark.parametrize("depth", READING)
def test_new_word_embeddings_contradict_nothing(
    tmp_path: Path, depth: Depth, *, known: bool
) -> None:
    """All tensors but the embedding are byte-equal: the base is held, and the card says by what."""
    tensors, config = encoder(1, known=known), config_of_encoder(known=known)
    base = put(tmp_path / "base", tensors, config)
    name = next(n for n in tensors if "word_embeddings" in n)
    rng = np.random.default_rng(4)
    new = {**tensors, name: rng.normal(size=tensors[name].shape).astype(np.float32)}
    outcome = checked(put(tmp_path / "new", new, config), [base], depth=depth)
    (finding,) = outcome.report.findings
    assert finding.verdict is Verdict.RELATED
    assert finding.relation is not None
    by_bytes = f"{len(tensors) - 1} of {len(tensors)} tensors"
    by_orders = "embeddings rebuilt; only embeddings changed"
    assert (by_orders if known else by_bytes) in sentence(finding.relation.detail)
    assert outcome.report.verdict is DeclarationVerdict.CONFIRMED
    assert outcome.exit_code is ExitCode.OK


def test_layers_that_no_rule_reads_are_neither_matched_nor_denied(
    strange: Path, tmp_path: Path
) -> None:
    """A fine-tuned encoder and an independent one are inconclusive, and the reason names why."""
    base = load_file(strange / "model.safetensors")
    rng = np.random.default_rng(9)
    tuned = {n: w + rng.normal(size=w.shape).astype(np.float32) * 0.003 for n, w in base.items()}
    config = config_of(strange)
    for name, tensors in (("tuned", tuned), ("other", encoder(8))):
        outcome = checked(put(tmp_path / name, tensors, config), [strange])
        (finding,) = outcome.report.findings
        assert finding.verdict is Verdict.INCONCLUSIVE, name
        assert finding.code in {ReasonCode.BODY_NOT_COMPARED, ReasonCode.REST_NOT_COMPARED}
        assert SILENT not in sentence(finding.reason)
        assert "compared" in sentence(finding.reason) or "tested" in sentence(finding.reason)
        assert outcome.report.verdict is DeclarationVerdict.INCONCLUSIVE
        assert outcome.exit_code is ExitCode.OK


def test_a_random_audio_encoder_is_not_confirmed(tmp_path: Path) -> None:
    """The decoder of a Whisper is the base's, the encoder is noise: nothing says every value."""
    config = WhisperConfig(
        vocab_size=600, d_model=64, encoder_layers=3, decoder_layers=3, encoder_attention_heads=4,
        decoder_attention_heads=4, encoder_ffn_dim=256, decoder_ffn_dim=256, num_mel_bins=80,
        max_source_positions=100, max_target_positions=64, pad_token_id=0, bos_token_id=1,
        eos_token_id=2, decoder_start_token_id=1,
    )  # fmt: skip
    torch.manual_seed(1)
    tensors = shaken(WhisperForConditionalGeneration(config), 1)
    tensors.pop("proj_out.weight", None)
    base = put(tmp_path / "base", tensors, config.to_dict())
    rng = np.random.default_rng(3)
    swapped = {
        n: rng.normal(size=w.shape).astype(np.float32) * w.std() if ".encoder." in n else w
        for n, w in tensors.items()
    }
    outcome = checked(put(tmp_path / "swapped", swapped, config.to_dict()), [base])
    (finding,) = outcome.report.findings
    assert outcome.report.verdict is DeclarationVerdict.INCONCLUSIVE
    assert finding.relation is None or finding.relation.kind is not RelationKind.RECAST
    assert finding.compared < 0.9
    parts = {p.name: p.verdict for p in finding.parts}
    assert (parts["body"], parts["audio tower"]) == (Verdict.RELATED, Verdict.UNRELATED)
    title = markdown.render(compose(outcome.report)).splitlines()[0]
    assert "not the audio tower" in title


# -- settled evidence survives ---------------------------------------------------------------------


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("depth", READING)
def test_one_bad_value_does_not_wipe_what_is_settled(
    tmp_path: Path, bad: float, depth: Depth
) -> None:
    """An undeclared copy with one NaN in each layer's q stays undeclared, exit 1."""
    weights = shipped("finetune")
    for name, w in weights.items():
        if "q_proj" in name:
            w.flat[0] = bad
    subject = write(tmp_path / "subject", plain(weights, dtype="F32"))
    outcome = checked(subject, [], [model("base")], depth=depth)
    (finding,) = outcome.report.findings
    assert finding.verdict is Verdict.RELATED
    assert outcome.report.verdict is DeclarationVerdict.UNDECLARED
    assert outcome.exit_code is ExitCode.POLICY_FAILED
    assert any("not looked at" in words(note) for note in finding.notes)


def test_a_bad_value_without_settled_evidence_is_exit_4(tmp_path: Path) -> None:
    """Bad rows all over a stranger's weights: nothing fails the policy, the weights are bad.

    What could be read is too little to say that the base is unrelated.
    """
    weights = shipped("twin")
    for name, w in weights.items():
        if "v_proj" in name or "up_proj" in name:
            w[:, 0] = np.nan
    subject = write(tmp_path / "subject", plain(weights, dtype="F32"))
    outcome = checked(subject, [], [model("base")])
    assert outcome.exit_code is ExitCode.UNREADABLE
    assert outcome.report.findings[0].verdict is not Verdict.UNRELATED


def test_a_bad_value_beside_a_match_is_no_pass(tmp_path: Path) -> None:
    """The rest matches the named base: that is said, the conclusion is not green, exit 4 is."""
    weights = shipped("finetune")
    weights["model.layers.0.mlp.up_proj.weight"][:] = np.nan
    subject = write(tmp_path / "subject", plain(weights, dtype="F32"))
    outcome = checked(subject, [model("base")], [])
    assert outcome.report.verdict is DeclarationVerdict.CONFIRMED
    assert outcome.report.conclusion is Conclusion.NEUTRAL
    assert outcome.exit_code is ExitCode.UNREADABLE
    assert "mend the weights" in markdown.render(compose(outcome.report))


@pytest.mark.parametrize("look", LOOKS[1:], ids=lambda look: look.name)
def test_a_network_fault_in_a_further_look_takes_nothing_away(
    look: Look[object], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The host stops answering after the orders: what they settled stands, with a note."""

    def fails(*_arguments: object, **_options: object) -> None:
        raise NetworkFaultError("it hung up.", cause="a proxy.", next_step="try again.")

    monkeypatch.setattr(look, "skipped", lambda *_terms: Skip.NO)
    monkeypatch.setattr(look, "take", fails)
    subject = write(tmp_path / "subject", plain(shipped("finetune")))
    outcome = checked(subject, [], [model("base")])
    (finding,) = outcome.report.findings
    assert finding.verdict is Verdict.RELATED
    assert outcome.report.verdict is DeclarationVerdict.UNDECLARED
    assert outcome.exit_code is ExitCode.POLICY_FAILED
    assert any("it hung up" in words(note) for note in finding.notes)


# -- a start, a copy ---------------------------------------------------------------------------------


@pytest.mark.parametrize("share", [0.2, 0.3, 0.5])
@pytest.mark.parametrize("depth", [Depth.SAMPLE, Depth.DEEP])
def test_a_damped_copy_is_a_copy(tmp_path: Path, share: float, depth: Depth) -> None:
    """Learned directions of gate and up weakened, all else bit-equal: no common initialisation."""
    weights = shipped("base")
    for name, w in weights.items():
        if "gate_proj" in name or "up_proj" in name:
            u, s, v = np.linalg.svd(w, full_matrices=False)
            s[: max(1, len(s) // 16)] *= 1 - share
            weights[name] = ((u * s) @ v).astype(np.float32)
    subject = write(tmp_path / "damped", plain(weights, SHAPE))
    outcome = checked(subject, [], [model("base")], depth=depth)
    (finding,) = outcome.report.findings
    assert finding.relation is not None
    assert finding.relation.kind is not RelationKind.COMMON_INITIALISATION
    assert outcome.report.verdict is DeclarationVerdict.UNDECLARED


def test_a_half_of_the_body_that_is_anothers_is_not_confirmed(tmp_path: Path) -> None:
    """All MLPs are a stranger's: the declared base is held in its attention, and no more is said."""
    weights, other = shipped("base"), shipped("twin")
    mixed = {n: other[n] if ".mlp." in n else w for n, w in weights.items()}
    subject = write(tmp_path / "mixed", plain(mixed))
    outcome = checked(subject, [model("base")])
    (finding,) = outcome.report.findings
    assert finding.verdict is Verdict.RELATED
    assert finding.relation is not None
    assert finding.relation.kind is RelationKind.PARTS
    assert "relabelled" not in sentence(finding.relation.detail)
    assert outcome.report.verdict is DeclarationVerdict.INCONCLUSIVE
