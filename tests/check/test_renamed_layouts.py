"""Is a model under the names that trainers leave it with judged as it is under its own?

Wrappers around wrappers, in every layer or in some, hostile words, stale files beside the weights,
and strangers under the same names: the subject is a shipped fine-tune, or a shipped stranger.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from hubcheck.report.schema import Report
from hubcheck.report.words import DeclarationVerdict, Verdict
from tests.evidence import laboratory
from tests.evidence.laboratory import report_of

Weights = dict[str, torch.Tensor]
LAYER = re.compile(r"layers\.(\d+)\.")


def weights(name: str) -> Weights:
    """Return a shipped model's weights as they are stored."""
    folder = laboratory.model(name)
    (file,) = folder.glob("*.safetensors")
    return dict(load_file(file))


def under(rename: Callable[[str], str], name: str = "finetune") -> Weights:
    """Return a shipped model under other names."""
    return {rename(n): t for n, t in weights(name).items()}


def folder_of(at: Path, tensors: Weights, *, parts: int = 1) -> Path:
    """Write a model folder beside the shipped configuration and vocabulary."""
    at.mkdir()
    for file in ("config.json", "tokenizer.json"):
        (at / file).write_bytes((laboratory.model("finetune") / file).read_bytes())
    names = sorted(tensors)
    for n in range(parts):
        file = (
            "model.safetensors" if parts == 1 else f"model-{n + 1:05d}-of-{parts:05d}.safetensors"
        )
        save_file({k: tensors[k] for k in names[n::parts]}, at / file)
    return at


def said(subject: Path) -> Report:
    """Return the report against the shipped base, declared."""
    return report_of(subject, [laboratory.model("base")])


def twice(name: str) -> str:
    """Put two wrappers into every layer's name."""
    return LAYER.sub(r"layers.\1._checkpoint_wrapped_module._orig_mod.", name)


def some_layers(name: str) -> str:
    """Wrap the first two layers alone."""
    return f"module.{name}" if re.search(r"layers\.[01]\.", name) else name


def tuned(name: str) -> str:
    """Return what PEFT calls a tensor of a model with an adapter and a head trained whole."""
    inner = f"base_model.model.{name}".replace(".q_proj.", ".q_proj.base_layer.")
    return inner.replace("lm_head.weight", "lm_head.modules_to_save.default.weight")


@pytest.mark.parametrize(
    "rename",
    [
        twice,
        some_layers,
        tuned,
        lambda name: f"<img src=x>\n|`.{name}",
        lambda name: f"state_dict.ema_model.{name}",
        lambda name: LAYER.sub(lambda m: f"layers.{int(m[1]):02d}.", name),
    ],
    ids=["two infixes", "some layers", "PEFT", "hostile", "state dict", "padded numbers"],
)
def test_a_fine_tune_under_a_wrapper_is_confirmed(
    tmp_path: Path, rename: Callable[[str], str]
) -> None:
    """Names are told by what they say of a place, not by a list of wrappers."""
    found = said(folder_of(tmp_path / "subject", under(rename)))
    assert found.verdict is DeclarationVerdict.CONFIRMED


def test_a_stranger_under_a_wrapper_is_contradicted(tmp_path: Path) -> None:
    """The same names over another model's values."""
    found = said(folder_of(tmp_path / "subject", under(twice, "twin")))
    assert found.verdict is DeclarationVerdict.CONTRADICTED


def test_a_reference_model_beside_a_stranger_confirms_nothing(tmp_path: Path) -> None:
    """A policy that is a stranger, stored with the base as its reference."""
    both = under("policy.{}".format, "twin") | under("reference.{}".format, "base")
    assert said(folder_of(tmp_path / "subject", both)).verdict is DeclarationVerdict.INCONCLUSIVE


def test_an_index_of_another_format_is_no_fault(tmp_path: Path) -> None:
    """``pytorch_model.bin.index.json`` without its shards, beside a complete safetensors file."""
    folder = folder_of(tmp_path / "subject", weights("finetune"))
    index = {"metadata": {}, "weight_map": {"a": "pytorch_model-00001-of-00002.bin"}}
    (folder / "pytorch_model.bin.index.json").write_text(json.dumps(index))
    assert said(folder).verdict is DeclarationVerdict.CONFIRMED


def test_an_adapters_configuration_alone_is_no_adapter(tmp_path: Path) -> None:
    """``adapter_config.json`` left beside merged weights: the weights are what is loaded."""
    folder = folder_of(tmp_path / "subject", weights("finetune"))
    (folder / "adapter_config.json").write_text('{"peft_type": "LORA", "r": 8}')
    found = said(folder)
    assert found.verdict is DeclarationVerdict.CONFIRMED
    assert found.warnings


def test_what_the_index_names_is_checked(tmp_path: Path) -> None:
    """Two complete sets of shards: loaders take the one that the index names, a stranger's."""
    folder = folder_of(tmp_path / "subject", weights("finetune"), parts=2)
    stranger = weights("twin")
    names, shards = sorted(stranger), 4
    where = {
        n: f"model-{i % shards + 1:05d}-of-{shards:05d}.safetensors" for i, n in enumerate(names)
    }
    for file in set(where.values()):
        save_file({n: stranger[n] for n in names if where[n] == file}, folder / file)
    index = {"metadata": {"total_size": 1}, "weight_map": where}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    found = said(folder)
    assert found.verdict is DeclarationVerdict.CONTRADICTED
    assert found.findings[0].verdict is Verdict.UNRELATED
