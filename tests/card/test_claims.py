"""Is every sentence of the gallery's first screens true of the report it was made of?

Written against the fields of a report and not against the code that makes the sentences: each claim
is a form of words and what the fields must be for it to hold. A sentence that no claim knows fails,
and so does a claim that holds of every report, unless it says nothing of one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import pytest

from hubcheck.card import markdown, sentences
from hubcheck.card.compose import bases, compose
from hubcheck.card.document import Details, Paragraph, raw_text
from hubcheck.card.wording import sentence
from hubcheck.report.schema import Finding, Report
from hubcheck.report.words import (
    EvidenceKind,
    Holds,
    NothingCompared,
    ReasonCode,
    RelationKind,
    Verdict,
)
from tests.card.gallery import CASES

MATCHES: Final = {Verdict.IDENTICAL, Verdict.RELATED, Verdict.DISGUISED}
Said = dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A form of words, and whether it holds of a report or of one of its rows."""

    form: str
    holds: Callable[[Report, Said], bool]
    limit: bool = False
    """A sentence about what no report can say: it holds of all."""


def found(report: Report, name: str) -> Finding:
    """Return the finding of a base."""
    return next(f for f in report.findings if f.base.ref == name)


def matching(report: Report) -> list[Finding]:
    """Return the findings whose verdict is some match."""
    return [f for f in report.findings if f.verdict in MATCHES]


def compared(report: Report) -> list[Finding]:
    """Return the findings about bases whose weights were compared."""
    return [f for f in report.findings if f.status == "tested"]


def declared(report: Report) -> list[Finding]:
    """Return the findings about declared bases."""
    return [f for f in report.findings if f.declared]


def refuted(report: Report, name: str) -> bool:
    """Return whether a base is declared and none of it was found."""
    one = found(report, name)
    return one.declared and one.verdict is Verdict.UNRELATED


def kind(report: Report, what: RelationKind) -> bool:
    """Return whether some match is of a kind."""
    return any(f.relation is not None and f.relation.kind is what for f in matching(report))


def coded(*codes: ReasonCode) -> Callable[[Report, Said], bool]:
    """Return whether a base that was tested stays open for one of these reasons."""

    def holds(report: Report, _said: Said) -> bool:
        return any(f.verdict is Verdict.INCONCLUSIVE and f.code in codes for f in compared(report))

    return holds


def nothing(why: NothingCompared) -> Callable[[Report, Said], bool]:
    """Return whether nothing was compared, for this reason."""
    return lambda report, _: report.nothing_compared is why and not compared(report)


def bound(report: Report, said: Said) -> bool:
    """Return whether the printed bound is at least that of a match, of the kind it is called."""
    disguised = said.get("models") is not None
    wanted = Verdict.DISGUISED if disguised else Verdict.RELATED
    bounds = [10**f.log10_p for f in matching(report) if f.verdict is wanted]
    if disguised:
        rows = [e for f in matching(report) for e in f.evidence]
        models = {n.params.get("models") for e in rows for n in e.note}
        if int(said["models"]) not in models:
            return False
        return any(e.kind is EvidenceKind.CALIBRATED for e in rows) and any(
            p <= 1 / int(said["one_in"]) * 1.1 for p in bounds
        )
    return any(p < 1e-10 for p in bounds)


def power(report: Report, said: Said) -> bool:
    """Return whether a copy of that similarity would show in every base that was ruled out."""
    floors = [f.detectable_kept for f in compared(report) if f.verdict is Verdict.UNRELATED]
    return bool(floors) and max(floors) <= float(said["least"]) + 0.005


def is_open(report: Report, name: str) -> bool:
    """Return whether a base that the card names was tested and not decided."""
    return found(report, name).declared and found(report, name).verdict is Verdict.INCONCLUSIVE


R, V = ReasonCode, Verdict
CLAIMS: Final = (
    # titles
    Claim(form="the weights match the declared base {a}",
          holds=lambda r, s: found(r, s["a"]).declared and found(r, s["a"]).verdict is V.RELATED),
    Claim(form="the weights are identical to the declared base {a}",
          holds=lambda r, s: found(r, s["a"]).declared and found(r, s["a"]).verdict is V.IDENTICAL),
    Claim(form="the weights match every declared base: {a}, {b}",
          holds=lambda r, s: {s["a"], s["b"]} == {f.base.ref for f in declared(r)}
          and all(f.verdict in MATCHES for f in declared(r))),
    Claim(form="a tower matches the declared base {a}; one of the two models holds nothing else but heads",
          holds=lambda r, s: found(r, s["a"]).declared and kind(r, RelationKind.PARTS)
          and any(f.relation is not None and f.relation.holds is Holds.WHOLE for f in matching(r))),
    Claim(form="the card says {a}, the weights match {b}",
          holds=lambda r, s: refuted(r, s["a"]) and found(r, s["b"]).verdict is V.RELATED
          and not found(r, s["b"]).declared),
    Claim(form="the card says {a}, the weights match {b} once a disguise is undone",
          holds=lambda r, s: refuted(r, s["a"]) and found(r, s["b"]).verdict is V.DISGUISED
          and bool(found(r, s["b"]).disguise)),
    Claim(form="the card says {a}, the weights do not match it",
          holds=lambda r, s: refuted(r, s["a"]) and not matching(r)),
    Claim(form="the card declares no base, the weights match {a}",
          holds=lambda r, s: not declared(r) and found(r, s["a"]).verdict in MATCHES),
    Claim(form="the card declares no base, and the weights match none of the {n} tested",
          holds=lambda r, s: not declared(r) and not matching(r) and len(compared(r)) == int(s["n"])),
    Claim(form="the card declares no base, and the weights do not match the one tested, {a}",
          holds=lambda r, s: not declared(r) and compared(r) == [found(r, s["a"])]
          and found(r, s["a"]).verdict is V.UNRELATED),
    Claim(form="the weights share only their initialisation with {a}",
          holds=lambda r, s: found(r, s["a"]).verdict is V.RELATED
          and kind(r, RelationKind.COMMON_INITIALISATION)),
    Claim(form="parts of the weights match {a}, the body does not",
          holds=lambda r, s: kind(r, RelationKind.PARTS) and any(
              p.name == "body" and p.verdict is V.UNRELATED for p in found(r, s["a"]).parts)
          and any(p.verdict is V.RELATED for p in found(r, s["a"]).parts)),
    Claim(form="parts of the weights match {a}, the rest is open",
          holds=lambda r, s: found(r, s["a"]).code is R.REST_NOT_COMPARED
          and any(p.verdict is V.RELATED for p in found(r, s["a"]).parts)),
    Claim(form="the evidence on the declared base {a} does not decide",
          holds=lambda r, s: is_open(r, s["a"])),
    Claim(form="the declared base {a} could not be tested",
          holds=lambda r, s: found(r, s["a"]).declared and found(r, s["a"]).status == "not-tested"),
    Claim(form="nothing was compared: the declared base {a} could not be tested",
          holds=lambda r, s: not compared(r) and found(r, s["a"]).declared),
    Claim(form="nothing was compared: no base is declared and none was named",
          holds=lambda r, _: not r.findings and not r.declared.bases),
    Claim(form="nothing was compared: what is declared as the base is the name of no model",
          holds=nothing(NothingCompared.NO_NAME)),
    Claim(form="nothing was compared: the model holds no weights",
          holds=nothing(NothingCompared.NO_WEIGHTS)),
    Claim(form="nothing was compared: the weights are Git LFS pointers without their content",
          holds=nothing(NothingCompared.NO_CONTENT)),
    Claim(form="nothing was compared: the weights cannot be read",
          holds=nothing(NothingCompared.NOT_READABLE)),
    # how sure
    Claim(form="A match like this by chance: below 1 in 10 billion (exact).", holds=bound),
    Claim(form="A match like this by chance: at most 1 in {one_in} "
          "(calibrated on {models} small models).", holds=bound),
    Claim(form="The weights are the same, value for value.",
          holds=lambda r, _: any(f.verdict is V.IDENTICAL for f in r.findings)),
    Claim(form="The starting values agree, what was learned does not: a common initialisation, "
          "no sign of copied training.",
          holds=lambda r, _: kind(r, RelationKind.COMMON_INITIALISATION)),
    Claim(form="No match beyond chance.",
          holds=lambda r, _: bool(compared(r)) and all(f.verdict is V.UNRELATED for f in compared(r))),
    Claim(form="The agreement is what chance gives.",
          holds=lambda r, _: any(f.declared and f.verdict is V.UNRELATED for f in r.findings)),
    Claim(form="A copy of similarity {least} or more would have been seen in these layers, "
          "unless it was shuffled and rotated.",
          holds=lambda r, s: power(r, s) and not all(
              f.power is not None and f.power.searched for f in compared(r))),
    Claim(form="A copy cut to these sizes and of similarity {least} or more would have been seen, "
          "unless it was shuffled and rotated.",
          holds=lambda r, s: power(r, s)
          and any(f.power is not None and f.power.other_shape for f in compared(r))),
    Claim(form="A fine-tune of a model with {n} layers has {n_again}; this one has {own}.",
          holds=lambda r, s: any(
              (one.params.get("base"), one.params.get("subject")) == (int(s["n"]), int(s["own"]))
              and s["n"] == s["n_again"] for f in declared(r) for one in f.ruled_out)),
    # what is open, and why
    Claim(form="No weights were compared: neither a match nor its absence is shown.",
          holds=lambda r, _: not compared(r)),
    Claim(form="The table says what matches; of the rest neither a match nor its absence is shown.",
          holds=lambda r, _: any(
              f.verdict in MATCHES or any(p.verdict in MATCHES for p in f.parts)
              for f in r.findings
          ) and any(f.verdict in {V.INCONCLUSIVE, V.NOT_TESTED} for f in r.findings)),
    Claim(form="The order of the units agrees, their content is too weak to tell: a distant copy, a "
          "structured initialisation and a relabelling all look like that, so it proves nothing.",
          holds=coded(R.ORDER_WITHOUT_CONTENT)),
    Claim(form="The order of the units agrees, their values do not tell why: a weakened copy looks "
          "like that, and so do two models trained apart from the same starting values.",
          holds=coded(R.START_OR_COPY)),
    Claim(form="Too little of the model could be tested to show a match or its absence.",
          holds=coded(R.BODY_NOT_COMPARED)),
    Claim(form="The main part of the model does not match; of another part neither a match nor its "
          "absence is shown.",
          holds=lambda r, s: coded(R.PART_OPEN)(r, s) and any(
              p.name == "body" and p.verdict is V.UNRELATED for f in r.findings for p in f.parts)
          and any(p.verdict is V.INCONCLUSIVE for f in r.findings for p in f.parts)),
    Claim(form="Too little of the two models can be compared: a copy might not have been seen.",
          holds=coded(R.NO_POWER)),
    Claim(form="The two models differ in their sizes, and across that too little could be tested to "
          "show a match or its absence.", holds=coded(R.OTHER_SHAPE)),
    Claim(form="One of the two is a head without a body, made to be put on another model: that it "
          "fits says nothing of where it comes from.", holds=coded(R.HEAD_ALONE)),
    Claim(form="Some of the weights are equal, bit for bit, but less than half of the body; of the "
          "rest no match is shown.",
          holds=lambda r, s: coded(R.SOME_TENSORS)(r, s) and any(
              isinstance(share := n.params.get("share"), float) and 0 < share < 0.5
              for f in r.findings for n in f.reason)),
    Claim(form="One list of units agrees and the others do not: too little for a match, too much to "
          "rule one out.", holds=coded(R.ONE_ORDER)),
    Claim(form="Something agrees, and not enough to settle it.", holds=coded(R.BETWEEN)),
    Claim(form="The order of the units agrees, but that training leaves it free is only assumed for "
          "this kind of model.",
          holds=lambda r, s: coded(R.ASSUMED)(r, s) and any(
              n.params.get("agrees") for f in r.findings for n in f.reason)),
    Claim(form="Neurons match as in a disguised copy; the table of unrelated models that this is "
          "held against is too small to say how rare that is.", holds=coded(R.TABLE_TOO_SMALL)),
    Claim(form="Neurons match as in a disguised copy, and for this kind of model it is not known how "
          "rare that is.", holds=coded(R.NOT_IN_TABLE)),
    Claim(form="Gate and up rows match as in a disguised copy, and the down columns, which would "
          "decide, were not read: the limit did not allow it.", holds=coded(R.DOWN_NOT_READ)),
    Claim(form="No match was seen, and the look for a copy that was shuffled and rotated, which would "
          "decide, was broken off.", holds=coded(R.BROKEN_OFF)),
    # what it does not mean
    Claim(form="It does not say who copied whom.", holds=lambda _r, _s: True, limit=True),
    Claim(form="It does not mean trained from scratch: other bases were not tested, and "
          "distillation leaves no trace in weights.", holds=lambda _r, _s: True, limit=True),
    Claim(form="It does not say that the name was wrong on purpose.",
          holds=lambda _r, _s: True, limit=True),
    Claim(form="It is no sign against the model.",
          holds=lambda r, s: not matching(r)
          and not coded(R.ONE_ORDER, R.SOME_TENSORS, R.BETWEEN)(r, s)),
    Claim(form="It proves nothing in either direction.",
          holds=coded(R.START_OR_COPY, R.PART_OPEN, R.SOME_TENSORS, R.ONE_ORDER, R.BETWEEN,
                      R.ASSUMED, R.TABLE_TOO_SMALL, R.NOT_IN_TABLE, R.DOWN_NOT_READ,
                      R.BROKEN_OFF)),
)  # fmt: skip
"""Every sentence of a title and of the line below it."""


def pattern(claim: Claim) -> re.Pattern[str]:
    """Return the form as a pattern."""
    said = re.escape(claim.form)
    return re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^\\s,;:]+)", said))


PATTERNS: Final = tuple((pattern(claim), claim) for claim in CLAIMS)


def said_on(report: Report) -> Iterator[str]:
    """Yield the sentences of title and lead."""
    yield raw_text(sentences.title(report))
    yield from re.split(r"(?<=\.) (?=[A-Z])", raw_text(sentences.lead(report)))


@pytest.mark.parametrize("name", sorted(CASES))
def test_every_sentence_holds_of_its_report(name: str) -> None:
    """Each is known, and what it says is what the fields say."""
    report = CASES[name]
    for said in said_on(report):
        known = [(m, claim) for p, claim in PATTERNS if (m := p.fullmatch(said))]
        assert len(known) == 1, said
        ((match, claim),) = known
        assert claim.holds(report, match.groupdict()), said


@pytest.mark.parametrize("claim", [c for c in CLAIMS if not c.limit], ids=lambda c: c.form[:60])
def test_no_claim_holds_of_every_report(claim: Claim) -> None:
    """Each is said on some card, and would be false on another."""
    found_in, false_of = 0, 0
    for name, report in CASES.items():
        matches = [m for said in said_on(report) if (m := pattern(claim).fullmatch(said))]
        found_in += bool(matches)
        said = matches[0].groupdict() if matches else None
        if said is None:
            names = [f.base.ref for f in report.findings]
            if ("{b}" in claim.form and len(names) < 2) or ("{a}" in claim.form and not names):
                continue
            said = {"a": names[0] if names else "", "b": names[-1] if names else "", "n": "3",
                    "least": "0.05", "one_in": "120", "models": "256", "own": "4", "n_again": "3"}  # fmt: skip
            if "models" not in claim.form:
                said.pop("models")
        false_of += not claim.holds(report, said)
        assert name
    assert found_in >= 1
    assert false_of >= 1


@pytest.mark.parametrize("name", sorted(CASES))
def test_every_row_holds_of_its_base(name: str) -> None:
    """Verdict, counts and similarity of a row are those of its finding."""
    report = CASES[name]
    if not report.findings:
        return
    for f, row in zip(report.findings, bases(report).rows, strict=True):
        verdict, counted, alike = (raw_text(cell) for cell in row[1:4])
        assert verdict.startswith(f.verdict.value)
        if match := re.match(r"([\d,]+) of ([\d,]+) sampled units lies? where", counted):
            assert [int(g.replace(",", "")) for g in match.groups()] == [
                f.units_hit,
                f.units_tested,
            ]
        if match := re.search(r"chance: about ([\d,]+)\)", counted):
            signs = [e for e in f.evidence if e.test == "signs"]
            by_chance = {f.families_tested, *(round(e.units / 2) for e in signs)}
            assert int(match[1].replace(",", "")) in by_chance
        if match := re.search(r"in ([\d,]+) of ([\d,]+) families", counted):
            assert [int(g) for g in match.groups()] == [f.families_hit, f.families_tested]
        if f.verdict is Verdict.UNRELATED:
            assert alike == f"a copy of similarity {f.detectable_kept:.2f} would show"
        elif f.verdict in MATCHES:
            assert float(alike.split(" ")[0]) == pytest.approx(f.kept, abs=0.005)
        elif f.verdict is Verdict.NOT_TESTED:
            assert alike == "-"


BELOW: Final[tuple[tuple[str, Callable[[Finding, re.Match[str]], bool]], ...]] = (
    (r"By chance: below 1 in 10 billion, if the stated assumptions hold\.",
     lambda f, _: f.verdict is Verdict.RELATED and f.log10_p < -10),
    (r"By chance: at most 1 in (\d+), calibrated on (\d+) small models, which is no proof\.",
     lambda f, m: f.verdict is Verdict.DISGUISED and 10**f.log10_p <= 1.1 / int(m[1])
     and {n.params.get("models") for e in f.evidence for n in e.note} >= {int(m[2])}),
    (r"Without its strongest family: below 1 in 10 billion\.",
     lambda f, _: f.log10_p_without_strongest < -10),
    (r"(\d+) of (\d+) families would reject chance alone\.",
     lambda f, m: [int(g) for g in m.groups()] == [f.families_hit, f.families_tested]),
    ((r"Values compared in ([\d.]+) % of the parameters(?: \(neither compared nor tested: .*\))?; "
     r"layers that were sampled stand for their equals(?:, also for those that could not be looked "
     r"at)?\."),
     lambda f, m: float(m[1]) == pytest.approx(100 * f.compared, abs=0.1)
     and bool(f.not_compared) is ("neither" in m[0])),
    (r"Direction: undetermined\.", lambda f, _: f.direction == "undetermined"),
    (r"Direction: the subject is the later one, because .*\.",
     lambda f, _: f.direction == "base-to-subject" and bool(f.direction_reason)),
    (r"Related means derivation in either direction, .*",
     lambda f, _: f.verdict in MATCHES),
    (r"The agreement is what chance gives\.", lambda f, _: f.verdict is Verdict.UNRELATED),
    (r"It is given as unrelated because a copy would have been seen; .*",
     lambda f, _: f.verdict is Verdict.UNRELATED and f.detectable_kept > 0),
    (r"A copy (?:cut to these sizes, .* )?of similarity ([\d.]+) or more .*",
     lambda f, m: f.power is not None
     and float(m[1]) == pytest.approx(f.power.would_be_seen, abs=0.005)),
    ((r"The same count where the answer is known: with the base's index shifted ([\d.]+) hits per "
     r"family, and about 1 is chance; with the base against itself (\d+) % of the units, and all "
     r"must be hits\."),
     lambda f, m: f.controls is not None
     and (f"{f.controls.shifted_hits:.1f}", int(m[2])) == (m[1], 100 * f.controls.self_hits)),
)  # fmt: skip
"""What the evidence of one base says in sentences of the card's own."""
LEGENDS: Final = ("Own bound:", "Ceiling:", "Would show:", "Shifted:", "Layers:")
"""What columns mean; layers are a table in words (tested with the table)."""


def phrases_of(f: Finding) -> set[str]:
    """Return the sentences that a finding's phrases are, which have tests of their own."""
    said = [f.reason, f.direction_reason, *([f.relation.detail] if f.relation else [])]
    said += [e.note for e in f.evidence if e.test == "change"]
    return {sentence(one).strip(" .").casefold() for one in said if one}


@pytest.mark.parametrize("name", sorted(CASES))
def test_every_sentence_of_the_evidence_holds_of_its_base(name: str) -> None:
    """Below the first screen, too: a sentence is a phrase of the finding, or a claim that holds."""
    report = CASES[name]
    sections = [
        b for b in compose(report).blocks
        if isinstance(b, Details) and raw_text(b.summary).startswith("Evidence: ")
    ]  # fmt: skip
    for f, section in zip(report.findings, sections, strict=True):
        assert any(isinstance(b, Paragraph) for b in section.blocks)
        phrases = phrases_of(f)
        for block in section.blocks:
            if not isinstance(block, Paragraph):
                continue
            text = raw_text(block.content).strip()
            for phrase in phrases:  # one may hold a full stop
                at = text.casefold().find(phrase)
                text = text[:at] + text[at + len(phrase) :].lstrip(". ") if at == 0 else text
            for said in filter(None, re.split(r"(?<=\.) (?=[A-Z\d])", text.strip())):
                if said.startswith(LEGENDS):
                    continue
                known = [(m, holds) for form, holds in BELOW if (m := re.fullmatch(form, said))]
                assert len(known) == 1, said
                ((match, holds),) = known
                assert holds(f, match), said


@pytest.mark.parametrize("form", [form for form, _ in BELOW])
def test_each_sentence_of_the_evidence_is_said_somewhere(form: str) -> None:
    """A claim that no card makes would hold of nothing."""
    texts = (
        raw_text(block.content)
        for report in CASES.values()
        for section in compose(report).blocks
        if isinstance(section, Details)
        for block in section.blocks
        if isinstance(block, Paragraph)
    )
    assert any(re.search(form, text) for text in texts)


def test_what_is_said_of_norms_is_what_their_numbers_say() -> None:
    """That shuffling changes nothing is said only where it changes little."""
    report = CASES["contradicted"]
    (item,) = report.context.norms
    ordered = item.model_copy(update={"cosine_shuffled": 0.2})
    for norm, hollow in ((item, True), (ordered, False)):
        context = report.context.model_copy(update={"norms": (norm,)})
        text = markdown.render(compose(report.model_copy(update={"context": context})))
        assert ("it says nothing about this pair" in text) is hollow
        assert ("channels shuffled, which has no order" in text) is not hollow
