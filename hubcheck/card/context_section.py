"""Which facts are shown beside the evidence without being evidence?

Numbers that people quote in disputes and that prove nothing, each beside what makes that plain: the
raw norm cosine beside the same number with its channels shuffled, shapes, vocabularies.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from hubcheck.card import architecture_picture, heat_svg, hub_pages, names, numbers
from hubcheck.card.document import (
    DOCS,
    CodeBlock,
    Details,
    Figure,
    Heading,
    Identifier,
    Inner,
    ItemList,
    Line,
    Paragraph,
    Role,
    Segment,
    Table,
    Trusted,
    Untrusted,
)
from hubcheck.card.escaping import visible
from hubcheck.card.order_section import needs_no_order
from hubcheck.card.wording import sentence, words
from hubcheck.errors import counted
from hubcheck.report.words import EvidenceKind

if TYPE_CHECKING:
    from hubcheck.report.schema import (
        ArchitectureLine,
        BaseModelRef,
        Report,
        SignedFiles,
        Subject,
    )

MODELS_SHOWN: Final = 4
BLOCKS_SHOWN: Final = 24
BLOCK_WIDTH: Final = 40

USUALLY_HIGH: Final = (
    "The raw cosine of norm weights is usually high between models trained apart, too."
)
ARCHITECTURE: Final = "Architecture, side by side"
MARKED: Final = "A thick frame, in text an asterisk, marks what differs from the subject. "
ANYONES: Final = "Shapes are a choice anyone can make: they match between strangers."
RULED_LENGTH: Final = 160
RULED_SHOWN: Final = 12
CHECKPOINTS: Final = "intermediate checkpoints"
"""The item of ``candidates.disclosure_signs`` (tested) that a chain of states can be made of."""
SIGNATURES_SHOWN: Final = 8
_OTHER: Final = "named as a detached signature"
_SIGNED: Final = {
    "oms": "named as OpenSSF Model Signing names its own",
    "sigstore": "named as a Sigstore bundle",
    "in-toto": "named as in-toto statements",
    "pgp": "named as an armoured OpenPGP file",
}
"""What a file's name says it is."""

SUMMARY: Final = "Context, no evidential value"

_Blocks = list[Heading | Paragraph | Table | ItemList | CodeBlock]


def context_section(report: Report) -> tuple[Details, ...]:
    """Return the folded context, or nothing where there is none."""
    blocks: _Blocks = []
    for part in (_norms(report), _tokenizers(report)):
        blocks += part
    blocks += _other(report)
    blocks += _signatures(report)
    blocks += _disclosure(report)
    return (Details(summary=(Trusted(SUMMARY),), blocks=tuple(blocks)),) if blocks else ()


def _norms(report: Report) -> _Blocks:
    if not report.context.norms:
        return []
    rows = tuple(
        (
            (Identifier(names.tested(report, item.base)),),
            (Trusted(numbers.cosine(item.cosine)),),
            (Trusted(numbers.cosine(item.cosine_shuffled)),),
            (Trusted(numbers.cosine(item.pearson)),),
            (Trusted(numbers.count(item.tensors)),),
        )
        for item in report.context.norms
    )
    note = USUALLY_HIGH
    if all(needs_no_order(item) for item in report.context.norms):
        note += " Here it stays so when the channels are shuffled: it says nothing about this pair."
    else:
        note += " Hold it against the same number with the channels shuffled, which has no order."
    head = ("norm weights against", "raw cosine", "channels shuffled", "centred", "tensors")
    return [
        Heading(content=(Trusted("Norm weights"),)),
        Table(head=head, rows=rows, numeric=frozenset({1, 2, 3, 4})),
        Paragraph(content=(Trusted(note),), role=Role.NOTE),
    ]


def architecture_section(report: Report) -> tuple[Details, ...]:
    """Return the models drawn beside each other, and what their sizes rule out."""
    models = report.context.architecture[:MODELS_SHOWN]
    if not models:
        return ()
    drawn = architecture_picture.models(report)
    pairs = tuple((drawn[0], base) for base in drawn[1:])
    blocks: list[Inner] = [
        Figure(
            element=architecture_picture.element(subject, base),
            style=heat_svg.STYLE,
            plain=_as_lines(models) if first else None,
            width=architecture_picture.shapes(subject, base)[0],
        )
        for first, (subject, base) in zip((True, *[False] * len(pairs)), pairs, strict=False)
    ]
    ruled = [(f.base, words(one)) for f in report.findings for one in f.ruled_out]
    items: tuple[Line, ...] = tuple(
        (names.pinned_base(base), Trusted(": "), Untrusted(said, limit=RULED_LENGTH))
        for base, said in ruled[:RULED_SHOWN]
    )
    if items:
        blocks += [Heading(content=(Trusted("What the sizes rule out"),)), ItemList(items=items)]
    differs = any(any(model.differs) for model in models)
    note = (Trusted(MARKED * differs), Trusted(ANYONES))
    blocks = blocks or [_as_lines(models)]
    return (
        Details(
            summary=(Trusted(ARCHITECTURE),),
            blocks=(*blocks, Paragraph(content=note, role=Role.NOTE)),
            unfolded=bool(items),
        ),
    )


def _as_lines(models: Sequence[ArchitectureLine]) -> CodeBlock:
    """Return the models as monospaced lines; an asterisk marks what differs from the subject."""
    columns = min(max(len(model.blocks) for model in models), BLOCKS_SHOWN)
    rows = [
        [Segment(text=visible(m.ref, limit=BLOCK_WIDTH)), *(_block(m, i) for i in range(columns))]
        for m in models
    ]
    widths = [max(len(row[i].shown()) for row in rows) for i in range(columns + 1)]
    return CodeBlock(
        lines=tuple(
            (
                *(replace(s, width=w + 2) for s, w in zip(row, widths, strict=True)),
                Segment(text=f"{m.layers} layers, {numbers.parameters(m.parameters)}"),
            )
            for row, m in zip(rows, models, strict=True)
        )
    )


def _block(model: ArchitectureLine, index: int) -> Segment:
    if index >= len(model.blocks):
        return Segment(text="")
    differs = index < len(model.differs) and model.differs[index]
    return Segment(text=visible(model.blocks[index], limit=BLOCK_WIDTH), marked=differs)


def _tokenizers(report: Report) -> _Blocks:
    if not report.context.tokenizer:
        return []
    rows = tuple(
        (
            (Identifier(names.tested(report, item.base)),),
            (Trusted("yes" if item.same_digest else "no"),),
            (Trusted(numbers.count(item.shared_tokens)),),
            (Trusted(_overlap(item.shared_tokens, item.subject_tokens)),),
            (Trusted(_overlap(item.shared_tokens, item.base_tokens)),),
        )
        for item in report.context.tokenizer
    )
    head = ("vocabulary against", "same file", "shared tokens", "of the subject", "of the base")
    return [
        Heading(content=(Trusted("Vocabulary"),)),
        Table(head=head, rows=rows, numeric=frozenset({2, 3, 4})),
        Paragraph(
            content=(Trusted("Tokenizers are often reused between unrelated models."),),
            role=Role.NOTE,
        ),
    ]


def _overlap(shared: int, total: int) -> str:
    return numbers.percent(shared / total) if total > 0 else numbers.NOTHING


def _other(report: Report) -> _Blocks:
    items: list[Line] = []
    for finding in report.findings:
        for item in finding.evidence:
            if item.kind is EvidenceKind.CONTEXT:
                line: Line = (
                    Identifier(names.called(finding.base)),
                    Trusted(": "),
                    Untrusted(words(item.family)),
                )
                note: Line = (Trusted(", "), Untrusted(sentence(item.note))) if item.note else ()
                items.append((*line, *note))
    if not items:
        return []
    return [Heading(content=(Trusted("Also measured"),)), ItemList(items=tuple(items))]


def _signatures(report: Report) -> _Blocks:
    """Return the files that their names call signatures, and what the one of OMS covers."""
    subject = report.subject
    models: list[tuple[Identifier, Subject | BaseModelRef]] = [
        (names.pinned(subject.ref, subject.revision), subject),
        *((names.pinned_base(f.base), f.base) for f in report.findings),
    ]
    found = [(model, of, one) for model, of in models for one in of.signatures]
    if not found:
        return []
    items: list[Line] = [
        (
            hub_pages.file(Identifier(one.path), report, of.ref, of.revision, one.path),
            Trusted(" in "),
            model,
            Trusted(f": {_SIGNED.get(one.kind, _OTHER)}"),
            *(_covers(one.signed) if one.signed is not None else (Trusted(", not opened"),)),
        )
        for model, of, one in found[:SIGNATURES_SHOWN]
    ]
    more = len(found) - SIGNATURES_SHOWN
    if more > 0:
        items.append((Trusted(f"{numbers.count(more)} more are in report.json"),))
    return [
        Heading(content=(Trusted("Signature files"),)),
        ItemList(items=tuple(items)),
        Paragraph(
            content=(
                Trusted(
                    "Found by their names. A signature says whose files these are, not where the "
                    "weights come from."
                ),
            ),
            role=Role.NOTE,
        ),
    ]


def _covers(signed: SignedFiles) -> Line:
    """Return what a signature of OMS covers of the weights that were read, and whose it is."""
    if signed.fault:
        return (Trusted("; not read: "), Untrusted(signed.fault))
    read = [*signed.covered, *signed.other, *signed.unlisted, *signed.undecided]
    listed = f"; it lists {counted(signed.files, 'file')}"
    if not read:
        return (Trusted(f"{listed}; which weights it covers is not known: none were read"),)
    total = counted(len(read), "weight file")
    said = f"{listed}; of the {total} read {len(signed.covered)} with the digest it has"
    for files, what in (
        (signed.other, "with another digest"),
        (signed.unlisted, "not listed"),
        (signed.undecided, "whose digest cannot be compared"),
    ):
        said += f", {len(files)} {what}" if files else ""
    if signed.state == "valid":
        return (Trusted(f"{said}; signed by "), Untrusted(signed.signer), Trusted(", as asked"))
    whose = {
        "unchecked": "who signed it was not asked (--signer)",
        "other": "signed by none of the signers that the policy names",
    }[signed.state]
    return (Trusted(f"{said}; {whose}"),)


ITEMS: Final[Mapping[str, str]] = {
    "training-logs": "training logs",
    "training-data": "training data",
    "compute": "compute",
    "technical-report": "technical report",
    "intermediate-checkpoints": "intermediate checkpoints",
    "tokenizer-training": "tokenizer training",
}
"""What the checklist of disclosures asks for."""


def _disclosure(report: Report) -> _Blocks:
    context = report.context
    if not context.disclosure:
        return []
    rows = tuple(
        (
            (Untrusted(ITEMS.get(item.item, item.item)),),
            (Trusted("found" if item.found else "not found"),),
            (Untrusted(sentence(item.where)) if item.where else Trusted(numbers.NOTHING),),
        )
        for item in context.disclosure
    )
    blocks: _Blocks = [
        Heading(content=(Trusted("What the card discloses"),)),
        Table(head=("item", "found", "where"), rows=rows),
    ]
    if any(item.found and item.item == CHECKPOINTS for item in context.disclosure):
        said = (
            "holds the published states against each other: support for a claim, never its proof."
        )
        line = shlex.join(["hubcheck", "history", report.subject.ref])
        command = Identifier(line, limit=300, address=f"{DOCS}/history.md")
        blocks.append(Paragraph(content=(command, Trusted(f" {said}")), role=Role.NOTE))
    return blocks
