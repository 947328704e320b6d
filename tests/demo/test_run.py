"""Does the demo show what the README says it shows, at any seed?"""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from hubcheck.cli import main
from hubcheck.demo import run
from hubcheck.demo.run import CASES, MODELS, demo
from hubcheck.errors import ExitCode
from hubcheck.report.schema import Report
from hubcheck.report.words import DeclarationVerdict, Verdict
from tests.card.rendered import unlinked
from tests.tables import taken

EXPECTED = {
    "finetune": DeclarationVerdict.CONFIRMED,
    "continued": DeclarationVerdict.CONFIRMED,
    "disguised": DeclarationVerdict.CONFIRMED,
    "upscaled": DeclarationVerdict.CONFIRMED,
    "twin": DeclarationVerdict.NONE_FOUND,
    "wrong-declaration": DeclarationVerdict.CONTRADICTED,
}
README = Path(__file__).parents[2] / "README.md"
FILES = {"report.json", "card.md", "card.html", "badge.svg", "badge.json"}


@pytest.mark.parametrize("seed", range(taken(1, 5)))
def test_the_demo_gives_the_expected_verdicts(
    seed: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Six models, six verdicts, the same at every seed, and a card and a line for each."""
    out = tmp_path / "demo"
    assert main(["demo", "--out", str(out), "--seed", str(seed)]) == ExitCode.OK
    table = capsys.readouterr().out
    index = (out / "index.html").read_text()
    for name, verdict in EXPECTED.items():
        assert {p.name for p in (out / name).iterdir()} >= FILES
        report = Report.model_validate_json((out / name / "report.json").read_bytes())
        assert report.verdict is verdict, name
        assert report.seed == seed
        line = next(row for row in table.splitlines() if row.startswith(f"{name} "))
        assert f"({verdict})" in line
        assert f"{name}/card.html" in index
    assert "index.html" in table
    if seed == 0:  # the draw that README shows
        assert_readme_shows(table, (out / "wrong-declaration" / "card.md").read_text("utf-8"))


def assert_readme_shows(table: str, card: str) -> None:
    """README's table is what the demo prints, and its card the first screen of one that it writes."""
    blocks = README.read_text(encoding="utf-8").split("```\n")
    shown = next(block for block in blocks if block.startswith("subject "))
    assert shown in table
    quoted = [
        line[1:].strip() for line in README.read_text("utf-8").splitlines() if line[:1] == ">"
    ]
    first = [line for line in card.partition("\nRead ")[0].splitlines() if line]
    assert [line for line in quoted if line] == first
    card = unlinked(card)
    faq = (README.parent / "docs" / "faq.md").read_text(encoding="utf-8")
    for said in (
        "by chance: below 1 in 10 billion (exact)",
        "a copy of similarity 0.07 would show",
    ):
        assert f'"{said}"' in faq
        assert said in card
    glossary = (README.parent / "docs" / "glossary.md").read_text(encoding="utf-8")
    begin = " ".join(glossary.partition("\n## ")[0].split())
    counts = re.findall(r"`(\d[^`]+ sampled units [^`]+)`", begin)
    assert len(counts) == 2
    assert all(said in card for said in counts)


def test_the_wrong_declaration_names_the_right_base(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last model declares the base and is the twin's: both are said on its card."""
    monkeypatch.setattr(run, "CASES", [c for c in CASES if c.name == "wrong-declaration"])
    demo(tmp_path, 3, progress=lambda _t: None, done=lambda: None)
    report = Report.model_validate_json(
        (tmp_path / "wrong-declaration" / "report.json").read_bytes()
    )
    verdicts = {Path(f.base.ref).name: f.verdict for f in report.findings}
    assert verdicts == {"base": Verdict.UNRELATED, "twin": Verdict.RELATED}


def test_the_commands_on_the_cards_work_as_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The models lie in the output folder, and a card's re-run line gives the same verdict."""
    monkeypatch.chdir(tmp_path)
    names = ("finetune", "wrong-declaration")
    monkeypatch.setattr(run, "CASES", [c for c in CASES if c.name in names])
    demo(Path("demo-out"), 4, progress=lambda _t: None, done=lambda: None)
    capsys.readouterr()
    for name in names:
        before = Report.model_validate_json((Path("demo-out") / name / "report.json").read_bytes())
        words = shlex.split(before.replay)
        main([*words[1:], "--out", "again"])
        after = Report.model_validate_json((Path("again") / "report.json").read_bytes())
        assert after.verdict is before.verdict
        assert [f.log10_p for f in after.findings] == [f.log10_p for f in before.findings]


def test_the_demo_can_be_run_twice_into_one_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second run replaces the first."""
    monkeypatch.setattr(run, "CASES", CASES[:1])
    for _ in range(2):
        assert demo(tmp_path, 1, progress=lambda _t: None, done=lambda: None) is ExitCode.OK


def test_every_case_has_its_model() -> None:
    """The demo checks nothing that does not ship, and ships nothing it does not use."""
    used = {case.name for case in CASES} | {s for case in CASES for s in case.suspects} | {"base"}
    assert {p.name for p in MODELS.iterdir() if p.is_dir()} == used
