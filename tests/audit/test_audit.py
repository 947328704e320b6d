"""Does an audit look at every model once, say what changed, and go on where it was stopped?

Whole runs of the command on a local Hub; two hundred models are ``benchmarks/audit``.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hubcheck.audit import run as running
from hubcheck.cli import main
from hubcheck.errors import ExitCode
from hubcheck.report.audit import Audit, Base, Changed, Entry, changes
from tests.evidence.laboratory import model
from tests.hubserver.search import SearchableHub
from tests.hubserver.session import reached

CARD = b"---\nbase_model: zoo/base\n---\n# M\n"
STOPPED = 130
"""What Ctrl-C ends with."""
DAY = "2026-01-01T00:00:00.000Z"


def files(name: str, card: bytes = CARD) -> dict[str, bytes | Path]:
    """Return the files of a model that declares the base."""
    found: dict[str, bytes | Path] = {p.name: p for p in model(name).iterdir() if p.is_file()}
    return {**found, "README.md": card}


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[SearchableHub]:
    """Return a Hub with an owner of three models: honest, wrongly declared, without weights."""
    with reached(SearchableHub(), monkeypatch) as started:
        started.add_model("zoo/base", files("base", b"# B\n"), created=DAY)
        started.add_model("acme/good", files("finetune"), created=DAY)
        started.add_model("acme/wrong", files("twin"), created=DAY)
        started.add_model("acme/empty", {"README.md": CARD}, created=DAY)
        yield started


def audited(out: Path, *words: str, code: int = ExitCode.POLICY_FAILED) -> Audit:
    """Return what the command found."""
    assert main(["audit", *words, "--out", str(out)]) == code
    return Audit.model_validate_json((out / "audit.json").read_text(encoding="utf-8"))


def test_every_model_of_an_owner_is_checked_and_the_worst_decides(
    hub: SearchableHub, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Verdicts, a report each, a page and a table; a model that fails makes the exit code."""
    found = audited(tmp_path, "acme")
    assert {e.ref: e.verdict for e in found.entries} == {
        "acme/empty": "inconclusive",
        "acme/good": "confirmed",
        "acme/wrong": "contradicted",
    }
    assert all((tmp_path / e.report).is_file() for e in found.entries)
    assert "1 fails the policy" in capsys.readouterr().out
    rows = list(csv.DictReader(io.StringIO((tmp_path / "audit.csv").read_text(encoding="utf-8"))))
    assert [r["conclusion"] for r in rows] == ["neutral", "pass", "fail"]
    page = (tmp_path / "audit.html").read_text(encoding="utf-8")
    assert page.count("<tr>") == 4
    assert "contradicted" in page


def test_what_has_not_moved_is_not_read_again_and_what_has_is_told(
    hub: SearchableHub, tmp_path: Path
) -> None:
    """Nothing moved: a listing and a question a base. Then a push, a new model, one that is gone."""
    first = audited(tmp_path, "acme")
    assert all(e.changed == () for e in first.entries)
    hub.forget()
    second = audited(tmp_path, "acme")
    assert all(e.reused and not e.changed for e in second.entries)
    assert hub.requests <= 3
    hub.push("acme/wrong", files("finetune"))
    hub.remove_model("acme/empty")
    hub.add_model("acme/another", files("finetune"), created=DAY)
    third = audited(tmp_path, "acme", code=ExitCode.OK)
    changed = {e.ref: set(e.changed) for e in third.entries if e.changed}
    assert changed["acme/another"] == {Changed.NEW}
    assert {Changed.WEIGHTS, Changed.VERDICT, Changed.CONCLUSION} <= changed["acme/wrong"]
    assert set(changed) == {"acme/another", "acme/wrong"}
    assert third.gone == ("acme/empty",)


def test_a_base_that_moved_is_looked_at_again(hub: SearchableHub, tmp_path: Path) -> None:
    """The models did not change; what they were held against did."""
    audited(tmp_path, "acme")
    hub.push("zoo/base", files("twin", b"# B\n"))
    found = {e.ref: e for e in audited(tmp_path, "acme").entries}
    assert not found["acme/good"].reused
    assert {Changed.BASES, Changed.VERDICT} <= set(found["acme/good"].changed)
    assert found["acme/wrong"].verdict == "confirmed"


def test_what_was_stopped_goes_on_where_it_was(
    hub: SearchableHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kill after two models, and half a line: the third alone is left."""

    def two(work: Any, names: Any) -> Iterator[Any]:
        for n, name in enumerate(names):
            if n == 2:
                raise KeyboardInterrupt
            yield work(name)

    monkeypatch.setattr(running, "here", two)
    assert main(["audit", "acme", "--out", str(tmp_path)]) == STOPPED
    with (tmp_path / "audit.jsonl").open("a", encoding="utf-8") as journal:
        journal.write('{"ref": "acme/wro')
    asked: list[str] = []
    monkeypatch.setattr(running, "here", lambda work, names: map(work, asked.__iadd__(names)))
    found = audited(tmp_path, "acme")
    assert asked == ["acme/wrong"]
    assert len(found.entries) == 3
    assert not (tmp_path / "audit.jsonl").exists()


def test_another_question_begins_anew(
    hub: SearchableHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A journal of another policy is not gone on with, and its results are not reused."""
    audited(tmp_path, "acme")
    asked: list[str] = []
    monkeypatch.setattr(running, "here", lambda work, names: map(work, asked.__iadd__(names)))
    audited(tmp_path, "acme", "--fail-on", "none", code=ExitCode.OK)
    assert len(asked) == 3


def test_a_list_and_a_collection_name_models_too(hub: SearchableHub, tmp_path: Path) -> None:
    """Remarks and folders in a list; what is not there is an entry with its reason."""
    names = tmp_path / "models.txt"
    folder = tmp_path / "local"
    folder.mkdir()
    for name, content in files("finetune").items():
        data = content if isinstance(content, bytes) else content.read_bytes()
        (folder / name).write_bytes(data)
    names.write_text(f"# ours\nacme/good  # honest\n{folder}\nacme/gone\n", encoding="utf-8")
    found = audited(tmp_path / "a", str(names), code=ExitCode.UNREACHABLE)
    assert [e.verdict for e in found.entries] == ["confirmed", "confirmed", ""]
    assert "was not found" in found.entries[2].error
    hub.collections["acme/ours-1"] = ("acme/good", "zoo/base")
    found = audited(tmp_path / "b", "acme/ours-1", "--collection", code=ExitCode.OK)
    assert [e.ref for e in found.entries] == ["acme/good", "zoo/base"]


def test_a_hostile_name_stays_text(
    hub: SearchableHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the page, the table and the name of the report's file."""
    monkeypatch.chdir(tmp_path)  # where the path that leads out leads to nothing
    names = tmp_path / "models.txt"
    names.write_text("=cmd|' /C calc'!A0\n<script>alert(1)</script>\n../../etc\n", encoding="utf-8")
    main(["audit", str(names), "--out", str(tmp_path / "a")])
    page = (tmp_path / "a" / "audit.html").read_text(encoding="utf-8")
    assert "<script>" not in page
    table = (tmp_path / "a" / "audit.csv").read_text(encoding="utf-8")
    assert "\n'=cmd" in table
    entries = json.loads((tmp_path / "a" / "audit.json").read_text(encoding="utf-8"))["entries"]
    assert all(e["error"] and not e["report"] for e in entries)


@pytest.mark.parametrize(
    "words",
    [["nobody"], ["acme/good"], ["none.txt"], ["acme", "--workers", "-1"], ["acme", "--most", "0"]],
    ids=" ".join,
)
def test_what_names_no_models_is_a_usage_error(
    words: list[str], hub: SearchableHub, tmp_path: Path
) -> None:
    """An owner without models, a single model, a list that is not there, less than none of them."""
    assert main(["audit", *words, "--out", str(tmp_path)]) == ExitCode.USAGE


def test_what_changed_is_told_field_by_field() -> None:
    """Each field has its word; a model that was not there is new and nothing else."""
    then = Entry(ref="a", exit_code=0, verdict="confirmed", conclusion="pass", weights_digest="1",
                 bases=(Base(ref="b", revision="1", verdict="related"),))  # fmt: skip
    assert changes(then, None) == (Changed.NEW,)
    assert changes(then, then) == ()
    moved = {"bases": (Base(ref="b", revision="2", verdict="related"),)}
    assert changes(then.model_copy(update=moved), then) == (Changed.BASES,)
    assert changes(then.model_copy(update={"weights_digest": "2"}), then) == (Changed.WEIGHTS,)
    assert changes(then.model_copy(update={"error": "x"}), then) == (Changed.REACHED,)
