"""Certify every class and write what was found, one file each; a file that is there is kept.

    python -m benchmarks.axes.run --work DIR [--only NAME ...] [--minutes N]
    python -m benchmarks.axes.table --work DIR

Needs torch, transformers, diffusers, timm. What does not build, run or say the same twice is
written down with the reason.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import torch

from benchmarks.axes.certify import Axis, certify
from benchmarks.axes.published import as_published, published_names
from benchmarks.axes.relabel import Move
from benchmarks.axes.subjects import Subject, subjects
from benchmarks.kinds.build import quiet, shake
from hubcheck.anatomy.free_axes import numberless

SEEDS: Final = (1, 2)


def main() -> int:
    """Certify what is not there yet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--minutes", type=float, default=60.0)
    asked = parser.parse_args()
    asked.work.mkdir(parents=True, exist_ok=True)
    until = time.monotonic() + 60 * asked.minutes
    torch.set_num_threads(1)
    for subject in subjects():
        path = asked.work / f"{subject.key}.json"
        wanted = not asked.only or any(word in subject.key for word in asked.only)
        if path.exists() or not wanted:
            continue
        if time.monotonic() > until:
            print("time is up; the same command goes on from here")
            return 0
        found = asked_of(subject)
        path.write_text(json.dumps(found, indent=0))
        print(subject.key, found.get("error") or f"{len(found['axes'])} axes, {found['share']:.0%}")
    return 0


def asked_of(subject: Subject) -> dict[str, Any]:
    """Return what one class says, or why it says nothing."""
    made = {
        "library": subject.library,
        "version": importlib.metadata.version(subject.library),
        "name": subject.name,
    }
    try:
        with quiet():
            return {**made, **_certified(subject)}
    except Exception as error:  # noqa: BLE001 - libraries fail in ways of their own; it is listed
        return {**made, "error": f"{type(error).__name__}: {error}".splitlines()[0][:200]}


def _certified(subject: Subject) -> dict[str, Any]:
    models = []
    for seed in SEEDS:
        torch.manual_seed(seed)
        models.append(subject.build().eval())
    states = [{n: t.clone() for n, t in one.state_dict().items()} for one in models]
    model = models.pop()
    shake(model, SEEDS[0])
    _alive(model)
    model = model.double()
    fed = subject.fed(model)

    def run() -> Any:
        torch.manual_seed(0)
        return model(**fed)

    found = certify(model, run)
    sizes = {n: t.numel() for n, t in model.state_dict().items()}
    moved = {m.tensor for a in found.axes for m in (*a.writes, *a.reads)}
    shapes = {n: tuple(t.shape) for n, t in model.state_dict().items()}
    named = published_names(model)
    return {
        "names": sorted(named.get(n, n) for n in shapes),
        "axes": [as_published(_written(axis, shapes), named) for axis in found.axes],
        "rejected": sorted({numberless(named.get(n, n)) for n in found.rejected}),
        "fixed": sorted({numberless(named.get(n, n)) for n in _fixed(states[0], states[1], model)}),
        "share": sum(sizes.get(n, 0) for n in moved) / max(1, sum(sizes.values())),
        "tries": found.tries,
    }


def _alive(model: torch.nn.Module) -> None:
    """Give parameters that start at next to nothing (scales of layers) a size that shows."""
    with torch.no_grad():
        for name, p in model.named_parameters():
            if p.dim() <= 1 and p.numel() > 1 and float(p.abs().max()) < 1e-3:
                p.copy_(0.5 + 0.1 * torch.randn_like(p))
            elif p.dim() > 1 and float(p.std()) < 1e-3 and "embed" not in name:
                p.copy_(0.1 * torch.randn_like(p))


def _fixed(one: Mapping[str, Any], other: Mapping[str, Any], model: torch.nn.Module) -> list[str]:
    """Return the tensors that two seeds have in common: what equality of two models cannot tell.

    A gain of ones and a bias of zeros are equal before training alone; they count as trained.
    """
    trained = {n for n, p in model.named_parameters() if p.requires_grad}
    return [
        n
        for n, t in one.items()
        if torch.equal(t, other[n])
        and (n not in trained or bool((t != t.flatten()[0]).any()))
        and t.numel() > 1
    ]


def _written(axis: Axis, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Any]:
    def moves(some: tuple[Move, ...]) -> list[list[Any]]:
        return [
            [m.tensor, m.axis, [_start(s, axis.n, shapes[m.tensor][m.axis]) for s in m.starts]]
            for m in some
        ]

    return {
        "n": axis.n,
        "freedom": axis.freedom.value,
        "writes": moves(axis.writes),
        "reads": moves(axis.reads),
        "heads": moves(axis.heads),
    }


def _start(start: int, n: int, size: int) -> int:
    """Return where units start: as a multiple of their number, or -1 for the end of a wider axis."""
    if size % n == 0:
        return start // n
    return -1 if start else 0


if __name__ == "__main__":
    raise SystemExit(main())
