"""Is an adapter told from the weights that it changes, by what the files hold?"""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from hubcheck.checkpoint.disagreement import DisagreementCode
from hubcheck.checkpoint.opening import open_checkpoint
from hubcheck.checkpoint.other_formats import is_update_alone
from hubcheck.errors import UnsupportedFormatError
from tests.checkpoint.layouts import BIN, LONG_PEFT, MODULE, PEFT, SINGLE, safe, torch_file
from tests.memory_source import MemorySource


@pytest.mark.parametrize(
    ("names", "alone"),
    [
        (["base_model.model.x.lora_A.weight", "base_model.model.x.lora_B.default.weight"], True),
        (["x.q_proj.lora_a", "x.q_proj.lora_b"], True),
        (["unet.to_q.lora.up.weight", "unet.to_q.lora.down.weight"], True),
        (["lora_te_x.lora_up.weight", "lora_te_x.alpha"], True),
        (["x.hada_w1_a", "x.hada_w1_b", "x.alpha"], True),
        (["x.lora_A.weight", "x.weight"], False),
        (["x.alpha"], False),
        (["layers.0.mlp.up.weight"], False),
        ([], False),
    ],
)
def test_only_factors_make_an_update(names: list[str], alone: bool) -> None:
    """A model with unmerged adapters in it is a model; a lone scale is no adapter."""
    assert is_update_alone(names) is alone


@pytest.mark.parametrize("prefix", ["", "model.", "base_model.model.language_model."])
def test_the_changed_module_is_found_under_any_prefix(prefix: str) -> None:
    """Wrappers rename what an adapter was trained on; from the first number on names agree."""
    name = prefix + MODULE.removeprefix("model.") + ".weight"
    checkpoint = open_checkpoint(MemorySource({**LONG_PEFT, BIN: torch_file(name)}), {})
    assert checkpoint.paths == (BIN,)
    (told,) = checkpoint.disagreements
    assert told.code is DisagreementCode.ADAPTER_BESIDE
    assert (told.file, told.instead) == ("adapter_model.safetensors", BIN)


@pytest.mark.parametrize(
    "files", [{BIN: torch_file("v_head.weight")}, {"projector.safetensors": safe("mm.0.weight")}]
)
def test_a_small_file_without_the_changed_modules_is_not_the_base(
    files: Mapping[str, bytes],
) -> None:
    """An adapter with a value head or a projector is an adapter."""
    with pytest.raises(UnsupportedFormatError, match="is an adapter"):
        open_checkpoint(MemorySource({**LONG_PEFT, **files}), {})


def test_full_weights_under_strange_names_count_by_their_size() -> None:
    """Where no name agrees, enough values for what the adapter changes are full weights."""
    checkpoint = open_checkpoint(MemorySource({**PEFT, SINGLE: safe("blk.q", "blk.k")}), {})
    assert checkpoint.paths == (SINGLE,)
