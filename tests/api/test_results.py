"""A result shows itself: as a card that breaks no page, as a table, as one line."""

from __future__ import annotations

import html
import sys
from html.parser import HTMLParser
from types import ModuleType
from typing import Any

import pytest

import hubcheck
from hubcheck.api.results import CheckReport, ComparisonReport
from hubcheck.card.framed import framed
from hubcheck.demo.run import BASE, MODELS
from hubcheck.errors import UsageError

HOSTILE = 'x"></iframe><script>alert(1)</script>\x1b[2J'


@pytest.fixture(scope="module")
def checked() -> CheckReport:
    """Return a report with one base."""
    mirrors = {BASE: MODELS / "base"}
    return hubcheck.check(MODELS / "finetune", mirrors=mirrors, seed=7, depth="headers")


@pytest.fixture(scope="module")
def compared() -> ComparisonReport:
    """Return a comparison of a model with a copy of itself under another name."""
    return hubcheck.compare(MODELS / "base", MODELS / "finetune", seed=7, depth="headers")


class Elements(HTMLParser):
    """The elements of a piece of HTML, with their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_a_card_stands_in_a_page_without_changing_it(
    checked: CheckReport, compared: ComparisonReport
) -> None:
    """A notebook gets one sandboxed frame, in which the whole card stands as the page it is."""
    for result in (checked, compared):
        elements = Elements(result._repr_html_()).found
        assert [tag for tag, _ in elements] == ["iframe"]  # no style, no script beside it
        attributes = elements[0][1]
        assert attributes["sandbox"] == ""
        assert attributes["srcdoc"] == result.to_html()


def test_no_text_ends_the_frame() -> None:
    """Whatever a page holds, it is the value of one attribute."""
    elements = Elements(framed(HOSTILE, "a 'title'")).found
    assert [tag for tag, _ in elements] == ["iframe"]
    assert elements[0][1]["srcdoc"] == html.unescape(html.escape(HOSTILE))


def test_a_hostile_name_is_shown_as_text(checked: CheckReport) -> None:
    """A subject that names itself after markup and escape codes is written out, not obeyed."""
    subject = checked.report.subject.model_copy(update={"ref": HOSTILE})
    hostile = CheckReport(report=checked.report.model_copy(update={"subject": subject}))
    inside = Elements(hostile._repr_html_()).found[0][1]["srcdoc"]
    assert inside
    assert "script" not in [tag for tag, _ in Elements(inside).found]
    for shown in (repr(hostile), str(hostile), hostile.to_html()):
        assert "\x1b" not in shown
    assert "\n" not in repr(hostile)


def test_a_result_is_one_line_or_what_the_command_prints(
    checked: CheckReport, compared: ComparisonReport
) -> None:
    """``repr`` is short, ``str`` is the first screen."""
    assert repr(checked).endswith("inconclusive, neutral>")
    assert repr(compared).startswith("<ComparisonReport of ")
    assert str(checked).startswith("hubcheck: ")
    assert "confirms and refutes nobody" in str(compared)


class Frame:
    """Takes what ``pandas.DataFrame`` is given."""

    def __init__(self, rows: list[dict[str, Any]], columns: list[str]) -> None:
        self.rows, self.columns = rows, columns


def test_a_table_has_the_same_columns_whatever_was_found(
    checked: CheckReport, compared: ComparisonReport, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows are dictionaries of figures; pandas gets them with columns that are always there."""
    pandas = ModuleType("pandas")
    pandas.DataFrame = Frame  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "pandas", pandas)
    for result in (checked, compared, hubcheck.suspects(MODELS / "finetune", ask_hub=False)):
        frame = result.to_pandas()
        assert frame.rows == result.rows()
        assert [list(row) for row in frame.rows] == [frame.columns] * len(frame.rows)
    row = checked.rows()[0]
    assert row["declared"] is True
    assert row["verdict"] == "not-tested"
    assert "-" not in "".join(row)
    nobody = checked.report.model_copy(update={"findings": ()})
    assert [r["base"] for r in CheckReport(report=nobody).rows()] == [""]


def test_a_comparison_row_accuses_nobody(compared: ComparisonReport) -> None:
    """No word of a declaration, of a base or of a disguise stands among its columns."""
    columns = set(compared.rows()[0])
    assert not columns & {"verdict", "declared", "proposed_by", "direction", "explained_by"}


def test_without_pandas_the_error_says_what_to_do(
    checked: CheckReport, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No dependency brings pandas: asked for without it, the documented error names both ways on."""
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(UsageError, match=r"pip install pandas, or take rows\(\)"):
        checked.to_pandas()
