"""What had a stopped run finished already?

One file for each process and pair of models, a line for each batch, appended when the batch is
done. The name holds a digest of all that the numbers depend on, so another commit, another cut or
another version finds nothing. A line states its own digest: a torn last line is dropped, a file
damaged elsewhere counts as absent.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from hubcheck.devices.reduction import PairSums
from hubcheck.evidence.looks.whole.pieces import Found
from hubcheck.evidence.looks.whole.rank import Rank
from hubcheck.system import open_for_appending

PREFIX: Final = "hubcheck-full-"
SUFFIX: Final = ".journal"
FINISHED: Final = "finished"
_DIGEST: Final = 16
"""Characters: enough against damage; nobody gains by forging their own file."""
_SUMS: Final = ("base_square", "subject_square", "change_square", "product", "largest")
MOST_BYTES: Final = 1 << 30
"""Larger than the journal of any model."""

Place = tuple[int, int]
"""Pair and piece."""


def key_of(parts: Iterable[object]) -> str:
    """Return a digest of everything that the numbers depend on."""
    text = json.dumps(list(parts), separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


class Journal:
    """Keeps what is found; a context manager. Without a folder it keeps nothing."""

    def __init__(self, folder: Path | None, key: str, rank: int) -> None:
        """Name the file; nothing is written yet.

        Args:
            folder: Where journals lie; made when it is missing.
            key: What ``key_of`` gave.
            rank: Number of this process: each writes its own.
        """
        self._folder = folder
        self._key = key
        self._rank = rank
        self._file = -1
        self.trouble = ""
        """Why nothing can be kept, if so: a warning, never an error."""

    def __enter__(self) -> Self:
        """Open the file for appending."""
        if self._folder is not None:
            try:
                self._folder.mkdir(parents=True, exist_ok=True)
                self._file = open_for_appending(self._path(self._folder))
                # What a killed run left without its line's end must not join the first new line.
                self._append("\n\n")
            except OSError as error:
                self.trouble = error.strerror or type(error).__name__
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the file; it stays."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def known(self) -> dict[Place, Found]:
        """Return what runs of the same models found, this process's or another's."""
        found: dict[Place, Found] = {}
        if self._folder is None:
            return found
        for path in sorted(self._folder.glob(f"{PREFIX}{self._key}.*{SUFFIX}")):
            for one in _read(path):
                found[one.pair, one.number] = one
        return found

    def keep(self, found: Sequence[Found]) -> None:
        """Append what one batch gave."""
        self._append(_line([_written(one) for one in found]))

    def finish(self) -> None:
        """Say that nothing is left to do: ``sweep`` may remove the file."""
        self._append(_line(FINISHED))

    def _path(self, folder: Path) -> Path:
        return folder / f"{PREFIX}{self._key}.{self._rank}{SUFFIX}"

    def _append(self, text: str) -> None:
        if self._file < 0:
            return
        try:
            os.write(self._file, text.encode("ascii"))
        except OSError as error:
            self.trouble = error.strerror or type(error).__name__


def sweep(folder: Path) -> None:
    """Remove the journals of finished comparisons; called once the report is written."""
    for path in folder.glob(f"{PREFIX}*{SUFFIX}"):
        with suppress(OSError):
            if _line(FINISHED).strip() in path.read_text(encoding="ascii", errors="replace"):
                path.unlink()


def _line(content: object) -> str:
    text = json.dumps(content, separators=(",", ":"))
    return f"{hashlib.sha256(text.encode('ascii')).hexdigest()[:_DIGEST]} {text}\n"


def _written(one: Found) -> list[object]:
    sums = [getattr(one.sums, name).hex() for name in _SUMS]
    rank = [] if one.rank is None else [one.rank.rank, one.rank.reason]
    return [one.pair, one.number, one.sums.values, one.sums.equal, sums, rank]


def _read(path: Path) -> list[Found]:
    """Return what a file holds; nothing, where it is damaged."""
    try:
        if path.stat().st_size > MOST_BYTES:
            return []
        lines = path.read_bytes().split(b"\n")
    except OSError:
        return []
    found: list[Found] = []
    torn = False
    for line in lines:
        if not line:
            torn = False  # a later run began on a line of its own
            continue
        digest, _, text = line.partition(b" ")
        if torn:
            return []
        if hashlib.sha256(text).hexdigest()[:_DIGEST].encode("ascii") != digest:
            torn = True
            continue
        try:
            content = json.loads(text)
            found += [] if content == FINISHED else [_found(entry) for entry in content]
        except (ValueError, TypeError, LookupError):
            return []
    return found


def _found(entry: Any) -> Found:
    """Return one entry.

    Raises:
        ValueError, TypeError, LookupError: it is not one.
    """
    pair, number, values, equal, sums, rank = entry
    numbers = dict(zip(_SUMS, map(float.fromhex, sums), strict=True))
    return Found(
        pair=int(pair),
        number=int(number),
        sums=PairSums(values=int(values), equal=int(equal), **numbers),
        rank=Rank(rank=int(rank[0]), reason=str(rank[1])) if rank else None,
    )
