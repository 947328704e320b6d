"""Who finds the parents of a merge and their shares, once they are named?

hubcheck is given both parents as bases; modeldna has a command of its own for the question,
``decompose``. cisco-ai-provenance-kit compares two models and cannot be asked.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from benchmarks.lineage.catalogue import catalogue, is_merge
from benchmarks.lineage.measure import Measured, measure, staged
from benchmarks.lineage.relations import PREFIX
from benchmarks.lineage.results import weights_digest
from benchmarks.lineage.tools import Answer, Tool

SHARES: Final[Mapping[str, tuple[float, ...]]] = {
    "merge-related": (0.6, 0.4),
    "merge-sibling": (0.6, 0.4),
    "merge-independent": (0.6, 0.4),
    PREFIX + "merge-disguised": (0.6, 0.4),
    PREFIX + "merge-stranger-disguised": (0.6, 0.4),
}
"""Shares of the parents where the merge is linear: only there one number is the true one. Merges
that ``make`` adds state their shares themselves."""
WHOLE_MODEL: Final = -1
"""The layer under which hubcheck's report tells the share in the model as a whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """One merge and the models named to the tools: its parents, and decoys where it has some."""

    name: str
    meaning: str
    parents: tuple[str, ...]
    shares: tuple[float, ...]
    """One for each parent; empty where the merge is not linear."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeRow:
    """One tool's answer about one merge."""

    tool: str
    version: str
    name: str
    meaning: str
    parents: tuple[str, ...]
    shares: tuple[float, ...]
    weights: str
    verdict: str
    """In the tool's words; hubcheck's by base."""
    called: bool
    """Whether it says that the model is a merge."""
    found: tuple[float, ...]
    """The shares it gives; empty where it gives none."""
    detail: str
    failure: str
    wall_s: float


def merges(models: Path) -> list[Merge]:
    """Return the merges of the zoo whose parents are there."""
    members = catalogue(models)
    return [
        Merge(
            name=member.name,
            meaning=member.meaning,
            parents=member.named,
            shares=SHARES.get(member.name)
            or tuple(member.shares[name] for name in member.named if name in member.shares),
        )
        for member in members.values()
        if is_merge(member) and all(name in members for name in member.named)
    ]


def asking(tool: Tool) -> Tool | None:
    """Return the tool with the command that asks it about parents, None where it has none."""
    if tool.name.startswith("hubcheck"):
        return replace(tool, answer=_hubcheck_answer)
    if tool.name.startswith("modeldna"):
        program, full = tool.command(Path(), Path())[0], tool.name.endswith("-full")

        def command(target: Path, *parents: Path) -> list[str]:
            named = [str(parent) for parent in parents]
            asked = ["--full"] if full else []
            return [program, "decompose", str(target), *named, *asked, "--json"]

        return replace(tool, command=command, answer=_modeldna_answer)
    return None


def _hubcheck_answer(said: Mapping[str, Any]) -> Answer:
    findings = said["findings"]
    relations = [finding["relation"] or {"kind": "", "detail": ""} for finding in findings]
    by_base = [
        f"{finding['verdict']}: {relation['kind']}" if relation["kind"] else finding["verdict"]
        for finding, relation in zip(findings, relations, strict=True)
    ]
    merged = [relation["detail"] for relation in relations if relation["kind"] == "merge"]
    return Answer(
        verdict="; ".join(by_base),
        relation="merge" if merged else "",
        scores={f"share {i}": _share(f) for i, f in enumerate(findings)} if merged else {},
        detail=" | ".join(merged),
    )


def _share(finding: Mapping[str, Any]) -> float:
    """Return a base's share in the whole model; a base that is unrelated is in no fit and has 0."""
    whole = [s["share"] for s in finding.get("shares", ()) if s["layer"] == WHOLE_MODEL]
    return float(whole[0]) if whole else 0.0


def _modeldna_answer(said: Mapping[str, Any]) -> Answer:
    parents = said["parent_ids"]
    return Answer(
        verdict=said["summary"],
        relation="merge" if said["summary"] == "MERGE" else "",
        scores={f"share {i}": float(said["alphas"][parent]) for i, parent in enumerate(parents)},
        detail="; ".join(said.get("notes", ())),
    )


def run(tools: Sequence[Tool], models: Path, results: Path) -> None:
    """Ask every tool that can be asked about every merge that has no result yet."""
    done = {(r.tool, r.name, r.version, r.weights) for r in load(results)}
    for merge in merges(models):
        folders = [models / name for name in (merge.name, *merge.parents)]
        weights = weights_digest(*folders)
        for tool in filter(None, map(asking, tools)):
            if (tool.name, merge.name, tool.version, weights) in done:
                continue
            with staged(*folders) as copies:
                measured = measure(tool, copies)
            if measured.answer is None and measured.exit_code == 2 and "depth" in measured.failure:
                continue  # a depth that this version of hubcheck does not have
            new = merge_row(merge, tool, weights, measured)
            results.parent.mkdir(parents=True, exist_ok=True)
            with results.open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(new)) + "\n")
            said = new.verdict or new.failure
            print(f"{tool.name}: {merge.name}: {said}", file=sys.stderr, flush=True)


def merge_row(merge: Merge, tool: Tool, weights: str, measured: Measured) -> MergeRow:
    """Return the row of one run."""
    answer = measured.answer or Answer(verdict="")
    return MergeRow(
        tool=tool.name,
        version=tool.version,
        name=merge.name,
        meaning=merge.meaning,
        parents=merge.parents,
        shares=merge.shares,
        weights=weights,
        verdict=answer.verdict,
        called=answer.relation == "merge",
        found=tuple(answer.scores[name] for name in sorted(answer.scores)),
        detail=answer.detail,
        failure=measured.failure,
        wall_s=round(measured.wall_s, 3),
    )


def load(path: Path) -> list[MergeRow]:
    """Return the rows of a file, the last one of each merge and tool; torn lines are left out."""
    found: dict[tuple[str, str], MergeRow] = {}
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        try:
            said = json.loads(line)
            for name in ("parents", "shares", "found"):
                said[name] = tuple(said[name])
            one = MergeRow(**said)
        except (ValueError, TypeError, KeyError):
            continue
        found[one.tool, one.name] = one
    return list(found.values())
