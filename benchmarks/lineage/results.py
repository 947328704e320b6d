"""What has been measured so far? One line of JSON per pair and tool, so that a run can go on.

A line counts as long as the tool's version and both models' weights are the same; a later line of
the same pair and tool replaces an earlier one.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.lineage.measure import Measured
from benchmarks.lineage.pairs import Kind, Pair
from benchmarks.lineage.relations import Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One tool's answer to one pair."""

    tool: str
    version: str
    subject: str
    base: str
    weights: str
    """Digest of both models' weights."""
    kind: Kind
    meaning: str
    words: Words
    verdict: str
    """Empty where the tool gave no answer."""
    relation: str
    scores: Mapping[str, float] = field(default_factory=dict)
    detail: str
    failure: str
    exit_code: int
    wall_s: float
    cpu_s: float
    peak_mb: float
    touched_mb: float
    files_mb: float
    own_read_mb: float | None
    """What the tool itself says it read."""
    same_configuration: bool
    """Whether both models are built alike."""
    load: float
    """Processes wanting a core in the minute before; more than there are cores makes times long."""

    @property
    def key(self) -> tuple[str, str, str]:
        """What a later row replaces."""
        return (self.tool, self.subject, self.base)

    @property
    def identity(self) -> tuple[str, ...]:
        """What must be equal for the row to stand for a run that is asked for."""
        return (*self.key, self.version, self.weights)


def row(
    pair: Pair,
    tool: str,
    version: str,
    weights: str,
    measured: Measured,
    *,
    same_configuration: bool,
) -> Row:
    """Return the row of one run that has just ended."""
    answer = measured.answer
    return Row(
        tool=tool,
        version=version,
        subject=pair.subject,
        base=pair.base,
        weights=weights,
        kind=pair.kind,
        meaning=pair.meaning,
        words=pair.words,
        verdict=answer.verdict if answer else "",
        relation=answer.relation if answer else "",
        scores=dict(answer.scores) if answer else {},
        detail=answer.detail if answer else "",
        failure=measured.failure,
        exit_code=measured.exit_code,
        wall_s=round(measured.wall_s, 3),
        cpu_s=round(measured.cpu_s, 3),
        peak_mb=round(measured.peak_mb, 1),
        touched_mb=round(measured.touched_mb, 3),
        files_mb=round(measured.files_mb, 3),
        own_read_mb=answer.read_mb if answer else None,
        same_configuration=same_configuration,
        load=round(os.getloadavg()[0], 1),
    )


def append(path: Path, new: Row) -> None:
    """Add one row; a line is written whole or, after a crash, recognised as torn."""
    path.parent.mkdir(parents=True, exist_ok=True)
    torn = path.exists() and path.stat().st_size > 0 and not path.read_bytes().endswith(b"\n")
    with path.open("a", encoding="utf-8") as file:
        file.write(("\n" if torn else "") + json.dumps(asdict(new)) + "\n")


def load(path: Path) -> list[Row]:
    """Return the rows of a file, the last one of each pair and tool; torn lines are left out."""
    found: dict[tuple[str, str, str], Row] = {}
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        try:
            one = _row(json.loads(line))
        except (ValueError, TypeError, KeyError):
            continue
        found[one.key] = one
    return list(found.values())


def _row(said: dict[str, Any]) -> Row:
    said["kind"] = Kind(said["kind"])
    said["words"] = tuple(said["words"])
    return Row(**said)


def missing(
    wanted: Iterable[tuple[Pair, str, str, str]], rows: Iterable[Row]
) -> list[tuple[Pair, str, str, str]]:
    """Return which of the wanted (pair, tool, version, weights) have no row yet."""
    done = {r.identity for r in rows}
    return [w for w in wanted if (w[1], w[0].subject, w[0].base, w[2], w[3]) not in done]


def weights_digest(*models: Path) -> str:
    """Return a digest of the weights of models, in this order."""
    total = hashlib.sha256()
    for folder in models:
        for path in sorted(folder.glob("*.safetensors")):
            total.update(path.name.encode() + b"\0" + path.read_bytes())
        total.update(b"\1")
    return total.hexdigest()[:16]
