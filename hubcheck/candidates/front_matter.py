"""What does the YAML front matter of a model card say, and on which line of the file?

The block is read event by event and never constructed: no tag is executed, no alias of a collection
is expanded, nesting and size are capped. Scalars follow YAML 1.1 as the Hub's own client does.
"""

from __future__ import annotations

import contextlib
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

import yaml
from yaml.resolver import Resolver

from hubcheck.candidates.documents import (
    CARD_LIMIT,
    MAX_DUPLICATES,
    Absent,
    Malformed,
    Problem,
    read_bytes,
    unusable,
)
from hubcheck.errors import printable
from hubcheck.frozen import frozen
from hubcheck.source.interface import Source

CARD_PATH: Final = "README.md"
"""The Hub reads a card from this name only."""
MAX_DEPTH: Final = 32
"""Nesting of collections; a model-index, the deepest block in use, has 8."""
MAX_EVENTS: Final = 400_000
"""Nodes and ends of nodes; cards with thousands of scores stay below 100,000."""

Loader: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The C parser is ten times faster and is missing from some builds of PyYAML."""


@frozen
class Field:
    """The value of one top-level key."""

    value: object
    """str, int, float, bool, None, or lists and dicts of these. Hostile."""
    line: int
    """Line of the value in the file, from 1."""
    item_lines: tuple[int, ...]
    """Line of each item when the value is a list, else empty."""


@frozen
class FrontMatter:
    """A well-formed front matter (an empty one has no fields)."""

    fields: Mapping[str, Field]
    duplicates: tuple[str, ...]
    """Top-level keys written twice; the last one stands."""
    last_line: int
    """Line of the closing ``---``, from 1: the card's text starts below it."""


def read_card(source: Source) -> tuple[FrontMatter | Absent | Malformed, list[str]]:
    """Read the front matter of the model's README.md, and all its lines; none where it is no text.

    Raises:
        HubcheckError: the source failed (network, access, read budget).
    """
    data = read_bytes(source, CARD_PATH, limit=CARD_LIMIT)
    if not isinstance(data, bytes):
        return data, []
    lines = card_lines(data)
    return parse_front_matter(data), [] if isinstance(lines, Malformed) else lines


def card_lines(data: bytes) -> list[str] | Malformed:
    r"""Return the lines of a card; ``\r\n`` and ``\r`` end a line, a byte order mark is dropped."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        return unusable(CARD_PATH, Problem.NOT_UTF8, at=fault.start)
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def parse_front_matter(data: bytes) -> FrontMatter | Absent | Malformed:
    """Parse the block between the first two ``---`` lines of a card.

    Args:
        data: The whole file.

    Returns:
        The fields; ``Absent`` when the first line with text is not ``---``; ``Malformed`` when the
        block does not end or is not a YAML mapping.
    """
    lines = card_lines(data)
    if isinstance(lines, Malformed):
        return lines
    first = next((i for i, line in enumerate(lines) if line.strip()), None)
    if first is None or lines[first].rstrip() != "---":
        return Absent()
    last = next((i for i in range(first + 1, len(lines)) if lines[i].rstrip() == "---"), None)
    if last is None:
        return unusable(CARD_PATH, Problem.NOT_CLOSED, line=first + 1)
    try:
        root, duplicates = _compose(lines[first + 1 : last], first + 2)
    except yaml.YAMLError as fault:
        return _not_yaml(fault, first + 2)
    return FrontMatter(fields=root, duplicates=duplicates, last_line=last + 1)


def _not_yaml(fault: yaml.YAMLError, first_line: int) -> Malformed:
    """Return the parser's complaint, with the line number of the file, or 0."""
    mark = getattr(fault, "problem_mark", None)
    line = 0 if mark is None else mark.line + first_line
    problem = getattr(fault, "problem", None) or getattr(fault, "reason", None) or fault
    return unusable(CARD_PATH, Problem.NOT_YAML, line=line, detail=printable(problem))


def _events(lines: list[str], line_starts: list[int]) -> Iterator[tuple[yaml.Event, int]]:
    """Yield every event with the index of the line it starts on.

    The parser counts U+2028 and its kin as line breaks; an editor does not, so lines are found by
    character index.
    """
    for count, event in enumerate(yaml.parse("\n".join(lines) + "\n", Loader=Loader)):
        if count > MAX_EVENTS:
            raise _refusal(f"more than {MAX_EVENTS} values")
        mark = event.start_mark
        yield event, bisect_right(line_starts, mark.index) - 1 if mark is not None else 0


def _refusal(problem: str) -> yaml.YAMLError:
    return yaml.MarkedYAMLError(problem=problem)


@dataclass(slots=True)
class _Node:
    """A collection that is being filled while its events arrive."""

    value: list[object] | dict[str, object]
    line: int
    item_lines: list[int] = field(default_factory=list)
    key: str | None = None


@dataclass(slots=True)
class _Builder:
    """Builds the top-level mapping from events; holds what is open at this point of the text."""

    resolver: Resolver = field(default_factory=Resolver)
    fields: dict[str, Field] = field(default_factory=dict)
    duplicates: dict[str, None] = field(default_factory=dict)
    anchors: dict[str, object] = field(default_factory=dict)
    """Values of anchored scalars; a collection is never kept, so an alias cannot multiply."""
    stack: list[_Node] = field(default_factory=list)
    documents: int = 0

    def take(self, event: yaml.Event, line: int) -> None:
        """Take the next event, which starts on ``line`` of the file."""
        match event:
            case yaml.ScalarEvent():
                value = _scalar(event, self.resolver)
                if event.anchor is not None:
                    self.anchors[event.anchor] = value
                self._place(value, event.value, line)
            case yaml.SequenceStartEvent() | yaml.MappingStartEvent():
                self._open(event, line)
            case yaml.SequenceEndEvent() | yaml.MappingEndEvent():
                node = self.stack.pop()
                # A list's own line is that of its first item: a person looks there.
                at = node.item_lines[0] if node.item_lines else node.line
                self._place(node.value, "", at, tuple(node.item_lines))
            case yaml.AliasEvent():
                if event.anchor not in self.anchors:
                    raise _refusal(f"alias *{event.anchor} of a collection or of nothing")
                value = self.anchors[event.anchor]
                self._place(value, str(value), line)
            case yaml.DocumentStartEvent():
                self.documents += 1
                if self.documents > 1:
                    raise _refusal("more than one document")
            case _:
                pass

    def _open(self, event: yaml.CollectionStartEvent, line: int) -> None:
        if len(self.stack) >= MAX_DEPTH:
            raise _refusal(f"nested deeper than {MAX_DEPTH}")
        if event.anchor is not None:
            self.anchors.pop(event.anchor, None)
        is_list = isinstance(event, yaml.SequenceStartEvent)
        self.stack.append(_Node(value=[] if is_list else {}, line=line))

    def _place(self, value: object, text: str, line: int, item_lines: tuple[int, ...] = ()) -> None:
        """Put a finished value into the collection that is open."""
        if not self.stack:
            if value is not None and not isinstance(value, dict):
                raise _refusal("the block is not a mapping of keys to values")
            return
        top = self.stack[-1]
        if isinstance(top.value, list):
            top.value.append(value)
            top.item_lines.append(line)
        elif top.key is None:
            if isinstance(value, (list, dict)):
                raise _refusal("a key is a collection")
            top.key = text
        else:
            if len(self.stack) == 1:
                if top.key in self.fields and len(self.duplicates) < MAX_DUPLICATES:
                    self.duplicates[top.key] = None
                self.fields[top.key] = Field(value=value, line=line, item_lines=item_lines)
            top.value[top.key], top.key = value, None


def _compose(lines: list[str], first_line: int) -> tuple[dict[str, Field], tuple[str, ...]]:
    """Build the top-level mapping of a block whose first line is ``first_line`` of the file."""
    starts = [0]
    for text in lines:
        starts.append(starts[-1] + len(text) + 1)
    builder = _Builder()
    for event, index in _events(lines, starts):
        builder.take(event, first_line + index)
    return builder.fields, tuple(builder.duplicates)


def _scalar(event: yaml.ScalarEvent, resolver: Resolver) -> object:
    """Return the value of a scalar; dates and values that overflow stay text."""
    text: str = event.value
    if event.tag is not None and not event.implicit[0]:
        return text
    tag: str = resolver.resolve(yaml.ScalarNode, text, event.implicit)  # type: ignore[no-untyped-call]
    value: object = text
    with contextlib.suppress(ValueError, OverflowError):
        match tag.rpartition(":")[2]:
            case "null":
                value = None
            case "bool":
                value = text.lower() in {"yes", "true", "on"}
            case "int":
                value = int(text, 10)
            case "float":
                value = float(text)
            case _:
                pass
    return value
