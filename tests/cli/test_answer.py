"""Does ``hubcheck answer --curve`` read what the report pins, and show strangers beside relatives?"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from hubcheck.anatomy.interface import Role
from hubcheck.card import answer
from hubcheck.card.answer_texts import TEXTS
from hubcheck.cli import main
from hubcheck.demo.run import MODELS
from hubcheck.errors import ExitCode
from hubcheck.evidence.spread import compared
from hubcheck.report.curves import Curves
from hubcheck.report.load import load_report
from tests.card.rendered import html_page, seen
from tests.card.reports import cases


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with three models and the report of a check of them that read no weights."""
    place = tmp_path_factory.mktemp("answer")
    for name in ("finetune", "base", "twin"):
        shutil.copytree(MODELS / name, place / name)
    asked = ["check", str(place / "finetune"), "--base", str(place / "base"), "--suspect",
             str(place / "twin"), "--depth", "headers", "--seed", "1", "--out", str(place)]  # fmt: skip
    assert main(asked) == ExitCode.OK
    return place


def test_the_curves_of_all_models_stand_beside_each_other(folder: Path) -> None:
    """A fine-tune's is its base's, and that of the model trained apart is alike, too."""
    page = folder / "answer.html"
    assert main(["answer", str(folder / "report.json"), "--out", str(page), "--curve"]) == 0
    text = page.read_text(encoding="utf-8")
    found = re.findall(r'aria-label="Curves [^"]*with (\S+): q ([\d.-]+), [^"]*"', text)
    assert [name.rpartition("/")[2] for name, _ in found] == ["base", "twin"]
    base, twin = (float(value) for _, value in found)
    assert base == 1
    assert 0.8 < twin < 1
    assert text.count("<polyline") == 2 * 2 * 4


def test_without_it_the_page_says_how(folder: Path) -> None:
    """No weight is read for a page of a report."""
    text = seen(html_page(answer.render(load_report(folder / "report.json"))).text)
    assert seen(TEXTS["curve-not-read"].en) in text
    assert "<polyline" not in text


def test_other_weights_than_the_report_s_are_no_curve(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of a base that changed since none is drawn, and a subject that did is an error."""
    for name in ("twin", "finetune"):
        weights = folder / name / "model.safetensors"
        kept = weights.read_bytes()
        weights.write_bytes(kept[:-1] + bytes([kept[-1] ^ 1]))
        page = tmp_path / f"{name}.html"
        code = main(["answer", str(folder / "report.json"), "--out", str(page), "--curve"])
        weights.write_bytes(kept)
        said = capsys.readouterr().err
        assert "holds other weights than those of the report" in said
        assert code == (ExitCode.OK if name == "twin" else ExitCode.UNREACHABLE)
        assert page.exists() is (name == "twin")


def curves(correlation: float) -> tuple[Curves, ...]:
    """Return two curves of one role."""
    line = ((0.0, 1.0), (0.5, 2.0), (1.0, 1.5))
    return (Curves(role="q", subject=line, base=line, correlation=correlation),)


def test_strangers_are_called_the_control_only_where_there_are_some() -> None:
    """By the verdict of the exact test, and only of those whose curve was read."""
    report = cases()["contradicted"]
    stranger, match = report.findings
    for base, name in ((stranger, "curve-stranger"), (match, "no-stranger")):
        page = answer.render(report, {base.base.ref: curves(0.5)})
        text = seen(html_page(page).text)
        assert seen(TEXTS[name].en) in text
        assert "0.50" in text
    assert seen(TEXTS["no-curve"].en) in seen(html_page(answer.render(report, {})).text)


def test_a_curve_of_another_depth_is_read_between_its_points() -> None:
    """And one that the other model lacks is none."""
    straight = {Role.Q: ((0.0, 0.0), (1.0, 1.0))}
    bent = {Role.Q: ((0.0, 0.0), (0.25, 1.0), (0.75, 3.0), (1.0, 4.0))}
    (one,) = compared(bent, straight)
    assert one.correlation == pytest.approx(1)
    assert compared(bent, {}) == ()
