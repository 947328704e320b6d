"""Is a push one that hubcheck made itself, or one that cannot change a verdict?

A check publishes, publishing commits, and a commit calls the webhook: three guards end that circle.
Title and author of a commit are whatever the pusher writes (git takes any author), so they never
excuse a push by themselves: it is skipped when no file that matters has changed since the ref was
last seen, the whole push and not its last commit, and the other two say whose it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Final

from hubcheck.candidates.front_matter import FrontMatter, parse_front_matter
from hubcheck.candidates.read_files import is_read_file
from hubcheck.card.section import FOLDER
from hubcheck.frozen import frozen
from hubcheck.publish.hub.errors import NotThereError
from hubcheck.publish.hub.texts import COMMIT_TITLE
from hubcheck.publish.model_card import README
from hubcheck.serve.history import History
from hubcheck.serve.payload import MAIN, Push

OWN: Final = "hubcheck's own commit"
UNCHANGED: Final = "no weights, config, tokenizer or declared base changed"
FORGED: Final = "its title says that hubcheck made it, its files say otherwise"
LINEAGE_KEYS: Final = (
    "base_model", "base_model_relation", "new_version", "license", "license_name", "license_link",
)  # fmt: skip
"""What of the front matter a verdict or a licence flag depends on."""
RELEVANT_SUFFIXES: Final = (".jsonl", ".jinja", ".txt", ".spm", ".vocab")
"""Beside what every check reads. Images, code and prose move nothing."""


@frozen
class Go:
    """The push is checked."""

    why: str
    warning: str = ""


@frozen
class Skip:
    """The push is not checked."""

    reason: str


def decide(push: Push, history: History, *, own_name: str) -> Go | Skip:
    """Return whether a push is checked, and why.

    Args:
        push: What moved.
        history: The repository.
        own_name: Whose token publishes; empty when nothing is published from here.

    Raises:
        HubcheckError: the Hub does not answer, or does not know the new commit.
    """
    new = history.tree(push.new_sha)
    note = history.note(push.new_sha)
    marked = note.title == COMMIT_TITLE
    own = marked and bool(own_name) and own_name in note.authors
    before = push.old_sha or ("" if push.ref == MAIN else "main")
    if not before:
        return Go(why="the first push")
    changed = _change(history, before, push.new_sha, new)
    if changed is None:
        return Go(why="the commit before it is gone")
    if changed:
        return Go(why=f"{changed} changed", warning=FORGED if marked else "")
    return Skip(reason=OWN if own else UNCHANGED)


def is_relevant(path: str) -> bool:
    """Return whether a change of this file could change a verdict; the card is asked apart."""
    pure = PurePosixPath(path)
    if pure.parts[:1] == (FOLDER,):
        return False
    if pure.name.casefold() == README.casefold():
        return False
    return (
        is_read_file(path)
        or path.lower().endswith(RELEVANT_SUFFIXES)
        or pure.name.upper().startswith(("LICENSE", "NOTICE"))
    )


def _change(history: History, before: str, after: str, new: Mapping[str, str]) -> str | None:
    """Return what matters and has changed, ``""`` for nothing, ``None`` when it cannot be known."""
    try:
        old = history.tree(before)
    except NotThereError:
        return None  # a force push left no way back
    differing = {path for path in {*old, *new} if old.get(path) != new.get(path)}
    relevant = sorted(path for path in differing if is_relevant(path))
    if relevant:
        return relevant[0]
    if README in differing and _lineage(history, before) != _lineage(history, after):
        return "what README.md declares"
    return ""


def _lineage(history: History, revision: str) -> tuple[object, ...]:
    matter = parse_front_matter(history.card(revision))
    if not isinstance(matter, FrontMatter):
        return (type(matter).__name__,)
    fields = matter.fields
    return tuple(fields[key].value if key in fields else None for key in LINEAGE_KEYS)
