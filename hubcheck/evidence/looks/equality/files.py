"""Are the weight files of two models the same bytes, and how far is that known?

Cheapest first: sizes; digests that hosts state; some ranges of both, which tell a fine-tune from a
copy for a few kilobytes; then local files are hashed. Files of unequal size never cost a byte. What
is too large to hash is read in ranges, and "equal in every range read" is then all that is said.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from enum import StrEnum
from itertools import accumulate
from typing import Final

import numpy as np

from hubcheck.errors import BudgetExceededError, HubcheckError, UnreachableError
from hubcheck.frozen import frozen
from hubcheck.source.hashing import sha256_of
from hubcheck.source.interface import FileEntry, Source, Span
from hubcheck.source.ledger import Purpose

HASH_LIMIT: Final = 4_000_000_000
"""Bytes of local files hashed for one model: 2 to 8 s on one core, and only once every range that
was read has come out equal."""
RANGE: Final = 4096
"""Bytes of one range: one page, and thousands of values, of which a fine-tune moves most."""
PROBES: Final = 16
"""Ranges read before anything is hashed. A change of one tenth of the file is missed by all with
probability 0.9 ** 16 = 0.19, and then costs a hash, not a wrong answer."""
FEW_PROBES: Final = 3
"""The same where a range is a request."""
READ_LIMIT: Final = 4_000_000
"""Bytes a model read in ranges where the files are too large to hash."""
LONG_RANGE: Final = 64 * 1024
"""Bytes of one such range."""
SHARE_OF_BUDGET: Final = 4
"""At most this part of what a ledger has left is spent here: the tests come after."""


class FileState(StrEnum):
    """What is known of the weight files of two models."""

    EQUAL = "equal"
    DIFFERENT = "different"
    EQUAL_AS_READ = "equal-as-read"
    NOT_COMPARED = "not-compared"


class FileBasis(StrEnum):
    """By what it is known, or why it is not."""

    DIGESTS = "stated-digests"
    HASHED = "hashed"
    RANGES = "ranges"
    SIZES = "sizes"
    NO_FILES = "no-files"
    NOT_READ = "not-read"
    """Nothing may be read at this depth, and not every digest is stated."""
    UNPAIRED = "unpaired"
    """Too large to hash, and names and sizes do not say which file to hold against which."""
    BUDGET = "budget"
    NETWORK = "network"
    UNREADABLE = "unreadable"


@frozen
class FileSet:
    """The weight files of one model that a loader loads."""

    source: Source
    files: tuple[FileEntry, ...]

    @property
    def n_bytes(self) -> int:
        """Bytes of all files."""
        return sum(f.size for f in self.files)


@frozen
class WholeFiles:
    """Whether two sets of weight files are equal, names aside."""

    state: FileState
    basis: FileBasis
    files: int = 0
    """Files of the subject's set."""
    bytes_total: int = 0
    """Bytes of the subject's set."""
    bytes_compared: int = 0
    """Bytes held against each other: all of them for digests, none for sizes."""
    side: str = ""
    """``base`` or ``subject``, where that one could not be read."""
    reason: str = ""
    """The error's own words, where there was one; hostile text may be in it."""


def compare_files(
    base: FileSet,
    subject: FileSet,
    *,
    seed: int,
    reading: bool = True,
    hash_limit: int | None = HASH_LIMIT,
    read_limit: int = READ_LIMIT,
) -> WholeFiles:
    """Return whether two models have the same weight files.

    Args:
        base: The base's files.
        subject: The subject's files.
        seed: Decides which ranges are read.
        reading: Whether a weight byte may be read; without it stated digests decide alone.
        hash_limit: Most bytes hashed for each of the two; None for no limit.
        read_limit: Most bytes of each read in ranges where hashing would pass that limit.

    Returns:
        A value in every case: a budget or network fault is one too.
    """
    found = _stated(base, subject)
    if found is not None:
        return found
    if not reading:
        return _told(subject, FileState.NOT_COMPARED, FileBasis.NOT_READ)
    pairs = _pairs(base, subject)
    # A checkout may hold pointers, which state digests: their ranges are requests too.
    near = all(_is_local(s) and not all(f.sha256 for f in s.files) for s in (base, subject))
    count = PROBES if near else FEW_PROBES
    probed = _read(base, subject, pairs, seed=seed, count=count, length=RANGE)
    if probed.state is FileState.DIFFERENT:
        return probed
    hashed = _hashed(base, subject, pairs, hash_limit)
    if hashed is not None:
        return hashed
    if probed.state is FileState.NOT_COMPARED:
        return probed
    many = read_limit // LONG_RANGE
    further = _read(base, subject, pairs, seed=seed, count=many, length=LONG_RANGE)
    return probed if further.state is FileState.NOT_COMPARED else further


def _stated(base: FileSet, subject: FileSet) -> WholeFiles | None:
    """Return what sizes and stated digests decide, or None."""
    if not base.files or not subject.files:
        return _told(subject, FileState.NOT_COMPARED, FileBasis.NO_FILES)
    sizes = [sorted(f.size for f in side.files) for side in (base, subject)]
    if sizes[0] != sizes[1]:
        return _told(subject, FileState.DIFFERENT, FileBasis.SIZES)
    digests = [Counter(f.digest for f in side.files) for side in (base, subject)]
    if "" not in digests[0] and digests[0] == digests[1]:
        total = subject.n_bytes
        return _told(subject, FileState.EQUAL, FileBasis.DIGESTS, compared=total)
    # Two digests of one kind differ only where the bytes do.
    shas = [Counter(f.sha256.lower() for f in side.files if f.sha256) for side in (base, subject)]
    counts = [sum(some.values()) for some in shas]
    everything = [n == len(side.files) for n, side in zip(counts, (base, subject), strict=True)]
    if (everything[0] and shas[1] - shas[0]) or (everything[1] and shas[0] - shas[1]):
        return _told(subject, FileState.DIFFERENT, FileBasis.DIGESTS)
    return None


def _pairs(base: FileSet, subject: FileSet) -> list[tuple[FileEntry, FileEntry]]:
    """Return which file to hold against which, by name or by size; empty where neither says."""
    by_path = {f.path: f for f in base.files}
    if all(f.path in by_path and by_path[f.path].size == f.size for f in subject.files):
        return [(by_path[f.path], f) for f in subject.files]
    by_size = {f.size: f for f in base.files}
    if len(by_size) == len(base.files):
        return [(by_size[f.size], f) for f in subject.files]
    return []


def _read(
    base: FileSet,
    subject: FileSet,
    pairs: Sequence[tuple[FileEntry, FileEntry]],
    *,
    seed: int,
    count: int,
    length: int,
) -> WholeFiles:
    """Return what some ranges of both say."""
    if not pairs:
        return _told(subject, FileState.NOT_COMPARED, FileBasis.UNPAIRED)
    left = min(side.source.ledger.remaining for side in (base, subject)) // SHARE_OF_BUDGET
    count = min(count, left // length)
    if count < 1:
        return _told(subject, FileState.NOT_COMPARED, FileBasis.BUDGET)
    ends = [*accumulate(f.size for _, f in pairs)]
    draws = np.random.default_rng([seed, length]).integers(0, max(1, ends[-1]), size=count)
    asked: set[tuple[int, int]] = set()
    for at in draws.tolist():
        n = int(np.searchsorted(ends, at, side="right"))
        if n < len(pairs):
            asked.add((n, (at - (ends[n] - pairs[n][1].size)) // length))
    spans = [
        (n, part * length, min((part + 1) * length, pairs[n][1].size)) for n, part in sorted(asked)
    ]
    raws: list[list[bytes]] = []
    for which, side in enumerate((base, subject)):
        wanted = [Span(path=pairs[n][which].path, start=a, stop=b) for n, a, b in spans]
        try:
            raws.append(side.source.read(wanted, Purpose.WEIGHTS))
        except HubcheckError as error:
            return _failed(subject, ("base", "subject")[which], error)
    compared = sum(b - a for _, a, b in spans)
    state = FileState.EQUAL_AS_READ if raws[0] == raws[1] else FileState.DIFFERENT
    return _told(subject, state, FileBasis.RANGES, compared=compared)


def _hashed(
    base: FileSet,
    subject: FileSet,
    pairs: Sequence[tuple[FileEntry, FileEntry]],
    limit: int | None,
) -> WholeFiles | None:
    """Return what hashing local files decides; None where they are too large or lie elsewhere."""
    for side in (base, subject):
        unstated = [f for f in side.files if not f.sha256]
        if unstated and not _is_local(side):
            return None
        if limit is not None and sum(f.size for f in unstated) > limit:
            return None
    digests: list[list[str]] = [[], []]
    total = subject.n_bytes
    order = pairs or [*zip(base.files, subject.files, strict=True)]
    for pair in sorted(order, key=lambda pair: (pair[1].size, pair[1].path)):
        for which, (side, entry) in enumerate(zip((base, subject), pair, strict=True)):
            try:
                known = entry.sha256.lower() or sha256_of(side.source, entry.path)
            except HubcheckError as error:
                return _failed(subject, ("base", "subject")[which], error)
            if not known:
                return None
            digests[which].append(known)
        if pairs and digests[0][-1] != digests[1][-1]:
            break  # one pair is enough: the larger files need not be hashed
    same = sorted(digests[0]) == sorted(digests[1])
    state = FileState.EQUAL if same else FileState.DIFFERENT
    return _told(subject, state, FileBasis.HASHED, compared=total if same else 0)


def _is_local(side: FileSet) -> bool:
    """Say whether the files lie on this machine: a revision is the Hub's."""
    return side.source.pin.revision == "local"


def _failed(subject: FileSet, side: str, error: HubcheckError) -> WholeFiles:
    basis = FileBasis.UNREADABLE
    if isinstance(error, BudgetExceededError):
        basis = FileBasis.BUDGET
    elif isinstance(error, UnreachableError):
        basis = FileBasis.NETWORK
    return WholeFiles(
        state=FileState.NOT_COMPARED,
        basis=basis,
        files=len(subject.files),
        bytes_total=subject.n_bytes,
        side=side,
        reason=error.what,
    )


def _told(subject: FileSet, state: FileState, basis: FileBasis, *, compared: int = 0) -> WholeFiles:
    return WholeFiles(
        state=state,
        basis=basis,
        files=len(subject.files),
        bytes_total=subject.n_bytes,
        bytes_compared=compared,
    )
