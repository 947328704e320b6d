"""What does it cost when only a quarter of what the looks hold fits, and are numbers equal?

``python -m benchmarks.devices.offload BASE SUBJECT`` makes the layer map and the disguise test of a
pair twice in one process: with room for everything, and with a quarter of that, by NumPy and (where
torch is installed) by torch on a CPU as a small device. Where an accelerator is found it is measured
as well, else that is said. Reading is part of the seconds.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hubcheck.check.observe import comparer_of
from hubcheck.devices.choice import NUMPY, TORCH_CPU, Device, choose, signs_of_accelerator
from hubcheck.devices.store import Store
from hubcheck.evidence.looks.disguise import run as disguise
from hubcheck.evidence.looks.disguise.calibration import shipped
from hubcheck.evidence.looks.disguise.plan import AT_DEEP
from hubcheck.evidence.looks.layer_map import run as layer_map
from hubcheck.evidence.looks.sample.compare import Comparer
from hubcheck.evidence.looks.whole.interface import Resources
from hubcheck.model import Access, open_model
from hubcheck.source.reference import parse_reference

PLENTY = 1 << 40


class Counted(Store):
    """A store that tells how much was put into it, and how much went to disk."""

    put_bytes = 0
    written = 0

    def put(self, name: str, sheaf: Mapping[str, NDArray[Any]]) -> None:
        """Keep a sheaf."""
        Counted.put_bytes += sum({id(a): int(a.nbytes) for a in sheaf.values()}.values())
        super().put(name, sheaf)

    def close(self) -> None:
        """Forget everything."""
        Counted.written += self.offloaded
        super().close()


def pair_of(base: Path, subject: Path) -> Comparer:
    """Open a pair, nothing read."""
    access = Access(max_read=PLENTY, token=None, endpoint=None)
    ours, theirs = (open_model(parse_reference(str(p)), access) for p in (subject, base))
    return comparer_of(theirs, ours, seed=1, tried=1)


def mapped(pair: Comparer, device: Device) -> object:
    """Make the layer map."""
    resources = Resources(device=device)
    return layer_map.map_layers(pair.base, pair.subject, pair.draw, resources=resources)


def undisguised(pair: Comparer, device: Device) -> object:
    """Make the disguise test; of what it saw, the numbers."""
    test = disguise.DisguiseTest(
        pair.base.reader, pair.subject.reader, pair.tokens, seed=1, effort=AT_DEEP, device=device
    )
    seen = test.run(calibration=shipped(), n_bases=1, budget=PLENTY, progress=lambda _text: None)
    if not isinstance(seen, disguise.Disguise):
        return seen
    partners = [found.partner.tolist() for found in seen.score.found]
    return seen.score.agreement, seen.score.outstanding, seen.log_e, partners


def measured(
    look: Callable[[Comparer, Device], object], base: Path, subject: Path, device: Device
) -> tuple[dict[str, Any], object]:
    """Take a look; return what it took, and what it saw."""
    Counted.put_bytes = Counted.written = 0
    pair = pair_of(base, subject)
    began = time.monotonic()
    cpu = time.process_time()
    seen = look(pair, device)
    return {
        "seconds": round(time.monotonic() - began, 2),
        "cpu_s": round(time.process_time() - cpu, 2),
        "held_mb": round(Counted.put_bytes / 1e6, 1),
        "offloaded_mb": round(Counted.written / 1e6, 1),
    }, seen


def same(a: object, b: object) -> bool:
    """Return whether two looks saw the same: bit for bit, or in the last digits of float32."""
    if a == b:
        return True
    if isinstance(a, tuple) and isinstance(b, tuple):
        return bool(np.allclose(a[:3], b[:3], rtol=1e-4)) and a[3] == b[3]
    return False


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.devices.offload")
    parser.add_argument("base", type=Path)
    parser.add_argument("subject", type=Path)
    given = parser.parse_args(arguments)
    layer_map.Store = disguise.Store = Counted  # type: ignore[attr-defined]
    devices = [NUMPY] + [TORCH_CPU] * (find_spec("torch") is not None)
    if signs_of_accelerator():
        devices.append(choose())
    else:
        print("no accelerator: nothing is measured on one", flush=True)
    good = True
    for look in (mapped, undisguised):
        first: object = None
        for device in devices:
            roomy = replace(device, memory=PLENTY, host=PLENTY)
            took, seen = measured(look, given.base, given.subject, roomy)
            first = seen if first is None else first
            quarter = max(1, int(took["held_mb"] * 1e6) // 4)
            tight = replace(device, memory=quarter, host=quarter)
            little, again = measured(look, given.base, given.subject, tight)
            good &= again == seen and same(seen, first)
            print(
                json.dumps(
                    {
                        "look": look.__name__,
                        "device": str(device),
                        "roomy": took,
                        "a quarter": little,
                        "equal": again == seen,
                        "as NumPy": same(seen, first),
                    }
                ),
                flush=True,
            )
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
