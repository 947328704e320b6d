"""Does a model's repository show what a licence of one of its ancestors asks?

Each rule looks at names, file names and the card only, and answers ``attention``, ``ok`` or
``unknown`` with what was seen. It states what is there; what follows from that is for a reader of
the licence to say.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Final

from hubcheck.errors import printable
from hubcheck.frozen import frozen
from hubcheck.report.phrases import Phrase, PhraseCode, Value, phrase
from hubcheck.report.words import LicenceStatus as Status
from hubcheck.verdict.licence_table import (
    UNSPECIFIC,
    Ask,
    Licence,
    Rule,
    by_name,
    by_tag,
    by_text,
    holds,
)

LICENCE_PATH: Final = re.compile(r"(?:.*/)?(?:LICEN[CS]E|COPYING)[^/]{0,60}", re.IGNORECASE)
NOTICE_PATH: Final = re.compile(
    r"(?:.*/)?(?:[^/]{0,40}[-_ ])?NOTICES?(?:[^A-Za-z/][^/]{0,40})?", re.IGNORECASE
)
"""NOTICE, THIRD_PARTY_NOTICES.txt and the like."""
LEGAL_PATH: Final = re.compile(
    r"(?:.*/)?(?:[^/]{0,40}[-_ ])?(?:LICEN[CS]E|COPYING|COPYRIGHT|NOTICE|LEGAL|ATTRIBUTION)S?"
    r"(?:[^A-Za-z/][^/]{0,60})?",
    re.IGNORECASE,
)
"""Files whose text may hold a licence, whatever they are called."""
POLICY_PATH: Final = re.compile(r"(?:.*/)?[^/]{0,40}USE[-_ ]?POLICY[^/]{0,40}", re.IGNORECASE)
POLICY_WORDS: Final = re.compile(
    r"acceptable use policy|prohibited use policy|use[- ]policy|use-based restrictions",
    re.IGNORECASE,
)

_NOT_WORD: Final = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, kw_only=True)
class Stated:
    """What one model states about its licence; texts are hostile.

    Without slots, which would rule out the cached properties.
    """

    ref: str
    on_the_hub: bool = True
    """False for a folder: its path is no name of a model."""
    tag: str = ""
    name: str = ""
    link: str = ""
    files: tuple[str, ...] | None = None
    """Paths; None when they are not known."""
    file_path: str = ""
    file_text: str = ""
    file_sha256: str = ""
    texts: tuple[tuple[str, str], ...] = ()
    """Path and text of every file that may hold a licence, the LICENSE file included."""
    card: str | None = None
    """The card's text; None when it was not read."""

    @cached_property
    def from_tag(self) -> Licence | None:
        """The licence of ``license``; several tags count as none."""
        return by_tag(self.tag)

    @cached_property
    def from_name(self) -> Licence | None:
        """The licence of ``license_name``."""
        return by_name(self.name) if self.name else None

    @cached_property
    def from_file(self) -> Licence | None:
        """The licence of the LICENSE file."""
        return by_text(self.file_text) if self.file_text else None

    @property
    def licence(self) -> Licence | None:
        """The licence that counts: the tag's, unless it says nothing; then name, then file."""
        return self.from_tag or self.from_name or self.from_file

    @property
    def says_something(self) -> bool:
        """Whether any licence is stated, recognised or not."""
        return self.tag.strip().lower() not in UNSPECIFIC or bool(self.name or self.file_text)

    def has(self, pattern: re.Pattern[str]) -> bool | None:
        """Return whether a file of that name exists; None when the files are not known."""
        if self.files is None:
            return None
        return any(pattern.fullmatch(path) for path in self.files)


@frozen
class Seen:
    """The answer of one rule: what was seen, as a code; the card has the words."""

    status: Status
    detail: Phrase


@frozen
class Case:
    """A child, an ancestor under a licence, and what ties them."""

    child: Stated
    parent: Stated
    licence: Licence
    """The ancestor's."""
    declared: bool
    """Whether the child's card names the ancestor or one of its descendants."""


def _ok(code: PhraseCode, **params: Value) -> Seen:
    return Seen(status=Status.OK, detail=phrase(code, **params))


def _unknown(code: PhraseCode, **params: Value) -> Seen:
    return Seen(status=Status.UNKNOWN, detail=phrase(code, **params))


def _attention(code: PhraseCode, **params: Value) -> Seen:
    return Seen(status=Status.ATTENTION, detail=phrase(code, **params))


def apply(ask: Ask, case: Case) -> Seen:
    """Return what a rule sees."""
    return _RULES[ask.rule](ask, case)


def _file(case: Case, pattern: re.Pattern[str], name: str) -> Seen:
    there = case.child.has(pattern)
    if there is None:
        return _unknown(PhraseCode.LICENCE_NO_LISTING)
    if there:
        return _ok(PhraseCode.LICENCE_FILE_THERE, file=name)
    return _attention(PhraseCode.LICENCE_FILE_MISSING, file=name)


def _licence_file(_ask: Ask, case: Case) -> Seen:
    """A licence is kept where its text stands; the name of a file is no licence."""
    child, title = case.child, case.licence.title
    seen = _file(case, LICENCE_PATH, "LICENSE")
    where = next((path for path, text in child.texts if holds(text, case.licence)), "")
    if where:
        return _ok(PhraseCode.LICENCE_TEXT_IN, title=title, path=printable(where))
    if child.card is not None and holds(child.card, case.licence):
        return _ok(PhraseCode.LICENCE_TEXT_ON_CARD, title=title)
    if seen.status is not Status.OK or not child.file_path:
        return seen
    if not child.file_text.strip():
        return _unknown(PhraseCode.LICENCE_FILE_EMPTY)
    found = child.from_file
    if found is None and case.licence.marks:
        return _unknown(PhraseCode.LICENCE_FILE_STRANGE, title=title)
    if found is None or found.id == case.licence.id:
        return seen
    return _attention(PhraseCode.LICENCE_FILE_OTHER, title=found.title)


def _notice_file(_ask: Ask, case: Case) -> Seen:
    return _file(case, NOTICE_PATH, "NOTICE")


def _keep_notice(_ask: Ask, case: Case) -> Seen:
    original = case.parent.has(NOTICE_PATH)
    if original is None:
        return _unknown(PhraseCode.LICENCE_NOTICE_UNKNOWN)
    return _notice_file(_ask, case) if original else _ok(PhraseCode.LICENCE_NO_NOTICE)


def _state_changes(_ask: Ask, case: Case) -> Seen:
    if case.declared:
        return _ok(PhraseCode.LICENCE_BASE_NAMED)
    return _unknown(PhraseCode.LICENCE_CHANGES_ELSEWHERE)


def _attribution(_ask: Ask, case: Case) -> Seen:
    if case.declared:
        return _ok(PhraseCode.LICENCE_BASE_NAMED)
    return _attention(PhraseCode.LICENCE_BASE_NOT_NAMED)


def _name_prefix(ask: Ask, case: Case) -> Seen:
    if not case.child.on_the_hub:
        return _unknown(PhraseCode.LICENCE_FOLDER)
    name = _plain(case.child.ref.rpartition("/")[2])
    word = _plain(ask.prefix)
    shown = printable(case.child.ref.rpartition("/")[2])
    if name.startswith(word) or (ask.anywhere and word in name):
        return _ok(PhraseCode.LICENCE_NAME, name=shown)
    code = PhraseCode.LICENCE_NAME_WITHOUT if ask.anywhere else PhraseCode.LICENCE_NAME_BEGINS
    return _attention(code, name=shown, word=ask.prefix)


def _plain(text: str) -> str:
    return _NOT_WORD.sub("", text.lower())


def _built_with(ask: Ask, case: Case) -> Seen:
    if case.child.card is None:
        return _unknown(PhraseCode.LICENCE_CARD_UNREAD)
    text = " ".join(case.child.card.lower().split())
    wanted = tuple(ask.phrase.split("|"))
    if any(one.lower() in text for one in wanted):
        return _ok(PhraseCode.LICENCE_PHRASE)
    return _unknown(PhraseCode.LICENCE_NO_PHRASE, wanted=wanted)


def _use_policy(_ask: Ask, case: Case) -> Seen:
    if case.child.has(POLICY_PATH):
        return _ok(PhraseCode.LICENCE_POLICY_FILE)
    if case.child.card is not None and POLICY_WORDS.search(case.child.card):
        return _ok(PhraseCode.LICENCE_POLICY_NAMED)
    return _unknown(PhraseCode.LICENCE_NO_POLICY)


def _user_threshold(_ask: Ask, _case: Case) -> Seen:
    return _unknown(PhraseCode.LICENCE_BY_USER)


def _same_licence(ask: Ask, case: Case) -> Seen:
    own = case.child.licence
    if own is None:
        return _unstated(case.child)
    fits = own.id in ask.accepts if ask.accepts else own.family == case.licence.family
    if fits:
        return _ok(PhraseCode.LICENCE_STATED, title=own.title)
    return _attention(PhraseCode.LICENCE_STATED, title=own.title)


def _non_commercial(_ask: Ask, case: Case) -> Seen:
    own = case.child.licence
    if own is None:
        return _unstated(case.child)
    if any(a.rule is Rule.NON_COMMERCIAL for a in own.asks):
        return _ok(PhraseCode.LICENCE_STATED, title=own.title)
    return _attention(PhraseCode.LICENCE_STATED_FREER, title=own.title)


def _unstated(child: Stated) -> Seen:
    if not child.says_something:
        return _unknown(PhraseCode.LICENCE_NONE_STATED)
    stated = printable(child.name or child.tag or child.file_path)
    return _unknown(PhraseCode.LICENCE_NOT_IN_TABLE, stated=stated)


def _no_derivatives(_ask: Ask, _case: Case) -> Seen:
    return _attention(PhraseCode.LICENCE_MADE_FROM_IT)


_RULES: Final[Mapping[Rule, Callable[[Ask, Case], Seen]]] = MappingProxyType(
    {
        Rule.LICENCE_FILE: _licence_file,
        Rule.NOTICE_FILE: _notice_file,
        Rule.KEEP_NOTICE: _keep_notice,
        Rule.STATE_CHANGES: _state_changes,
        Rule.ATTRIBUTION: _attribution,
        Rule.NAME_PREFIX: _name_prefix,
        Rule.BUILT_WITH: _built_with,
        Rule.SAME_LICENCE: _same_licence,
        Rule.NON_COMMERCIAL: _non_commercial,
        Rule.NO_DERIVATIVES: _no_derivatives,
        Rule.USE_POLICY: _use_policy,
        Rule.USER_THRESHOLD: _user_threshold,
    }
)
