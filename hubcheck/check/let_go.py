"""What is kept of a base that plays no further part, when many are tested?

Everything that a finding says, and nothing that it was counted from: rows, profiles, the token
strings. A base that matches, or that is declared, may still be held against others, and keeps all.
"""

from __future__ import annotations

from hubcheck.candidates.tokenizer import same_tokenizer
from hubcheck.check.tested import Tested
from hubcheck.model import Model, needs_vocabularies
from hubcheck.report.schema import TokenizerContext
from hubcheck.report.words import Verdict
from hubcheck.verdict import context as contexts

MANY = 3
"""Bases from which on arrays are let go: of two or three they lie in memory together, at sample 45
MB each for a model of 2 MB."""
NO_FURTHER = frozenset({Verdict.UNRELATED, Verdict.INCONCLUSIVE, Verdict.NOT_TESTED})
"""Nothing explains such a base, nothing is merged of it, and nothing is closer to it."""


def let_go(one: Tested, subject: Model, n_bases: int) -> None:
    """Let the arrays of a base go, if there are many and it plays no further part.

    Args:
        one: The base, examined.
        subject: The model under test; its rows serve the next base.
        n_bases: Bases of the check.
    """
    if n_bases <= MANY or one.request.declared or one.comparer is None or one.model is None:
        return
    if not one.looked_at or one.judgement.verdict not in NO_FURTHER or one.judgement.may_be_merged:
        return
    one.tokenizers = tokenizers_of(one.model, subject)
    one.comparer.let_go()
    one.model.let_go()


def tokenizers_of(base: Model, subject: Model) -> tuple[TokenizerContext, ...]:
    """Return what two models' tokenizers have in common."""
    both = needs_vocabularies(base, subject)
    return contexts.tokenizer_context(
        base.pin.ref,
        *((base.vocabulary, subject.vocabulary) if both else (None, None)),
        same_files=same_tokenizer(base.files, subject.files),
    )
