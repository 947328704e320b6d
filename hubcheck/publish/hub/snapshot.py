"""What is in a repository on the Hub at one commit, as far as publishing has to know?"""

from __future__ import annotations

from functools import cached_property

from hubcheck.publish.hub.client import HubClient
from hubcheck.source.hub import HubSource
from hubcheck.source.interface import FileEntry
from hubcheck.source.ledger import Ledger
from hubcheck.source.reference import HubReference

READ_LIMIT: int = 256_000_000
"""Bytes; documents only, each with a limit of its own."""


class Snapshot:
    """One commit; everything is asked for when it is needed."""

    def __init__(self, client: HubClient, revision: str) -> None:
        """Fix the revision to the commit it is at now.

        Raises:
            UnreachableError: a subclass says why.
        """
        self._client = client
        self._source = HubSource(
            HubReference(repo_id=client.repo_id, revision=revision),
            ledger=Ledger(READ_LIMIT),
            token=client.credential.token,
            endpoint=client.endpoint,
        )

    @property
    def commit(self) -> str:
        """The commit."""
        return self._source.pin.revision

    @cached_property
    def files(self) -> tuple[FileEntry, ...]:
        """Every file."""
        return self._source.files()

    def read(self, path: str, *, limit: int) -> bytes:
        """Return a document; empty when there is none.

        Raises:
            UnreadableError: it is larger than ``limit`` bytes.
            UnreachableError: it could not be read.
        """
        if not any(file.path == path for file in self.files):
            return b""
        return self._source.read_document(path, limit=limit)

    def digests(self, paths: tuple[str, ...]) -> dict[str, str]:
        """Return the sha256 (for LFS) or git id of those of ``paths`` that exist."""
        return self._client.digests(paths, revision=self.commit)
