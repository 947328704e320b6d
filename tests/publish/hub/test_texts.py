"""What hubcheck writes on the Hub proposes and never decides, and hostile names stay text."""

from __future__ import annotations

import pytest
import yaml

from hubcheck.publish.hub import texts
from hubcheck.report.schema import Report
from tests.card.payloads import PAYLOADS
from tests.card.rendered import LATE_FILTERS, markdown_page
from tests.card.reports import cases, matching, unrelated
from tests.card.test_hostile_report import GLOSSARY_LINKS, MARKDOWN_TAGS, links_of, poisoned

REPO = "acme/model"


def block_of(report: Report) -> object:
    """Return what the proposed YAML says."""
    text = texts.proposal(report)
    return yaml.safe_load(text.split("```yaml\n")[1].split("```")[0])


def test_an_undeclared_base_is_proposed_as_a_line() -> None:
    """The line can be pasted into the front matter as it is."""
    assert block_of(cases()["undeclared"]) == {"base_model": "other/base-7b"}
    assert "left as it is" in texts.proposal(cases()["undeclared"])


def test_a_refuted_base_is_left_out_and_a_true_one_kept() -> None:
    """Declared bases that matched stay in the proposed list."""
    report = cases()["contradicted"]
    assert block_of(report) == {"base_model": "other/base-7b"}
    kept = matching("acme/kept", declared=True)
    more = report.model_copy(update={"findings": (*report.findings, kept)})
    assert block_of(more) == {"base_model": ["acme/kept", "other/base-7b"]}


def test_a_refuted_base_without_another_match() -> None:
    """When nothing else matched, there is no line to propose."""
    report = cases()["contradicted"].model_copy(update={"findings": (unrelated(),)})
    assert "should be corrected" in texts.proposal(report)
    assert "```" not in texts.proposal(report)


@pytest.mark.parametrize("name", ["confirmed", "none-found", "gated", "parts"])
def test_nothing_is_proposed_otherwise(name: str) -> None:
    """Only a finding against the card leads to a proposal."""
    assert texts.proposal(cases()[name]) == ""


@pytest.mark.parametrize("payload", PAYLOADS)
def test_hostile_names_stay_text(payload: str) -> None:
    """Description and comment keep their one marker, their elements, and call nobody."""
    for report in cases().values():
        hostile = poisoned(report, payload)
        for text in (texts.pull_request_text(hostile, REPO), texts.comment_text(hostile, REPO)):
            assert texts.is_marked(text, REPO)
            page = markdown_page(text)
            assert page.declarations == [" hubcheck:v1:acme/model "]
            assert set(page.tags) <= MARKDOWN_TAGS | {"a"}
            assert links_of(page) <= GLOSSARY_LINKS
            assert not LATE_FILTERS.search(page.prose)


def test_the_marker_is_of_one_repository() -> None:
    """A text about another model is not taken for this one's."""
    assert not texts.is_marked(texts.marker("acme/other") + "\nx", REPO)
    assert not texts.is_marked("x\n" + texts.marker(REPO), REPO)
