"""Does a check judge text encoders rightly: copies, new vocabularies, new heads, strangers?"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
from numpy.typing import NDArray

from hubcheck.card.wording import words
from hubcheck.report.schema import Report
from hubcheck.report.words import DeclarationVerdict, RelationKind, Verdict
from tests.evidence.laboratory import report_of
from tests.material.formats.encode import as_bf16
from tests.material.formats.folder import safetensors_file

Tensors = dict[str, NDArray[np.float32]]
Shapes = Mapping[str, tuple[int, ...]]
H: Final = 64
N: Final = 192
VOCAB: Final = 320
LAYERS: Final = 3
CONFIG: Final[dict[str, Any]] = {
    "hidden_size": H,
    "num_hidden_layers": LAYERS,
    "num_attention_heads": 2,
    "intermediate_size": N,
}
BERT_LAYER: Final[Shapes] = {
    **{f"attention.self.{part}.weight": (H, H) for part in ("query", "key", "value")},
    **{f"attention.self.{part}.bias": (H,) for part in ("query", "key", "value")},
    "attention.output.dense.weight": (H, H),
    "attention.output.dense.bias": (H,),
    "attention.output.LayerNorm.weight": (H,),
    "attention.output.LayerNorm.bias": (H,),
    "intermediate.dense.weight": (N, H),
    "intermediate.dense.bias": (N,),
    "output.dense.weight": (H, N),
    "output.dense.bias": (H,),
    "output.LayerNorm.weight": (H,),
    "output.LayerNorm.bias": (H,),
}
BERT: Final[Shapes] = {
    "bert.embeddings.word_embeddings.weight": (VOCAB, H),
    "bert.embeddings.position_embeddings.weight": (16, H),
    "bert.embeddings.token_type_embeddings.weight": (2, H),
    "bert.embeddings.LayerNorm.weight": (H,),
    "bert.embeddings.LayerNorm.bias": (H,),
    **{f"bert.encoder.layer.{n}.{k}": s for n in range(LAYERS) for k, s in BERT_LAYER.items()},
    "cls.predictions.transform.dense.weight": (H, H),
    "cls.predictions.transform.LayerNorm.weight": (H,),
    "cls.predictions.bias": (VOCAB,),
}
ESM_LAYER: Final[Shapes] = {
    **{k: s for k, s in BERT_LAYER.items() if "output.LayerNorm" not in k},
    "attention.LayerNorm.weight": (H,),
    "attention.LayerNorm.bias": (H,),
    "LayerNorm.weight": (H,),
    "LayerNorm.bias": (H,),
}
ESM: Final[Shapes] = {
    "esm.embeddings.word_embeddings.weight": (VOCAB, H),
    **{f"esm.encoder.layer.{n}.{k}": s for n in range(LAYERS) for k, s in ESM_LAYER.items()},
    "esm.encoder.emb_layer_norm_after.weight": (H,),
    "esm.encoder.emb_layer_norm_after.bias": (H,),
    "lm_head.dense.weight": (H, H),
    "lm_head.bias": (VOCAB,),
}
SHARED: Final = "albert.encoder.albert_layer_groups.0.albert_layers.0."
ALBERT: Final[Shapes] = {
    "albert.embeddings.word_embeddings.weight": (VOCAB, 40),
    "albert.embeddings.LayerNorm.weight": (40,),
    "albert.embeddings.LayerNorm.bias": (40,),
    "albert.encoder.embedding_hidden_mapping_in.weight": (H, 40),
    "albert.encoder.embedding_hidden_mapping_in.bias": (H,),
    **{f"{SHARED}attention.{part}.weight": (H, H) for part in ("query", "key", "value", "dense")},
    f"{SHARED}attention.LayerNorm.weight": (H,),
    f"{SHARED}attention.LayerNorm.bias": (H,),
    f"{SHARED}ffn.weight": (N, H),
    f"{SHARED}ffn_output.weight": (H, N),
    f"{SHARED}full_layer_layer_norm.weight": (H,),
    f"{SHARED}full_layer_layer_norm.bias": (H,),
}
RWKV_LAYER: Final[Shapes] = {
    **{f"attention.{part}.weight": (H, H) for part in ("key", "value", "receptance", "output")},
    **{f"attention.time_{part}": (H,) for part in ("decay", "first")},
    **{f"attention.time_mix_{part}": (1, 1, H) for part in ("key", "value", "receptance")},
    **{f"feed_forward.time_mix_{part}": (1, 1, H) for part in ("key", "receptance")},
    "feed_forward.key.weight": (4 * H, H),
    "feed_forward.receptance.weight": (H, H),
    "feed_forward.value.weight": (H, 4 * H),
    **{f"ln{n}.{part}": (H,) for n in (1, 2) for part in ("weight", "bias")},
}
RWKV: Final[Shapes] = {
    "rwkv.embeddings.weight": (VOCAB, H),
    **{f"rwkv.blocks.{n}.{k}": s for n in range(LAYERS) for k, s in RWKV_LAYER.items()},
    "rwkv.ln_out.weight": (H,),
    "rwkv.ln_out.bias": (H,),
    "head.weight": (VOCAB, H),
}
KINDS: Final[dict[str, Shapes]] = {"bert": BERT, "esm": ESM, "albert": ALBERT, "rwkv": RWKV}


def made(kind: str, seed: int) -> Tensors:
    """Return a random model."""
    rng = np.random.default_rng(seed)
    tensors: Tensors = {}
    for name, shape in KINDS[kind].items():
        values = rng.normal(size=shape).astype(np.float32) * 0.1
        if name.endswith(".weight") and len(shape) == 1:
            values += 1.0
        if "time_mix" in name:  # as published ones start, whatever the seed
            values = (values * 0.1 + np.linspace(0, 1, H)).astype(np.float32)
        tensors[name] = values
    return tensors


def trained_on(tensors: Tensors, seed: int = 9) -> Tensors:
    """Return the model with five percent of noise on every tensor."""
    rng = np.random.default_rng(seed)
    return {
        name: (t + 0.05 * t.std() * rng.normal(size=t.shape)).astype(np.float32)
        for name, t in tensors.items()
    }


def with_new_vocabulary(tensors: Tensors) -> Tensors:
    """Return the body with embeddings of other tokens."""
    rng = np.random.default_rng(4)
    return {
        name: rng.normal(size=(VOCAB + 80, *t.shape[1:])).astype(np.float32) * 0.1
        if VOCAB in t.shape
        else t
        for name, t in tensors.items()
    }


def with_new_head(tensors: Tensors) -> Tensors:
    """Return the model without its prefix and its head over tokens, with one over two classes."""
    rng = np.random.default_rng(6)
    body = {n.partition(".")[2]: t for n, t in tensors.items() if not n.startswith(("cls", "lm_"))}
    body.pop("weight", None)
    return {
        **body,
        "pooler.dense.weight": rng.normal(size=(H, H)).astype(np.float32),
        "classifier.weight": rng.normal(size=(2, H)).astype(np.float32),
    }


def with_channels_relabelled(tensors: Tensors) -> Tensors:
    """Return the same BERT with its channels in another order everywhere."""
    order = np.random.default_rng(8).permutation(H)
    found: Tensors = {}
    for name, t in tensors.items():
        inside = any(w in name for w in ("self.", "intermediate.", "transform.dense"))
        if name.endswith("intermediate.dense.bias") or ("self." in name and t.ndim == 1):
            found[name] = t
        elif t.ndim == 1:
            found[name] = t[order] if t.shape == (H,) and "predictions" not in name else t
        elif inside or "embeddings" in name:
            found[name] = t[:, order]
        else:
            found[name] = t[order]
    return found


def written(folder: Path, kind: str, tensors: Tensors, *, words: str = "w") -> Path:
    """Write a repository; ``words`` is what its tokens begin with."""
    folder.mkdir()
    raw = safetensors_file({name: as_bf16(values) for name, values in tensors.items()})
    (folder / "model.safetensors").write_bytes(raw)
    (folder / "config.json").write_text(json.dumps({**CONFIG, "model_type": kind}))
    n = next((t.shape[0] for name, t in tensors.items() if "embeddings" in name), VOCAB)
    model = {"type": "WordLevel", "vocab": {f"{words}{i}": i for i in range(n)}, "unk_token": "?"}
    (folder / "tokenizer.json").write_text(json.dumps({"version": "1.0", "model": model}))
    return folder


def report(subject: Path, base: Path) -> Report:
    """Return the report of one check of a declared base."""
    return report_of(subject, [base], seed=5)


@pytest.mark.parametrize("kind", KINDS)
def test_a_fine_tune_is_related(kind: str, tmp_path: Path) -> None:
    """Norms behind or in front, shared layers, embeddings of another width: the body matches."""
    base = written(tmp_path / "base", kind, made(kind, 1))
    found = report(written(tmp_path / "subject", kind, trained_on(made(kind, 1))), base)
    (finding,) = found.findings
    assert finding.verdict is Verdict.RELATED
    assert finding.relation is not None
    assert finding.relation.kind is RelationKind.FINE_TUNE
    assert finding.order_tested > 0.5
    assert found.verdict is DeclarationVerdict.CONFIRMED


@pytest.mark.parametrize("kind", KINDS)
def test_a_stranger_is_unrelated(kind: str, tmp_path: Path) -> None:
    """Two models that were made apart are told apart by their bodies, with power."""
    base = written(tmp_path / "base", kind, made(kind, 1))
    (finding,) = report(written(tmp_path / "subject", kind, made(kind, 2)), base).findings
    assert finding.verdict is Verdict.UNRELATED
    assert finding.order_tested > 0.5


@pytest.mark.parametrize("kind", KINDS)
def test_a_new_vocabulary_leaves_the_body_related(kind: str, tmp_path: Path) -> None:
    """Without one token in common the body is still the base's."""
    base = written(tmp_path / "base", kind, made(kind, 1))
    tensors = with_new_vocabulary(trained_on(made(kind, 1)))
    (finding,) = report(written(tmp_path / "subject", kind, tensors, words="v"), base).findings
    assert finding.verdict is Verdict.RELATED
    assert finding.relation is not None
    assert finding.relation.kind is RelationKind.VOCABULARY_CHANGED


@pytest.mark.parametrize("kind", ["bert", "esm", "albert"])
def test_a_new_head_leaves_the_body_related(kind: str, tmp_path: Path) -> None:
    """A classifier made of an encoder is its fine-tune, with or without the family's prefix."""
    base = written(tmp_path / "base", kind, made(kind, 1))
    subject = written(tmp_path / "subject", kind, with_new_head(trained_on(made(kind, 1))))
    (finding,) = report(subject, base).findings
    assert finding.verdict is Verdict.RELATED
    other = written(tmp_path / "other", kind, with_new_head(made(kind, 2)))
    (finding,) = report(other, base).findings
    assert finding.verdict is Verdict.UNRELATED


def test_relabelled_channels_are_seen_through_the_tokens(tmp_path: Path) -> None:
    """Where every channel stands elsewhere, the token frame of a post-norm encoder finds all."""
    base = written(tmp_path / "base", "bert", made("bert", 1))
    tensors = with_channels_relabelled(trained_on(made("bert", 1)))
    (finding,) = report(written(tmp_path / "subject", "bert", tensors), base).findings
    assert finding.verdict is Verdict.RELATED
    assert finding.relation is not None
    assert finding.relation.kind is RelationKind.REARRANGED


def test_a_wrapped_encoder_is_what_it_was(tmp_path: Path) -> None:
    """Words around the model and around each layer, a value head beside: the same encoder."""
    base = written(tmp_path / "base", "bert", made("bert", 1))
    tensors = {
        "policy." + re.sub(r"(layer\.[0-9]\.)", r"\1_z_.", name): t
        for name, t in trained_on(made("bert", 1)).items()
    }
    tensors["value.weight"] = np.ones((1, H), dtype=np.float32)
    found = report(written(tmp_path / "subject", "bert", tensors), base)
    assert found.findings[0].verdict is Verdict.RELATED
    assert found.verdict is DeclarationVerdict.CONFIRMED


def test_channels_of_rwkv_are_no_order(tmp_path: Path) -> None:
    """Its time mixing starts alike in every model, so channels and values that decay never count."""
    for kind, counted in (("rwkv", False), ("bert", True)):
        base = written(tmp_path / f"{kind} base", kind, made(kind, 1))
        subject = written(tmp_path / f"{kind} subject", kind, trained_on(made(kind, 1)))
        (finding,) = report(subject, base).findings
        for family in ("residual channels", "V/O dimensions"):
            assert any(family in words(e.family) for e in finding.evidence) is counted


def test_a_mapping_that_fits_no_embedding_is_not_used(tmp_path: Path) -> None:
    """Where a hostile file's two widths do not meet, the tokens are left out and the rest speaks."""
    tensors = trained_on(made("albert", 1))
    tensors["albert.embeddings.word_embeddings.weight"] = np.ones((VOCAB, 41), dtype=np.float32)
    base = written(tmp_path / "base", "albert", made("albert", 1))
    (finding,) = report(written(tmp_path / "subject", "albert", tensors), base).findings
    assert finding.verdict is Verdict.RELATED
