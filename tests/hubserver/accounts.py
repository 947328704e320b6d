"""Who is behind a token on the local Hub, and what may the token do?"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A user as one token presents it."""

    name: str
    writes: frozenset[str] = frozenset()
    """Repositories it may commit to, by name."""
    role: str = "write"
    """``write`` may open pull requests anywhere; ``read`` may change nothing."""
    discusses: bool = True
    """Whether the token has the permission ``discussion.write``."""

    def may_commit(self, repo_id: str, ref: str, author: str) -> bool:
        """Return whether it may add to ``ref``; ``author`` opened the pull request, if it is one."""
        if self.role != "write":
            return False
        return repo_id in self.writes or (ref.startswith("refs/pr/") and author == self.name)
