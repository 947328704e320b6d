"""Does the comparison of two reports list every field in which they differ?"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator
from enum import StrEnum
from functools import cache
from typing import Any, Final

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from hubcheck.report import words
from hubcheck.report.phrases import PhraseCode, phrase, text
from hubcheck.report.schema import (
    Accepted,
    Change,
    Descent,
    LayerMatch,
    MergeShare,
    Proposed,
    RelationCheck,
    Relative,
    Report,
)
from hubcheck.verdict.differences import (
    ABSENT,
    NOT_COMPARED,
    RELATIVE,
    differences,
    is_compared,
    unknown_fields,
    weaker_bounds,
)
from tests.card import reports
from tests.evidence.laboratory import model, report_of

NAMES: Final = tuple(
    value.value
    for kind in vars(words).values()
    if isinstance(kind, type) and issubclass(kind, StrEnum) and kind is not StrEnum
    for value in kind
)
"""Every word that a field of a closed list may hold."""
CLOSED: Final = (*NAMES, "not-tested", "tested", "", "proposed", "files", "hub")


@cache
def real() -> dict[str, Any]:
    """Return the report of a real check: a wrong declaration, with a suspect that matches."""
    report = report_of(model("wrong-declaration"), [model("base")], [model("twin")])
    # The command names no base in the laboratory: it is held against the other fields elsewhere.
    return report.model_copy(update={"replay": ""}).model_dump(mode="json")


PARTS: Final = (
    Change(layer=1, base_layer=1, role="q", relative=0.1, equal=0.5, cosine=0.9, values=10),
    LayerMatch(layer=1, base_layer=1, hits=2, units=4, log10_p=-1.0, kept=0.9),
    MergeShare(layer=-1, share=0.5, low=0.4, high=0.6),
    RelationCheck(base="x", declared="finetune", found="parts", agrees="no"),
    Relative(ref="x", standing="found"),
    Descent(child="x", parent="y"),
    Accepted(base="x", reason="known"),
    Proposed(ref="x"),
)
"""One row for each list of the report that is empty in the real one."""
Path = tuple[str | int, ...]


def leaves(value: Any, path: Path = ()) -> Iterator[Path]:
    """Yield the path of every value that holds no others."""
    items: Any = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    if not items or not value:
        yield path
    for key, inner in items:
        yield from leaves(inner, (*path, key))


def shown(path: Path) -> str:
    """Return a path as a difference names it."""
    text = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in path)
    return text.removeprefix(".")


def changed(value: Any) -> list[Any]:
    """Return other values that may stand in the same place."""
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [value + 1, value - 1]
    if isinstance(value, float):
        return [v for v in (0.25, 0.75, -2.0 - abs(value) * 2) if abs(v - value) > 0.01]
    if isinstance(value, str):
        return [f"{value}x", *(c for c in CLOSED if c != value)]
    if value is None:
        return ["x", {"kind": "parts", "detail": "x"}, {"shifted_hits": 1.0, "self_hits": 1.0}]
    if isinstance(value, dict):
        return [{"x": 1}]
    return [["x"], [1], *([part.model_dump(mode="json")] for part in PARTS)]


@cache
def honest() -> Report:
    """Return the real report as what it was made of."""
    return Report.model_validate(real())


NOT_ALLOWED: Final[dict[str, list[Any]]] = {}
"""By field, whatever row it is of: values that the schema was found to refuse there."""


def field(path: Path) -> str:
    """Return the field of a path, whatever row it is of."""
    return "".join("[]" if isinstance(p, int) else f".{p}" for p in path)


def mutated(path: Path, choose: int) -> tuple[Report, Any] | None:
    """Return the real report with one value changed, where the schema allows any."""
    forged = copy.deepcopy(real())
    place: Any = forged
    for step in path[:-1]:
        place = place[step]
    options = changed(place[path[-1]])
    refused = NOT_ALLOWED.setdefault(field(path), [])
    turned = options[choose % len(options) :] + options
    for value in [v for v in turned if v not in refused] or turned:
        place[path[-1]] = value
        try:
            return Report.model_validate(forged), value
        except ValidationError:
            refused.append(value)
    return None


ALL: Final = tuple(p for p in leaves(real()))
COMPARED: Final = tuple(p for p in ALL if is_compared(shown(p)))


@settings(max_examples=400, deadline=None)
@given(path=st.sampled_from(COMPARED), choose=st.integers(0, 40))
def test_every_changed_field_is_listed(path: Path, choose: int) -> None:
    """Any value of a real report, changed to any other that the schema allows, is named."""
    found = mutated(path, choose)
    assume(found is not None)
    assert found is not None
    report, _ = found
    listed = [d.path for d in differences(report, honest())]
    assert any(p == shown(path) or p.startswith((f"{shown(path)}[", f"{shown(path)}."))
               for p in listed), (shown(path), listed)  # fmt: skip
    assert len(listed) <= 3  # and nothing else: a list that grew is one row, a part its fields


def value_at(path: Path) -> Any:
    """Return what the real report has in a place."""
    value: Any = real()
    for step in path:
        value = value[step]
    return value


def test_each_field_of_the_report_is_tried_once() -> None:
    """Not a sample: every leaf that is compared can be changed, and is named when it is."""
    tried: set[str] = set()
    for path in COMPARED:
        if field(path) in tried:
            continue
        found = mutated(path, 0)
        if found is not None:
            tried.add(field(path))
            assert differences(found[0], honest()), path
    # What has one value alone by the schema cannot be changed; nor can an empty list of parts, or
    # a word that is not there, where no made-up value fits.
    every = {field(path) for path in COMPARED if value_at(path) not in ([], None)}
    assert every - tried <= {".tool.name"}


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_a_row_more_or_less_is_listed(data: st.DataObject) -> None:
    """A finding, a row of evidence, a warning that is left out, added or moved is named."""
    forged = copy.deepcopy(real())
    lists = [
        forged["findings"], forged["warnings"], forged["limits"], forged["subject"]["files"],
        *(f["evidence"] for f in forged["findings"]), *(f["changes"] for f in forged["findings"]),
    ]  # fmt: skip
    chosen = data.draw(st.sampled_from([part for part in lists if part]))
    at = data.draw(st.integers(0, len(chosen) - 1))
    if data.draw(st.booleans()):
        del chosen[at]
    else:
        chosen.insert(at, copy.deepcopy(chosen[at]))
    listed = differences(Report.model_validate(forged), honest())
    assert any(ABSENT in (d.was, d.now) for d in listed)
    assert len(listed) <= 2


def test_what_is_not_compared_is_one_table_with_reasons() -> None:
    """Each field of the table exists, has its reason, and makes no difference."""
    given, again = real(), copy.deepcopy(real())
    for path in NOT_COMPARED:
        place: Any = again
        *above, last = path.split(".")
        for step in above:
            place = place[step]
        assert last in place
        assert NOT_COMPARED[path]
        if path != "replay":
            was = place[last]
            changed = not was if isinstance(was, bool) else "2000-01-01"
            place[last] = changed if isinstance(was, str | bool) else was + 1
    assert differences(Report.model_validate(given), Report.model_validate(again)) == ()


@pytest.mark.parametrize(
    ("was", "now", "same"),
    [
        (-89.123456789, -89.123456789 * (1 + RELATIVE / 2), True),
        (-89.123456789, -89.123456789 * (1 + RELATIVE * 3), False),
        (0.9983, 0.9984, True),  # one unit of the place that the report rounds to
        (0.9983, 0.9985, False),
        (0.0, 1e-7, False),
        (-0.0, 0.0, True),
        (math.nan, math.nan, True),
    ],
)
def test_numbers_with_a_fraction_have_a_stated_tolerance(
    was: float, now: float, same: bool
) -> None:
    """As much as another machine's order of addition makes, and no more."""
    one, two = (
        reports.report(words.DeclarationVerdict.UNDECLARED, reports.matching(kept=kept)).model_copy(
            update={"replay": ""}
        )
        for kept in (was, now)
    )
    assert (differences(one, two) == ()) is same


def test_notes_about_the_machine_make_no_difference() -> None:
    """What ``full`` says of missing packages is not about the models; any other note is."""
    note = phrase(PhraseCode.MACHINE, missing="torch")
    plain = Report.model_validate(real())
    finding = plain.findings[0]
    noted = plain.model_copy(
        update={
            "findings": (
                finding.model_copy(update={"notes": (*finding.notes, note)}),
                *plain.findings[1:],
            ),
            "warnings": (
                *plain.warnings,
                phrase(PhraseCode.ABOUT, name=finding.base.ref, what=(note,)),
            ),
        }
    )
    assert differences(noted, plain) == ()
    both = phrase(PhraseCode.ABOUT, name="a/b", what=(note, text("all is well")))
    other = plain.model_copy(update={"warnings": (*plain.warnings, both)})
    assert [d.path for d in differences(other, plain)]


@pytest.mark.parametrize(
    ("by", "named"),
    [(0.5, True), (math.log10(4), False), (0.0, False), (-0.1, False), (2.5, False)],
)
def test_bounds_of_schema_1_may_be_weaker_by_what_is_set_aside(by: float, named: bool) -> None:
    """By no more, and never stronger; what the old rule makes again exactly is not among them."""
    now = Report.model_validate(real())
    finding = now.findings[1]
    assert finding.log10_p < -10.0
    kept = ("log10_p", "log10_p_without_strongest", "parts[0].log10_p")
    part = finding.parts[0]
    was = finding.model_copy(
        update={
            "log10_p": finding.log10_p - by,
            "log10_p_without_strongest": finding.log10_p_without_strongest - by,
            "parts": (
                part.model_copy(update={"log10_p": part.log10_p - by}),
                *finding.parts[1:],
            ),
        }
    )
    older = now.model_copy(update={"findings": (now.findings[0], was)})
    assert list(weaker_bounds(older, now)) == [f"findings[1].{k}" for k in kept if named]


def test_fields_of_another_version_are_named() -> None:
    """What this version does not know is not passed over in silence."""
    known = real()
    raw = copy.deepcopy(known)
    raw["endorsed_by"] = "everybody"
    raw["findings"][1]["base"]["stars"] = 5
    assert set(unknown_fields(raw, known)) == {"endorsed_by", "findings[1].base.stars"}
