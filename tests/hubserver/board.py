"""Which discussions and pull requests does a repository of the local Hub have?"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(slots=True, kw_only=True)
class Event:
    """A comment, a commit or a change of status."""

    event_id: str
    kind: str
    """``comment``, ``commit`` or ``status-change``."""
    author: str
    text: str
    """A comment's markdown, a commit's title, or the new status."""
    oid: str = ""
    edits: list[str] = field(default_factory=list)
    """Earlier texts."""
    hidden: bool = False


@dataclass(slots=True, kw_only=True)
class Topic:
    """One discussion, or a pull request whose commits lie at ``refs/pr/<num>``."""

    num: int
    title: str
    author: str
    is_pull_request: bool
    status: str = "open"
    events: list[Event] = field(default_factory=list)
    merge_commit: str = ""

    @property
    def ref(self) -> str:
        """Where a pull request's commits lie."""
        return f"refs/pr/{self.num}"

    @property
    def comments(self) -> list[Event]:
        """The comments, the description first."""
        return [event for event in self.events if event.kind == "comment"]


@dataclass(slots=True)
class Board:
    """All topics of a repository; safe to use from several threads."""

    topics: dict[int, Topic] = field(default_factory=dict)
    enabled: bool = True
    filters: bool = True
    """Whether the list obeys the author that a client asks for."""
    _ids: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def open(self, title: str, text: str, author: str, *, is_pull_request: bool) -> Topic:
        """Open a topic with ``text`` as its first comment; both kinds share their numbers."""
        with self._lock:
            topic = Topic(
                num=len(self.topics) + 1,
                title=title,
                author=author,
                is_pull_request=is_pull_request,
            )
            self.topics[topic.num] = topic
            self.add(topic, "comment", author, text)
            return topic

    def add(self, topic: Topic, kind: str, author: str, text: str, *, oid: str = "") -> Event:
        """Add an event to a topic."""
        with self._lock:
            made = Event(
                event_id=f"{next(self._ids):024x}", kind=kind, author=author, text=text, oid=oid
            )
            topic.events.append(made)
            return made

    def edit(self, event: Event, text: str) -> None:
        """Replace a comment's text; the old one stays in its history."""
        with self._lock:
            event.edits.append(event.text)
            event.text = text
