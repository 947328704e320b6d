"""Tests that no text of a repository leaves its place in comment, summary and log."""

from __future__ import annotations

import re

import pytest

from action import commands, results
from action.event import read_event
from action.inputs import read_inputs
from action.runner import read_runner
from action.scene import Scene
from hubcheck.card.table import summary
from hubcheck.card.wording import words
from hubcheck.errors import ExitCode
from hubcheck.publish.github.body import LIMIT, Links, comment_body, page
from hubcheck.publish.github.client import GitHub
from hubcheck.publish.github.state import read_state, state_of
from hubcheck.publish.github.stranger import without_free_text
from hubcheck.report.schema import Report
from hubcheck.report.words import Conclusion, DeclarationVerdict
from hubcheck.verdict.gate import gate
from tests.card.payloads import PAYLOADS
from tests.card.rendered import LATE_FILTERS, markdown_page
from tests.card.test_hostile_report import GLOSSARY_LINKS, MARKDOWN_TAGS, full, poisoned
from tests.evidence.laboratory import frozen_clock

COMMIT = "a" * 40
LINKS = Links(server="https://github.com", repository="octo/models", commit=COMMIT, run=12)
OURS = {
    f"https://github.com/octo/models/commit/{COMMIT}",
    "https://github.com/octo/models/actions/runs/12",
}
GRAPH = re.compile(
    r"flowchart LR\n"
    r'(?:  (?:m|b\d|a\d+|more)\["[A-Za-z0-9._/ ?-]+"\](?::::\w+)?\n'
    r'|  m (?:===|---|-\.-)\|"[A-Za-z0-9._/ ?-]+"\| b\d\n'
    r'|  [ab]\d+ -\.->\|"(?:explains|declares)"\| [ab]\d+\n'
    r"|  m -\.- more\n"
    r"|  classDef \w+ [\w:#,]+\n?)+"
)


def hostile(payload: str) -> Report:
    """Return a full report with one payload in every text."""
    verdicts = list(DeclarationVerdict)
    return poisoned(full(verdicts[PAYLOADS.index(payload) % len(verdicts)]), payload)


@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
def test_the_comment_holds_its_own_elements_and_text_only(payload: str) -> None:
    """No element, link, image, mention, issue, address or command but ours; one hidden marker."""
    report = hostile(payload)
    state = state_of(report, commit=COMMIT, run=12, key="")
    body = comment_body(report, comment_id="hubcheck", state=state, before=state, links=LINKS)
    assert len(body.encode()) <= LIMIT
    shown = markdown_page(body)
    assert set(shown.tags) <= MARKDOWN_TAGS | {"a"}
    links = {v for tag, name, v in shown.attributes if tag == "a" and name == "href"}
    assert links <= OURS | GLOSSARY_LINKS
    assert len(shown.declarations) == 1
    assert not LATE_FILTERS.search(shown.prose.replace("\u2060", "\u2060 "))
    assert "\x1b" not in body
    assert read_state(body) is not None


@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
def test_the_graph_is_made_of_plain_names(payload: str) -> None:
    """Between its fences the graph matches a grammar in which no name can be syntax."""
    body = page(hostile(payload))
    found = re.findall(r"^```mermaid\n(flowchart.*?)\n```", body, re.DOTALL | re.MULTILINE)
    assert all(GRAPH.fullmatch(graph) for graph in found)
    assert len(found) <= 1
    # A fence of the payload's own would be rendered as a second one.
    drawn = [v for _, name, v in markdown_page(body).attributes if v.endswith("mermaid")]
    assert len(drawn) == len(found)


@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
def test_the_log_holds_no_command_of_a_repository(payload: str) -> None:
    """Table, annotation and progress are lines that command nothing but what we command."""
    report = hostile(payload)
    lines: list[str] = []
    runner = read_runner({})
    scene = Scene(
        settings=read_inputs({}),
        runner=runner,
        event=read_event(runner),
        github=GitHub(""),
        now=frozen_clock,
        write=lines.append,
    )
    results.write_log(scene, report)
    for line in summary(report).splitlines():
        commands.log(line, lines.append)
    assert all(len(line.splitlines()) <= 1 for line in lines)
    assert not any("::" in line or "##[" in line or "\x1b" in line for line in lines)
    code = ExitCode.POLICY_FAILED if report.conclusion is Conclusion.FAIL else ExitCode.OK
    decided = gate(report, code)
    result = results.Result(
        report=report, gate=decided, commit=COMMIT, folder="models/tiny", key=""
    )
    assert len(words(decided.said).splitlines()) == 1
    lines.clear()
    results.write_annotation(scene, result, code)
    (line,) = lines
    assert re.fullmatch(r"::(?:error|warning|notice) (?:[a-z]+=[^,:\n]*,?)+::[^\n]*", line)
    assert line.count("::") == 2


@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
def test_nothing_that_a_fork_wrote_is_posted(payload: str) -> None:
    """After the stripping, two payloads give the same comment: no byte of either is in it."""

    def body(text: str) -> str:
        verdict = DeclarationVerdict.CONTRADICTED
        report = without_free_text(poisoned(full(verdict), text))
        return page(report)

    assert body(payload) == body("some other text of a stranger")


def test_the_summary_fits_whatever_the_names_are() -> None:
    """The longest names still leave the first screen and stay within the limit."""
    for limit in (LIMIT, 20_000, 6_000):
        text = page(hostile("|" * 5_000), limit=limit)
        assert len(text.encode()) <= max(limit, 20_000)
        assert text.startswith("### hubcheck: ")
