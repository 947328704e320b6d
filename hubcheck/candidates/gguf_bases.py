"""Which bases does the header of a GGUF file declare?

Converters write ``general.base_model.count`` and, for each base, ``general.base_model.N.repo_url``
or its ``organization`` and ``name`` (GGUF specification, "General metadata"). The header speaks
only where the card and the adapter config are silent: it was written once, by a program, and the
card is what the author stands by.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from hubcheck.candidates.declared import MAX_BASES, Declaration, DeclaredBase
from hubcheck.candidates.documents import Malformed
from hubcheck.candidates.repository_name import RepositoryName, parse_repository_name
from hubcheck.report.phrases import Phrase, PhraseCode, phrase

PREFIX: Final = "general.base_model"


def with_header_bases(
    declaration: Declaration, metadata: Mapping[str, str], *, own: str
) -> Declaration:
    """Return the declaration with the bases of a GGUF header, where nothing else declares any.

    Args:
        declaration: What card and configs say.
        metadata: The header's texts; hostile.
        own: The model's own name, which is no base.
    """
    if declaration.bases:
        return declaration
    count = metadata.get(f"{PREFIX}.count", "0")
    n_bases = min(int(count), MAX_BASES) if count.isascii() and count.isdecimal() else 0
    bases: dict[str, DeclaredBase] = {}
    problems = list(declaration.problems)
    for n in range(n_bases):
        why, name = _named(metadata, n)
        if isinstance(name, Malformed):
            problems.append(phrase(PhraseCode.KEY_UNUSABLE, where=(why,), key="", why=(name.said,)))
        elif name is not None and name.ref.casefold() != own.casefold():
            base = DeclaredBase(ref=name.ref, revision=name.revision, why=why)
            bases.setdefault(name.ref.casefold(), base)
    leaked = tuple(b for b in declaration.leaked if b.ref.casefold() not in bases)
    return replace(
        declaration, bases=tuple(bases.values()), leaked=leaked, problems=tuple(problems)
    )


def _named(metadata: Mapping[str, str], n: int) -> tuple[Phrase, RepositoryName | Malformed | None]:
    """Return where base ``n`` is named and its name; nothing where the header names none."""
    url = metadata.get(f"{PREFIX}.{n}.repo_url", "")
    if url:
        return _at(f"{PREFIX}.{n}.repo_url"), parse_repository_name(url)
    owner = metadata.get(f"{PREFIX}.{n}.organization", "")
    title = metadata.get(f"{PREFIX}.{n}.name", "")
    why = _at(f"{PREFIX}.{n}.name")
    # The name is a title ("Llama 3.1 8B Instruct"), the organisation too: spaces become dashes.
    if owner and title:
        return why, parse_repository_name(f"{_dashed(owner)}/{_dashed(title)}")
    return why, None


def _at(key: str) -> Phrase:
    return phrase(PhraseCode.PLACE_HEADER, format="gguf", key=key)


def _dashed(title: str) -> str:
    return "-".join(title[:200].split())
