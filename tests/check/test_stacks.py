"""Are the stacks of an encoder-decoder judged each by its own weights, and a head never as a body?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import numpy as np
import pytest
from numpy.typing import NDArray

from hubcheck.card.wording import sentence, words
from hubcheck.report.schema import Finding, Report
from hubcheck.report.words import (
    DeclarationVerdict,
    Holds,
    ReasonCode,
    RelationKind,
    Verdict,
)
from tests.evidence.laboratory import report_of
from tests.material.formats.encode import stored
from tests.material.formats.folder import safetensors_file

Tensors = dict[str, NDArray[np.float32]]
WIDTH, INNER, NEURONS, TOKENS, LAYERS = 64, 64, 160, 400, 3
CONFIG: Final = {
    "model_type": "t5", "d_model": WIDTH, "d_kv": 16, "num_heads": 4, "num_layers": LAYERS,
    "num_decoder_layers": LAYERS, "feed_forward_proj": "gated-gelu",
}  # fmt: skip
TOKENIZER: Final[dict[str, object]] = {
    "version": "1.0", "added_tokens": [], "normalizer": None, "post_processor": None,
    "pre_tokenizer": {"type": "Whitespace"}, "decoder": None, "truncation": None, "padding": None,
    "model": {
        "type": "WordLevel", "vocab": {f"t{i}": i for i in range(TOKENS)}, "unk_token": "t0",
    },
}  # fmt: skip


def stack(kind: str, seed: int) -> Tensors:
    """Return a random stack of a gated T5."""
    rng = np.random.default_rng([seed, len(kind), ord(kind[0])])

    def matrix(*shape: int) -> NDArray[np.float32]:
        return (rng.standard_normal(shape) * 0.05).astype(np.float32)

    def norm() -> NDArray[np.float32]:
        return (1 + 0.1 * rng.standard_normal(WIDTH)).astype(np.float32)

    found: Tensors = {f"{kind}.final_layer_norm.weight": norm()}
    modules = ["SelfAttention", *(["EncDecAttention"] if kind == "decoder" else [])]
    for layer in range(LAYERS):
        at = f"{kind}.block.{layer}.layer"
        for n, module in enumerate(modules):
            found |= {f"{at}.{n}.{module}.{m}.weight": matrix(INNER, WIDTH) for m in "qkv"}
            found[f"{at}.{n}.{module}.o.weight"] = matrix(WIDTH, INNER)
            found[f"{at}.{n}.layer_norm.weight"] = norm()
        last = f"{at}.{len(modules)}"
        found |= {
            f"{last}.DenseReluDense.{m}.weight": matrix(NEURONS, WIDTH) for m in ("wi_0", "wi_1")
        }
        found[f"{last}.DenseReluDense.wo.weight"] = matrix(WIDTH, NEURONS)
        found[f"{last}.layer_norm.weight"] = norm()
    return found


def shared(seed: int) -> Tensors:
    """Return a random embedding."""
    rng = np.random.default_rng([seed, 7])
    return {"shared.weight": (rng.standard_normal((TOKENS, WIDTH)) * 0.5).astype(np.float32)}


BASE: Final[Tensors] = {**shared(1), **stack("encoder", 1), **stack("decoder", 1)}


def noisy(tensors: Tensors) -> Tensors:
    """Return tensors with noise of a twentieth of each, as training would leave them."""
    rng = np.random.default_rng(11)
    return {
        n: (v + 0.05 * v.std() * rng.standard_normal(v.shape)).astype(np.float32)
        for n, v in tensors.items()
    }


def write(folder: Path, tensors: Tensors) -> Path:
    """Write a model."""
    folder.mkdir()
    plain = safetensors_file({n: stored(v) for n, v in tensors.items()})
    (folder / "model.safetensors").write_bytes(plain)
    (folder / "config.json").write_text(json.dumps(CONFIG))
    (folder / "tokenizer.json").write_text(json.dumps(TOKENIZER))
    return folder


def judged(tmp_path: Path, subject: Tensors, base: Tensors = BASE) -> tuple[Report, Finding]:
    """Return the report of one check of a declared base, and its finding."""
    folders = [write(tmp_path / n, t) for n, t in (("subject", subject), ("base", base))]
    report = report_of(folders[0], folders[1:], seed=5)
    (finding,) = report.findings
    return report, finding


def parts_of(finding: Finding) -> dict[str, Verdict]:
    """Return the verdicts of body and decoder."""
    return {p.name: p.verdict for p in finding.parts if p.name in ("body", "decoder")}


BOTH: Final = {"body": Verdict.RELATED, "decoder": Verdict.RELATED}


def test_a_fine_tune_of_both_stacks_is_confirmed(tmp_path: Path) -> None:
    """Encoder and decoder match, cross-attention among what was tested."""
    report, finding = judged(tmp_path, noisy(BASE))
    assert report.verdict is DeclarationVerdict.CONFIRMED
    assert finding.relation is not None
    assert finding.relation.kind is RelationKind.FINE_TUNE
    assert parts_of(finding) == BOTH
    assert any("cross-attention" in words(row.family) for row in finding.evidence)
    assert finding.compared > 0.99


def test_an_independent_model_is_unrelated_in_each_stack(tmp_path: Path) -> None:
    """Both stacks were tested with power, and neither matches."""
    other = {**shared(2), **stack("encoder", 2), **stack("decoder", 2)}
    report, finding = judged(tmp_path, other)
    assert report.verdict is DeclarationVerdict.CONTRADICTED
    assert finding.verdict is Verdict.UNRELATED
    assert set(parts_of(finding).values()) == {Verdict.UNRELATED}
    assert finding.power


@pytest.mark.parametrize("kind", ["encoder", "decoder"])
def test_a_fresh_stack_is_named_and_nothing_is_confirmed(tmp_path: Path, kind: str) -> None:
    """One stack of the base beside a fresh one: a part, never "the same values"."""
    report, finding = judged(tmp_path, {**BASE, **stack(kind, 3)})
    assert report.verdict is DeclarationVerdict.INCONCLUSIVE
    assert finding.relation is not None
    assert finding.relation.kind is RelationKind.PARTS
    assert finding.relation.holds is Holds.PART
    fresh = "body" if kind == "encoder" else "decoder"
    assert parts_of(finding) == {**BOTH, fresh: Verdict.UNRELATED}


@pytest.mark.parametrize("kind", ["encoder", "decoder"])
def test_a_stack_alone_is_held_against_its_kind(tmp_path: Path, kind: str) -> None:
    """Only the encoder, or only the decoder, of the base: found, and the other one is named."""
    alone = {n: v for n, v in BASE.items() if n.startswith((kind, "shared"))}
    report, finding = judged(tmp_path, alone)
    assert report.verdict is DeclarationVerdict.CONFIRMED
    assert finding.relation is not None
    other = {"encoder": "decoder", "decoder": "encoder"}[kind]
    assert sentence(finding.relation.detail).startswith(f"only the base has {other}")
    assert finding.relation.kind is not RelationKind.RECAST


def test_a_stranger_of_one_stack_is_unrelated(tmp_path: Path) -> None:
    """A decoder alone that is not the base's does not match."""
    report, _ = judged(tmp_path, {**shared(4), **stack("decoder", 4)})
    assert report.verdict is DeclarationVerdict.CONTRADICTED


NAMES: Final = {
    "SelfAttention.q": "self_attn.q_proj", "SelfAttention.k": "self_attn.k_proj",
    "SelfAttention.v": "self_attn.v_proj", "SelfAttention.o": "self_attn.o_proj",
    "DenseReluDense.wi_0": "mlp.gate_proj", "DenseReluDense.wi_1": "mlp.up_proj",
    "DenseReluDense.wo": "mlp.down_proj",
}  # fmt: skip


def of_one_stack(seed: int) -> Tensors:
    """Return a decoder of one stack: the decoder of a T5 without its attention to an encoder."""
    found = {"model.embed_tokens.weight": shared(seed)["shared.weight"]}
    for name, values in stack("decoder", seed).items():
        parts = name.split(".")
        if parts[1] != "block" or parts[5] == "EncDecAttention":
            continue
        path = ".".join(parts[5:7])
        norm = {"0": "input_layernorm", "2": "post_attention_layernorm"}.get(parts[4], "")
        inside = norm if path.startswith("layer_norm") else NAMES[path]
        if inside:
            found[f"model.layers.{parts[2]}.{inside}.weight"] = values
    return found


@pytest.mark.parametrize("turned", [False, True])
def test_a_decoder_that_was_given_an_encoder_is_found(tmp_path: Path, *, turned: bool) -> None:
    """The decoder is the base's, the encoder is not: a part, never a contradiction; either way."""
    both = noisy({**shared(1), **stack("encoder", 5), **stack("decoder", 1)})
    plain = of_one_stack(1)
    report, finding = judged(tmp_path, *((plain, both) if turned else (both, plain)))
    assert report.verdict is not DeclarationVerdict.CONTRADICTED
    assert finding.verdict is Verdict.RELATED
    assert finding.relation is not None
    assert finding.relation.kind is RelationKind.PARTS
    assert parts_of(finding)["decoder"] is Verdict.RELATED


def test_a_stranger_is_neither_stack(tmp_path: Path) -> None:
    """A model of one stack that is neither encoder nor decoder is unrelated to both."""
    report, finding = judged(tmp_path, BASE, of_one_stack(6))
    assert report.verdict is DeclarationVerdict.CONTRADICTED
    assert set(parts_of(finding).values()) == {Verdict.UNRELATED}


def test_a_head_alone_decides_nothing(tmp_path: Path) -> None:
    """A draft head with the base's embedding is no copy, and its own layer no stranger."""
    rng = np.random.default_rng(3)
    draft = {
        "embed_tokens.weight": BASE["shared.weight"],
        "fc.weight": rng.standard_normal((WIDTH, 2 * WIDTH)).astype(np.float32),
    }
    for n, v in stack("encoder", 9).items():
        if n.startswith("encoder.block.0.layer.1.DenseReluDense"):
            to = {"wi_0": "gate_proj", "wi_1": "up_proj", "wo": "down_proj"}[n.split(".")[-2]]
            draft[f"layers.0.mlp.{to}.weight"] = v
    report, finding = judged(tmp_path, draft)
    assert finding.code is ReasonCode.HEAD_ALONE
    assert finding.verdict is Verdict.INCONCLUSIVE
    assert report.verdict is DeclarationVerdict.INCONCLUSIVE
    assert "body" not in {p.name for p in finding.parts}
