"""What must be known about a result before it is used?

Its limits, how to run it again, and what went wrong on the way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hubcheck.card import hub_pages, names, numbers, sentences
from hubcheck.card.document import (
    CodeBlock,
    Details,
    Identifier,
    ItemList,
    Line,
    Paragraph,
    Segment,
    Table,
    Trusted,
    Untrusted,
)
from hubcheck.card.next_steps import REPLAY
from hubcheck.card.wording import words
from hubcheck.report.phrases import PhraseCode
from hubcheck.report.words import Depth, Verdict

if TYPE_CHECKING:
    from hubcheck.report.schema import BaseModelRef, Report

LONG_TEXT: Final = 400
WARNINGS_SHOWN: Final = 40

STANDING_LIMITS: Final = (
    (
        PhraseCode.LIMIT_DISTILLATION,
        (
            "Distillation leaves no trace in weights: a model trained on another's answers "
            "is not seen here."
        ),
    ),
    (PhraseCode.LIMIT_MATCH, sentences.RELATED_MEANS),
    (
        PhraseCode.LIMIT_UNRELATED,
        (
            "Unrelated assumes that a copy has at least the similarity printed beside it, in the "
            "layers that were read, and at depth sample that it was not shuffled and rotated."
        ),
    ),
    (
        PhraseCode.LIMIT_BOUND,
        (
            "The bounds assume that the base's units had no meaningful order when its "
            "training began, and that it was trained without the subject."
        ),
    ),
)
"""Always printed, unless the report says the same itself; that of ``unrelated`` only where a base
is called that."""


def closing_sections(report: Report) -> tuple[Details, ...]:
    """Return warnings, limits and the way to run the check again."""
    return (*warning_section(report), _limits(report), _replay(report))


def _limits(report: Report) -> Details:
    given = {limit.code for limit in report.limits}
    # Reports of schema 1 said all of them, in sentences.
    covered = set(PhraseCode) if PhraseCode.TEXT in given else given
    if all(f.verdict is not Verdict.UNRELATED for f in report.findings):
        covered |= {PhraseCode.LIMIT_UNRELATED}
    standing: tuple[Line, ...] = tuple(
        (Trusted(text),) for code, text in STANDING_LIMITS if code not in covered
    )
    stated: tuple[Line, ...] = tuple(
        (Untrusted(words(limit), limit=LONG_TEXT),) for limit in report.limits
    )
    return Details(summary=(Trusted("Limits"),), blocks=(ItemList(items=(*stated, *standing)),))


def _replay(report: Report) -> Details:
    same = f"This reads the same bytes again and {sentences.same_numbers(report)}"
    blocks: list[Paragraph | CodeBlock | Table] = [
        Paragraph(
            content=(
                Trusted(f"{same}: "),
                Identifier(REPLAY),
            )
        )
    ]
    if report.replay:
        blocks.append(Paragraph(content=_from_where(report)))
        blocks.append(CodeBlock(lines=((Segment(text=report.replay),),)))
    subject = report.subject
    facts: list[tuple[str, Line]] = [
        ("subject", (_whole(report, subject.ref, subject.revision),)),
        *(("base", _base(report, f.base)) for f in report.findings),
        ("conclusion", _policy(report)),
        ("seed", (Trusted(str(report.seed)),)),
        ("depth", (Trusted(report.depth.value),)),
    ]
    if subject.weights_digest:
        facts.insert(1, ("weights digest", (Identifier(subject.weights_digest),)))
    if report.max_read > 0:
        budget = f"{numbers.byte_count(report.max_read)} per model"
        if report.escalate_to > report.max_read and report.depth is Depth.SAMPLE:
            most = numbers.byte_count(report.escalate_to)
            budget += f", {most} once a declared base looks unrelated"
        facts.append(("reading budget", (Trusted(budget),)))
    facts += [
        (
            "parameters that a rule names",
            (Trusted(_mapped(report)),),
        ),
        ("requests", (Trusted(numbers.count(report.coverage.requests)),)),
        ("processes", (Trusted(numbers.count(report.processes)),)),
        ("started", (Identifier(report.started),)),
        (
            "hubcheck",
            (
                Untrusted(report.tool.version),
                Trusted(", report "),
                Untrusted(report.schema_version),
            ),
        ),
    ]
    rows = tuple(((Trusted(name),), value) for name, value in facts)
    blocks.append(Table(head=("what", "value"), rows=rows))
    return Details(summary=(Trusted("Check it yourself"),), blocks=tuple(blocks))


def _from_where(report: Report) -> Line:
    """Return how the command is introduced; folders are named as they were given, not in full."""
    revisions = {report.subject.revision, *(f.base.revision for f in report.findings)}
    if names.LOCAL not in revisions:
        return (Trusted("The same check from the start:"),)
    return (
        Trusted("The same check from the start, run where it was made; from elsewhere, name that "),
        Trusted("folder with "),
        Identifier("--from"),
        Trusted(":"),
    )


def _mapped(report: Report) -> str:
    """Return the share; nothing where no weights were read, which is another thing than none."""
    share = report.coverage.parameters_mapped
    return numbers.percent(share) if share > 0 else numbers.NOTHING


def _whole(report: Report, ref: str, revision: str) -> Identifier:
    whole = f"{ref}@{revision}" if names.is_commit(revision) else ref
    return hub_pages.model(Identifier(whole, limit=LONG_TEXT), report, ref, revision)


def _base(report: Report, base: BaseModelRef) -> Line:
    """Return a base at its whole commit, with the revision that was asked for."""
    if not base.asked:
        return (_whole(report, base.ref, base.revision),)
    shown = Identifier(names.declared_as(base), limit=LONG_TEXT)
    if base.asked == base.revision or not names.is_commit(base.revision):
        return (shown,)
    commit = hub_pages.model(Identifier(base.revision), report, base.ref, base.revision)
    return (shown, Trusted(" at commit "), commit)


def _policy(report: Report) -> Line:
    words: list[Trusted | Untrusted] = [Trusted(f"{report.conclusion.value}; fails on ")]
    for word in report.policy.fail_on:
        words += [Untrusted(word), Trusted(", ")]
    return tuple(words[:-1]) if report.policy.fail_on else (*words, Trusted("nothing"))


def warning_section(report: Report) -> tuple[Details, ...]:
    """Return what went wrong or deserves a look, folded; nothing where nothing does."""
    # Flags of a newer report stand in a section of their own, with their clauses.
    flags = () if report.licence.checks else report.licence.flags
    texts = (*map(words, report.warnings), *(f"licence: {words(flag)}" for flag in flags))
    if not texts:
        return ()
    items: list[Line] = [(Untrusted(text, limit=LONG_TEXT),) for text in texts[:WARNINGS_SHOWN]]
    if len(texts) > WARNINGS_SHOWN:
        items.append((Trusted(f"{len(texts) - WARNINGS_SHOWN} more are in report.json"),))
    plural = "warning" if len(texts) == 1 else "warnings"
    return (
        Details(
            summary=(Trusted(f"{numbers.count(len(texts))} {plural}"),),
            blocks=(ItemList(items=tuple(items)),),
        ),
    )
