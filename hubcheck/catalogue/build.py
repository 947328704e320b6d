"""How does a list of models become a catalogue, in as many runs as it takes?

Sketch every model that is not known yet; see which family each is near; put every such pair to the
exact test; write. Each step is journalled, so that a run that was killed goes on where it stopped,
and what failed is asked again by the next one.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from hubcheck.catalogue.entry import Entry, Standing
from hubcheck.catalogue.families import Roots
from hubcheck.catalogue.index import Index
from hubcheck.catalogue.journal import MATCHES, SKETCHES, Failure, Journal, Row, sketch_from
from hubcheck.catalogue.manifest import MANIFEST, Manifest
from hubcheck.catalogue.spread import spread
from hubcheck.catalogue.writing import (
    MOST_DELTAS,
    next_number,
    note_seen,
    seen_in,
    write_generation,
    write_manifest,
)
from hubcheck.errors import UsageError, printable
from hubcheck.frozen import frozen
from hubcheck.source.folder import FolderSource
from hubcheck.source.ledger import Ledger
from hubcheck.system import lock, open_for_appending

MATCHED: Final = "matched"
EVERY_BYTE: Final = 2**53 - 1
PAIR: Final = "\n"
"""Between the two names that one exact test is about; no name has a line break."""

Progress = Callable[[str, int, int], None]
"""Told which step, how many are done, of how many."""


@frozen
class Workers:
    """What is done to models, and where."""

    sketch: Callable[[str], Row]
    """From a name to a line: ``sketching.row_of``."""
    match: Callable[[str], Row]
    """From two names, joined by ``PAIR``, to ``{"matched": bool}`` or ``{"reason", "what"}``."""
    workers: int = 0
    address: str = ""


@frozen
class Built:
    """What a run did."""

    sketched: int
    roots: int
    members: int
    quarantined: int
    known: int
    """Models of the list that were in the catalogue already."""
    failures: tuple[Failure, ...]
    bytes_read: int
    requests: int

    @property
    def reasons(self) -> Mapping[str, int]:
        """How many failed, by reason, the commonest first."""
        return dict(Counter(f.reason for f in self.failures).most_common())


def open_index(folder: Path) -> Index | None:
    """Return the catalogue in a folder; None where there is none yet."""
    if not (folder / MANIFEST).exists():
        return None
    return Index(FolderSource(folder, typed=str(folder), ledger=Ledger(EVERY_BYTE)))


@contextmanager
def alone_in(folder: Path, *, wait: bool = False) -> Iterator[None]:
    """Keep other builds out of a folder.

    Raises:
        UsageError: one is at work there, and is not waited for.
    """
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = open_for_appending(folder / ".lock")
    try:
        if not lock(descriptor, wait=wait):
            raise UsageError(
                f"Another build is at work in '{printable(folder)}'.",
                cause="two runs were started for one catalogue.",
                next_step="wait for the other one; what it has done is kept.",
            )
        yield
    finally:
        os.close(descriptor)


def build(
    names: Sequence[str],
    folder: Path,
    work: Workers,
    *,
    now: str,
    progress: Progress,
    wait: bool = False,
) -> Built:
    """Add models to the catalogue in a folder, which is made where there is none.

    Args:
        names: As they are opened; one that is known already is left alone.
        folder: The catalogue.
        work: What is done to each.
        now: The date for what is seen for the first time, UTC.
        progress: Told how far it is.
        wait: Whether another build in the folder is waited for.
    """
    with alone_in(folder, wait=wait):
        journal = Journal(folder)
        index = open_index(folder)
        entries = latest(index.entries()) if index else []
        held = {_state(e.ref, e.revision) for e in entries} | {e.ref.casefold() for e in entries}
        rows = {str(r["asked"]).casefold(): r for r in journal.rows(SKETCHES)}
        wanted = list({n.casefold(): n for n in names}.values())
        missing = [n for n in wanted if n.casefold() not in held and n.casefold() not in rows]
        failures = []
        done = spread(work.sketch, missing, workers=work.workers, address=work.address)
        for count, row in enumerate(done, start=1):
            if "bits" in row:
                journal.add(SKETCHES, row)
                rows[str(row["asked"]).casefold()] = row
            else:
                failures.append(_failure(row))
            progress("sketching", count, len(missing))
        lines = _oldest_first(rows.values())
        fresh = [r for r in lines if _state(str(r["ref"]), str(r["revision"])) not in held]
        added, left = _settle(fresh, entries, journal, work, now=now, seen=seen_in(folder),
                              progress=progress)  # fmt: skip
        failures += left
        if added:
            write(folder, index, added, now=now)
        journal.write_failures(failures)
        if not left:
            journal.clear()
    standings = Counter(e.standing for e in added)
    return Built(
        sketched=len(added),
        roots=standings[Standing.ROOT],
        members=standings[Standing.MEMBER],
        quarantined=standings[Standing.QUARANTINED],
        known=sum(n.casefold() in held for n in wanted),
        failures=tuple(failures),
        bytes_read=sum(int(r.get("bytes", 0)) for r in fresh),
        requests=sum(int(r.get("requests", 0)) for r in fresh),
    )


def _state(ref: str, revision: str) -> str:
    """Return a model at a commit, as it can be asked for."""
    return f"{ref}@{revision}".casefold()


def latest(entries: Iterable[Entry]) -> list[Entry]:
    """Return each model once: as it was entered last."""
    return list({e.ref.casefold(): e for e in entries}.values())


def _oldest_first(rows: Iterable[Row]) -> list[Row]:
    """Return lines by the date their host states: who is likely a root comes before its copies.

    The order decides which model a family is named after and nothing else.
    """
    return sorted(rows, key=lambda r: (str(r["created"]) or "~", str(r["ref"])))


def _failure(row: Row) -> Failure:
    return Failure(asked=str(row["asked"]), reason=str(row["reason"]), what=str(row["what"]))


def _settle(
    rows: Sequence[Row],
    entries: Sequence[Entry],
    journal: Journal,
    work: Workers,
    *,
    now: str,
    seen: Mapping[str, str],
    progress: Progress,
) -> tuple[list[Entry], list[Failure]]:
    """Return the new entries, and the models whose exact test could not be made."""
    roots = Roots()
    of_digest: dict[str, str] = {}
    founders = {e.ref.casefold() for e in entries if e.standing is Standing.ROOT}
    for e in entries:
        if e.standing is Standing.ROOT:
            roots.add(e.ref, e.sketch)
        if e.digest and e.standing is not Standing.QUARANTINED:
            of_digest.setdefault(e.digest, e.family)
    placed: list[Entry] = []
    pairs: dict[str, str] = {}
    taken: set[str] = set()
    for row in rows:
        entry = _entry(row, now=now, seen=seen)
        if entry.ref.casefold() in taken:
            continue  # two names of one repository
        taken.add(entry.ref.casefold())
        if entry.ref.casefold() in founders:  # a new commit of one: its family keeps its name
            placed.append(entry)
            continue
        same = of_digest.get(entry.digest) if entry.digest else None
        near = None if same else roots.nearest(entry.sketch)
        if same:  # equal weight files need no test
            placed.append(replace(entry, family=same, standing=Standing.MEMBER))
            continue
        if near is not None:
            placed.append(replace(entry, family=near.root, standing=Standing.QUARANTINED))
            pairs[entry.ref] = PAIR.join((entry.ref, near.root))
            continue
        roots.add(entry.ref, entry.sketch)
        placed.append(entry)
        if entry.digest:
            of_digest.setdefault(entry.digest, entry.ref)
    matched = _matched(pairs, journal, work, progress)
    failures: list[Failure] = []
    settled: list[Entry] = []
    for entry in placed:
        found = matched.get(pairs.get(entry.ref, ""))
        if entry.ref not in pairs:
            settled.append(entry)
        elif found is not None and MATCHED in found:
            joins = found[MATCHED] is True
            settled.append(replace(entry, standing=Standing.MEMBER) if joins else entry)
        elif found is not None:
            failures.append(_failure({**found, "asked": entry.ref}))
    return settled, failures


def _matched(
    pairs: Mapping[str, str], journal: Journal, work: Workers, progress: Progress
) -> dict[str, Row]:
    """Return what the exact test said of each pair; those of earlier runs are not made again."""
    known = {str(r["pair"]): r for r in journal.rows(MATCHES)}
    missing = [pair for pair in pairs.values() if pair not in known]
    done = spread(work.match, missing, workers=work.workers, address=work.address)
    for count, row in enumerate(done, start=1):
        if MATCHED in row:
            journal.add(MATCHES, row)
        known[str(row["pair"])] = row
        progress("testing", count, len(missing))
    return known


def _entry(row: Row, *, now: str, seen: Mapping[str, str]) -> Entry:
    digest, ref = str(row["digest"]), str(row["ref"])
    return Entry(
        ref=ref,
        revision=str(row["revision"]),
        digest=digest,
        family=ref,
        standing=Standing.ROOT,
        sketch=sketch_from(row),
        first_seen=seen.get(digest, now) if digest else now,
        created=str(row["created"]),
        architecture=str(row["architecture"]),
        parameters=int(row["parameters"]),
        closed=row["closed"] is True,
    )


def write(folder: Path, index: Index | None, added: Sequence[Entry], *, now: str) -> None:
    """Write a generation of new entries, or all of them as one where there are many generations."""
    note_seen(folder, added)
    known = index.manifest if index else None
    generations = known.generations if known else ()
    number = next_number(known)
    held = known.n_quarantined if known else 0
    if index is not None and len(generations) >= MOST_DELTAS:
        every = latest([*index.entries(), *added])
        generations = (write_generation(folder, number, every),)
        held = sum(e.standing is Standing.QUARANTINED for e in every)
    else:
        generations = (*generations, write_generation(folder, number, added))
        held += sum(e.standing is Standing.QUARANTINED for e in added)
    write_manifest(folder, Manifest(updated=now, generations=generations, n_quarantined=held))
