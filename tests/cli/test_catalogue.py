"""Does ``hubcheck catalogue`` do what its help says, from the first query to a data set?"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from hubcheck.catalogue.build import open_index
from hubcheck.catalogue.entry import Standing
from hubcheck.catalogue.opening import name_beside, open_catalogue, reference_of
from hubcheck.catalogue.shipped import shipped
from hubcheck.catalogue.sketch import sketch_of
from hubcheck.cli import main
from hubcheck.demo.run import MODELS
from hubcheck.errors import ExitCode, UsageError
from hubcheck.model import Access, open_model
from hubcheck.source.reference import LocalReference, parse_reference
from tests.catalogue.entries import drawn, entry, written
from tests.hubserver import LocalHub

ACCESS = Access(max_read=64_000_000, token=None, endpoint=None)
WRITER = "hf_writer"
DATA = "acme/catalogue"


def query(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, object]:
    """Return the answer of a query."""
    assert main(["catalogue", "query", *words, "--json"]) == ExitCode.OK
    answer = json.loads(capsys.readouterr().out)
    assert isinstance(answer, dict)
    return answer


def test_the_shipped_catalogue_holds_the_shipped_models() -> None:
    """Sketched again, every model of the demo has the bits that ship: ship.py was run."""
    index = open_index(Path(shipped()))
    assert index is not None
    entries = {e.ref: e for e in index.entries()}
    folders = [p for p in MODELS.iterdir() if p.is_dir()]
    assert set(entries) == {f"./models/{p.name}" for p in folders}
    for path in folders:
        own = sketch_of(open_model(parse_reference(str(path)), ACCESS))
        there = entries[f"./models/{path.name}"].sketch
        # Another processor may round the last bit of a measurement that is nearly nothing.
        assert (own.slots != there.slots).sum() <= 2
        assert own.present == there.present


def test_the_first_minute(capsys: pytest.CaptureFixture[str]) -> None:
    """A disguised copy is placed in its family, beside the twin's, without a server."""
    words = ["catalogue", "query", str(MODELS / "disguised"), "--offline"]
    assert main(words) == ExitCode.OK
    shown = capsys.readouterr().out
    first = next(line for line in shown.splitlines() if line.startswith("1 "))
    assert "./models/base" in first
    assert "1 family stands out" in shown
    assert "the search was made on this machine" in shown.lower()
    assert "It is no finding" in shown


def test_an_answer_says_what_it_would_have_seen(capsys: pytest.CaptureFixture[str]) -> None:
    """The twin's family is the twin's; the base's does not stand out; a share is named."""
    answer = query(capsys, str(MODELS / "wrong-declaration"))
    families = answer["families"]
    assert isinstance(families, list)
    assert [f["family"] for f in families] == ["./models/twin", "./models/base"]
    assert [f["stands_out"] for f in families] == [True, False]
    seen = answer["would_have_seen"]
    assert isinstance(seen, dict)
    assert 0.1 <= seen["kept"] <= seen["kept_turned"] <= 0.7
    assert answer["models"] == 7


@pytest.mark.parametrize("words", [["org/model"], [str(MODELS / "base"), "--catalogue", DATA]])
def test_offline_asks_no_server(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """A model or a catalogue that lies on the Hub is refused."""
    assert main(["catalogue", "query", *words, "--offline"]) == ExitCode.USAGE
    assert "--offline asks no server" in capsys.readouterr().err


def test_adding_and_showing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A model joins the family that it matches exactly; what is no model is a failure by name."""
    for name in ("base", "finetune"):
        shutil.copytree(MODELS / name, tmp_path / name)
    (tmp_path / "empty").mkdir()
    (tmp_path / "list").write_text("base  # first\n\nempty\n")
    out = str(tmp_path / "catalogue")
    assert main(["catalogue", "build", str(tmp_path / "list"), "--out", out]) == ExitCode.OK
    assert "1 unreadable" in capsys.readouterr().out
    assert main(["catalogue", "add", str(tmp_path / "finetune"), "--to", out]) == ExitCode.OK
    assert "1 member by exact match" in capsys.readouterr().out
    assert main(["catalogue", "show", out]) == ExitCode.OK
    shown = capsys.readouterr().out
    assert "2 models in 1 family, 0 in quarantine" in shown
    assert main(["catalogue", "show", out, "--model", "./finetune", "--json"]) == ExitCode.OK
    (only,) = json.loads(capsys.readouterr().out)["entries"]
    assert (only["standing"], only["family"]) == ("member", "./base")
    assert only["digest"]
    assert only["first_seen"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["build", "--out", "x"], "No models are named"),
        (["build", "missing.txt", "--out", "x"], "cannot be read"),
        (["build", "--hub-query", "colour=red", "--out", "x"], "no part of a query"),
        (["build", "--hub-query", "limit=5", "--out", "x"], "names nothing"),
        (["query", str(MODELS / "base"), "--catalogue", "."], "holds no catalogue"),
        (["publish", ".", "--to", "./x"], "holds no catalogue"),
    ],
)
def test_what_cannot_be_done_is_said(
    words: list[str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Every refusal names the cause and the next step, with its documented exit code."""
    monkeypatch.chdir(tmp_path)
    assert main(["catalogue", *words]) in {ExitCode.USAGE, ExitCode.UNREACHABLE}
    shown = capsys.readouterr().err
    assert said in shown
    assert "next: " in shown


def test_a_catalogue_names_no_file_outside_of_its_folder(tmp_path: Path) -> None:
    """A stranger's catalogue must not make this machine open its own files."""
    (tmp_path / "secret").mkdir()
    place = written(tmp_path / "shared" / "catalogue", entry("org/a", drawn(1)))
    (tmp_path / "shared" / "model").mkdir()
    beside = entry("./model", drawn(1))
    assert isinstance(reference_of(beside, place), LocalReference)
    assert reference_of(entry("./../secret", drawn(1)), place) is None
    assert reference_of(beside, None) is None
    with pytest.raises(UsageError, match="beside the catalogue"):
        name_beside(tmp_path / "secret", place)


def test_published_to_a_data_set_and_asked_there(
    git_hub: LocalHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """One commit; read from there by range; what only a token opens stays at home."""
    git_hub.add_user(WRITER, "writer", writes=frozenset({DATA}))
    git_hub.add_repo(DATA, {"README.md": b"# Data\n"})
    monkeypatch.setenv("HF_ENDPOINT", git_hub.endpoint)
    monkeypatch.setenv("HUBCHECK_WRITE_TOKEN", WRITER)
    base = sketch_of(open_model(parse_reference(str(MODELS / "base")), ACCESS))
    place = written(
        tmp_path / "catalogue",
        entry("org/base", base),
        entry("org/secret", drawn(2), closed=True),
        entry("org/leak", drawn(3), family="org/secret", standing=Standing.MEMBER),
    )
    words = ["catalogue", "publish", str(place), "--to", DATA]
    assert main([*words, "--dry-run"]) == ExitCode.OK
    assert "2 models, 1 left out" in capsys.readouterr().out
    assert main(words) == ExitCode.OK
    capsys.readouterr()
    access = Access(max_read=1, token=None, endpoint=git_hub.endpoint)
    index = open_catalogue(DATA, access)
    names = {e.ref: e.family for e in index.entries()}
    assert names == {"org/base": "org/base", "org/leak": "org/leak"}
    assert b"org/secret" not in b"".join(
        index.source.read_document(f.path, limit=10**6) for f in index.source.files()
    )
    monkeypatch.delenv("HF_TOKEN", raising=False)
    answer = query(capsys, str(MODELS / "finetune"), "--catalogue", DATA)
    families = answer["families"]
    assert isinstance(families, list)
    assert families[0]["family"] == "org/base"
    assert families[0]["stands_out"]
