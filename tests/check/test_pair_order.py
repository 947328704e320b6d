"""Is a four-bit file read as it was written, and nothing said of one that could be read otherwise?"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
import pytest
from numpy.typing import NDArray

from hubcheck.check.pair_order import in_settled_order, shown_by, ways_of
from hubcheck.checkpoint.packed import PAIRS
from hubcheck.checkpoint.pair_order import PairOrder, codes_in_order
from hubcheck.model import Access, Model, open_model
from hubcheck.report.phrases import PhraseCode, codes
from hubcheck.report.words import Depth, RelationKind, Verdict
from hubcheck.source.reference import parse_reference
from tests.evidence.laboratory import finding_of
from tests.material.formats.encode import Stored, as_bf16, fp4_pairs, stored
from tests.material.formats.folder import read_floats, safetensors_file

DEMO: Final = Path(__file__).parents[2] / "hubcheck" / "demo" / "models"
ACCESS: Final = Access(max_read=1 << 30, token=None, endpoint=None)
FP4: Final = {"quantization_config": {"quant_method": "fp8"}, "expert_dtype": "fp4"}
DEEPSEEK: Final = {"weight": ("weight", "I8"), "scale": ("scale", "F8_E8M0")}
"""Name and dtype of codes and scales."""
Codes = NDArray[np.uint8]


def repacked(packed: Codes, order: PairOrder) -> Codes:
    """Write codes that lie low half first, [rows, bytes], in another order."""
    rows = packed.shape[0]
    codes = np.stack([packed & 0xF, packed >> 4], axis=2).reshape(rows, -1)
    if order.value.startswith("row"):
        low, high = np.split(codes, 2, axis=1)
    elif order.value.startswith("group"):
        groups = codes.reshape(rows, -1, 2, 16)
        low, high = groups[:, :, 0].reshape(rows, -1), groups[:, :, 1].reshape(rows, -1)
    else:
        low, high = codes[:, ::2], codes[:, 1::2]
    if "high" in order.value:
        low, high = high, low
    return np.ascontiguousarray(low | (high << 4))


def mixed(of: str, name: str, order: PairOrder) -> dict[str, Stored]:
    """Quantise a matrix and write it in an order."""
    w = floats(of)[name]
    if order.scaled_by_bytes:  # what the bytes hold side by side shares a scale
        low, high = np.split(w, 2, axis=1)
        high_first = "high" in order.value
        pairs = (high, low) if high_first else (low, high)
        return fp4_pairs(np.stack(pairs, axis=2).reshape(w.shape))
    parts = dict(quantised(of, name))
    packed = np.frombuffer(parts["weight"].raw, dtype=np.uint8).reshape(parts["weight"].shape)
    return parts | {"weight": stored(repacked(packed, order), "I8")}


@cache
def floats(of: str) -> Mapping[str, NDArray[np.float32]]:
    """Return the values of a demo model."""
    return read_floats(DEMO / of)


@cache
def quantised(of: str, name: str) -> Mapping[str, Stored]:
    """Return a matrix in the published format."""
    return fp4_pairs(floats(of)[name])


def written(
    folder: Path,
    of: str,
    order: PairOrder,
    config: Mapping[str, object] | None = None,
    *,
    every: Callable[[int], PairOrder] | None = None,
    renamed: Mapping[str, tuple[str, str]] = DEEPSEEK,
) -> Path:
    """Write a demo model whose MLPs are pairs in one order, or in one for each layer."""
    folder.mkdir(parents=True)
    tensors: dict[str, Stored] = {}
    for name, values in floats(of).items():
        if ".mlp." in name:
            layer = int(name.split(".")[2])
            parts = mixed(of, name, every(layer) if every is not None else order)
            stem = name.removesuffix(".weight")
            for part, one in parts.items():
                called, dtype = renamed[part]
                tensors[f"{stem}.{called}"] = Stored(dtype, one.shape, one.raw)
        else:
            tensors[name] = as_bf16(values)
    (folder / "model.safetensors").write_bytes(safetensors_file(tensors))
    said = json.loads((DEMO / of / "config.json").read_text()) | dict(config or {})
    (folder / "config.json").write_text(json.dumps(said))
    (folder / "tokenizer.json").write_bytes((DEMO / of / "tokenizer.json").read_bytes())
    return folder


def opened(folder: Path) -> Model:
    """Return an opened model."""
    return open_model(parse_reference(str(folder)), ACCESS)


@pytest.fixture(scope="module")
def base() -> Model:
    """Return the model that the others were made from."""
    return opened(DEMO / "base")


@pytest.mark.parametrize("order", PairOrder)
def test_values_show_the_order(order: PairOrder, base: Model, tmp_path: Path) -> None:
    """Of eight readings the one is near that was written."""
    model = opened(written(tmp_path / "a", "base", order))
    assert shown_by(model, base) is order
    settled = in_settled_order(model, [base], Depth.SAMPLE)
    assert (settled.pairs, ways_of(settled)) == (order, len(PairOrder))


def test_codes_come_back_from_every_order() -> None:
    """Reading undoes writing, whoever wrote the two."""
    packed = np.random.default_rng(0).integers(0, 256, (3, 32), dtype=np.uint8)
    plain = codes_in_order(packed.tobytes(), 3, 32)
    for order in PairOrder:
        if not order.scaled_by_bytes:
            raw = repacked(packed, order).tobytes()
            np.testing.assert_array_equal(codes_in_order(raw, 3, 32, order), plain)


@pytest.mark.parametrize(
    ("order", "config"),
    [(PairOrder.HIGH_FIRST, {}), (PairOrder.ROW_HALVES, {}), (PairOrder.HIGH_FIRST, FP4)],
    ids=["high half first", "halves of a row", "against its configuration"],
)
def test_a_copy_in_another_order_is_a_quantised_copy(
    order: PairOrder, config: Mapping[str, object], tmp_path: Path
) -> None:
    """Neither "common initialisation" nor "does not match": the card says how it was read."""
    subject = written(tmp_path / "a", "base", order, config)
    finding = finding_of(subject, DEMO / "base")
    assert finding.verdict is Verdict.RELATED
    assert finding.relation is not None
    assert finding.relation.kind is RelationKind.QUANTISED
    assert PhraseCode.PAIR_ORDER in codes(finding.notes)


@pytest.mark.parametrize("method", ["", "quark"])
def test_bytes_beside_a_weight_scale_are_held_to_the_same(method: str, tmp_path: Path) -> None:
    """Codes and scales in U8, as other programs call them, may lie in any order too."""
    subject = written(
        tmp_path / "a",
        "base",
        PairOrder.HIGH_FIRST,
        {"quantization_config": {"quant_method": method}},
        renamed={"weight": ("weight", "U8"), "scale": ("weight_scale", "U8")},
    )
    assert shown_by(opened(subject), opened(DEMO / "base")) is PairOrder.HIGH_FIRST
    assert finding_of(subject, DEMO / "twin").verdict is not Verdict.RELATED


def test_a_base_in_another_order_is_read_as_the_subject_shows(tmp_path: Path) -> None:
    """The order is a fact of the file, on whichever side it stands."""
    other = written(tmp_path / "a", "base", PairOrder.GROUP_HALVES)
    finding = finding_of(DEMO / "base", other)
    assert finding.verdict is Verdict.RELATED


def test_a_stranger_in_an_order_that_nobody_states_is_not_tested(tmp_path: Path) -> None:
    """No order brings it near, and it might lie in one that nobody tried."""
    subject = written(tmp_path / "a", "twin", PairOrder.HIGH_FIRST)
    finding = finding_of(subject, DEMO / "base")
    assert finding.verdict is Verdict.NOT_TESTED
    assert PAIRS in str(finding.reason)


def test_layers_in_different_orders_are_not_tested(tmp_path: Path) -> None:
    """One order for all is what is looked for; a file that mixes them is left unread."""
    mixing = written(
        tmp_path / "a",
        "base",
        PairOrder.LOW_FIRST,
        every=lambda layer: (PairOrder.LOW_FIRST, PairOrder.HIGH_FIRST)[layer % 2],
    )
    assert finding_of(mixing, DEMO / "base").verdict is Verdict.NOT_TESTED


def test_a_stranger_of_the_published_format_is_unrelated(tmp_path: Path) -> None:
    """The configuration states the order that loaders read."""
    subject = written(tmp_path / "a", "twin", PairOrder.LOW_FIRST, FP4)
    assert finding_of(subject, DEMO / "base").verdict is Verdict.UNRELATED
