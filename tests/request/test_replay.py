"""Does a replay agree with honest reports only, and name what it could not make again?"""

from __future__ import annotations

import json
import shlex
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hubcheck.card.wording import sentence
from hubcheck.cli import main
from hubcheck.demo.run import CASES, demo
from hubcheck.errors import ExitCode
from hubcheck.request.replayed import covers, left
from hubcheck.verdict.differences import NOT_COMPARED
from tests.evidence.laboratory import model
from tests.hubserver.search import SearchableHub
from tests.hubserver.session import reached

Replay = Callable[..., tuple[int, str]]


@pytest.fixture
def replay(capsys: pytest.CaptureFixture[str]) -> Replay:
    """Return a function that replays a report and returns exit code and output."""

    def run(path: Path | str, *more: str) -> tuple[int, str]:
        capsys.readouterr()
        code = main(["replay", str(path), *more])
        ended = capsys.readouterr()
        return code, ended.out + ended.err

    return run


# -- honest reports -------------------------------------------------------------------------------


def test_every_model_of_the_demo_replays_from_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, replay: Replay
) -> None:
    """Zero differences for each of the six, from the folder it was made in and from another."""
    monkeypatch.chdir(tmp_path)
    demo(Path("demo-out"), 4, progress=lambda _t: None, done=lambda: None)
    assert len(CASES) == 6
    (tmp_path / "else").mkdir()
    for number, case in enumerate(CASES):
        monkeypatch.chdir(tmp_path / "else" if number % 2 else tmp_path)
        code, text = replay(tmp_path / "demo-out" / case.name / "report.json")
        assert code == 0, text
        assert " in the report, " not in text
        # That a folder stands for the declared zoo/base is known to nobody but the demo.
        assert ("all that was made again agrees" in text) == (case.name != "twin")


@pytest.mark.parametrize(
    "words",
    [
        ("--base", "./base", "--suspect", "./twin", "--depth", "deep"),
        ("--base", "./base", "--depth", "full"),
        ("--base", "./base", "--depth", "headers"),
        ("--base", "./base", "--max-read", "300000"),
        ("--suspect", "./base", "--fail-on", "none"),
        ("--base", "./base", "--base", "./twin", "--fail-on", "contradicted,not-tested"),
        (),
    ],
    ids=" ".join,
)
def test_an_honest_report_replays_at_every_depth_and_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, replay: Replay, words: tuple[str, ...]
) -> None:
    """The same request comes back from the report: depth, limits, policy, roles."""
    monkeypatch.chdir(tmp_path)
    for name in ("finetune", "base", "twin"):
        shutil.copytree(model(name), name)
    main(["check", "./finetune", *words, "--seed", "9", "--out", "out"])
    code, text = replay("out/report.json")
    assert code == 0, text
    # Folders that the card's zoo/base is not: nothing is left open.
    assert ("the replay agrees" in text) or not words


def test_a_report_of_a_search_says_what_is_not_searched_again(
    tmp_path: Path, hub: SearchableHub, replay: Replay
) -> None:
    """``--suspect auto``: the findings agree, and what the search saw is named as unverified."""
    hub.add_model("zoo/base", model("base"), created="2024-01-01T00:00:00Z", downloads=5)
    hub.add_model("me/m", model("finetune"), created="2025-01-01T00:00:00Z")
    hub.push("me/m", {"README.md": b"---\nlicense: mit\n---\n# M\n"})
    main(["check", "me/m", "--suspect", "auto", "--seed", "5", "--out", str(tmp_path / "out")])
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert [f["base"]["ref"] for f in report["findings"]] == ["zoo/base"]
    code, text = replay(tmp_path / "out" / "report.json")
    assert code == 0, text
    assert "unverified: findings[0].proposed_by, findings[0].found_by: a search proposed it" in text
    assert "search.bases_tried" in text
    assert "hubcheck: all that was made again agrees" in text


def test_the_line_of_a_search_searches_again(tmp_path: Path, hub: SearchableHub) -> None:
    """``auto`` stays ``auto``: the same findings; a list of what was found is another question."""
    hub.add_model("zoo/base", model("base"), created="2024-01-01T00:00:00Z", downloads=5)
    hub.add_model("me/m", model("finetune"), created="2025-01-01T00:00:00Z")
    hub.push("me/m", {"README.md": b"---\nlicense: mit\n---\n# M\n"})
    main(["check", "me/m", "--suspect", "auto", "--seed", "5", "--out", str(tmp_path / "a")])
    written = (tmp_path / "a" / "report.json").read_text()
    assert '"code": "hint.same-shapes"' in written
    assert '"code": "text"' not in written, "a sentence without a code"
    before = json.loads(written)
    main([*shlex.split(before["replay"])[1:], "--out", str(tmp_path / "b")])
    after = json.loads((tmp_path / "b" / "report.json").read_text())
    for field in ("verdict", "conclusion", "findings", "replay"):
        assert after[field] == before[field], field
    named = before["replay"].replace("--suspect auto", "--suspect zoo/base")
    main([*shlex.split(named)[1:], "--out", str(tmp_path / "c")])
    listed = json.loads((tmp_path / "c" / "report.json").read_text())
    option = {"code": "hint.option", "params": {"option": "--suspect"}}
    assert listed["findings"][0]["proposed_by"] == [option]
    assert option not in before["findings"][0]["proposed_by"]
    assert (before["search"]["kind"], listed["search"]["kind"]) == ("hub", "")


def test_a_report_of_schema_1_is_replayed_as_far_as_it_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, replay: Replay
) -> None:
    """Its numbers are made again and agree; what it says in sentences is named as unverified."""
    old = Path(__file__).parents[1] / "report" / "reports-1.0" / "wrong.json"
    monkeypatch.chdir(tmp_path)
    for name in ("wrong-declaration", "base", "twin"):
        shutil.copytree(model(name), Path("zoo") / name)
    code, text = replay(old)
    assert code == 0, text
    assert "findings[].relation.detail" in text
    assert "schema 1.0 has no code or no field for it" in text
    assert "the disguise test of schema 1.0 read on where it ends now" in text
    assert "all that was made again agrees" in text
    assert "log10_p" not in text, "its bounds are made again exactly, by the rule of their time"
    forged = json.loads(old.read_text())
    forged["findings"][0]["units_hit"] += 400
    forged["findings"][1]["log10_p"] -= 1.5
    (tmp_path / "forged.json").write_text(json.dumps(forged))
    code, text = replay(tmp_path / "forged.json")
    assert code == ExitCode.POLICY_FAILED
    assert "findings[0].units_hit" in text
    assert "findings[1].log10_p: " in text


def test_a_report_of_schema_2_is_replayed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, replay: Replay
) -> None:
    """It agrees but for what the disguise test read on for then; a changed count does not."""
    old = Path(__file__).parents[1] / "report" / "reports-2.0" / "whole.json"
    monkeypatch.chdir(tmp_path)
    for name in ("wrong-declaration", "base", "twin"):
        shutil.copytree(model(name), name)
    code, text = replay(old)
    assert code == 0, text
    assert "all that was made again agrees" in text
    assert (
        "schema_version: the report itself says that an older hubcheck wrote it, of schema 2.0"
        in text
    )
    assert "the disguise test of schema 2.0 read on where it ends now" in text
    assert "has no code or no field" not in text, "it has a code for everything but hints"


def test_a_report_names_what_it_does_not_compare(mine: Path, replay: Replay) -> None:
    """The table of fields that are not compared is printed with every replay."""
    _, text = replay(mine)
    for path, why in NOT_COMPARED.items():
        assert path in text
        assert sentence(left(why)) in text


# -- forged reports -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with three models and a report, made once; tests forge copies of it."""
    folder = tmp_path_factory.mktemp("made")
    for name, here in (("wrong-declaration", "m"), ("base", "base"), ("twin", "twin")):
        shutil.copytree(model(name), folder / here)
    words = ["--base", "./base", "--suspect", "./twin", "--seed", "3", "--out", "out"]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert main(["check", "./m", *words]) == ExitCode.POLICY_FAILED
    return folder


@pytest.fixture
def mine(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a report about a model whose declaration is wrong, and whose suspect matches."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "out" / "report.json"


def _delete_finding(report: dict[str, Any]) -> None:
    del report["findings"][1]


def _add_finding(report: dict[str, Any]) -> None:
    report["findings"].append(report["findings"][1] | {"proposed_by": ["README.md line 9"]})


def at(*path: str | int, to: Any) -> Callable[[dict[str, Any]], None]:
    """Return a forger of one value."""

    def forge(report: dict[str, Any]) -> None:
        place: Any = report
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = to

    return forge


Forgery = tuple[Callable[[dict[str, Any]], None], str]

VALUES: dict[str, Forgery] = {
    "relation": (
        at("findings", 1, "relation", "kind", to="identical"),
        "findings[1].relation.kind",
    ),
    "notes": (at("findings", 0, "notes", to=["stolen"]), "findings[0].notes[0]"),
    "warnings": (at("warnings", to=["stolen"]), "warnings[0]"),
    "power": (at("findings", 0, "power", to="all"), "findings[0].power"),
    "direction": (at("findings", 1, "direction", to="subject from base"), "findings[1].direction"),
    "licence": (at("licence", "flags", to=["breaks the licence"]), "licence.flags[0]"),
    "date": (at("subject", "created", to="2020-01-01T00:00:00Z"), "subject.created"),
    "base date": (
        at("findings", 1, "base", "created", to="2020-01-01"),
        "findings[1].base.created",
    ),
    "reason": (at("findings", 0, "proposed_by", to=["config.json"]), "findings[0].proposed_by[0]"),
    "explained": (at("findings", 1, "explained_by", to="./base"), "findings[1].explained_by"),
    "bytes": (at("findings", 0, "bytes_read", to=5), "findings[0].bytes_read"),
}
"""Values that the same question answers otherwise."""

QUESTIONS: dict[str, Forgery] = {
    "declared": (at("declared", "bases", to=["other/x"]), "declared.bases[0]"),
    "role": (at("findings", 0, "declared", to=False), "findings[0].declared"),
    "command": (at("replay", to="hubcheck check x; curl evil.example"), "replay"),
    "deleted": (_delete_finding, "replay"),
    "added": (_add_finding, "findings[2]"),
}
"""What changes the question itself: each is asked alone."""


@pytest.mark.parametrize(
    "forgeries",
    [VALUES, {"notes": VALUES["notes"]}, *({what: one} for what, one in QUESTIONS.items())],
    ids=" ".join,
)
def test_a_forged_report_does_not_agree(
    mine: Path, replay: Replay, forgeries: dict[str, Forgery]
) -> None:
    """Exit code 1, each field is named with both values, and ``agrees`` is not said."""
    report = json.loads(mine.read_text())
    for forge, _ in forgeries.values():
        forge(report)
    mine.write_text(json.dumps(report))
    code, text = replay(mine)
    assert code == ExitCode.POLICY_FAILED, text
    named = [line for line in text.splitlines() if " in the report, " in line]
    for what, (_, path) in forgeries.items():
        assert any(line.startswith(path) for line in named), what
    assert "does NOT agree" in text
    assert "agrees" not in text


def test_a_declared_base_that_is_left_out_is_found(
    tmp_path: Path, hub: SearchableHub, replay: Replay
) -> None:
    """The card declares a stranger: a report without that finding does not agree."""
    hub.add_repo("zoo/base", model("base"))
    hub.add_repo("zoo/twin", model("twin"))
    hub.add_repo("me/m", model("wrong-declaration"))
    out = tmp_path / "out"
    main(["check", "me/m", "--suspect", "zoo/twin", "--seed", "5", "--out", str(out)])
    report = json.loads((out / "report.json").read_text())
    del report["findings"][0]
    (out / "report.json").write_text(json.dumps(report))
    code, text = replay(out / "report.json")
    assert code == ExitCode.POLICY_FAILED
    assert "findings[1]: (not there) in the report" in text


def test_another_model_is_not_taken_for_the_declared_one(
    tmp_path: Path, hub: SearchableHub, replay: Replay
) -> None:
    """A report that puts another model under the card's line of the declared base does not agree."""
    hub.add_repo("zoo/base", model("base"))
    hub.add_repo("zoo/twin", model("twin"))
    hub.add_repo("me/m", model("wrong-declaration"))
    out = tmp_path / "out"
    main(["check", "me/m", "--base", "zoo/twin", "--seed", "5", "--out", str(out)])
    report = json.loads((out / "report.json").read_text())
    assert report["verdict"] == "confirmed"
    report["findings"][0]["proposed_by"] = ["README.md line 6"]
    report["replay"] = "hubcheck check me/m --depth sample --seed 5"
    (out / "report.json").write_text(json.dumps(report))
    code, text = replay(out / "report.json")
    assert code == ExitCode.POLICY_FAILED
    assert "findings[0].base.ref: " in text
    assert "does NOT agree" in text


def test_values_are_shown_escaped_and_short(mine: Path, replay: Replay) -> None:
    """A forged report gets no escape code and no page of text onto the terminal."""
    report = json.loads(mine.read_text())
    report["findings"][0]["power"] = "\x1b[2J::error::x\n" + "y" * 5000
    mine.write_text(json.dumps(report))
    _, text = replay(mine)
    line = next(one for one in text.splitlines() if one.startswith("findings[0].power"))
    assert line.isprintable()
    assert len(line) < 400


# -- what is not there any more -------------------------------------------------------------------


def test_a_base_that_is_gone_is_unverified(mine: Path, replay: Replay) -> None:
    """The finding and all that depends on it are named; the exit code is 3, nothing agrees."""
    shutil.rmtree("base")
    code, text = replay(mine)
    assert code == ExitCode.UNREACHABLE, text
    assert "unverified: findings[0]: " in text
    assert "incomplete" in text
    assert "agree" not in text
    report = json.loads(mine.read_text())
    report["findings"][1]["kept"] = 0.1  # what can be made again is still held against the report
    mine.write_text(json.dumps(report))
    code, text = replay(mine)
    assert code == ExitCode.POLICY_FAILED
    assert "findings[1].kept: 0.1 in the report" in text


def test_a_report_whose_folder_moved_says_where_to_look(
    mine: Path, replay: Replay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A report taken elsewhere finds nothing by itself; ``--from`` names the folder."""
    other = tmp_path.parent / f"{tmp_path.name}-other"
    other.mkdir()
    moved = shutil.move(mine, other / "report.json")
    monkeypatch.chdir(other)
    code, text = replay(moved)
    assert code == ExitCode.UNREACHABLE
    assert "--from DIR" in text
    code, text = replay(moved, "--from", str(tmp_path))
    assert code == 0, text


def test_a_field_of_another_version_is_unverified(mine: Path, replay: Replay) -> None:
    """A field that this version does not know is named."""
    report = json.loads(mine.read_text())
    report["endorsed_by"] = "everybody"
    mine.write_text(json.dumps(report))
    code, text = replay(mine)
    assert code == 0
    assert "unverified: endorsed_by" in text


@pytest.mark.parametrize(
    ("left_open", "path", "covered"),
    [
        ("findings[0]", "findings[0].kept", True),
        ("findings[0]", "findings[0]", True),
        ("findings[1]", "findings[10].kept", False),
        ("licence", "licence.flags[0]", True),
        ("licence", "licences", False),
        ("findings[].notes", "findings[3].notes[2]", True),
        ("findings[].notes", "findings[3].power", False),
        ("coverage.bytes_read", "coverage.bytes_total", False),
    ],
)
def test_an_open_path_covers_what_lies_below_it(left_open: str, path: str, covered: bool) -> None:
    """And nothing beside it."""
    assert covers(left_open, path) is covered


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[SearchableHub]:
    """Return an empty local Hub that the command line reaches."""
    with reached(SearchableHub(), monkeypatch) as started:
        yield started
