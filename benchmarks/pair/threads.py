"""Would comparisons with several suspects be faster in threads?

``python -m benchmarks.pair.threads`` holds the demo's fine-tune against its stranger again and
again, in one thread and in two by turns, and prints seconds and processor seconds of each. What
comes out is the most that comparing suspects side by side in one process could gain.
"""

from __future__ import annotations

import sys
import time
from concurrent.futures import ThreadPoolExecutor

from tests.evidence.laboratory import model, outcome_of, request

CHECKS = 16
ROUNDS = 3


def check(_: int) -> int:
    """Make one check; return how many findings it has."""
    report = outcome_of(request(model("finetune"), [], [model("twin")])).report
    return len(report.findings)


def measured(threads: int) -> tuple[float, float]:
    """Return seconds and processor seconds of ``CHECKS`` checks in so many threads."""
    began, spent = time.perf_counter(), time.process_time()
    with ThreadPoolExecutor(threads) as pool:
        made = sum(pool.map(check, range(CHECKS)))
    if made != CHECKS:
        raise RuntimeError(f"{made} findings of {CHECKS} checks")
    return time.perf_counter() - began, time.process_time() - spent


def main() -> int:
    """Print one line a round and number of threads."""
    check(0)  # what is made once is made now
    print("| threads | s | processor s |\n|---|---|---|")
    for _ in range(ROUNDS):
        for threads in (1, 2):
            seconds, spent = measured(threads)
            print(f"| {threads} | {seconds:.2f} | {spent:.2f} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
