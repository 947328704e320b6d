"""Which bases does a model declare, on which line, and which part of that is unusable?

The card speaks first, then ``adapter_config.json``, then a merge recipe; ``config.json`` counts
only when all are silent, because its ``_name_or_path`` is written by programs: otherwise it is a
*leaked* hint.
Whatever the repository says, a base is a repository of the Hub and never a path of the user's disk.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from hubcheck.candidates.distilled import distilled_from
from hubcheck.candidates.documents import (
    JsonDocument,
    Malformed,
    kind_of,
    read_json_object,
)
from hubcheck.candidates.front_matter import CARD_PATH, Field, FrontMatter, read_card
from hubcheck.candidates.links import MAX_LINES
from hubcheck.candidates.merge_recipe import recipe_bases
from hubcheck.candidates.repository_name import (
    RepositoryName,
    looks_local,
    parse_repository_name,
)
from hubcheck.errors import printable
from hubcheck.frozen import frozen
from hubcheck.report.hints import at_file, at_key, at_line
from hubcheck.report.phrases import Clauses, Phrase, PhraseCode, Value, phrase
from hubcheck.source.interface import Source

MAX_BASES: Final = 16
"""Bases taken from one model; published merges name at most about a dozen."""
MAX_PROBLEMS: Final = 24
"""Reasons kept; a hostile card may give one per line."""
MAX_ITEMS: Final = 1_000
"""List items looked at before the rest of a ``base_model`` list is left."""
MAX_LICENCE: Final = 300
"""Characters of a licence name or link."""
RELATIONS: Final = frozenset({"finetune", "adapter", "merge", "quantized"})
"""What ``base_model_relation`` may say (Hub documentation of model cards)."""
MERGE_TAGS: Final = ("merge", "mergekit")
"""Tags that mergekit and LazyMergekit write into the card of a merge."""

IN_CARD: Final = (at_file(CARD_PATH),)
ADAPTER_PATH: Final = "adapter_config.json"
CONFIG_PATH: Final = "config.json"
CONFIG_WHY: Final = at_key(CONFIG_PATH, "_name_or_path")


@frozen
class DeclaredBase:
    """One base that the model names. ``ref`` must be opened on the Hub, never as a local folder."""

    ref: str
    """``org/name``, or ``name`` for the Hub's oldest repositories."""
    revision: str
    """Branch, tag or commit as written; ``""`` when none is named."""
    why: Phrase
    """Where it is named: a place."""
    line: int = 0
    """Of the card, where that names it; 0 elsewhere."""


@frozen
class Declaration:
    """What a model says about its origin and licence."""

    bases: tuple[DeclaredBase, ...]
    leaked: tuple[DeclaredBase, ...]
    """Named by a file that a program wrote, and not declared: hints of a base to test."""
    relation: str
    """finetune, adapter, merge, quantized, or ``""`` when the card does not say."""
    licence: str
    """The card's ``license``; several are joined by a comma. Hostile text, as are the next two."""
    licence_name: str
    licence_link: str
    problems: Clauses
    """What could not be used, and why; one printable line each."""
    distilled: frozenset[str] = frozenset()
    """Bases of the card, names folded, that its text says this model was distilled from, and of
    which no weights are claimed: the card states no relation that would."""

    @property
    def relation_of_each(self) -> str:
        """The relation, where it is said of each base: of several only a merge says it of all."""
        return self.relation if len(self.bases) <= 1 or self.relation == "merge" else ""


NOTHING_SAID: Final = Declaration(
    bases=(), leaked=(), relation="", licence="", licence_name="", licence_link="", problems=()
)
"""Of a model whose card could not be read."""


@dataclass(slots=True)
class _Collector:
    """Bases in the order found, without repetition."""

    own: str
    bases: dict[str, DeclaredBase] = field(default_factory=dict)
    problems: list[Phrase] = field(default_factory=list)
    left_out: int = 0

    def complain(self, code: PhraseCode, **params: Value) -> None:
        problem = phrase(code, **params)
        if len(self.problems) < MAX_PROBLEMS and problem not in self.problems:
            self.problems.append(problem)

    def add(self, name: RepositoryName, why: Phrase, *, line: int = 0) -> None:
        key = name.ref.casefold()
        if key in {self.own, self.own.partition(":")[0]}:  # a folder's card may be its repository's
            self.complain(PhraseCode.DECLARES_ITSELF, where=(why,))
            return
        known = self.bases.get(key)
        if known is None and len(self.bases) >= MAX_BASES:
            self.left_out += 1
        elif known is None:
            self.bases[key] = DeclaredBase(ref=name.ref, revision=name.revision, why=why, line=line)
        elif name.revision and not known.revision:
            why = phrase(PhraseCode.PLACES, where=(known.why, why))
            self.bases[key] = replace(known, revision=name.revision, why=why)
        elif name.revision and name.revision != known.revision:
            self.complain(
                PhraseCode.DECLARES_REVISIONS,
                where=(why,),
                revision=printable(name.revision),
                base=known.ref,
                other=printable(known.revision),
                there=(known.why,),
            )


def read_declaration(source: Source) -> Declaration:
    """Read what the card, the adapter config and the config of a model declare.

    Nothing that these files hold can make this fail; it is told in ``problems``.

    Raises:
        HubcheckError: the source failed (network, access, read budget).
    """
    found = _Collector(own=source.pin.ref.casefold())
    card, prose = _read_card(source, found)
    base_model = card.fields.get("base_model")
    if base_model is not None:
        _add_card_bases(base_model, found)
    _add_adapter_base(source, found)
    for name, path in recipe_bases(source):
        found.add(name, at_file(path))
    hint = _config_base(source, found)
    leaked: tuple[DeclaredBase, ...] = ()
    if hint is not None and found.bases and hint.ref.casefold() not in found.bases:
        leaked = (DeclaredBase(ref=hint.ref, revision=hint.revision, why=CONFIG_WHY),)
    elif hint is not None and not found.bases:
        found.add(hint, CONFIG_WHY)
    if found.left_out:
        found.problems.append(
            phrase(PhraseCode.DECLARES_MANY, more=found.left_out, taken=MAX_BASES)
        )
    relation = _relation(card, found)
    return Declaration(
        bases=tuple(found.bases.values()),
        leaked=leaked,
        relation=relation,
        licence=_text(card, "license", found),
        licence_name=_text(card, "license_name", found),
        licence_link=_text(card, "license_link", found),
        problems=tuple(found.problems),
        distilled=frozenset() if relation else _taught_by(found.bases.values(), prose),
    )


def _taught_by(bases: Iterable[DeclaredBase], prose: Sequence[str]) -> frozenset[str]:
    """Return the bases of the card that its text says the model was distilled from."""
    in_card = frozenset(base.ref.casefold() for base in bases if base.line)
    return in_card & distilled_from(prose) if in_card else in_card


def _read_card(source: Source, found: _Collector) -> tuple[FrontMatter, Sequence[str]]:
    """Return the card's fields and its prose; a card that is missing or unusable has none."""
    card, lines = read_card(source)
    if isinstance(card, FrontMatter):
        for key in card.duplicates:
            found.complain(PhraseCode.KEY_TWICE, where=IN_CARD, key=printable(key))
        return card, lines[card.last_line : MAX_LINES]
    if isinstance(card, Malformed):
        found.complain(PhraseCode.DOCUMENT_UNUSABLE, why=(card.said,))
    return FrontMatter(fields={}, duplicates=(), last_line=0), []


def _read_config(source: Source, path: str, found: _Collector) -> JsonDocument | None:
    """Return a config, or None when it is absent or unusable (then told in ``problems``)."""
    document = read_json_object(source, path)
    if isinstance(document, Malformed):
        found.complain(PhraseCode.DOCUMENT_UNUSABLE, why=(document.said,))
    return document if isinstance(document, JsonDocument) else None


def _items(entry: Field) -> Iterable[tuple[object, int]]:
    """Yield each value of a key that may hold one or a list, with its line."""
    if isinstance(entry.value, list):
        return zip(entry.value[:MAX_ITEMS], entry.item_lines, strict=False)
    return ((entry.value, entry.line),)


NO_BASE: Final = frozenset({"", "none", "null", "nil", "n/a", "-"})
"""What templates write where there is no base; none of them is a repository."""


def _add_card_bases(entry: Field, found: _Collector) -> None:
    for value, line in _items(entry):
        why = at_line(CARD_PATH, line)
        if value is None or (isinstance(value, str) and value.strip().casefold() in NO_BASE):
            continue
        if not isinstance(value, str):
            shown = printable(value) if isinstance(value, (bool, float, int)) else ""
            found.complain(
                PhraseCode.NO_NAME,
                where=(why,),
                key="base_model",
                value=shown,
                kind=kind_of(value),
            )
            continue
        name = parse_repository_name(value)
        if isinstance(name, Malformed):
            problem = PhraseCode.KEY_UNUSABLE
            found.complain(problem, where=(why,), key="base_model", why=(name.said,))
        else:
            found.add(name, why, line=line)
    if isinstance(entry.value, list) and len(entry.value) > MAX_ITEMS:
        found.complain(PhraseCode.KEY_CUT, where=IN_CARD, key="base_model", taken=MAX_ITEMS)


def _add_adapter_base(source: Source, found: _Collector) -> None:
    document = _read_config(source, ADAPTER_PATH, found)
    if document is None:
        return
    name = _program_name(document, "base_model_name_or_path", found)
    if name is None:
        return
    revision = document.values.get("revision")
    if isinstance(revision, str) and revision and not name.revision:
        with_revision = parse_repository_name(f"{name.ref}@{revision}")
        if isinstance(with_revision, Malformed):
            found.complain(
                PhraseCode.KEY_UNUSABLE,
                where=(at_file(ADAPTER_PATH),),
                key="revision",
                why=(with_revision.said,),
            )
        else:
            name = with_revision
    found.add(name, at_file(ADAPTER_PATH))


def _config_base(source: Source, found: _Collector) -> RepositoryName | None:
    """Return the other repository that config.json names; a local path there is no problem."""
    document = _read_config(source, CONFIG_PATH, found)
    if document is None:
        return None
    value = document.values.get("_name_or_path")
    name = parse_repository_name(value) if isinstance(value, str) else None
    if not isinstance(name, RepositoryName) or looks_local(name):
        return None
    return None if name.ref.casefold() == found.own else name


def _program_name(document: JsonDocument, key: str, found: _Collector) -> RepositoryName | None:
    """Return the repository that a program wrote under ``key``, or say why there is none."""
    value = document.values.get(key)
    where = (at_file(document.path),)
    if key in document.duplicates:
        found.complain(PhraseCode.KEY_TWICE, where=where, key=key)
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        kind = kind_of(value)
        found.complain(PhraseCode.NO_NAME, where=where, key=key, value="", kind=kind)
        return None
    name = parse_repository_name(value)
    if isinstance(name, Malformed):
        found.complain(PhraseCode.KEY_UNUSABLE, where=where, key=key, why=(name.said,))
        return None
    if "/" in name.ref and looks_local(name):
        found.complain(PhraseCode.KEY_LOCAL, where=where, key=key, value=name.ref)
        return None
    return name


def _is_tagged_merge(card: FrontMatter) -> bool:
    """Return whether the card's own tags say merge, as merging tools write them."""
    entry = card.fields.get("tags")
    return entry is not None and any(value in MERGE_TAGS for value, _ in _items(entry))


def _relation(card: FrontMatter, found: _Collector) -> str:
    entry = card.fields.get("base_model_relation")
    if entry is None or entry.value is None:
        return "merge" if _is_tagged_merge(card) else ""
    word = entry.value.strip().lower() if isinstance(entry.value, str) else ""
    if word in RELATIONS:
        return word
    value = entry.value
    found.complain(
        PhraseCode.RELATION_WORD,
        where=(at_line(CARD_PATH, entry.line),),
        value=printable(value) if isinstance(value, str) else "",
        kind=kind_of(value),
        known=tuple(sorted(RELATIONS)),
    )
    return ""


def _text(card: FrontMatter, key: str, found: _Collector) -> str:
    """Return a short text of the card; a list of texts is joined."""
    entry = card.fields.get(key)
    if entry is None or entry.value is None:
        return ""
    values = [value for value, _ in _items(entry)]
    if not all(isinstance(v, str) for v in values):
        where = (at_line(CARD_PATH, entry.line),)
        found.complain(PhraseCode.KEY_NO_TEXT, where=where, key=key)
    return ", ".join(v.strip() for v in values if isinstance(v, str))[:MAX_LICENCE]
