"""How much of every text encoder of transformers is mapped, and is any role wrong?

The table beside this file pins each architecture; regenerate it with
``python -m tests.anatomy.sweep_encoders`` and review the diff.
"""

from __future__ import annotations

import json
from typing import Any, Final

import pytest
import transformers

from tests.anatomy.sweep_encoders import ENCODERS, EXPLAINED, TABLE, row_of

PINNED: Final[dict[str, Any]] = json.loads(TABLE.read_text())
ROWS: Final[dict[str, Any]] = PINNED["architectures"]


@pytest.mark.slow
@pytest.mark.parametrize("architecture", ENCODERS)
def test_encoder_maps_as_pinned(architecture: str) -> None:
    """A tiny published encoder maps as the table says, and the running model's stream agrees."""
    row = row_of(architecture)
    wrong = {k for k in row.get("checked", {}) if k.endswith(" no")}
    assert wrong <= EXPLAINED.get(architecture, {}).keys()
    if transformers.__version__ == PINNED["transformers"]:
        assert row == ROWS[architecture]
    else:
        assert row["mapped"] >= ROWS[architecture]["mapped"]


@pytest.mark.parametrize(
    "architecture",
    [
        *("bert", "roberta", "xlm-roberta", "distilbert", "deberta", "deberta-v2", "electra"),
        *("albert", "mpnet", "modernbert", "nomic_bert", "gte", "esm"),
    ],
)
def test_the_encoders_of_the_hub_are_mapped_and_checked(architecture: str) -> None:
    """Of each everything has a role, and every layer's attention and MLP agreed."""
    row = ROWS[architecture]
    assert row["mapped"] == 100.0
    assert row["checked"]["attention"] == row["checked"]["mlp"] == row["layers"]


def test_every_encoder_is_listed() -> None:
    """The table has a row for each encoder, and what does not agree is explained."""
    assert set(ROWS) == set(ENCODERS)
    for name, row in ROWS.items():
        wrong = {kind for kind in row["checked"] if kind.endswith(" no")}
        assert wrong == EXPLAINED.get(name, {}).keys()
