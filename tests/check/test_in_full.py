"""Does a report of very many bases name each, tell in full what matters, and replay?"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from shutil import copytree

import pytest

from hubcheck.card import markdown
from hubcheck.card.compose import compose
from hubcheck.check.in_full import told
from hubcheck.cli import replay_report
from hubcheck.publish.files import report_json
from hubcheck.report.load import MAX_REPORT, load_report
from hubcheck.report.schema import Finding, Report
from hubcheck.report.words import Verdict
from hubcheck.request.name_list import MOST_SUSPECTS
from tests.card.reports import matching, unrelated
from tests.evidence.laboratory import model, outcome_of, request

FULL = 3
LEFT_OUT = {
    "in_full", "evidence", "account", "controls", "changes", "layer_map", "alignment", "unread",
}  # fmt: skip


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> tuple[Report, Report]:
    """Return one check told in full, and with three bases in full: the last suspect matches."""
    folder = tmp_path_factory.mktemp("many")
    strangers = [copytree(model("twin"), folder / f"twin-{n}") for n in range(3)]
    broken = copytree(model("twin"), folder / "broken")
    (broken / "model.safetensors").write_bytes(b"\xff" * 64)
    suspects = [*strangers, broken, model("upscaled"), model("continued")]
    wanted = request(model("finetune"), [model("base")], suspects)
    whole, brief = (outcome_of(replace(wanted, in_full=n)).report for n in (100, FULL))
    return whole, brief


def test_every_base_keeps_its_place_its_verdict_and_its_numbers(
    reports: tuple[Report, Report],
) -> None:
    """What is left out is left out, and nothing else of any finding differs."""
    whole, brief = reports
    assert [f.base.ref for f in brief.findings] == [f.base.ref for f in whole.findings]
    for before, after in zip(whole.findings, brief.findings, strict=True):
        left = LEFT_OUT if not after.in_full else set()
        assert before.model_dump(exclude=left) == after.model_dump(exclude=left)
        assert after.in_full or not (after.evidence or after.account)
    for field in ("verdict", "conclusion", "coverage", "licence", "lineage", "warnings", "limits"):
        assert getattr(brief, field) == getattr(whole, field)


def test_declared_bases_and_matches_are_told_in_full_wherever_they_stand(
    reports: tuple[Report, Report],
) -> None:
    """A match at the end of the list pushes a stranger out, and its context with it."""
    brief = reports[1]
    assert sum(f.in_full for f in brief.findings) == FULL
    for finding in brief.findings:
        if finding.declared or finding.verdict is Verdict.RELATED:
            assert finding.in_full
            assert finding.evidence
    assert len(brief.context.architecture) <= 1 + FULL


def test_a_report_in_brief_is_read_back_and_replays(
    reports: tuple[Report, Report], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From its file alone: the same bases are told in full, and in brief, with the same numbers."""
    brief = reports[1]
    path = tmp_path / "report.json"
    path.write_text(report_json(brief), encoding="utf-8")
    assert load_report(path) == brief
    monkeypatch.setattr(replay_report, "IN_FULL", FULL)
    outcome = replay_report.replay(brief, path, given_root=None)
    assert outcome is not None
    assert [d.path for d in outcome.differing] == ["replay"]  # the laboratory writes no command


@pytest.mark.parametrize("most", range(7))
def test_rank_decides_and_the_order_stays(most: int) -> None:
    """Declared, matching, open, then by evidence; a declared base is never in brief."""
    stranger, near = (unrelated(declared=False, kept=kept) for kept in (0.01, 0.09))
    still_open = unrelated(declared=False, verdict=Verdict.INCONCLUSIVE)
    declared, match = unrelated(declared=True), matching(declared=False)
    given = [stranger, near, still_open, match, declared]
    found = told(given, most)
    assert [f.verdict for f in found] == [f.verdict for f in given]
    rank = [declared, match, still_open, near, stranger]
    for n, finding in enumerate(rank):
        assert found[given.index(finding)].in_full == (n < most or finding.declared)


def test_the_longest_list_makes_a_report_that_is_read_back(reports: tuple[Report, Report]) -> None:
    """Ten times as many entries as a list may have names, their names as long as the Hub allows."""
    one = next(f for f in reports[1].findings if f.status == "tested" and not f.in_full)
    size = len(report_json(_with(reports[1], one, 40))) - len(
        report_json(_with(reports[1], one, 0))
    )
    assert 10 * MOST_SUSPECTS * (size / 40 + 200) < MAX_REPORT


def _with(report: Report, finding: Finding, n: int) -> Report:
    return report.model_copy(update={"findings": (*report.findings, *([finding] * n))})


def test_the_card_says_how_many_are_told_in_brief(reports: tuple[Report, Report]) -> None:
    """The table has what matters first, and says where the others are."""
    brief = reports[1]
    stranger = next(f for f in brief.findings if not f.in_full)
    many = brief.model_copy(
        update={"findings": (*([stranger] * 1_200), *brief.findings)}  # the match comes last
    )
    text = markdown.render(compose(many))
    match = next(f for f in brief.findings if f.verdict is Verdict.RELATED and not f.declared)
    first_screen = text.partition("more bases are in report.json")[0]
    assert match.base.ref.rpartition("/")[2] in first_screen
    n_brief = sum(not f.in_full for f in many.findings)
    said = f"{len(many.findings) - 20:,} more bases are in report.json, {n_brief:,} bases of all"
    assert said in text
