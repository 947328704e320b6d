"""Does the command line do what its help says, and end with the promised code?"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from argparse import ArgumentTypeError
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubcheck.card.explain import TEXTS
from hubcheck.cli import carry_out, main
from hubcheck.errors import NoWeightsError, UnsupportedFormatError
from hubcheck.report.phrases import PhraseCode
from hubcheck.report.schema import Report
from hubcheck.report.words import (
    Conclusion,
    DeclarationVerdict,
    EvidenceKind,
    NothingCompared,
    RelationKind,
    Verdict,
)
from hubcheck.request.values import parse_seed, parse_size
from hubcheck.verdict.policy import FAILABLE
from tests.checkpoint.malformed import Malformed, malformed
from tests.evidence.laboratory import model

BASE: Final = str(model("base"))
FINETUNE: Final = str(model("finetune"))
WRONG: Final = str(model("wrong-declaration"))
GIVEN: Final = "was not replayed here"
"""Said of a card that is made of a file."""
FILES: Final = {"report.json", "card.md", "card.html", "badge.svg", "badge.json"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What a run printed and how it ended."""

    code: int
    out: str
    err: str


Run = Callable[..., Ran]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Return a function that runs the command line in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_OIDC_RESOURCE", "HF_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)

    def start(*arguments: str | Path) -> Ran:
        capsys.readouterr()
        try:
            code = main([str(a) for a in arguments])
        except SystemExit as error:
            code = int(error.code or 0)
        seen = capsys.readouterr()
        assert "Traceback" not in seen.err or code == 5, seen.err
        return Ran(code=code, out=seen.out, err=seen.err)

    return start


def report_at(folder: Path) -> Report:
    """Read the report of a run."""
    return Report.model_validate_json((folder / "report.json").read_bytes())


def lay(folder: Path, case: Malformed) -> None:
    """Write what a file system can hold of a malformed case."""
    folder.mkdir()
    for path, content in case.files.items():
        if path.isprintable() and path and ".." not in path and not path.startswith("/"):
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
    for path, size in case.sizes.items():
        os.truncate(folder / path, size)


# -- exit codes ---------------------------------------------------------------------------------


def test_a_confirmed_card_ends_with_0(run: Run) -> None:
    """An honest fine-tune passes; all files are written and named."""
    done = run("check", FINETUNE, "--base", BASE, "--out", "out")
    assert done.code == 0
    assert "confirmed" in done.out
    assert {p.name for p in Path("out").iterdir()} >= FILES
    assert report_at(Path("out")).conclusion is Conclusion.PASS


def test_a_contradicted_card_ends_with_1(run: Run) -> None:
    """A false declaration fails by default, and the card is written all the same."""
    done = run("check", WRONG, "--base", BASE, "--out", "out")
    assert done.code == 1
    assert {p.name for p in Path("out").iterdir()} >= FILES
    assert report_at(Path("out")).verdict is DeclarationVerdict.CONTRADICTED


def test_the_policy_decides_what_fails(run: Run) -> None:
    """The same false declaration passes a policy that fails on nothing."""
    assert run("check", WRONG, "--base", BASE, "--fail-on", "none").code == 0
    assert run("check", WRONG, "--base", BASE, "--fail-on", "undeclared").code == 0
    assert run("check", FINETUNE, "--suspect", BASE, "--base", model("twin")).code == 1


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ((), "required"),
        (("check",), "SUBJECT"),
        (("check", "no such name"), "neither an existing path nor"),
        (("check", FINETUNE, "--seed", "-1"), "is not a seed"),
        (("check", FINETUNE, "--seed", "x"), "is not a seed"),
        (("check", FINETUNE, "--max-read", "much"), "is not a size"),
        (("check", FINETUNE, "--max-read=-5MB"), "size"),
        (("check", FINETUNE, "--max-read", "0"), "size"),
        (("check", FINETUNE, "--max-read", "100"), "raise --max-read"),
        (("check", FINETUNE, "--fail-on", "confirmed"), "--fail-on names 'confirmed'"),
        (("check", FINETUNE, "--depth", "deeper"), "'deeper' is none of headers"),
        (("check", FINETUNE, "--base", "not a name"), "neither an existing path nor"),
        (("replay", "none.json"), "cannot be read"),
        (("card", "none.json"), "cannot be read"),
        (("explain", "guilty"), "is not a word of the report"),
        (("serve-me",), "'serve-me' is no command"),
    ],
)
def test_a_request_that_is_wrong_ends_with_2(
    run: Run, arguments: tuple[str, ...], word: str
) -> None:
    """Usage errors say what is wrong, and write nothing."""
    done = run(*arguments)
    assert done.code == 2
    assert word in done.err
    assert not list(Path.cwd().iterdir())


def test_a_missing_subject_ends_with_3(run: Run) -> None:
    """A path with nothing behind it is named, with a next step, and nothing is written."""
    done = run("check", "./nowhere", "--base", BASE)
    assert done.code == 3
    assert "There is no folder or file at './nowhere'." in done.err
    assert "next:" in done.err
    assert not list(Path.cwd().iterdir())


def on_disk() -> list[Malformed]:
    """Return the malformed cases that lose nothing when they are written to a disk."""
    cases = []
    for case in malformed():
        whole = all(
            path and path.isprintable() and ".." not in path and not path.startswith("/")
            for path in case.files
        )
        if whole:
            cases.append(case)
    return cases


@pytest.mark.parametrize("case", on_disk(), ids=lambda case: case.name)
def test_a_malformed_subject_ends_with_4_or_is_not_tested(run: Run, case: Malformed) -> None:
    """Hostile weights end with 4, no weights or none that are read with not-tested and 0.

    Report and card are written in both cases. A format that another reader takes up (GGUF) may be
    refused as malformed there.
    """
    lay(Path("subject"), case)
    done = run("check", "./subject", "--base", BASE, "--out", "out")
    nothing_there = case.error is NoWeightsError
    unsupported = case.error is UnsupportedFormatError
    assert done.code in ({0} if nothing_there else {0, 4} if unsupported else {4}), done.err
    assert done.out.startswith("hubcheck: nothing was compared: ")
    report = report_at(Path("out"))
    if report.nothing_compared in {NothingCompared.NO_WEIGHTS, NothingCompared.WEIGHTS_BELOW}:
        assert case.name in {"nothing", "only a card", "only training state", "parts"}
        assert done.code == 0, done.err
        assert done.out.startswith("hubcheck: nothing was compared: ")
    else:
        unsupported = case.error.__name__ == "UnsupportedFormatError"
        assert done.code == 4 or (unsupported and done.code == 0), done.err
    assert [f.verdict for f in report.findings] == [Verdict.NOT_TESTED]
    assert report.verdict is DeclarationVerdict.INCONCLUSIVE
    assert report.findings[0].reason
    assert report.warnings
    assert (Path("out") / "card.md").stat().st_size > 200


def test_malformed_bases_are_not_tested_and_the_rest_is(run: Run) -> None:
    """Unreadable bases never hide the finding about another; each is asked in the one check."""
    broken = {f"./broken-{number}": case for number, case in enumerate(on_disk()[::7])}
    for folder, case in broken.items():
        lay(Path(folder), case)
    suspects = [word for folder in broken for word in ("--suspect", folder)]
    done = run("check", FINETUNE, "--base", BASE, *suspects, "--out", "out")
    assert done.code == 0
    found = {f.base.ref: f for f in report_at(Path("out")).findings}
    assert found[BASE].verdict is Verdict.RELATED
    for folder, case in broken.items():
        assert found[folder].verdict is Verdict.NOT_TESTED, case.name
        assert found[folder].reason, case.name


def test_a_fault_of_the_program_ends_with_5(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """What nobody foresaw is shown with its traceback and a plea to report it."""

    def broken(*_a: object, **_k: object) -> None:
        message = "no such thing\x1b[2J"
        raise RuntimeError(message)

    monkeypatch.setattr(carry_out, "conclude_check", broken)
    done = run("check", FINETUNE, "--base", BASE)
    assert done.code == 5
    assert "hubcheck: internal error: no such thing\\x1b[2J" in done.err
    assert "please report it" in done.err


def test_an_interrupt_ends_quietly(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C gives the shell's code and one line, no traceback."""

    def interrupted(*_a: object, **_k: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(carry_out, "conclude_check", interrupted)
    done = run("check", FINETUNE, "--base", BASE)
    assert done.code == 130
    assert done.err.endswith("hubcheck: stopped\n")


# -- what is read -------------------------------------------------------------------------------


def test_headers_reads_no_weight_byte(run: Run) -> None:
    """At depth ``headers`` nothing is compared, not a byte of a tensor is read, exit code 0."""
    done = run("check", FINETUNE, "--base", BASE, "--depth", "headers", "--out", "out")
    assert done.code == 0
    report = report_at(Path("out"))
    documents = sum(
        (Path(folder) / name).stat().st_size
        for folder in (FINETUNE, BASE)
        for name in os.listdir(folder)  # noqa: PTH208 - names only
        if not name.endswith(".safetensors")
    )
    assert report.coverage.bytes_read <= documents
    assert report.findings[0].verdict is Verdict.NOT_TESTED
    assert report.verdict is DeclarationVerdict.INCONCLUSIVE


def test_headers_still_knows_equal_bytes(run: Run) -> None:
    """A mirror is identical by digest, without reading a weight byte."""
    shutil.copytree(BASE, "mirror")
    run("check", "./mirror", "--base", BASE, "--depth", "headers", "--out", "out")
    assert report_at(Path("out")).findings[0].verdict is Verdict.IDENTICAL


def test_a_budget_is_kept_and_named(run: Run) -> None:
    """A limit below what the first step needs refuses; nothing is guessed from less."""
    done = run("check", FINETUNE, "--base", BASE, "--max-read", "60KB", "--out", "out")
    report = report_at(Path("out"))
    assert report.coverage.subject_bytes_read <= 60_000
    assert report.max_read == 60_000
    assert report.findings[0].verdict in {Verdict.NOT_TESTED, Verdict.INCONCLUSIVE}
    assert report.findings[0].reason
    assert done.code in {0, 2}


@pytest.mark.parametrize("limit", ["5000", "20KB", "100KB", "200KB", "400KB"])
def test_no_budget_is_ever_passed(run: Run, limit: str) -> None:
    """Whatever the limit, no model gives more bytes than it, and no verdict comes from nothing."""
    done = run("check", WRONG, "--base", BASE, "--max-read", limit, "--out", "out")
    assert done.code in {0, 1, 2}
    assert (Path("out") / "report.json").exists(), done.err
    report = report_at(Path("out"))
    assert report.coverage.subject_bytes_read <= parse_size(limit)
    assert report.findings[0].bytes_read <= parse_size(limit)
    assert report.verdict is not DeclarationVerdict.CONFIRMED


def test_the_seed_decides_and_is_reported(run: Run) -> None:
    """The same seed gives the same report but for times; the re-run line carries it."""
    run("check", FINETUNE, "--base", BASE, "--seed", "77", "--out", "a")
    run("check", FINETUNE, "--base", BASE, "--seed", "77", "--out", "b")
    first, second = (
        report_at(Path(f)).model_copy(update={"started": "", "finished": "", "seconds": 0.0})
        for f in ("a", "b")
    )
    assert first.seed == 77
    assert "--seed 77" in first.replay
    assert first.model_dump_json() == second.model_dump_json()


def test_without_a_seed_every_run_draws_anew(run: Run) -> None:
    """Nothing in the repository predicts where a check will look."""
    seeds = set()
    for _ in range(3):
        done = run("check", FINETUNE, "--base", BASE, "--depth", "headers", "--json")
        seeds.add(json.loads(done.out)["seed"])
    assert len(seeds) == 3


def test_the_line_on_the_card_repeats_the_check(run: Run) -> None:
    """The printed command, run as it stands, gives the same numbers."""
    run("check", WRONG, "--base", BASE, "--suspect", model("twin"), "--out", "a")
    before = report_at(Path("a"))
    words = shlex.split(before.replay)
    assert words[0] == "hubcheck"
    run(*words[1:], "--out", "b")
    after = report_at(Path("b"))
    assert [f.log10_p for f in after.findings] == [f.log10_p for f in before.findings]
    assert after.verdict is before.verdict


def timeless(report: Report) -> Report:
    """Return a report without its clock."""
    return report.model_copy(update={"started": "", "finished": "", "seconds": 0.0})


def test_the_line_on_the_card_repeats_the_check_from_any_folder(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Folders are named as they were given, so ``--from`` finds them; the report is the same."""
    for name, folder in (("wrong-declaration", "m"), ("base", "a base"), ("twin", "twin")):
        shutil.copytree(model(name), folder)
    words = ["--base", "./a base", "--suspect", "twin", "--suspect", "files", "--fail-on", "none"]
    assert run("check", "./m", *words, "--max-read", "2MB", "--out", "a").code == 0
    before = report_at(tmp_path / "a")
    assert str(tmp_path) not in before.replay
    (tmp_path / "else" / "where").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "else" / "where")
    again = [*shlex.split(before.replay)[1:], "--from", "../..", "--out", "b"]
    assert run(*again).code == 0
    assert timeless(report_at(Path("b"))) == timeless(before)
    assert "--from" in (tmp_path / "a" / "card.md").read_text()


def test_suspects_of_a_list_are_those_of_the_command_line(run: Run, tmp_path: Path) -> None:
    """A list is another way to write the same check: the line on the card names each suspect."""
    listed = tmp_path / "suspects.txt"
    listed.write_text(f"# the two\n{BASE}\n{WRONG}\n{BASE}\n", encoding="utf-8")
    given = ("--base", str(model("twin")), "--depth", "headers", "--seed", "1")
    named = run("check", FINETUNE, "--suspect", BASE, "--suspect", WRONG, *given, "--out", "named")
    short = run("check", FINETUNE, "--suspects-file", listed, *given, "--out", "listed")
    assert short.code == named.code == 0
    reports = [timeless(report_at(Path(name))) for name in ("named", "listed")]
    assert reports[0] == reports[1]
    assert reports[1].replay.count("--suspect ") == 2
    gone = run("check", FINETUNE, "--suspects-file", tmp_path / "none", *given)
    assert gone.code == 2
    assert "cannot be read" in gone.err


def test_a_mirror_stands_for_a_declared_base(run: Run) -> None:
    """A base that the card declares is read from a folder; the reason stays the card's line."""
    shutil.copytree(FINETUNE, "m")
    done = run("check", "m", "--mirror", f"zoo/base={BASE}", "--out", "out")
    assert done.code == 0
    (finding,) = report_at(Path("out")).findings
    assert (finding.declared, finding.verdict) == (True, Verdict.RELATED)
    assert finding.proposed_by[0].params["path"] == "README.md"
    assert f"--mirror zoo/base={BASE}" in report_at(Path("out")).replay
    assert run("check", "m", "--mirror", "zoo/base").code == 2


@pytest.mark.parametrize(
    ("policy", "code", "conclusion", "named"),
    [
        ("", 1, Conclusion.FAIL, False),
        ("fail-on: [undeclared]", 0, Conclusion.NEUTRAL, False),
        ("warn-only: true", 0, Conclusion.FAIL, True),
        ("allow:\n  - base: BASE\n    reason: known here\n", 0, Conclusion.NEUTRAL, True),
    ],
)
def test_a_policy_file_means_the_same_as_in_the_action(
    run: Run, policy: str, code: int, conclusion: Conclusion, named: bool
) -> None:
    """What fails, what is told only, what is accepted; and the line on the card repeats it."""
    shutil.copytree(BASE, "base")
    Path("policy.yml").write_text(policy.replace("BASE", "./base") + "\nsuspects: [auto]\n")
    done = run("check", WRONG, "--base", "./base", "--policy", "policy.yml", "--out", "a")
    before = report_at(Path("a"))
    assert (done.code, before.conclusion) == (code, conclusion)
    assert before.search.kind == "files"
    assert ("--policy policy.yml" in before.replay) is named
    assert run(*shlex.split(before.replay)[1:], "--out", "b").code == code
    assert timeless(report_at(Path("b"))) == timeless(before)


def test_a_policy_file_that_points_elsewhere_is_refused(run: Run) -> None:
    """A repository may bring its own: it reads no folder of this machine."""
    Path("policy.yml").write_text("suspects: [../../etc]\n")
    done = run("check", FINETUNE, "--policy", "policy.yml")
    assert done.code == 2
    assert "outside of the workspace" in done.err


def test_without_a_base_the_card_says_how_to_name_one(run: Run) -> None:
    """A model that declares nothing is inconclusive, reads no weight, and gets a next step."""
    done = run("check", BASE, "--out", "out")
    assert done.code == 0
    report = report_at(Path("out"))
    assert report.verdict is DeclarationVerdict.INCONCLUSIVE
    assert report.depth == "headers"
    assert any(w.code is PhraseCode.NO_BASE for w in report.warnings)


# -- output -------------------------------------------------------------------------------------


def test_json_is_the_report_and_nothing_else(run: Run) -> None:
    """``--json`` prints the very report that is written; progress stays on stderr."""
    done = run("check", FINETUNE, "--base", BASE, "--json", "--out", "out")
    assert done.out == (Path("out") / "report.json").read_text()
    assert json.loads(done.out)["schema_version"]
    assert "hubcheck: wrote" in done.err


def test_the_table_is_plain_text(run: Run) -> None:
    """The terminal gets no control character, whatever the model is called."""
    shutil.copytree(FINETUNE, "evil\x1b[2J\u202e")
    done = run("check", "./evil\x1b[2J\u202e", "--base", BASE)
    assert done.code == 0
    assert all(c.isprintable() or c == "\n" for c in done.out + done.err)


def test_a_folder_that_cannot_be_written_is_a_usage_error(run: Run) -> None:
    """An ``--out`` that is a file is refused with a next step."""
    Path("taken").write_text("x")
    done = run("check", FINETUNE, "--base", BASE, "--out", "taken")
    assert done.code == 2
    assert "Nothing can be written to 'taken'" in done.err


# -- replay, card, explain ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a fine-tune, its base and a check of them, made once."""
    folder = tmp_path_factory.mktemp("made")
    shutil.copytree(FINETUNE, folder / "subject")
    shutil.copytree(BASE, folder / "base")
    words = ["--base", "./base", "--suspect", str(model("twin")), "--out", "out"]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert main(["check", "./subject", *words]) == 0
    return folder


@pytest.fixture
def mine(run: Run, made: Path, tmp_path: Path) -> tuple[Path, Path, Path]:
    """Return copies of a fine-tune and its base, and the report of a check of them."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    return tmp_path / "subject", tmp_path / "base", tmp_path / "out" / "report.json"


def test_a_replay_agrees(run: Run, mine: tuple[Path, Path, Path]) -> None:
    """Reading the same ranges again gives the same numbers, and ends with 0."""
    done = run("replay", mine[2])
    assert done.code == 0, done.out
    assert re.search(r"agrees: 2 bases, \d+ rows of evidence, verdict confirmed", done.out)


@pytest.mark.parametrize("which", [0, 1])
def test_a_replay_notices_other_weights(
    run: Run, mine: tuple[Path, Path, Path], which: int
) -> None:
    """Changed weights of the subject or of the base end with 1 and are named."""
    shutil.copy(model("continued") / "model.safetensors", mine[which] / "model.safetensors")
    done = run("replay", mine[2])
    assert done.code == 1
    assert "does NOT agree" in done.out
    assert ("the subject's weights are not the ones of the report" in done.out) == (which == 0)


def test_a_replay_notices_other_numbers(run: Run, mine: tuple[Path, Path, Path]) -> None:
    """A report whose figures were edited does not agree with the weights."""
    report = json.loads(mine[2].read_text())
    report["findings"][0]["kept"] = 0.5
    mine[2].write_text(json.dumps(report))
    done = run("replay", mine[2])
    assert done.code == 1
    assert "findings[0].kept: 0.5 in the report" in done.out


def test_a_replay_keeps_the_depth_of_the_report(run: Run) -> None:
    """A check without a base is replayed without one, and agrees."""
    run("check", BASE, "--out", "out")
    assert run("replay", "out/report.json").code == 0


@pytest.mark.parametrize(
    ("form", "start"),
    [("markdown", "#"), ("html", "<!doctype html>"), ("badge", "<svg"), ("text", "")],
)
def test_a_report_is_rendered_again(
    run: Run, mine: tuple[Path, Path, Path], form: str, start: str
) -> None:
    """Every format is printed from the report alone, the same bytes each time."""
    first = run("card", mine[2], "--format", form)
    assert first.code == 0
    assert start in first.out.lower()
    assert run("card", mine[2], "--format", form).out == first.out
    written = {"markdown": "card.md", "html": "card.html", "badge": "badge.svg"}
    if form in written:
        assert plain(first.out) == plain((mine[2].parent / written[form]).read_text())


def plain(card: str) -> str:
    """Return a card without the line that says it was made from a file; and without blank lines."""
    return "\n".join(line for line in card.splitlines() if line and GIVEN not in line)


def test_a_report_is_written_again(run: Run, mine: tuple[Path, Path, Path]) -> None:
    """``card --out`` writes the same files as the check did."""
    assert run("card", mine[2], "--out", "again").code == 0
    for name in FILES:
        again, first = ((folder / name).read_text() for folder in (Path("again"), mine[2].parent))
        assert plain(again) == plain(first)
        assert (GIVEN in again) is (name in {"card.md", "card.html"})
        assert GIVEN not in first


WORDS: Final = sorted(
    {
        word.value
        for kind in (Verdict, DeclarationVerdict, Conclusion, EvidenceKind, RelationKind)
        for word in kind
    }
)


@pytest.mark.parametrize("word", sorted({*WORDS, *TEXTS, *FAILABLE}))
def test_every_word_is_explained(run: Run, word: str) -> None:
    """Each word a report can hold has a text that says what it does not mean."""
    done = run("explain", word)
    assert done.code == 0
    assert done.out.startswith(word)
    assert len(done.out.splitlines()) >= 3


def test_the_version_and_the_help_are_printed(run: Run) -> None:
    """Both end with 0; the help names every exit code."""
    assert run("--version").out.startswith("hubcheck ")
    told = run("--help")
    assert told.code == 0
    words = " ".join(told.out.split())
    for code in ("0 pass", "1 policy", "2 usage", "3 unreachable", "4 unreadable", "5 internal"):
        assert code in words


# -- sizes and seeds ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "n_bytes"),
    [
        ("64MB", 64_000_000),
        ("1.5GB", 1_500_000_000),
        ("1MiB", 1 << 20),
        ("2 kb", 2000),
        ("123", 123),
        ("7B", 7),
        ("0", 0),
    ],
)
def test_a_size_is_read_in_the_units_people_type(text: str, n_bytes: int) -> None:
    """Decimal and binary units, any case, with and without a space."""
    assert parse_size(text) == n_bytes


@given(st.text(max_size=12))
def test_any_text_is_a_size_or_refused(text: str) -> None:
    """No text gives anything but a whole number of bytes or argparse's own error."""
    try:
        size: object = parse_size(text)
    except ArgumentTypeError as error:
        size = str(error)
    assert isinstance(size, int) or "is not a size" in str(size)


@given(st.integers(0, 2**63 - 1))
def test_a_seed_is_any_whole_number_below_2_63(seed: int) -> None:
    """What a report can hold, the option can repeat."""
    assert parse_seed(str(seed)) == seed


@pytest.mark.parametrize(
    "way",
    [["-m", "hubcheck"], ["-m", "hubcheck.cli"], ["-c", "import hubcheck.cli as c; c.main()"]],
    ids=" ".join,
)
def test_every_way_in_is_the_same_command(way: list[str]) -> None:
    """A script that an earlier installation left calls ``hubcheck.cli:main``: it goes on working."""
    line = [sys.executable, *way, "--version"]
    done = subprocess.run(line, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout.split()[0]) == (0, "hubcheck"), done.stderr
