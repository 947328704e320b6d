"""How does a comparison of two models read, where nobody said that one comes from the other?

The parts of a card that speak of weights, in words that accuse and confirm nobody: A and B, and
what was seen of both. In the folded evidence B is called the base and A the subject, as the tests
have it; which is which changes no word of the result.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hubcheck.card import chance_sentence, first_table, heat_grid, matches, names, numbers
from hubcheck.card.change_section import change_sections
from hubcheck.card.closing_sections import warning_section
from hubcheck.card.context_section import context_section
from hubcheck.card.document import (
    Block,
    Details,
    Document,
    Identifier,
    Inner,
    ItemList,
    Line,
    Paragraph,
    Role,
    Strong,
    Table,
    Tone,
    Trusted,
    Untrusted,
)
from hubcheck.card.evidence_section import evidence_sections
from hubcheck.card.sentences import UNLESS
from hubcheck.card.unread_section import unread_section
from hubcheck.card.wording import sentence, words
from hubcheck.report.comparison import Comparison, Result, Stored, Tensors
from hubcheck.report.schema import Declared, Policy, Report
from hubcheck.report.words import Conclusion, DeclarationVerdict, RelationKind

if TYPE_CHECKING:
    from hubcheck.report.schema import Finding, Subject

NAMES_SHOWN: Final = 8
"""Tensors named of a list; the whole list is in comparison.json."""
NAME_LIMIT: Final = 100
LONG_TEXT: Final = 400
TONES: Final = {
    Result.IDENTICAL: Tone.PLAIN,
    Result.RELATED: Tone.PLAIN,
    Result.REARRANGED: Tone.PLAIN,
    Result.UNRELATED: Tone.PLAIN,
    Result.INCONCLUSIVE: Tone.MUTED,
    Result.NOT_COMPARED: Tone.MUTED,
}
"""Neither good nor bad: nobody claimed anything."""
WHICH: Final = " It does not say which of the two came first, or who copied whom."


def compose(comparison: Comparison) -> Document:
    """Return the card of a comparison: the same comparison always gives the same document."""
    report = as_report(comparison)
    blocks: list[Block] = [
        Paragraph(content=_lead(comparison), role=Role.LEAD),
        _both(comparison),
        _seen(comparison, report),
        *_tensors_table(comparison.tensors),
        Paragraph(content=_footer(comparison), role=Role.FOOTER),
        *change_sections(report),
        *_tensor_names(comparison.tensors),
        *evidence_sections(report),
        *context_section(report),
        *unread_section(report),
        *warning_section(report),
        _limits(comparison),
        _repeat(comparison),
    ]
    return Document(
        subject=Identifier(f"{_name(comparison.a)} and {_name(comparison.b)}"),
        title=_title(comparison),
        verdict=comparison.result.value,
        tone=TONES[comparison.result],
        blocks=tuple(blocks),
    )


def as_report(comparison: Comparison) -> Report:
    """Return what the sections of a card are made of, with nothing declared and nothing failed."""
    return Report(
        tool=comparison.tool,
        started=comparison.started,
        finished=comparison.finished,
        depth=comparison.depth,
        seed=comparison.seed,
        processes=1,
        subject=comparison.a,
        declared=Declared(),
        findings=(comparison.finding,),
        context=comparison.context,
        verdict=DeclarationVerdict.INCONCLUSIVE,
        conclusion=Conclusion.NEUTRAL,
        policy=Policy(fail_on=()),
        coverage=comparison.coverage,
        warnings=comparison.warnings,
        limits=comparison.limits,
        max_read=comparison.max_read,
        seconds=comparison.seconds,
    )


def _name(model: Subject) -> str:
    return names.name(model.ref, model.revision)


def _title(comparison: Comparison) -> Line:
    finding = comparison.finding
    relation = first_table.relation_words(finding)
    match comparison.result:
        case Result.IDENTICAL:
            return (Trusted("A and B hold the same weights"),)
        case Result.RELATED if matches.is_relation(finding, RelationKind.COMMON_INITIALISATION):
            return (Trusted("A and B began from the same starting values"),)
        case Result.RELATED if matches.is_relation(finding, RelationKind.PARTS):
            return (Trusted("parts of A and B match"), *relation)
        case Result.RELATED:
            return (Trusted("A and B are related"), *relation)
        case Result.REARRANGED:
            return (Trusted("A and B match once a rearrangement of units is undone"),)
        case Result.UNRELATED:
            return (Trusted("no relation between A and B was found"),)
        case Result.INCONCLUSIVE:
            return (Trusted("what A and B have in common was not settled"),)
        case Result.NOT_COMPARED:
            return (Trusted("the weights of A and B were not compared"),)


def _lead(comparison: Comparison) -> Line:
    finding = comparison.finding
    match comparison.result:
        case Result.UNRELATED if finding.detectable_kept > 0:
            share = numbers.kept(finding.detectable_kept)
            said = f"No match beyond chance; a copy of similarity {share} would have shown"
            return (Strong((Trusted(f"{said}, {UNLESS}."),)),)
        case Result.UNRELATED:
            return (Strong((Trusted("No match beyond chance."),)),)
        case Result.INCONCLUSIVE | Result.NOT_COMPARED:
            reason = sentence(finding.reason) or "too little could be compared"
            return (Untrusted(f"{reason[:1].upper()}{reason[1:]}.", limit=LONG_TEXT),)
        case _:
            return (Strong((Trusted(chance_sentence.match_sentence(finding) + WHICH),)),)


def _both(comparison: Comparison) -> Table:
    """Return the two models side by side."""
    a, b = comparison.a, comparison.b
    rows: list[tuple[Line, ...]] = [
        _row("model", (names.pinned(a.ref, a.revision),), (names.pinned(b.ref, b.revision),)),
        _row("weight files", _files(a), _files(b)),
    ]
    if a.weights_digest and b.weights_digest:
        digests = tuple((Identifier(m.weights_digest[:12]),) for m in (a, b))
        rows.append(_row("digest of the weights", *digests))
    for head, said in (("tensors", _tensor_count), ("parameters", _parameters), ("stored as", _as)):
        rows.append(_row(head, said(comparison.a_stored), said(comparison.b_stored)))
    return Table(head=("", "A", "B"), rows=tuple(rows))


def _row(head: str, a: Line, b: Line) -> tuple[Line, ...]:
    return ((Trusted(head),), a, b)


def _files(model: Subject) -> Line:
    loaded = [f for f in model.files if f.path in model.read] or list(model.files)
    n = len(loaded)
    size = numbers.byte_count(sum(f.size for f in loaded))
    return (Trusted(f"{numbers.count(n)}, {size}"),)


def _tensor_count(stored: Stored | None) -> Line:
    return (Trusted(numbers.NOTHING if stored is None else numbers.count(stored.tensors)),)


def _parameters(stored: Stored | None) -> Line:
    return (Trusted(numbers.NOTHING if stored is None else numbers.parameters(stored.parameters)),)


def _as(stored: Stored | None) -> Line:
    return (Untrusted(numbers.NOTHING if stored is None else ", ".join(stored.formats)),)


def _seen(comparison: Comparison, report: Report) -> Table:
    """Return what was seen of both, in one row."""
    finding = comparison.finding
    cells = (
        (Trusted(comparison.result.value),),
        first_table.evidence_cell(finding),
        first_table.similarity_cell(finding),
        (Trusted(_equal(report, finding)),),
    )
    return Table(
        head=("result", "evidence", "similarity", "values equal bit for bit"), rows=(cells,)
    )


def _equal(report: Report, finding: Finding) -> str:
    """Return which share of the values compared is equal, over the heat map."""
    if finding.verdict not in matches.MATCHES or not heat_grid.mapped(report):
        return "all" if finding.kept == 1 and not finding.changes else numbers.NOTHING
    values = sum(c.values for c in finding.changes)
    share = sum(c.equal * c.values for c in finding.changes) / values if values else 0.0
    whole = all(c.whole for c in finding.changes)
    if all(c.equal >= 1 for c in finding.changes):
        return "all" if whole else "all of a sample"
    return f"{numbers.percent(share)}{'' if whole else ' of a sample'}"


def _tensors_table(tensors: Tensors | None) -> tuple[Table, ...]:
    if tensors is None:
        return ()
    n_format = sum(o.tensors for o in tensors.other_format)
    rows: list[tuple[Line, ...]] = [
        (
            (Trusted("in both, of the same shape"),),
            (Trusted(numbers.count(tensors.shared)),),
            (Trusted(f"{numbers.parameters(tensors.shared_values)} parameters"),),
        )
    ]
    if n_format:
        said = ", ".join(f"{o.a} in A and {o.b} in B" for o in tensors.other_format[:3])
        rows.append(_counted("of these, in another number format", n_format, said))
    shapes = tensors.other_shape
    if shapes:
        first = shapes[0]
        said = f"{first.name}: {_shape(first.a)} in A, {_shape(first.b)} in B"
        rows.append(_counted("in both, of another shape", len(shapes), said))
    for where, alone in (("only in A", tensors.only_a), ("only in B", tensors.only_b)):
        if alone:
            rows.append(_counted(where, len(alone), ", ".join(alone[:2])))
    return (Table(head=("tensors", "how many", "which"), rows=tuple(rows)),)


def _counted(what: str, n: int, said: str) -> tuple[Line, ...]:
    return ((Trusted(what),), (Trusted(numbers.count(n)),), (Untrusted(said, limit=NAME_LIMIT),))


def _shape(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape)) or "a scalar"


def _tensor_names(tensors: Tensors | None) -> tuple[Details, ...]:
    """Return the names of tensors that differ, folded."""
    if tensors is None:
        return ()
    listed = [
        ("Only in A", tensors.only_a),
        ("Only in B", tensors.only_b),
        (
            "Of another shape",
            tuple(f"{o.name}: {_shape(o.a)} in A, {_shape(o.b)} in B" for o in tensors.other_shape),
        ),
    ]
    blocks: list[Inner] = []
    for head, some in listed:
        if some:
            items: list[Line] = [(Untrusted(n, limit=NAME_LIMIT),) for n in some[:NAMES_SHOWN]]
            more = len(some) - NAMES_SHOWN
            if more > 0:
                items.append((Trusted(f"{numbers.count(more)} more are in comparison.json"),))
            blocks += [Paragraph(content=(Trusted(f"{head}:"),)), ItemList(items=tuple(items))]
    if not blocks:
        return ()
    return (Details(summary=(Trusted("Tensors that are not in both"),), blocks=tuple(blocks)),)


def _footer(comparison: Comparison) -> Line:
    coverage = comparison.coverage
    read, total = (numbers.byte_count(n) for n in (coverage.bytes_read, coverage.bytes_total))
    text = f"Read {read} of {total}"
    if coverage.bytes_read > coverage.bytes_total:  # the tests' samples, and then every tensor
        text = f"Read all of {total}, the sampled parts more than once,"
    text = f"{text} in {numbers.duration(comparison.seconds)}"
    return (Trusted(f"{text}. No declaration was looked at: this confirms and refutes nobody."),)


def _limits(comparison: Comparison) -> Details:
    items: tuple[Line, ...] = tuple(
        (Untrusted(words(limit), limit=LONG_TEXT),) for limit in comparison.limits
    )
    roles = "In the evidence B stands as the base and A as the subject: names for the two sides."
    return Details(
        summary=(Trusted("Limits"),), blocks=(ItemList(items=(*items, (Trusted(roles),))),)
    )


def _repeat(comparison: Comparison) -> Details:
    command = Identifier(comparison.repeat, limit=LONG_TEXT)
    facts = (
        ((Trusted("A"),), (names.pinned(comparison.a.ref, comparison.a.revision),)),
        ((Trusted("B"),), (names.pinned(comparison.b.ref, comparison.b.revision),)),
        ((Trusted("seed"),), (Trusted(str(comparison.seed)),)),
        ((Trusted("depth"),), (Trusted(comparison.depth.value),)),
    )
    return Details(
        summary=(Trusted("How to repeat this"),),
        blocks=(
            Paragraph(content=(Trusted("The same draws of the same models: "), command)),
            Table(head=("what", "value"), rows=facts),
        ),
    )
