"""How much of every causal language model of transformers is mapped, and is any role wrong?

The table beside this file pins, for each architecture, the share of parameters mapped, the number
of unknown tensors and how many places the oracle could check. Regenerate it with
``python -m tests.anatomy.sweep_table`` and review the diff.
"""

from __future__ import annotations

import json
from typing import Any, Final

import pytest
import transformers
from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES

from tests.anatomy.sweep import TABLE
from tests.anatomy.sweep_table import EXPLAINED, row_of

pytestmark = pytest.mark.slow
PINNED: Final[dict[str, Any]] = json.loads(TABLE.read_text())
ROWS: Final[dict[str, Any]] = PINNED["architectures"]
PART_1: Final = (
    "llama",
    "mistral",
    "ministral",
    "ministral3",
    "qwen2",
    "qwen3",
    "internlm3",
    "smollm3",
    "granite",
    "seed_oss",
    "exaone4",
    "arcee",
    "olmo",
    "olmo2",
    "olmo3",
    "cohere",
    "cohere2",
    "helium",
    "nanochat",
    "diffllama",
    "starcoder2",
    "stablelm",
    "ernie4_5",
    "hunyuan_v1_dense",
    "granite_swa",
    "cwm",
    "jais2",
    "apertus",
    "nemotron",
    "gemma",
    "gemma2",
    "gemma3",
    "gemma3_text",
    "gemma3n_text",
    "gemma4",
    "gemma4_text",
    "vaultgemma",
    "phi3",
    "phi4_multimodal",
    "glm",
    "glm4",
    "gpt2",
    "gpt-sw3",
    "gpt_neox",
    "gpt_bigcode",
    "gpt_neo",
    "gptj",
    "codegen",
    "bloom",
    "falcon",
    "persimmon",
    "mpt",
    "opt",
    "phi",
    "mixtral",
    "phimoe",
    "minimax",
    "minimax_m2",
    "qwen2_moe",
    "qwen3_moe",
    "qwen3_next",
    "qwen3_5",
    "qwen3_5_moe",
    "afmoe",
    "deepseek_v2",
    "deepseek_v3",
    "deepseek_v32",
    "dots1",
    "ernie4_5_moe",
    "glm4_moe",
    "glm4_moe_lite",
    "glm_moe_dsa",
    "solar_open",
    "hunyuan_v1_moe",
    "flex_olmo",
    "olmoe",
    "exaone_moe",
    "cohere2_moe",
    "axk1",
    "hy_v3",
    "mimo_v2_flash",
    "kimi_linear",
    "granitemoe",
    "granitemoeshared",
    "granitemoehybrid",
    "llama4",
    "llama4_text",
    "gpt_oss",
    "jamba",
    "lfm2",
    "lfm2_moe",
    "bamba",
    "falcon_h1",
    "minicpm3",
    "youtu",
)
"""The families that the notes put first; at least 95 % of their parameters must be mapped."""


@pytest.mark.parametrize("architecture", [a for a in ROWS if "mapped" in ROWS[a]])
def test_architecture_maps_as_pinned(architecture: str) -> None:
    """A tiny published model of the architecture maps as the table says, and no place disagrees."""
    if architecture not in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES:
        # Another release of transformers; the release the table was made with knows them all.
        assert transformers.__version__ != PINNED["transformers"]
        return
    row = row_of(architecture)
    wrong = {k for k in row.get("checked", {}) if k.endswith(" no")}
    assert wrong <= EXPLAINED.get(architecture, {}).keys()
    if transformers.__version__ == PINNED["transformers"]:
        assert row == ROWS[architecture]
    else:
        assert row.get("mapped", 0) >= ROWS[architecture]["mapped"]


@pytest.mark.parametrize("architecture", PART_1)
def test_first_families_are_mapped(architecture: str) -> None:
    """At least 95 % of the parameters of each family of the first part have a role."""
    assert ROWS[architecture]["mapped"] >= 95.0


def test_every_architecture_is_listed() -> None:
    """The table has a figure or a reason for each architecture of the release it was made with."""
    for row in ROWS.values():
        assert ("mapped" in row) != ("not built" in row)
    if transformers.__version__ == PINNED["transformers"]:
        assert set(ROWS) == set(MODEL_FOR_CAUSAL_LM_MAPPING_NAMES)
