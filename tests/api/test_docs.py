"""What docs/api.md and the notebook show runs as it stands, and says what it says there."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest

import hubcheck
from hubcheck import errors
from hubcheck.api.calls import check
from hubcheck.api.results import CheckReport

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "api.md").read_text(encoding="utf-8")
NOTEBOOK = json.loads((DOCS / "examples" / "first_check.ipynb").read_text(encoding="utf-8"))


def run_all(blocks: list[str]) -> tuple[dict[str, Any], list[Any]]:
    """Run pieces of code in one namespace; return it, and what the last line of each gave."""
    space: dict[str, Any] = {}
    shown = []
    for block in blocks:
        tree = ast.parse(block)
        last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, "docs", "exec"), space)  # noqa: S102 - the project's own page
        if isinstance(last, ast.Expr):
            shown.append(eval(compile(ast.Expression(last.value), "docs", "eval"), space))  # noqa: S307
    return space, shown


def test_the_examples_of_the_page_run(capsys: pytest.CaptureFixture[str]) -> None:
    """In order, as they stand; the values in comments are those that come out."""
    space, _ = run_all(re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL))
    shown = capsys.readouterr().out
    said = re.findall(r"^(\w+\.\w+) +# ('\w+')", PAGE, re.MULTILINE)
    assert len(said) == 3
    for expression, value in said:
        assert repr(str(eval(expression, space))) == value  # noqa: S307 - see above
    assert space["report"].findings[1].kept > 0.99
    assert "There is no folder or file at './no-such-folder'." in shown
    assert "opening the subject" in shown


def test_every_argument_of_a_check_is_in_the_table() -> None:
    """No argument is undocumented, and none is documented that there is not."""
    table = PAGE.partition("| argument |")[2].partition("\n\n")[0]
    named = check.__annotations__.keys() - {"model", "return"}
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == named


def test_every_error_on_the_page_is_a_class() -> None:
    """The table names classes of ``hubcheck.errors``, and their order of inheritance is true."""
    table = PAGE.partition("| class |")[2]
    named = [getattr(errors, name) for name in re.findall(r"`(\w+Error)`", table)]
    assert len(named) == 9
    assert all(issubclass(one, errors.HubcheckError) for one in named)
    assert all(issubclass(one, errors.UnreachableError) for one in named[1:6])


def test_the_notebook_runs() -> None:
    """Each code cell, in order; it is stored without outputs, which nothing would keep true."""
    cells = [cell for cell in NOTEBOOK["cells"] if cell["cell_type"] == "code"]
    assert all(cell["outputs"] == [] for cell in cells)
    space, shown = run_all(["".join(cell["source"]) for cell in cells])
    assert isinstance(shown[1], CheckReport)
    assert shown[1]._repr_html_().startswith("<iframe ")
    assert [report.verdict.value for report in (space["honest"], space["wrong"])] == [
        "confirmed",
        "contradicted",
    ]
    assert [verdict for verdict, *_ in shown[3]] == ["unrelated", "related"]
    assert shown[4][0] == "related"
    assert shown[5][0] == "contradicted"
    assert hubcheck.load_report(space["paths"]["report.json"]).verdict is space["wrong"].verdict
