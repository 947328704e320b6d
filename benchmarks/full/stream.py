"""How long does one comparison of two whole models take, in this process or its share of it?

``python -m benchmarks.full.stream BASE SUBJECT [--device numpy|torch|chosen]``, alone or under
``torchrun``. The main process prints one line of JSON; start-up and headers are not timed, the
processes' meeting is.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the command line does, before NumPy loads

import argparse
import json
import resource
import sys
import time
from collections.abc import Sequence
from dataclasses import replace

from hubcheck.card.wording import sentence
from hubcheck.devices.choice import Device, Kind, choose
from hubcheck.devices.team import team_of
from hubcheck.evidence.looks.whole.interface import Resources, WholeChange
from hubcheck.evidence.looks.whole.run import stream
from hubcheck.model import Access, open_model
from hubcheck.source.reference import parse_reference

NO_LIMIT = 1 << 50


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.full.stream")
    parser.add_argument("base")
    parser.add_argument("subject")
    parser.add_argument("--device", choices=["numpy", "torch", "chosen"], default="chosen")
    given = parser.parse_args(arguments)
    access = Access(max_read=NO_LIMIT, token=None, endpoint=None)
    base, subject = (
        open_model(parse_reference(name), access).anatomy for name in (given.base, given.subject)
    )
    team = team_of(os.environ)
    device: Device = choose(local_count=team.local_count, allow_torch=given.device != "numpy")
    if given.device == "torch":
        device = replace(device, kind=Kind.CPU)
        import torch

        torch.set_num_threads(1)  # blocks run side by side already
    team.gather([0])  # everyone is there
    began, cpu = time.perf_counter(), time.process_time()
    found = stream(base, subject, layer_map=(), resources=Resources(team=team, device=device))
    seconds, own_cpu = time.perf_counter() - began, time.process_time() - cpu
    cpu_s = sum(team.gather([own_cpu]))
    peaks = team.gather([resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6])
    n_bytes = base.checkpoint.n_bytes + subject.checkpoint.n_bytes
    if team.main:
        said = {
            "device": str(device),
            "threads": device.threads,
            "processes": team.count,
            "seconds": seconds,
            "cpu_s": cpu_s,
            "gb": n_bytes / 1e9,
            "gb_per_s": n_bytes / 1e9 / seconds,
            "gb_per_cpu_s": n_bytes / 1e9 / cpu_s,
            "peak_mb": max(peaks),
            "answer": sentence(found.said) if isinstance(found, WholeChange) else found.code.value,
        }
        print(json.dumps(said))
    team.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
