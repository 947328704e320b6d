"""Does memory stay the same however many suspects are tested, and the report with it?"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from shutil import copytree

import pytest

from hubcheck.check import let_go, prefetch, tested
from hubcheck.evidence.looks.sample.compare import Comparer
from hubcheck.evidence.observation import Skip
from hubcheck.verdict.judge import Case, Judgement, judge
from tests.evidence.laboratory import model, report_of


def test_rows_of_strangers_are_let_go_and_the_report_is_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four suspects that match nothing: each is forgotten once, and no finding knows it."""
    strangers = [copytree(model("twin"), tmp_path / f"twin-{n}") for n in range(4)]
    gone: list[Comparer] = []
    forget = Comparer.let_go

    def forgotten(comparer: Comparer) -> None:
        forget(comparer)
        gone.append(comparer)

    monkeypatch.setattr(Comparer, "let_go", forgotten)
    freed = report_of(model("finetune"), [model("base")], strangers)
    assert len(gone) == len(strangers)
    assert all(not vars(one)["_base_profiles"] for one in gone)
    assert all(not vars(vars(one)["_orders"])["_seen"] for one in gone)  # pairs hold profiles, too
    assert all(not vars(one.base.reader)["_blocks"] for one in gone)
    for module in (let_go, prefetch):  # and nothing is kept of the subject but its rows
        monkeypatch.setattr(module, "MANY", len(strangers) + 1)
    assert report_of(model("finetune"), [model("base")], strangers) == freed
    assert len(gone) == len(strangers)


def test_the_judge_is_asked_again_only_where_more_was_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """A look that is passed over changes nothing: of 18,000 tensors each answer costs a second."""
    seen: list[dict[str, object]] = []

    def asked(case: Case) -> Judgement:
        seen.append({n: one for n, one in case.seen.left.items() if not isinstance(one, Skip)})
        return judge(case)

    monkeypatch.setattr(tested, "judge", asked)
    report_of(model("finetune"), [model("base")])
    assert len(seen) > 1
    assert all(before != after for before, after in pairwise(seen))
