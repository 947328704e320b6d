"""On which commit does a checkout stand?

Without running git: a checkout belongs to whoever made it, and its config can name commands.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from hubcheck.publish.github.pull_requests import is_commit

GIT_HEAD_LIMIT: Final = 1_000


def git_head(folder: Path) -> str:
    """Return the commit that a checkout stands on; empty if unclear."""
    try:
        text = (folder / ".git" / "HEAD").read_text("utf-8")[:GIT_HEAD_LIMIT].strip()
        if text.startswith("ref: "):
            name = text.removeprefix("ref: ")
            if ".." in name or name.startswith("/"):
                return ""
            text = (folder / ".git" / name).read_text("utf-8")[:GIT_HEAD_LIMIT].strip()
    except (OSError, UnicodeDecodeError):
        return ""
    return text if is_commit(text) else ""
