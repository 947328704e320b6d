"""The answer to an accusation: figures of the report, in two languages, and how to repeat them."""

from __future__ import annotations

from pathlib import Path

import pytest

from hubcheck.card import answer, numbers
from hubcheck.card.answer_texts import TEXTS, VERDICTS
from hubcheck.card.escaping import html_text
from hubcheck.cli import main, printed
from hubcheck.report.schema import Context, NormContext, Report
from hubcheck.report.words import DeclarationVerdict, Verdict
from tests.card import reports
from tests.card.deep_reports import deep_cases
from tests.card.rendered import html_page, seen

CASES = reports.cases() | deep_cases()


def norms(shuffled: float, *refs: str) -> Context:
    """Return norm weights against these bases."""
    return Context(
        norms=tuple(
            NormContext(base=r, cosine=0.9871, cosine_shuffled=shuffled, pearson=0.05, tensors=9)
            for r in refs
        )
    )


def shown(report: Report) -> str:
    """Return what a reader of the page sees."""
    return seen(html_page(answer.render(report)).text)


def has(text: str, name: str) -> bool:
    """Return whether a sentence stands there in both languages."""
    return all(seen(said) in text for said in (TEXTS[name].en, TEXTS[name].ko))


@pytest.mark.parametrize("name", sorted(CASES))
def test_every_figure_is_the_reports(name: str) -> None:
    """Commits, seed, cosines, counts and chances stand on the page as the report has them."""
    report = CASES[name]
    text = shown(report)
    assert report.subject.revision in text
    assert str(report.seed) in text
    assert report.subject.weights_digest in text
    for finding in report.findings:
        assert finding.base.revision in text
        if finding.status == "tested" and finding.verdict is Verdict.UNRELATED:
            assert numbers.hits(finding.units_hit, finding.units_tested) in text
        assert seen(VERDICTS[finding.verdict].ko) in text
    for item in report.context.norms:
        assert numbers.cosine(item.cosine_shuffled) in text


def test_the_control_is_called_missing_where_it_is() -> None:
    """Only where the report holds a stranger with norms does the page say that it shows one."""
    stranger = reports.report(
        DeclarationVerdict.NONE_FOUND, reports.unrelated(), context=norms(0.98, "acme/base-7b")
    )
    assert has(shown(stranger), "stranger")
    assert not has(shown(stranger), "no-stranger")
    kin = reports.report(
        DeclarationVerdict.UNDECLARED, reports.matching(), context=norms(0.98, "other/base-7b")
    )
    assert has(shown(kin), "no-stranger")
    assert not has(shown(kin), "stranger")


@pytest.mark.parametrize(("shuffled", "said"), [(0.98, True), (0.2, False)])
def test_a_cosine_that_needs_the_order_is_not_called_worthless(shuffled: float, said: bool) -> None:
    """That the number hardly uses the order is said of numbers that hardly do."""
    report = reports.report(
        DeclarationVerdict.NONE_FOUND, reports.unrelated(), context=norms(shuffled, "acme/base-7b")
    )
    assert has(shown(report), "no-order") is said


def test_scale_is_a_declared_relative_or_missing() -> None:
    """A match that the card declares is the scale; a suspect that matches is none."""
    declared = reports.report(DeclarationVerdict.CONFIRMED, reports.matching(declared=True))
    assert has(shown(declared), "scale-text")
    assert has(shown(reports.cases()["undeclared"]), "no-scale")


def test_fixed_sentences_hold_no_figure() -> None:
    """Every verdict has a text; beside section numbers no digit stands in any."""
    assert set(VERDICTS) == set(Verdict)
    for text in (*TEXTS.values(), *VERDICTS.values()):
        for said in (text.en, text.ko):
            bare = said[2:] if said[1:2] == "." else said
            assert not any(c.isdigit() for c in bare.replace("10분의 9", ""))


@pytest.mark.parametrize("payload", ["<script>x</script>", "`a`|b", "</td><img src=x>"])
def test_names_from_elsewhere_are_text(payload: str) -> None:
    """Nothing that a report holds becomes an element of the page."""
    report = reports.report(DeclarationVerdict.UNDECLARED, reports.matching(ref=payload))
    report = report.model_copy(update={"replay": f"hubcheck check {payload}"})
    page = html_page(answer.render(report))
    assert {"script", "img", "a"}.isdisjoint(page.tags)
    assert html_text(payload) in answer.render(report)


def test_the_command_writes_one_file(tmp_path: Path) -> None:
    """``hubcheck answer`` writes the page that ``render`` makes."""
    report = reports.cases()["contradicted"]
    (tmp_path / "report.json").write_text(report.model_dump_json(), encoding="utf-8")
    out = tmp_path / "to" / "answer.html"
    assert main(["answer", str(tmp_path / "report.json"), "--out", str(out)]) == 0
    assert out.read_text(encoding="utf-8") == answer.render(report)
    assert main(["answer", str(tmp_path / "report.json"), "--out", str(tmp_path)]) == 2


def test_a_browser_prints_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A browser that is there is asked, one that fails or is missing is named, and no page is lost."""
    report, page, pdf = (tmp_path / name for name in ("report.json", "answer.html", "answer.pdf"))
    report.write_text(CASES["confirmed"].model_dump_json(), encoding="utf-8")
    asked = ["answer", str(report), "--out", str(page), "--pdf", str(pdf)]
    monkeypatch.setattr(printed, "PLACES", ())
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(asked) == 2
    assert page.is_file()
    program = tmp_path / "chromium"
    program.write_text("#!/bin/sh\nexit 1\n")
    program.chmod(0o755)
    assert main(asked) == 2
    program.write_text(
        '#!/bin/sh\nfor word in "$@"; do case "$word" in\n'
        '--print-to-pdf=*) printf %s "%PDF-1.7 $word" > "${word#*=}";; esac; done\n'
    )
    capsys.readouterr()
    assert main(asked) == 0
    assert pdf.read_bytes().startswith(b"%PDF-")
    assert "Korean" not in capsys.readouterr().err  # nobody can say without fc-list
    fonts = tmp_path / "fc-list"
    fonts.write_text("#!/bin/sh\nexit 0\n")
    fonts.chmod(0o755)
    assert main(asked) == 0
    assert "no font here has Korean letters" in capsys.readouterr().err
    fonts.write_text("#!/bin/sh\necho Nanum Gothic\n")
    assert main(asked) == 0
    assert "Korean" not in capsys.readouterr().err
