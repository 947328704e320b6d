"""Is a copy the same copy in whichever rotary order its q and k rows are stored?

No exact test reads q or k, so nothing has to be tried both ways; these tests hold that, for the
half-split order of transformers, the interleaved one of Meta's releases, and GGUF files whose
converter turns the rows and whose converter does not.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
from numpy.typing import NDArray

from hubcheck.anatomy.interface import Role
from hubcheck.anatomy.units import blocks_of_matrix, matrix_from_rows
from hubcheck.checkpoint.rows import read_rows
from hubcheck.model import Access, Model, open_model
from hubcheck.report.schema import Finding
from hubcheck.report.words import Verdict
from hubcheck.source.reference import parse_reference
from tests.evidence.laboratory import Weights, comparison_of, finding_of, model, shipped
from tests.material.formats.encode import as_bf16
from tests.material.formats.folder import stored_tokens, write_safetensors
from tests.material.formats.gguf_file import interleaved, write_gguf

SEED: Final = 7
CONFIG: Final[dict[str, Any]] = json.loads((model("base") / "config.json").read_text())
HEADS: Final = {"q": CONFIG["num_attention_heads"], "k": CONFIG["num_key_value_heads"]}
META: Final = {
    "model.embed_tokens": "tok_embeddings", "model.norm": "norm", "lm_head": "output",
    "input_layernorm": "attention_norm", "post_attention_layernorm": "ffn_norm",
    "self_attn.q_proj": "attention.wq", "self_attn.k_proj": "attention.wk",
    "self_attn.v_proj": "attention.wv", "self_attn.o_proj": "attention.wo",
    "mlp.gate_proj": "feed_forward.w1", "mlp.up_proj": "feed_forward.w3",
    "mlp.down_proj": "feed_forward.w2", "model.layers": "layers",
}  # fmt: skip
PARAMS: Final = {
    "dim": CONFIG["hidden_size"],
    "n_layers": CONFIG["num_hidden_layers"],
    "n_heads": HEADS["q"],
    "n_kv_heads": HEADS["k"],
    "head_dim": CONFIG["head_dim"],
    "norm_eps": CONFIG["rms_norm_eps"],
}


def turned(weights: Mapping[str, NDArray[np.float32]]) -> Weights:
    """Return the weights with the rows of q and k in pairs."""
    return {
        name: interleaved(w, HEADS[name.split("_proj")[0][-1]])
        if name.endswith(("q_proj.weight", "k_proj.weight"))
        else w
        for name, w in weights.items()
    }


def plainly(folder: Path, weights: Weights, config: object, name: str = "config.json") -> None:
    """Write safetensors with the shared tokenizer."""
    folder.mkdir()
    write_safetensors(folder / "model.safetensors", {n: as_bf16(w) for n, w in weights.items()})
    (folder / name).write_text(json.dumps(config))
    (folder / "tokenizer.json").write_bytes((model("base") / "tokenizer.json").read_bytes())


def half_split(folder: Path, weights: Weights) -> None:
    """Write what transformers writes."""
    plainly(folder, weights, CONFIG)


def pairs_under_these_names(folder: Path, weights: Weights) -> None:
    """Write a conversion that forgot to turn the rows back; no name tells of it."""
    plainly(folder, turned(weights), CONFIG)


def metas_release(folder: Path, weights: Weights) -> None:
    """Write Meta's names and order with ``params.json`` alone."""
    renamed: Weights = {}
    for name, w in turned(weights).items():
        new = name
        for old, short in META.items():
            new = new.replace(old, short)
        renamed[new] = w
    plainly(folder, renamed, PARAMS, "params.json")


def gguf_of(architecture: str) -> Callable[[Path, Weights], None]:
    """Return a writer of GGUF for an architecture."""

    def write(folder: Path, weights: Weights) -> None:
        folder.mkdir()
        tokens, special = stored_tokens(model("base"))
        path = folder / "model.gguf"
        write_gguf(path, weights, CONFIG, "BF16", tokens, special, architecture=architecture)

    return write


WAYS: Final[dict[str, Callable[[Path, Weights], None]]] = {
    "half-split": half_split,
    "pairs under names of transformers": pairs_under_these_names,
    "Meta's release": metas_release,
    "GGUF llama, turned": gguf_of("llama"),
    "GGUF granite, turned": gguf_of("granite"),
    "GGUF qwen2, not turned": gguf_of("qwen2"),
}


@cache
def _as_shipped(name: str) -> Finding:
    return finding_of(model(name), model("base"), seed=SEED)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("name", "expected"), [("finetune", Verdict.RELATED), ("twin", Verdict.UNRELATED)]
)
def test_verdict_and_evidence_do_not_depend_on_the_order(
    way: str, name: str, expected: Verdict, tmp_path: Path
) -> None:
    """A copy and a stranger keep verdict, bound and cosine in every order."""
    WAYS[way](tmp_path / "subject", shipped(name))
    as_shipped = _as_shipped(name)
    found = finding_of(tmp_path / "subject", model("base"), seed=SEED)
    assert found.verdict is as_shipped.verdict is expected
    assert found.log10_p == pytest.approx(as_shipped.log10_p, rel=0.01)
    assert found.kept == pytest.approx(as_shipped.kept, abs=0.002)


@pytest.mark.parametrize("order", [half_split, pairs_under_these_names])
def test_no_row_of_q_or_k_is_read(order: Callable[[Path, Weights], None], tmp_path: Path) -> None:
    """A full search, all layers and groups, asks for no row whose place is a rotary frequency."""
    order(tmp_path / "subject", shipped("twin"))
    seen = comparison_of(tmp_path / "subject", model("base"), seed=SEED)
    roles = {w.matrix.role for w in (*seen.wanted_base, *seen.wanted_subject)}
    assert Role.V in roles
    rotary = {Role.Q, Role.K, Role.MLA_Q_B, Role.MLA_K_B, Role.MLA_K_ROPE, Role.NORM_Q, Role.NORM_K}
    assert roles.isdisjoint(rotary)


@pytest.mark.parametrize("architecture", ["llama", "qwen2"])
def test_gguf_rows_come_back_in_published_order(architecture: str, tmp_path: Path) -> None:
    """The rows of q and k of a GGUF are those of the original, whether or not its converter turned them."""
    gguf_of(architecture)(tmp_path / "subject", shipped("base"))
    original, read = (_opened(f) for f in (model("base"), tmp_path / "subject"))
    for role in (Role.Q, Role.K):
        np.testing.assert_array_equal(_values(read, role), _values(original, role))


def _opened(folder: Path) -> Model:
    access = Access(max_read=1 << 30, token=None, endpoint=None)
    return open_model(parse_reference(str(folder)), access)


def _values(opened: Model, role: Role) -> NDArray[np.float32]:
    matrix = opened.anatomy.get(role, 1)
    assert matrix is not None
    rows = read_rows(opened.anatomy.checkpoint, blocks_of_matrix(matrix))
    return matrix_from_rows(matrix, rows)
