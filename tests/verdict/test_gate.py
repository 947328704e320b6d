"""Is a gate green only where evidence says so?"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubcheck.card.wording import words
from hubcheck.errors import ExitCode
from hubcheck.report.schema import Report
from hubcheck.report.words import (
    NOT_EXAMINED,
    Conclusion,
    DeclarationVerdict,
    NothingCompared,
    ReasonCode,
    Verdict,
)
from hubcheck.verdict.gate import GateState, gate
from tests.card.reports import report
from tests.verdict.findings import declared, suspect

D, C, S = DeclarationVerdict, Conclusion, GateState
UNTESTED = declared(Verdict.NOT_TESTED)


def result(*findings: Any, conclusion: Conclusion = C.NEUTRAL, **fields: Any) -> Report:
    """Return a report with these findings and this conclusion."""
    return report(D.INCONCLUSIVE, *findings, conclusion=conclusion, **fields)


@pytest.mark.parametrize(
    ("given", "code", "state", "text"),
    [
        (result(declared(Verdict.RELATED), conclusion=C.PASS), 0, S.SUCCESS, "1 of 1 base tested"),
        (result(declared(Verdict.INCONCLUSIVE)), 0, S.SUCCESS, "1 of 1 base tested"),
        (result(suspect(Verdict.UNRELATED)), 0, S.SUCCESS, "1 of 1 base tested"),
        (result(declared(Verdict.UNRELATED), conclusion=C.FAIL), 1, S.FAILURE, "1 of 1"),
        # warn-only waives the exit code, not what was found
        (result(declared(Verdict.UNRELATED), conclusion=C.FAIL), 0, S.FAILURE, "1 of 1"),
        (result(), 0, S.ERROR, "nothing was compared"),
        (result(UNTESTED), 0, S.ERROR, "nothing was compared"),
        (result(UNTESTED, accepted=("org/declared",)), 0, S.ERROR, "nothing was compared"),
        (result(UNTESTED, conclusion=C.FAIL), 1, S.FAILURE, "nothing was compared"),
        (result(UNTESTED, suspect(Verdict.UNRELATED)), 0, S.ERROR, "tested: org/declared"),
        (
            result(UNTESTED, suspect(Verdict.UNRELATED), accepted=("org/declared",)),
            0, S.SUCCESS, "1 of 2 bases tested",
        ),
        (
            result(declared(Verdict.RELATED), suspect(Verdict.NOT_TESTED), conclusion=C.PASS),
            0, S.ERROR, "tested: org/suspect",
        ),
    ],
)  # fmt: skip
def test_the_state_follows_from_report_and_exit_code(
    given: Report, code: int, state: GateState, text: str
) -> None:
    """Success needs a tested base and every base tested; fail is failure; the rest is error."""
    said = gate(given, ExitCode(code))
    assert said.state is state
    assert text in words(said.said)


@pytest.mark.parametrize("code", sorted(NOT_EXAMINED))
def test_padding_opens_no_gate(code: ReasonCode) -> None:
    """A model most of which no test could reach is no success, though a base counts as tested."""
    unseen = declared(Verdict.INCONCLUSIVE).model_copy(update={"code": code})
    assert gate(result(unseen), ExitCode.OK).state is GateState.ERROR
    accepted = result(unseen, accepted=(unseen.base.ref,))
    assert gate(accepted, ExitCode.OK).state is GateState.SUCCESS
    open_result = declared(Verdict.INCONCLUSIVE).model_copy(update={"code": ReasonCode.BETWEEN})
    assert gate(result(open_result), ExitCode.OK).state is GateState.SUCCESS


def test_a_suspect_that_shares_no_order_is_no_gap() -> None:
    """It was looked at and cannot be compared: a list of suspects names models of every shape."""
    other = suspect(Verdict.NOT_TESTED).model_copy(update={"bytes_total": 10**9})
    honest = result(declared(Verdict.RELATED), other, conclusion=C.PASS)
    assert gate(honest, ExitCode.OK).state is S.SUCCESS


def test_a_name_that_only_the_prose_leaks_is_no_gap() -> None:
    """A dead link in an honest card does not close the gate."""
    leaked = suspect(Verdict.NOT_TESTED).model_copy(update={"proposed_by": ("README.md line 9",)})
    assert gate(result(declared(Verdict.RELATED), leaked), ExitCode.OK).state is S.SUCCESS


@pytest.mark.parametrize("code", [2, 3, 4, 5])
@pytest.mark.parametrize("conclusion", list(Conclusion))
def test_a_check_that_did_not_end_well_is_an_error(code: int, conclusion: Conclusion) -> None:
    """Whatever stands in the report."""
    given = result(declared(Verdict.IDENTICAL), conclusion=conclusion)
    assert gate(given, ExitCode(code)).state is S.ERROR


def test_a_file_that_could_not_be_fetched_is_an_error() -> None:
    """What was checked was not the whole model."""
    given = result(declared(Verdict.RELATED), conclusion=C.PASS)
    said = gate(given, ExitCode.OK, unread=["model.safetensors: 300 MB in git itself"])
    assert said.state is S.ERROR
    assert words(said.said).startswith("not readable here: model.safetensors")


@pytest.mark.parametrize("why", list(NothingCompared))
def test_each_reason_has_its_words(why: NothingCompared) -> None:
    """And they fit a commit status."""
    text = words(gate(result(nothing_compared=why), ExitCode.OK).said)
    assert text.startswith("nothing was compared: ")
    assert len(text) <= 140


STATUS = st.sampled_from([Verdict.NOT_TESTED, Verdict.RELATED, Verdict.UNRELATED])


@given(
    st.lists(st.tuples(STATUS, st.booleans()), max_size=4),
    st.sampled_from(list(Conclusion)),
    st.sampled_from(list(ExitCode)),
)
def test_green_always_rests_on_evidence(
    bases: list[tuple[Verdict, bool]], conclusion: Conclusion, code: ExitCode
) -> None:
    """No combination is green without a tested base, with an open declared one, or a bad end."""
    findings = [declared(v) if own else suspect(v) for v, own in bases]
    if gate(result(*findings, conclusion=conclusion), code).state is S.SUCCESS:
        assert code is ExitCode.OK
        assert conclusion is not C.FAIL
        assert any(f.status == "tested" for f in findings)
        assert all(f.status == "tested" for f in findings if f.declared)
