"""Where does a reader of a card find what its words mean?

A page of the documentation with the texts of ``hubcheck explain``, one heading each, and a line on
the first screen that links the words of that card to it. ``python -m hubcheck.card.glossary``
prints the page.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Final

from hubcheck.card.document import Line, Term, Trusted
from hubcheck.card.explain import ALL
from hubcheck.report.words import Verdict

if TYPE_CHECKING:
    from hubcheck.report.schema import Report

HEAD: Final = """\
# How to read a card

What the words of a card mean, what they do not mean, and what to do. The same texts are printed by
`hubcheck explain WORD`; this page is made of them (`python -m hubcheck.card.glossary`).

**In front of a card for the first time?** [Is this a copy?](faq.md#is-this-a-copy) [How sure is
it?](faq.md#how-sure-is-it) [What was not looked at?](faq.md#what-was-not-looked-at) [Can I check it
myself?](faq.md#can-i-check-it-myself) [What do I do now?](faq.md#what-do-i-do-now)

**How to read the number.** A model's neurons stand in an order that training leaves free: two
models trained apart agree in it only by chance, one unit in a list on average, however long the
list. So units in place are counted. `1,112 of 1,112 sampled units lie where the base has them
(chance: about 10)` is an order that was taken over; `8 of 1,208 sampled units lie where the base
has them (chance: about 14)` is what strangers show. The chance of so many by accident is bounded
without an assumption about how weights are distributed (`exact`). How *alike* the units in place
are is another number, the `similarity`: the median of their cosines.
"""

ALWAYS: Final = ("evidence", "similarity")
"""Columns of the first table."""


def words_of(report: Report) -> tuple[str, ...]:
    """Return the verdicts, relations and columns of a first screen, in the order of reading."""
    found = [report.verdict.value, *(f.verdict.value for f in report.findings)]
    matching = [f for f in report.findings if f.verdict in {Verdict.RELATED, Verdict.DISGUISED}]
    found += [f.relation.kind.value for f in matching if f.relation is not None]
    if report.findings:
        found += ALWAYS
    return tuple(word for word in dict.fromkeys(found) if word in ALL)


def line(report: Report, *, linked: Collection[str] = ()) -> Line:
    """Return the line that links the words of this card that no sentence of it links."""
    words = [word for word in words_of(report) if word not in linked]
    parts: list[Trusted | Term] = [Trusted("What the words mean: ")]
    for i, word in enumerate(words):
        parts += [Trusted(", ")] * bool(i)
        parts.append(Term(word))
    return tuple(parts) if words else ()


def page() -> str:
    """Return the page, one heading for each word that is explained."""
    return HEAD + "".join(f"\n## {word}\n\n{_as_markdown(ALL[word])}" for word in sorted(ALL))


def _as_markdown(text: str) -> str:
    """Return a text of ``explain`` as paragraphs: a line that begins a part begins one."""
    paragraphs: list[str] = []
    head, *rest = text.strip().splitlines()
    paragraphs.append(f"*{head}*")
    for stripped in map(str.strip, rest):
        part, colon, _ = stripped.partition(":")
        if colon and part and len(part) <= len("Does not mean") and part[:1].isupper():
            paragraphs.append(f"**{part}:**{stripped[len(part) + 1 :]}")
        else:
            paragraphs[-1] += f"\n{stripped}"
    return "\n\n".join(paragraphs) + "\n"


if __name__ == "__main__":
    print(page(), end="")
