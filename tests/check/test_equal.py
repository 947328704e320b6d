"""Does a check call a copy identical, and only a copy?"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from hubcheck.check.observe import comparer_of, opened_pair, terms_of
from hubcheck.cli import main
from hubcheck.evidence.looks.equality.look import EQUAL_TENSORS
from hubcheck.evidence.observation import Observation, Observations
from hubcheck.model import Model, compare_weights, open_model, same_weights
from hubcheck.report.words import ReasonCode, Verdict
from hubcheck.source import folder
from hubcheck.source.interface import FileEntry
from hubcheck.source.reference import parse_reference
from tests.checkpoint.malformed import GOOD
from tests.evidence.laboratory import model, outcome_of, request
from tests.memory_source import MemorySource

LARGE = folder.HASH_LIMIT // 2 + 1000
"""Values of two bytes: more than is hashed when a folder is opened."""


def opened(path: Path) -> Model:
    """Open a folder with the usual limits."""
    return open_model(parse_reference(str(path)), request(path).access)


def unknown_architecture(path: Path, *, last: float = 0.0) -> Path:
    """Write a large model of an architecture that no rule knows; its last value may be set."""
    values = np.random.default_rng(3).standard_normal(LARGE).astype(np.float16)
    values[-1] = last
    path.mkdir()
    save_file({"strange.tensor": values.reshape(8, -1)}, path / "model.safetensors")
    return path


def checked(tmp_path: Path, *arguments: str) -> dict[str, object]:
    """Run the command line and return its report."""
    main(["check", *arguments, "--seed", "1", "--out", str(tmp_path / "out")])
    found: dict[str, object] = json.loads((tmp_path / "out" / "report.json").read_text())
    return found


@pytest.mark.parametrize("depth", ["sample", "deep", "full"])
def test_two_local_copies_are_identical_at_every_depth_that_reads(
    tmp_path: Path, depth: str
) -> None:
    """A copy is identical in an architecture that no rule knows, at the cost of one hash each."""
    one = unknown_architecture(tmp_path / "one")
    shutil.copytree(one, tmp_path / "two")
    report = checked(tmp_path, str(one), "--base", str(tmp_path / "two"), "--depth", depth)
    assert report["verdict"] == "confirmed"
    assert report["findings"][0]["verdict"] == "identical"  # type: ignore[index]
    hashed = report["coverage"]["bytes_hashed"]  # type: ignore[index]
    assert hashed == 2 * (one / "model.safetensors").stat().st_size


def test_one_value_in_sixteen_million_is_no_copy(tmp_path: Path) -> None:
    """Files of equal size and headers that differ in their last value are not identical."""
    one = unknown_architecture(tmp_path / "one")
    other = unknown_architecture(tmp_path / "other", last=1.0)
    report = checked(tmp_path, str(one), "--base", str(other))
    assert report["findings"][0]["verdict"] != "identical"  # type: ignore[index]


def test_headers_read_and_hash_nothing(tmp_path: Path) -> None:
    """At depth headers what no host states stays unknown."""
    one = unknown_architecture(tmp_path / "one")
    shutil.copytree(one, tmp_path / "two")
    report = checked(tmp_path, str(one), "--base", str(tmp_path / "two"), "--depth", "headers")
    assert report["findings"][0]["verdict"] == "not-tested"  # type: ignore[index]
    assert report["coverage"]["bytes_hashed"] < 1000  # type: ignore[index]


def test_a_digest_is_computed_once_for_many_bases(tmp_path: Path) -> None:
    """The subject is hashed once, however many bases have files of its size."""
    one = opened(unknown_architecture(tmp_path / "one"))
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    for _ in range(3):
        compare_weights(opened(tmp_path / "two"), one, seed=1)
    assert one.source.ledger.hashed_bytes == (tmp_path / "one/model.safetensors").stat().st_size


def stated(digests: dict[str, str], **documents: bytes) -> Model:
    """Return a model on a host that states these digests."""
    contents = dict.fromkeys(digests, GOOD)
    entries = tuple(FileEntry(path=p, size=len(GOOD), sha256=d) for p, d in digests.items())
    return Model(MemorySource(contents | documents), entries)


def test_a_stray_file_makes_a_copy_no_less_a_copy() -> None:
    """What is loaded decides: the stray is named as unread, the copy is the same weights."""
    plain = stated({"model.safetensors": "1" * 64})
    stray = stated({"model.safetensors": "1" * 64, "old.safetensors": "2" * 64})
    assert same_weights(plain, stray)
    assert [f.path for f in stray.unread] == ["old.safetensors"]
    assert plain.unread == ()


def test_the_same_files_loaded_otherwise_are_not_the_same_weights() -> None:
    """Two repositories that hold the same two files, each loading another of them, differ."""
    one = stated({"model.safetensors": "1" * 64, "old.safetensors": "2" * 64})
    two = stated({"model.safetensors": "2" * 64, "old.safetensors": "1" * 64})
    assert not same_weights(one, two)


def test_confirmed_with_unread_weights_says_which_files_it_speaks_of(tmp_path: Path) -> None:
    """Weights beside an honest fine-tune are on the card, in the report and in the terminal."""
    subject = tmp_path / "subject"
    shutil.copytree(model("finetune"), subject)
    shutil.copy(model("twin") / "model.safetensors", subject / "model-00001-of-00001.safetensors")
    (subject / "onnx").mkdir()
    (subject / "onnx" / "model.onnx").write_bytes(b"x" * 2000)
    report = checked(tmp_path, str(subject), "--base", str(model("base")))
    assert report["verdict"] == "confirmed"
    assert report["subject"]["read"] == ["model.safetensors"]  # type: ignore[index]
    assert [(f["path"], f["why"]) for f in report["subject"]["unread"]] == [  # type: ignore[index]
        ("model-00001-of-00001.safetensors", "other-set"), ("onnx/model.onnx", "other-folder")
    ]  # fmt: skip
    for name in ("card.md", "card.html"):
        text = (tmp_path / "out" / name).read_text()
        first = text.split("<details", 1)[0]
        assert "Speaks of" in first
        assert "model-00001-of-00001.safetensors" in first
        assert "onnx/model.onnx" in first


def test_unread_weights_of_a_base_are_in_its_finding(tmp_path: Path) -> None:
    """What a base holds beside the weights that were compared is told too."""
    base = tmp_path / "base"
    shutil.copytree(model("base"), base)
    (base / "pytorch_model.bin").write_bytes(b"x" * 3000)
    report = checked(tmp_path, str(model("finetune")), "--base", str(base))
    finding = report["findings"][0]  # type: ignore[index]
    assert [f["path"] for f in finding["unread"]] == ["pytorch_model.bin"]
    assert "pytorch_model.bin" in (tmp_path / "out" / "card.md").read_text()


def test_tensors_are_compared_where_no_role_is_known(tmp_path: Path) -> None:
    """The look needs headers alone; a base whose headers are broken is not tested, with a code."""
    base, subject = tmp_path / "base", tmp_path / "subject"
    kept = np.random.default_rng(0).standard_normal((64, 64)).astype(np.float32)
    for folder_, seed in ((base, 1), (subject, 2)):
        folder_.mkdir()
        fresh = np.random.default_rng(seed).standard_normal((64, 64)).astype(np.float32)
        save_file({"a.strange": kept, "b.strange": fresh}, folder_ / "model.safetensors")
    asked = request(subject)
    ours, theirs = opened(base), opened(subject)
    both = opened_pair(comparer_of(ours, theirs, seed=asked.seed, tried=1), ours, theirs)
    terms = terms_of(asked, declared=True, tried=1)
    found = EQUAL_TENSORS.take(both, terms, Observations())
    assert isinstance(found, Observation)
    assert [p.subject for p in found.seen.equal] == ["a.strange"]
    assert [p.subject for p in found.seen.differing] == ["b.strange"]
    (base / "model.safetensors").write_bytes(b"\xff" * 64)
    (broken,) = outcome_of(request(subject, [base])).report.findings
    assert broken.verdict is Verdict.NOT_TESTED
    assert broken.code is ReasonCode.HOSTILE
