"""Does hubcheck answer every push but its own, whatever a pusher writes into a commit?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from hubcheck.publish.hub.errors import NotThereError
from hubcheck.publish.hub.texts import COMMIT_TITLE
from hubcheck.serve.guards import FORGED, OWN, UNCHANGED, Go, Skip, decide, is_relevant
from hubcheck.serve.history import CommitNote
from hubcheck.serve.payload import MAIN, Push

OLD, NEW, PARENT = "a" * 40, "b" * 40, "c" * 40
CARD = b"---\nbase_model: acme/base\nlicense: mit\n---\n# Model\n"
BEFORE: Mapping[str, bytes] = {"model.safetensors": b"1", "config.json": b"{}", "README.md": CARD}
OWN_FILES = {"provenance/hubcheck.json": b"{}", "provenance/badge.json": b"{}",
             "README.md": CARD + b"<!-- hubcheck:start -->"}  # fmt: skip


@dataclass
class Told:
    """A history that is told, not asked."""

    files: Mapping[str, Mapping[str, bytes]]
    commit: CommitNote = field(
        default_factory=lambda: CommitNote(title="Upload", authors=("owner",))
    )

    def note(self, sha: str) -> CommitNote:
        """Return the commit."""
        return self.commit

    def tree(self, revision: str) -> Mapping[str, str]:
        """Return the contents as digests."""
        if revision not in self.files:
            raise NotThereError("There is no such revision.")
        return {path: data.hex() for path, data in self.files[revision].items()}

    def card(self, revision: str) -> bytes:
        """Return the card."""
        return self.files[revision].get("README.md", b"")


def push(*, ref: str = MAIN, old: str = OLD) -> Push:
    """Return a push."""
    return Push(repo="acme/m", ref=ref, old_sha=old, new_sha=NEW)


def after(changes: Mapping[str, bytes], **at: Mapping[str, bytes]) -> Told:
    """Return a history in which a push made changes."""
    new = {**BEFORE, **changes}
    return Told({OLD: BEFORE, NEW: new, PARENT: BEFORE, "main": BEFORE} | dict(at))


@pytest.mark.parametrize(
    "path",
    ["model.safetensors", "sub/x.GGUF", "config.json", "tokenizer.model", "tokenizer.json",
     "model.safetensors.index.json", "mergekit_config.yml", "LICENSE", "adapter_config.json",
     "vocab.txt"],
)  # fmt: skip
def test_what_a_verdict_depends_on_is_checked(path: str) -> None:
    """A changed, new or deleted file of these kinds is a reason to check."""
    decision = decide(push(), after({path: b"2"}), own_name="bot")
    assert decision == Go(why=f"{path} changed")
    gone = Told({OLD: {**BEFORE, path: b"2"}, NEW: {k: v for k, v in BEFORE.items() if k != path}})
    assert isinstance(decide(push(), gone, own_name="bot"), Go)


@pytest.mark.parametrize(
    "path", ["figure.png", "train.py", "provenance/hubcheck.json", ".gitattributes", "NOTES.md"]
)
def test_what_moves_no_verdict_is_not(path: str) -> None:
    """Images, code and hubcheck's own files are no reason."""
    assert not is_relevant(path)
    assert isinstance(decide(push(), after({path: b"2"}), own_name="bot"), Skip)


def test_prose_is_skipped_and_a_new_declaration_is_not() -> None:
    """Of the card only what it declares counts."""
    prose = after({"README.md": CARD + b"More words.\n"})
    assert isinstance(decide(push(), prose, own_name="bot"), Skip)
    declared = after({"README.md": CARD.replace(b"acme/base", b"other/base")})
    assert decide(push(), declared, own_name="bot") == Go(why="what README.md declares changed")
    broken = after({"README.md": b"---\nbase_model: [\n---\n"})
    assert isinstance(decide(push(), broken, own_name="bot"), Go)


def test_the_own_commit_is_skipped() -> None:
    """Author, title and files are all hubcheck's; in its own pull request too."""
    history = after(OWN_FILES)
    history.commit = CommitNote(title=COMMIT_TITLE, authors=("bot",))
    assert decide(push(), history, own_name="bot") == Skip(reason=OWN)
    assert decide(push(ref="refs/pr/3", old=""), history, own_name="bot") == Skip(reason=OWN)
    assert decide(push(), history, own_name="somebody") == Skip(reason=UNCHANGED)


def test_a_forged_title_and_author_hide_nothing() -> None:
    """Git takes any author and any title: weights that changed are checked all the same."""
    history = after({**OWN_FILES, "model.safetensors": b"stolen"})
    history.commit = CommitNote(title=COMMIT_TITLE, authors=("bot",))
    expected = Go(why="model.safetensors changed", warning=FORGED)
    assert decide(push(), history, own_name="bot") == expected


def test_weights_below_a_forged_last_commit_are_checked() -> None:
    """A push of two commits cannot hide the first behind a last one that looks like hubcheck's."""
    stolen = {**BEFORE, "model.safetensors": b"stolen"}
    history = Told({OLD: BEFORE, PARENT: stolen, NEW: {**stolen, **OWN_FILES}})
    history.commit = CommitNote(title=COMMIT_TITLE, authors=("bot",))
    assert isinstance(decide(push(), history, own_name="bot"), Go)


def test_weights_by_the_own_account_are_checked() -> None:
    """Somebody who runs hubcheck with the token of their own account is checked too."""
    history = after({"model.safetensors": b"2"})
    history.commit = CommitNote(title="Upload", authors=("bot",))
    assert isinstance(decide(push(), history, own_name="bot"), Go)


def test_new_refs_and_lost_histories() -> None:
    """A first push is checked, a new pull request is held against main, a lost past is checked."""
    assert decide(push(old=""), after({}), own_name="") == Go(why="the first push")
    same = after({"NOTES.md": b"x"})
    assert isinstance(decide(push(ref="refs/pr/2", old=""), same, own_name=""), Skip)
    other = after({"model.safetensors": b"2"})
    assert isinstance(decide(push(ref="refs/pr/2", old=""), other, own_name=""), Go)
    lost = Told({NEW: BEFORE})
    assert decide(push(), lost, own_name="") == Go(why="the commit before it is gone")
