"""Which sizes rule out a declared relation?"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from hubcheck.anatomy.interface import Anatomy
from hubcheck.model import Access, open_model
from hubcheck.report.phrases import PhraseCode
from hubcheck.source.reference import parse_reference
from hubcheck.verdict.ruled_out import ruled_out
from tests.evidence.laboratory import model


@cache
def base() -> Anatomy:
    """Return a model 96 wide, of 4 layers and 256 neurons."""
    access = Access(max_read=1 << 20, token=None, endpoint=None)
    return open_model(parse_reference(str(model("base"))), access).anatomy


def resized(**sizes: int) -> Anatomy:
    """Return it with other sizes."""
    return replace(base(), geometry=replace(base().geometry, **sizes))


ROWS = {
    "a fine-tune is as wide": ("finetune", {"hidden": 80}, {"hidden"}),
    "and as deep, with as many neurons": (
        "finetune", {"layers": 6, "neurons": 128}, {"layers", "neurons"},
    ),
    "a quantisation too": ("quantized", {"layers": 3}, {"layers"}),
    "it may be filled up with zeros": ("quantized", {"neurons": 264}, set()),
    "but not by half": ("quantized", {"neurons": 384}, {"neurons"}),
    "an adapter changes no size": ("adapter", {"hidden": 48}, {"hidden"}),
    "a merge may stack layers": ("merge", {"layers": 7}, set()),
    "and make experts": ("merge", {"experts": 4, "neurons": 64}, set()),
    "it keeps the width": ("merge", {"hidden": 80}, {"hidden"}),
    "no relation rules nothing out": ("", {"hidden": 80, "layers": 3}, set()),
    "nor does a new word": ("distilled", {"hidden": 80}, set()),
    "equal sizes rule nothing out": ("finetune", {}, set()),
    "a size that is not known rules nothing out": ("finetune", {"hidden": 0}, set()),
    "heads are only configured": ("finetune", {"heads": 8, "kv_heads": 1}, set()),
    "vocabularies grow": ("finetune", {"vocab": 600}, set()),
}  # fmt: skip


@pytest.mark.parametrize("name", ROWS)
def test_what_a_relation_keeps(name: str) -> None:
    """The sizes that the declared relation keeps, and no other."""
    relation, sizes, expected = ROWS[name]
    found = ruled_out(relation, base(), resized(**sizes))
    assert {one.params["axis"] for one in found} == expected
    assert all(one.code is PhraseCode.SHAPE_RULES_OUT for one in found)
