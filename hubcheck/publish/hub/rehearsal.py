"""What would publishing write, if it were done?

The same code as for the real thing, on a client that reads and writes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

from hubcheck.publish.hub.client import MAIN, HubClient
from hubcheck.publish.hub.credentials import Credential
from hubcheck.publish.hub.errors import HubPublishError
from hubcheck.publish.model_card import README, current_section

if TYPE_CHECKING:
    from huggingface_hub import DiscussionComment


class RehearsalClient(HubClient):
    """Reads a repository, and says what it was asked to write."""

    def __init__(
        self,
        repo_id: str,
        *,
        credential: Credential,
        endpoint: str,
        announce: Callable[[str], None],
    ) -> None:
        """Take a repository; ``announce`` is handed each step in words."""
        super().__init__(repo_id, credential=credential, endpoint=endpoint)
        self._announce = announce

    def name(self) -> str:
        """Return whose token this is; a rehearsal works without one, and then owns nothing."""
        try:
            return super().name()
        except HubPublishError:
            return ""

    def commit(
        self,
        files: Mapping[str, bytes | Path],
        *,
        title: str,
        text: str,
        parent: str,
        revision: str = MAIN,
        create_pr: bool = False,
    ) -> int:
        """Tell which files would be committed."""
        place = "a new pull request" if create_pr else revision
        self._announce(f"would commit to {place} on {parent[:7]}: {title}")
        for path, data in sorted(files.items()):
            size = len(data) if isinstance(data, bytes) else data.stat().st_size
            self._announce(f"  {path}: {size} bytes")
        readme = files.get(README, b"")
        section = current_section(readme if isinstance(readme, bytes) else readme.read_bytes())
        if section is not None:
            self._announce(section)
        if text:
            self._announce(text)
        return 0

    def open_discussion(self, title: str, text: str) -> int:
        """Tell which discussion would be opened."""
        self._announce(f"would open a discussion: {title}")
        self._announce(text)
        return 0

    def comment(self, number: int, text: str) -> DiscussionComment:
        """Tell what would be posted."""
        self._announce(f"would comment on discussion {number}:")
        self._announce(text)
        return cast("DiscussionComment", SimpleNamespace(id="", content=text))

    def edit(self, number: int, comment_id: str, text: str) -> None:
        """Tell what would be edited."""
        self._announce(f"would edit hubcheck's comment {comment_id} on discussion {number}:")
        self._announce(text)

    def close(self, number: int, text: str) -> None:
        """Tell what would be closed."""
        self._announce(f"would close pull request {number}: {text}")
