"""Tests that no file of a model ends a check without a report, or costs much to refuse."""

from __future__ import annotations

import io
import json
import shutil
import struct
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from hubcheck.check import observe
from hubcheck.checkpoint import torch_pickle
from hubcheck.cli import main
from hubcheck.errors import HostileCheckpointError
from hubcheck.evidence.looks.orders import ORDERS
from hubcheck.report.schema import Report
from hubcheck.report.words import DeclarationVerdict, ReasonCode, Verdict
from tests.action.conftest import MODELS
from tests.attacks.registry import attack, attacks

Check = Callable[..., tuple[int, Report]]
WEIGHTS: Final = "model.safetensors"


@pytest.fixture
def check(tmp_path: Path) -> Check:
    """Return a function that checks and returns exit code and report."""

    def run(*arguments: object) -> tuple[int, Report]:
        out = tmp_path / "out"
        code = main(["check", *map(str, arguments), "--out", str(out), "--seed", "7"])
        return code, Report.model_validate_json((out / "report.json").read_bytes())

    return run


def copied(folder: Path, name: str = "finetune") -> Path:
    """Return a copy of a model of the demo."""
    return Path(shutil.copytree(MODELS / name, folder))


def torch_file(folder: Path, program: bytes) -> Path:
    """Put a PyTorch file with this pickle in place of a model's weights."""
    (folder / WEIGHTS).unlink()
    with zipfile.ZipFile(folder / "pytorch_model.bin", "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("archive/data.pkl", program)
        archive.writestr("archive/data/0", bytes(16))
        archive.writestr("archive/version", "3")
    return folder


def tensor(key: str) -> bytes:
    """Return the pickle of one tensor whose storage has this key."""
    name = key.encode()
    return (
        b"\x80\x02}(X\x01\x00\x00\x00wctorch._utils\n_rebuild_tensor_v2\n((X\x07\x00\x00\x00storage"
        b"ctorch\nFloatStorage\nX" + struct.pack("<I", len(name)) + name + b"X\x03\x00\x00\x00cpu"
        b"K\x04tQK\x00K\x04\x85K\x01\x85\x89ccollections\nOrderedDict\n)RtRu."
    )  # fmt: skip


def half_a_head(folder: Path) -> Path:
    """Let the output head have half of the embedding's rows."""
    path = folder / WEIGHTS
    raw = path.read_bytes()
    length = int.from_bytes(raw[:8], "little")
    header: dict[str, Any] = json.loads(raw[8 : 8 + length])
    entry = header["lm_head.weight"]
    rows, columns = entry["shape"]
    start, stop = entry["data_offsets"]
    entry["shape"] = [rows // 2, columns]
    entry["data_offsets"] = [start, start + (stop - start) // 2]
    header["unused"] = {
        "dtype": entry["dtype"],
        "shape": [rows - rows // 2, columns],
        "data_offsets": [start + (stop - start) // 2, stop],
    }
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + raw[8 + length :])
    return folder


HOSTILE: Final[dict[str, Callable[[Path], Path]]] = {
    "an output head with half of the embedding's rows": half_a_head,
    "a storage key of 5,000 digits": lambda f: torch_file(f, tensor("9" * 5000)),
    "a storage key of digits that are not ASCII": lambda f: torch_file(f, tensor("\u0663" * 9)),
}
NEW: Final = "a storage key of digits that are not ASCII"
attacks(
    "check",
    *(
        (f"{name}, in {where}", "-" if name == NEW else "exit 5, no report", now)
        for name in HOSTILE
        for where, now in (
            ("the subject", "a report"),
            ("one base of two", "the rest is reported"),
        )
    ),
)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_base_takes_nothing_from_the_rest(
    check: Check, tmp_path: Path, name: str
) -> None:
    """The check ends with a report that speaks of the other base as it would without this one."""
    base = HOSTILE[name](copied(tmp_path / "base", "base"))
    code, report = check(MODELS / "finetune", "--base", base, "--suspect", MODELS / "base")
    assert code in {0, 1}
    assert report.findings[1].verdict is Verdict.RELATED
    assert report.findings[0].code is not ReasonCode.INTERNAL


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_subject_ends_with_a_report(check: Check, tmp_path: Path, name: str) -> None:
    """It is checked, or refused with the exit code of unreadable weights."""
    code, report = check(HOSTILE[name](copied(tmp_path / "m")), "--base", MODELS / "base")
    assert code in {0, 4}
    assert code == 0 or report.findings[0].verdict is Verdict.NOT_TESTED


@attack("check", "a pickle that calls `os.system`", before="exit 0", now="exit 4, nothing was run")
@pytest.mark.parametrize(
    "wanted",
    ["os\nsystem", "posix\nsystem", "subprocess\nPopen", "builtins\neval", "runpy\nrun_path"],
)
def test_a_pickle_that_runs_something_is_hostile(check: Check, tmp_path: Path, wanted: str) -> None:
    """As the table of exit codes says; a class of a training script is only another format."""
    program = b"\x80\x02c" + wanted.encode() + b"\nX\x04\x00\x00\x00true\x85R."
    folder = torch_file(copied(tmp_path / "m"), program)
    code, report = check(folder, "--base", MODELS / "base")
    assert code == 4
    assert report.verdict is DeclarationVerdict.INCONCLUSIVE
    other = torch_file(copied(tmp_path / "n"), b"\x80\x02cmodels.yolo\nModel\n)R.")
    assert check(other, "--base", MODELS / "base")[0] == 0


@attack(
    "check",
    "a pickle of 62 MB of instructions that do nothing",
    before="107 s",
    now="refused after 5 million instructions",
)
@pytest.mark.parametrize("program", [b"}0", b"N0", b")0", b"K\x010"])
def test_a_long_pickle_is_not_followed(monkeypatch: pytest.MonkeyPatch, program: bytes) -> None:
    """However its time is spent."""
    assert torch_pickle.MAX_INSTRUCTIONS <= 5_000_000
    monkeypatch.setattr(torch_pickle, "MAX_INSTRUCTIONS", 20_000)
    with pytest.raises(HostileCheckpointError, match="instructions"):
        torch_pickle.read_state(b"\x80\x02" + program * 20_000_000 + b"}.", path="x")


BOMBS: Final[dict[str, tuple[str, Callable[[], bytes]]]] = {
    "a `tokenizer.json` of 38 MB of empty lists": (
        "tokenizer.json", lambda: b"[" + b"[]," * 12_600_000 + b"[]]"),
    "a `tokenizer.json` of five million pieces": (
        "tokenizer.json", lambda: b'{"model":{"vocab":[' + b'["",0],' * 5_000_000 + b"0]}}"),
    "a `tokenizer.json` with merges in front of a bomb": (
        "tokenizer.json", lambda: b'{"model":{"merges":["' + b'"vocab"' * 5_000_000),
    "a `vocab.json` of five million tokens": (
        "vocab.json", lambda: b"{" + b'"a":1,' * 5_000_000 + b'"b":2}'),
    "a `vocab.txt` of forty million lines": ("vocab.txt", lambda: b"\n" * 39_000_000),
    "a `tokenizer.model` of fields that are no pieces": (
        "tokenizer.model", lambda: b"\x0a\x01a" + b"\x10\x00" * 19_000_000),
    "a `tekken.json` of ten million entries": (
        "tekken.json", lambda: b'{"vocab":[' + b"{}," * 10_000_000 + b"{}]}"),
    "a `config.json` of a million brackets": (
        "config.json", lambda: b'{"a":' + b"[" * 900_000 + b"]" * 900_000 + b"}"),
    "a `config.json` with a number of a million digits": (
        "config.json", lambda: b'{"a":' + b"9" * 1_000_000 + b"}"),
    "a `config.json` whose sizes are infinite, negative and texts": (
        "config.json", lambda: b'{"num_hidden_layers":1e999,"hidden_size":-5,"vocab_size":"x",'
        b'"num_attention_heads":0,"architectures":[5],"model_type":{}}'),
}  # fmt: skip
SLOW: Final = {
    "a `tokenizer.json` of 38 MB of empty lists": "31 s, 2 GB",
    "a `tokenizer.json` of five million pieces": "107 s",
    "a `tokenizer.model` of fields that are no pieces": "60 s",
}
attacks(
    "check",
    *((name, SLOW.get(name, "-"), "refused, the base is tested all the same")
      for name in BOMBS),
)  # fmt: skip


@pytest.mark.parametrize("name", BOMBS)
def test_a_document_costs_little_to_refuse(check: Check, tmp_path: Path, name: str) -> None:
    """The weights are compared without it, in seconds."""
    path, data = BOMBS[name]
    base = copied(tmp_path / "base", "base")
    for there in ("tokenizer.json", "vocab.json"):
        (base / there).unlink(missing_ok=True)
    (base / path).write_bytes(data())
    began = time.process_time()
    code, report = check(MODELS / "finetune", "--base", base)
    assert time.process_time() - began < 10
    assert code == 0
    assert report.findings[0].verdict is Verdict.RELATED


# -- what nobody foresaw --------------------------------------------------------------------------


def broken_for(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Let the look at the orders fail for one base, as nobody foresaw."""
    real = observe.opened_pair

    def fail(comparer: Any, base: Any, subject: Any) -> Any:
        if name in str(base.pin):
            raise KeyError("nobody foresaw this: " + name)
        return real(comparer, base, subject)

    monkeypatch.setattr(observe, "opened_pair", fail)


@attack(
    "check",
    "files that raise what nobody foresaw, in one base of two",
    before="exit 5, no report",
    now="`not-tested: internal` with a number, the rest is reported",
)
def test_a_fault_in_one_base_is_its_own(
    check: Check, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The card has a number and a place, no value; the log has the way there."""
    broken_for(monkeypatch, "models/base")
    code, report = check(
        MODELS / "finetune", "--base", MODELS / "base", "--suspect", MODELS / "twin"
    )
    first, second = report.findings
    assert (first.verdict, first.code) == (Verdict.NOT_TESTED, ReasonCode.INTERNAL)
    assert second.verdict is Verdict.UNRELATED
    assert report.verdict is DeclarationVerdict.INCONCLUSIVE
    assert code == 0
    assert "nobody foresaw this" not in report.model_dump_json()
    log = capsys.readouterr().err
    assert "a fault of hubcheck: " in log
    assert "test_models.py:" in log


@attack(
    "check",
    "the same, with nothing else to compare",
    before="exit 5, no report",
    now="exit 5 with a report",
)
def test_a_fault_that_left_nothing_compared_ends_with_5(
    check: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the report is there."""
    broken_for(monkeypatch, "models/base")
    code, report = check(MODELS / "finetune", "--base", MODELS / "base")
    assert code == 5
    assert report.findings[0].code is ReasonCode.INTERNAL


@attack(
    "check",
    "a fault in one look at a base",
    before="exit 5, no report",
    now="that look is missing, the others stand",
)
def test_a_fault_in_one_look_is_that_looks(check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    """What other looks settled stays; where it was the orders, the base is not tested."""

    def fail(*_: object) -> object:
        raise ZeroDivisionError

    monkeypatch.setattr(type(ORDERS), "take", fail)
    code, report = check(
        MODELS / "finetune", "--base", MODELS / "base", "--suspect", MODELS / "twin"
    )
    assert code == 5
    assert {f.code for f in report.findings} == {ReasonCode.INTERNAL}


@attack("check", "an archive whose directory lies about its sizes", before="-", now="exit 4")
def test_an_archive_that_lies(check: Check, tmp_path: Path) -> None:
    """As before: refused by its numbers, nothing is unpacked."""
    folder = torch_file(copied(tmp_path / "m"), tensor("0"))
    path = folder / "pytorch_model.bin"
    data = bytearray(path.read_bytes())
    at = data.rindex(b"PK\x01\x02")
    data[at + 20 : at + 28] = b"\xff" * 8
    path.write_bytes(data)
    assert io.BytesIO(data).read(2) == b"PK"
    assert check(folder, "--base", MODELS / "base")[0] == 4
