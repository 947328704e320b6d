"""What does a repository on the Hub hold at a commit, and who made the commit?

Names and digests only; the one file that is ever read is the model card.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol
from urllib.parse import quote

from hubcheck import __version__
from hubcheck.candidates.documents import CARD_LIMIT
from hubcheck.frozen import frozen
from hubcheck.publish.hub.client import HubClient
from hubcheck.publish.hub.credentials import Credential
from hubcheck.source.hub import HubSource
from hubcheck.source.ledger import Ledger
from hubcheck.source.reference import HubReference


@frozen
class CommitNote:
    """What the Hub says about one commit. Hostile text: a pusher chooses title and author."""

    title: str
    authors: tuple[str, ...]


class History(Protocol):
    """A repository, as far as the guards have to know it."""

    def note(self, sha: str) -> CommitNote:
        """Return what is said about a commit."""
        ...

    def tree(self, revision: str) -> Mapping[str, str]:
        """Return the digest of every file, by path."""
        ...

    def card(self, revision: str) -> bytes:
        """Return README.md, empty when there is none."""
        ...


class HubHistory(HubClient):
    """The history of a repository on the Hub; every request is a read."""

    def __init__(self, repo_id: str, *, credential: Credential, endpoint: str) -> None:
        """Take a repository and the read role's token; nothing is asked yet."""
        super().__init__(repo_id, credential=credential, endpoint=endpoint)

    def note(self, sha: str) -> CommitNote:
        """Return what is said about a commit.

        Raises:
            HubPublishError: the Hub does not know it, or does not answer.
        """
        address = f"{self.endpoint}/api/models/{self.repo_id}/commits/{quote(sha, safe='')}"
        listed = self._ask("Reading a commit", lambda _: _first_page(address, self.credential))
        entries = listed if isinstance(listed, list) else []
        first = entries[0] if entries and isinstance(entries[0], dict) else {}
        authors = first.get("authors")
        return CommitNote(
            title=str(first.get("title", "")),
            authors=tuple(
                str(author.get("user", ""))
                for author in (authors if isinstance(authors, list) else ())
                if isinstance(author, dict)
            ),
        )

    def tree(self, revision: str) -> Mapping[str, str]:
        """Return the sha256 (for LFS) or git id of every file, by path.

        Raises:
            HubPublishError: the Hub does not know the revision, or does not answer.
        """
        listed = self._ask(
            "Listing files",
            lambda api: list(api.list_repo_tree(self.repo_id, recursive=True, revision=revision)),
        )
        files = [item for item in listed if not hasattr(item, "tree_id")]
        return {f.path: f.lfs.sha256 if f.lfs else f.blob_id for f in files}

    def card(self, revision: str) -> bytes:
        """Return README.md, empty when there is none.

        Raises:
            HubcheckError: it is too large, or the Hub does not answer.
        """
        source = HubSource(
            HubReference(repo_id=self.repo_id, revision=revision),
            ledger=Ledger(CARD_LIMIT),
            token=self.credential.token,
            endpoint=self.endpoint,
        )
        if not any(file.path == "README.md" for file in source.files()):
            return b""
        return source.read_document("README.md", limit=CARD_LIMIT)


def _first_page(address: str, credential: Credential) -> Any:
    """Return the newest commits; the client's own call follows every page of a long history."""
    from huggingface_hub.utils import (  # type: ignore[attr-defined]
        build_hf_headers,
        get_session,
        hf_raise_for_status,
    )

    headers = build_hf_headers(
        token=credential.token or False, library_name="hubcheck", library_version=__version__
    )
    answer = get_session().get(address, headers=headers)
    hf_raise_for_status(answer)
    return answer.json()
