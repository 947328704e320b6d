"""Is what the folded sections below the evidence say true of the report they were made of?

As ``test_claims``: against fields, not against the code that makes the sentences. A sentence or a cell
that no claim knows fails.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

import pytest

from hubcheck.card.compose import compose
from hubcheck.card.document import Details, ItemList, Paragraph, Table, raw_text
from hubcheck.card.numbers import byte_count
from hubcheck.card.wording import sentence, words
from hubcheck.report.schema import Finding, Relation, Report
from hubcheck.report.words import Depth, EvidenceKind, ReasonCode, RelationKind, Verdict
from tests.card import deep_reports
from tests.card.gallery import CASES
from tests.card.test_claims import MATCHES

COPY: Final = (
    CASES["common-initialisation"]
    .findings[0]
    .model_copy(
        update={
            "relation": Relation(kind=RelationKind.REARRANGED, detail=()),
            "changes": (deep_reports.change("q", 0, 1.4),),
        }
    )
)
TOLD: Final = CASES | {
    "map-withheld": CASES["common-initialisation"].model_copy(update={"findings": (COPY,)})
}
"""The gallery, and a rearranged copy of which values were compared where they lie."""


def matching(report: Report) -> list[Finding]:
    """Return the findings whose verdict is some match."""
    return [f for f in report.findings if f.verdict in MATCHES]


def rearranged(report: Report) -> bool:
    """Return whether some match holds only once a rearrangement is undone."""
    return any(
        f.verdict is Verdict.DISGUISED
        or bool(f.disguise)
        or (f.relation is not None and f.relation.kind is RelationKind.REARRANGED)
        for f in matching(report)
    )


def pictured(report: Report) -> bool:
    """Return whether orders of some base were counted."""
    return any(f.units_tested > 0 for f in report.findings)


def mapped(report: Report) -> bool:
    """Return whether changes were measured of a match whose units stand for each other."""
    return any(f.changes for f in matching(report))


def whole(report: Report, m: re.Match[str]) -> bool:
    """Return whether a sentence over every value is that of a report which read them."""
    rows = [e for f in matching(report) for e in f.evidence if e.test == "change"]
    return any(m[0].rstrip(".").casefold() in sentence(e.note).casefold() for e in rows)


Holds = Callable[[Report, re.Match[str]], bool]
CLAIMS: Final[tuple[tuple[str, str, Holds], ...]] = (
    # the picture of orders
    ("The order of", r"Each dot is a unit of the base, .*", lambda r, _: pictured(r)),
    ("The order of", r"Where a base's order is in the subject the dots lie .*",
     lambda r, _: pictured(r)),
    ("The order of", (r"What is often quoted instead: the raw cosine of the norm weights is "
                      r"(\S+); with the channels of one side shuffled, .*, it is (\S+)\."),
     lambda r, m: (m[1], m[2]) in {(f"{n.cosine:.3f}", f"{n.cosine_shuffled:.3f}")
                                   for n in r.context.norms}),
    ("The order of", r"It hardly needs the order, so it says nothing about this pair\.",
     lambda r, _: any(n.cosine_shuffled > 0.89 * n.cosine > 0 for n in r.context.norms)),
    ("The order of", r"The picture shows the orders as they are stored; .*",
     lambda r, _: rearranged(r)),
    # how far the weights moved
    ("How far", r"Each cell is one part of one layer: .*", lambda r, _: mapped(r)),
    ("How far", r"At 1 % they are nearly the same; .*", lambda r, _: mapped(r)),
    ("How far", r"The numbers are estimated from a sample of the values\.",
     lambda r, _: r.depth is not Depth.FULL
     or any(not c.whole for f in matching(r) for c in f.changes)),
    ("How far", r"Over [\d.]+ [kMB] values the weights moved by .*", whole),
    ("How far", r"No map is drawn\.", lambda r, _: rearranged(r) and mapped(r)),
    ("How far", r"The units of this copy lie in another order or frame than the base's, .*",
     lambda r, _: rearranged(r) and mapped(r)),
    ("How far", r"The values as compared are in report\.json\.", lambda r, _: mapped(r)),
    # shares
    ("Shares", r"Shares are estimated so that they add up to 1 in each layer, .*",
     lambda r, _: all(
         sum(s.share for f in r.findings for s in f.shares if s.layer == layer)
         == pytest.approx(1, abs=0.03)
         for layer in {s.layer for f in r.findings for s in f.shares if s.layer >= 0})),
    ("Shares", r"They say how much, not who merged\.",
     lambda r, _: any(f.shares for f in r.findings)),
    # limits
    ("Limits", r"Distillation leaves no trace in weights(?:: .*|\.)", lambda _r, _m: True),
    ("Limits", r"Related means derivation in either direction, .*", lambda _r, _m: True),
    ("Limits", r"The bounds assume that the base's units .*", lambda _r, _m: True),
    ("Limits", r"Unrelated assumes that a copy has at least .*",
     lambda r, _: any(f.verdict is Verdict.UNRELATED for f in r.findings)),
    # check it yourself
    ("Check it", (r"This reads the same bytes again and must give the same numbers"
     r"(, unless it reaches what was not reached)?: .*"),
     lambda r, m: bool(m[1]) is any(
         f.code in {ReasonCode.UNREACHABLE, ReasonCode.BROKEN_OFF} for f in r.findings)),
    ("Check it", r"The same check from the start:",
     lambda r, _: bool(r.replay) and "local" not in {
         r.subject.revision, *(f.base.revision for f in r.findings)}),
    # family tree
    ("Family tree", r"On the first level stand the bases that were looked at, .*",
     lambda r, _: len(r.findings) > 1 or bool(r.lineage.models)),
    ("Family tree", r"Beside a name stands what the weights show; .*",
     lambda r, _: len(r.findings) > 1 or bool(r.lineage.models)),
    # architecture
    ("Architecture", r"A thick frame, in text an asterisk, marks what differs .*",
     lambda r, _: len(r.context.architecture) > 1),
    ("Architecture", r"Shapes are a choice anyone can make: .*",
     lambda r, _: len(r.context.architecture) > 1),
    ("Architecture", r"(\S+)@\w+: a fine-tune of a model with (\d+) layers has \2; this one has (\d+)",
     lambda r, m: any(f.base.ref == m[1]
                      and (one.params.get("base"), one.params.get("subject")) == (int(m[2]), int(m[3]))
                      for f in r.findings for one in f.ruled_out)),
    # context
    ("Context", r"The raw cosine of norm weights is usually high .*",
     lambda r, _: bool(r.context.norms)),
    ("Context", r"Here it stays so when the channels are shuffled: .*",
     lambda r, _: any(n.cosine_shuffled > 0.89 * n.cosine > 0 for n in r.context.norms)),
    ("Context", r"Tokenizers are often reused between unrelated models\.",
     lambda r, _: bool(r.context.tokenizer)),
    # behaviour
    ("Behaviour", r"Both have one vocabulary: .*", lambda r, _: any(b.one_vocabulary for b in r.behaviour)),
    ("Behaviour", r"They have two vocabularies: .*",
     lambda r, _: any(b.kinds and not b.one_vocabulary for b in r.behaviour)),
    ("Behaviour", r"The rows below a pair are the least and the most of small models .*",
     lambda r, _: any(b.known for b in r.behaviour)),
    ("Behaviour", r"They do not carry over to larger ones: .*",
     lambda r, _: any(b.known for b in r.behaviour)),
    ("Behaviour", r"Not run, because of the (\w+): .* \((\w+)\)",
     lambda r, m: any((b.whose, b.fault) == (m[1], m[2]) and b.not_run for b in r.behaviour)),
    ("Behaviour", (r"Of (\d+) texts the server goes on with ([\d.]+) % by the word that the subject "
                   r"would go on with; ([\d.]+) % of its likeliest tokens are among the subject's\."),
     lambda r, m: any(
         [float(g) for g in m.groups()]
         == pytest.approx([b.heard.positions, 100 * b.heard.agreement, 100 * b.heard.overlap], abs=0.05)
         for b in r.behaviour if b.heard is not None)),
    ("Behaviour", r"Only the likeliest tokens that the server tells can be compared\.",
     lambda r, _: any(b.heard for b in r.behaviour)),
    ("Behaviour", r"Settings of the server \(.*\) change them\.",
     lambda r, _: any(b.heard for b in r.behaviour)),
    ("Behaviour", r"Models trained apart on the same language answer alike, too, .*",
     lambda r, _: bool(r.behaviour)),
    ("Behaviour", r"No number here is part of a verdict\.", lambda r, _: bool(r.behaviour)),
    # warnings
    ("Warnings", r".*", lambda r, m: m[0] in {words(w) for w in r.warnings}),
)  # fmt: skip
"""Section, sentence, and what the fields must be for it to hold."""


def section_of(block: Details) -> str:
    """Return under which name the claims of a section stand."""
    said = raw_text(block.summary)
    return "Warnings" if re.fullmatch(r"\d+ warnings?", said) else said


def folds(report: Report) -> Iterator[Details]:
    """Yield the folded sections but those of the evidence, which have a test of their own."""
    for block in compose(report).blocks:
        if isinstance(block, Details) and not raw_text(block.summary).startswith("Evidence: "):
            yield block


def sentences(block: Details) -> Iterator[str]:
    """Yield the sentences of a section's paragraphs and lists."""
    for inner in block.blocks:
        if isinstance(inner, Paragraph):
            text = raw_text(inner.content).strip()
            yield from filter(None, re.split(r"(?<=\.) (?=[A-Z\d])", text))
        elif isinstance(inner, ItemList):
            yield from (raw_text(item) for item in inner.items)


@pytest.mark.parametrize("name", sorted(TOLD))
def test_every_sentence_of_a_fold_holds_of_its_report(name: str) -> None:
    """Each is known, once, and what it says is what the fields say."""
    report = TOLD[name]
    for block in folds(report):
        for said in sentences(block):
            known = [
                (m, holds) for where, form, holds in CLAIMS
                if section_of(block).startswith(where) and (m := re.fullmatch(form, said))
            ]  # fmt: skip
            assert len(known) == 1, (section_of(block), said)
            ((match, holds),) = known
            assert holds(report, match), said


@pytest.mark.parametrize(("where", "form"), [(where, form) for where, form, _ in CLAIMS])
def test_each_sentence_of_a_fold_is_said_somewhere(where: str, form: str) -> None:
    """A claim that no card makes would hold of nothing."""
    assert any(
        re.fullmatch(form, said)
        for report in TOLD.values()
        for block in folds(report)
        if section_of(block).startswith(where)
        for said in sentences(block)
    )


def whats(report: Report) -> dict[str, set[str]]:
    """Return what the table for repeating a check has to say."""
    found = {
        "subject": {f"{report.subject.ref}@{report.subject.revision}"},
        "base": {f"{f.base.ref}@{f.base.revision}" for f in report.findings},
        "seed": {str(report.seed)},
        "depth": {report.depth.value},
        "requests": {f"{report.coverage.requests:,}"},
        "processes": {str(report.processes)},
        "started": {report.started},
        "weights digest": {report.subject.weights_digest},
        "hubcheck": {f"{report.tool.version}, report {report.schema_version}"},
    }
    failing = ", ".join(report.policy.fail_on) or "nothing"
    found["conclusion"] = {f"{report.conclusion.value}; fails on {failing}"}
    budget = f"{byte_count(report.max_read)} per model"
    most = (
        f"{budget}, {byte_count(max(report.escalate_to, 0))} once a declared base looks unrelated"
    )
    found["reading budget"] = {most if report.escalate_to > report.max_read else budget}
    share = report.coverage.parameters_mapped
    # Neither all nor nothing is said of a share that is not.
    shown = f"{100 * share:.1f} %" if share < 0.9995 or share == 1 else "over 99.9 %"
    found["parameters that a rule names"] = {shown if share else "-"}
    return found


ROWS: Final[dict[tuple[str, ...], Callable[[Report, list[str]], bool]]] = {
    ("what", "value"): lambda r, row: row[1] in whats(r)[row[0]],
    ("norm weights against", "raw cosine", "channels shuffled", "centred", "tensors"): lambda r, row: (
        row in [[n.base, f"{n.cosine:.3f}", f"{n.cosine_shuffled:.3f}", f"{n.pearson:.3f}",
                 str(n.tensors)] for n in r.context.norms]),
    ("vocabulary against", "same file", "shared tokens", "of the subject", "of the base"): lambda r, row: (
        row in [[t.base, "yes" if t.same_digest else "no", f"{t.shared_tokens:,}",
                 f"{100 * t.shared_tokens / t.subject_tokens:.1f} %",
                 f"{100 * t.shared_tokens / t.base_tokens:.1f} %"] for t in r.context.tokenizer]),
    ("item", "found", "where"): lambda r, row: (
        [row[0].replace(" ", "-"), row[1] == "found"] in [[d.item, d.found] for d in r.context.disclosure]),
    ("file", "size", "what it is", "sha256"): lambda r, row: (
        (row[0], row[1], row[3]) in {(u.path, byte_count(u.size), u.sha256 or "-")
                                     for u in (*r.subject.unread, *(x for f in r.findings for x in f.unread))}),
    ("base", "share", "95 % interval"): lambda r, row: (
        row[0].partition("@")[0] in {f.base.ref for f in r.findings} and all(
            float(row[1].rstrip(" %")) == pytest.approx(100 * s.share, abs=0.6)
            for f in r.findings if f.base.ref == row[0].partition("@")[0]
            for s in f.shares if s.layer == -1)),
    ("prompts", "places", "same next token", "divergence", "states alike", "by layer"): lambda r, row: (
        row[:4] in [[k.prompts, f"{k.positions} places", f"{100 * k.agreement:.1f} %",
                     f"{k.js:.3f}" if k.js >= 0 else "-"] for b in r.behaviour for k in b.kinds]
        or row[1:4] in [[f"{k.pairs} pairs", " to ".join(f"{100 * n:.1f} %" for n in k.agreement),
                         " to ".join(f"{n:.2f}" for n in k.js)] for b in r.behaviour for k in b.known]),
}  # fmt: skip
"""What the cells of a row must be, by the head of the table."""


@pytest.mark.parametrize("name", sorted(CASES))
def test_every_row_of_a_fold_is_of_its_report(name: str) -> None:
    """Each cell is a field of the report, as it is written there."""
    for block in folds(CASES[name]):
        for table in (t for t in block.blocks if isinstance(t, Table)):
            holds = ROWS[table.head]
            for row in table.rows:
                assert holds(CASES[name], [raw_text(cell) for cell in row]), raw_text(row[0])


def test_evidence_kinds_that_move_nothing_stand_in_the_context() -> None:
    """What has no evidential value is said to have none."""
    for report in CASES.values():
        kinds = {e.kind for f in report.findings for e in f.evidence}
        if EvidenceKind.CONTEXT in kinds or report.context.norms or report.context.tokenizer:
            assert any("no evidential value" in raw_text(b.summary) for b in folds(report))
