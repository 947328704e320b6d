"""Which facts stand beside the verdict without moving it?

Everything here is labelled context (DESIGN 3.7): alike for unrelated models, or said by the
subject about itself.
"""

from __future__ import annotations

from collections.abc import Sequence

from hubcheck.anatomy.interface import Anatomy
from hubcheck.anatomy.outline import outline
from hubcheck.candidates.disclosure import DisclosureItem
from hubcheck.candidates.tokenizer import Vocabulary
from hubcheck.evidence.norms import NormLikeness
from hubcheck.report.schema import (
    ArchitectureLine,
    Disclosure,
    NormContext,
    TokenizerContext,
)


def architecture_lines(models: Sequence[tuple[str, Anatomy]]) -> tuple[ArchitectureLine, ...]:
    """Draw each model as a line of blocks; the first is the subject the others differ from.

    Args:
        models: (shown name, anatomy); the subject first.
    """
    lines: list[ArchitectureLine] = []
    for name, anatomy in models:
        blocks = outline(anatomy)
        own = lines[0].blocks if lines else blocks
        lines.append(
            ArchitectureLine(
                ref=name,
                blocks=blocks,
                layers=anatomy.geometry.layers,
                parameters=anatomy.checkpoint.n_parameters,
                differs=tuple(n >= len(own) or block != own[n] for n, block in enumerate(blocks)),
            )
        )
    return tuple(lines)


def norm_context(base: str, likeness: NormLikeness | None) -> tuple[NormContext, ...]:
    """Return the norm comparison of one base, if there was one."""
    if likeness is None:
        return ()
    return (
        NormContext(
            base=base,
            cosine=round(likeness.cosine, 4),
            cosine_shuffled=round(likeness.cosine_shuffled, 4),
            pearson=round(likeness.pearson, 4),
            tensors=likeness.tensors,
        ),
    )


def tokenizer_context(
    base: str, base_vocabulary: object, subject_vocabulary: object, *, same_files: bool
) -> tuple[TokenizerContext, ...]:
    """Return how far two vocabularies overlap, if both were read."""
    if not isinstance(base_vocabulary, Vocabulary) or not isinstance(
        subject_vocabulary, Vocabulary
    ):
        return ()
    shared = base_vocabulary.ids.keys() & subject_vocabulary.ids.keys()
    return (
        TokenizerContext(
            base=base,
            same_digest=same_files or base_vocabulary.digest == subject_vocabulary.digest,
            shared_tokens=len(shared),
            subject_tokens=len(subject_vocabulary.ids),
            base_tokens=len(base_vocabulary.ids),
        ),
    )


def disclosures(items: Sequence[DisclosureItem]) -> tuple[Disclosure, ...]:
    """Return the disclosure checklist as the report holds it."""
    return tuple(
        Disclosure(item=i.item, found=i.found, where=(i.where,) if i.where else ()) for i in items
    )
