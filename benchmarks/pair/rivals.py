"""How is each tool called on two folders, and what did it say?

The rivals are installed from PyPI at fixed versions, each into an environment of its own.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

CISCO: Final = "cisco-ai-provenance-kit==1.0.0"
MODELDNA: Final = "modeldna==0.1.0"
NUMPY: Final = "numpy<2.4"
"""The last one for Python 3.11: pip, told not to mind what a rival's metadata asks, would take later
ones."""
CISCO_NEEDS: Final = ("torch==2.13.0", NUMPY)
"""Its metadata asks for Python 3.12; it runs on 3.11."""
THIS_CODE: Final = {"PYTHONPATH": str(Path(__file__).resolve().parents[2])}
"""The package beside these benchmarks is what is measured, wherever another one is installed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """One command line tool."""

    name: str
    command: Callable[[Path, Path], list[str]]
    """The command for (subject, base)."""
    answer: Callable[[Mapping[str, Any]], str]
    """The verdict in the tool's words, from its JSON."""
    read_mb: Callable[[Mapping[str, Any]], float | None]
    """Megabytes of weights that the tool itself says it read, both models."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """Environment variables of its own."""


def hubcheck(seed: int) -> Tool:
    """Return hubcheck as this interpreter finds it."""

    def command(subject: Path, base: Path) -> list[str]:
        return [sys.executable, "-m", "hubcheck", "check", str(subject), "--base", str(base),
                "--seed", str(seed), "--json"]  # fmt: skip

    def answer(said: Mapping[str, Any]) -> str:
        finding = said["findings"][0]
        return f"{said['verdict']}; {finding['verdict']}, log10 p {finding['log10_p']:.0f}"

    return Tool(
        name="hubcheck",
        command=command,
        answer=answer,
        read_mb=lambda said: float(said["coverage"]["bytes_read"]) / 1e6,
        variables=THIS_CODE,
    )


def cisco(environment: Path) -> Tool:
    """Return cisco-ai-provenance-kit from its environment; its cache would skip the work."""
    program = str(environment / "bin" / "provenancekit")

    def answer(said: Mapping[str, Any]) -> str:
        scores = said["scores"]
        decision = scores["provenance_decision"]
        return f"{decision} {scores['pipeline_score']:.2f}; weights {scores['identity_score']:.3f}"

    return Tool(
        name="cisco-ai-provenance-kit 1.0.0",
        command=lambda subject, base: [
            program, "compare", "--json", "--no-cache", str(subject), str(base)
        ],
        answer=answer,
        read_mb=lambda _: None,
    )  # fmt: skip


def modeldna(environment: Path, *, one_thread: bool = False) -> Tool:
    """Return modeldna from its environment.

    Args:
        environment: Where it is installed.
        one_thread: As hubcheck sets it for itself: on a busy machine idle threads that wait for
            a small product cost more than the product.
    """
    program = str(environment / "bin" / "modeldna")

    def answer(said: Mapping[str, Any]) -> str:
        verdict = said["verdict"]
        candidates = verdict.get("candidates") or [{}]
        probability = candidates[0].get("probability", verdict.get("probability", 0.0))
        return f"{verdict['verdict']} {probability:.3f}"

    return Tool(
        name="modeldna 0.1.0, one thread" if one_thread else "modeldna 0.1.0",
        command=lambda subject, base: [program, "compare", str(subject), str(base), "--json"],
        answer=answer,
        read_mb=lambda _: None,
        variables={"OPENBLAS_NUM_THREADS": "1"} if one_thread else {},
    )


NEEDED: Final = {"cisco": (CISCO, *CISCO_NEEDS), "modeldna": (MODELDNA, NUMPY)}


def installed(folder: Path, name: str) -> Path:
    """Return the environment of one rival, made where it is not there yet."""
    environment, wanted = folder / name, NEEDED[name]
    if not (environment / "installed.json").exists():
        shutil.rmtree(environment, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", environment], check=True)
        pip = [str(environment / "bin" / "pip"), "install", "--quiet"]
        pip.append("--ignore-requires-python")
        subprocess.run([*pip, *wanted], check=True)
        (environment / "installed.json").write_text(json.dumps(wanted), encoding="utf-8")
    return environment


def install(folder: Path) -> tuple[Path, Path]:
    """Return the environments of both rivals, cisco's first."""
    return installed(folder, "cisco"), installed(folder, "modeldna")
