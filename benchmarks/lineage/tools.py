"""How is each tool called on a pair, and what does its JSON say?

Every tool runs by its documented command with its own thresholds, one thread, no network. What a
tool says is stored in its own words; what the words mean is decided in ``judgement``.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import hubcheck
from benchmarks.pair.rivals import CISCO, MODELDNA

ENVIRONMENT: Final[Mapping[str, str]] = {
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "PYTHONHASHSEED": "0",
    "PYTHONDONTWRITEBYTECODE": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
}
SEED: Final = 1
"""hubcheck draws what it reads; a fixed seed makes the run repeatable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a tool said about one pair, in its own words."""

    verdict: str
    relation: str = ""
    scores: Mapping[str, float] = field(default_factory=dict)
    """Its own figures by name."""
    detail: str = ""
    read_mb: float | None = None
    """What the tool itself says it read of both models."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """One command line."""

    name: str
    label: str
    """What tables call it."""
    version: str
    """Answers of another version are asked again."""
    command: Callable[..., list[str]]
    """The command for the folders of (subject, base, further bases)."""
    answer: Callable[[Mapping[str, Any]], Answer]
    """From its JSON; raises KeyError, IndexError or TypeError where that is not what it prints."""
    variables: Mapping[str, str] = field(default_factory=dict)

    def environment(self) -> dict[str, str]:
        """Return the variables it runs with."""
        return {**ENVIRONMENT, **self.variables}


def source_digest(package: Path) -> str:
    """Return a digest of a package's files, so that a changed one is measured anew."""
    total = hashlib.sha256()
    for path in sorted(package.rglob("*")):
        parts = path.relative_to(package).parts
        if path.suffix in {".py", ".json", ".toml"} and "demo" not in parts:
            total.update("/".join(parts).encode() + b"\0" + path.read_bytes())
    return total.hexdigest()[:12]


def hubcheck_tool(depth: str) -> Tool:
    """Return hubcheck, as this interpreter imports it, at a depth.

    Args:
        depth: ``sample``, the default of the command, ``deep`` or ``full``.
    """
    package = Path(hubcheck.__file__).resolve().parent
    # sample is what hubcheck does without being asked, so nothing is asked
    asked = [] if depth == "sample" else ["--depth", depth]

    def command(subject: Path, *bases: Path) -> list[str]:
        named = [word for base in bases for word in ("--base", str(base))]
        program = [sys.executable, "-m", "hubcheck", "check", str(subject)]
        return [*program, *named, *asked, "--seed", str(SEED), "--json"]

    return Tool(
        name="hubcheck" if depth == "sample" else f"hubcheck-{depth}",
        label=f"hubcheck, {depth}",
        version=f"{hubcheck.__version__}+{source_digest(package)}",
        command=command,
        answer=_hubcheck_answer,
        variables={"PYTHONPATH": str(package.parent)},
    )


def _hubcheck_answer(said: Mapping[str, Any]) -> Answer:
    finding = said["findings"][0]
    relation = finding["relation"] or {"kind": "", "detail": ""}
    scores = {"log10_E": -float(finding["log10_p"])}
    if finding["kept"] is not None:
        scores["kept"] = float(finding["kept"])
    return Answer(
        verdict=finding["verdict"] or finding["status"],
        relation=relation["kind"],
        scores=scores,
        detail=finding["reason"] or relation["detail"],
        read_mb=float(said["coverage"]["bytes_read"]) / 1e6,
    )


def modeldna_tool(environment: Path, *, full: bool = False) -> Tool:
    """Return modeldna from its environment.

    Args:
        environment: Where it is installed.
        full: With ``--full``, which its documentation offers beside the default.
    """
    program = str(environment / "bin" / "modeldna")
    asked = ["--full"] if full else []
    return Tool(
        name="modeldna-full" if full else "modeldna",
        label="modeldna 0.1.0, `--full`" if full else "modeldna 0.1.0",
        version=MODELDNA,
        command=lambda subject, base: [
            *(program, "compare", str(subject), str(base), *asked, "--json")
        ],
        answer=_modeldna_answer,
    )


def _modeldna_answer(said: Mapping[str, Any]) -> Answer:
    verdict = said["verdict"]
    candidates = verdict.get("candidates") or [{}]
    first = candidates[0]
    probability = first.get("probability", verdict.get("probability"))
    notes = [first.get("ruled_out") or "", *verdict.get("notes", ())]
    return Answer(
        verdict=verdict["verdict"],
        scores={} if probability is None else {"probability": float(probability)},
        detail="; ".join(note for note in notes if note),
    )


def cisco_tool(environment: Path) -> Tool:
    """Return cisco-ai-provenance-kit from its environment.

    Its cache stays on, as by default; every run has a home of its own, so it is empty.
    """
    program = str(environment / "bin" / "provenancekit")
    return Tool(
        name="cisco",
        label="cisco-ai-provenance-kit 1.0.0",
        version=CISCO,
        command=lambda subject, base: [program, "compare", "--json", str(subject), str(base)],
        answer=_cisco_answer,
    )


def _cisco_answer(said: Mapping[str, Any]) -> Answer:
    scores = said["scores"]
    given = {
        name: float(scores[name])
        for name in ("pipeline_score", "identity_score", "tokenizer_score")
        if isinstance(scores.get(name), int | float)
    }
    label = str(said["interpretation"]["label"])
    return Answer(
        verdict=str(scores.get("provenance_decision") or label),
        scores=given,
        detail=f"configuration match {scores.get('mfi_match')}; {label}",
    )


def available(rivals: tuple[Path, Path] | None) -> dict[str, Tool]:
    """Return the tools by name.

    Args:
        rivals: Environments of cisco-ai-provenance-kit and modeldna, or None without them.
    """
    tools = [hubcheck_tool(depth) for depth in ("sample", "deep", "full")]
    if rivals is not None:
        of_cisco, of_modeldna = rivals
        tools += [modeldna_tool(of_modeldna), modeldna_tool(of_modeldna, full=True)]
        tools.append(cisco_tool(of_cisco))
    return {tool.name: tool for tool in tools}


NAMES: Final = (
    *("hubcheck", "hubcheck-deep", "hubcheck-full"),
    *("modeldna", "modeldna-full", "cisco"),
)
"""What ``--tools`` takes."""


def threads() -> int:
    """Return the number of processor cores this process may use."""
    return len(os.sched_getaffinity(0))
