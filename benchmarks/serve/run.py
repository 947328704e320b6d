"""How fast are deliveries answered, and is any lost, run twice or let in?

    python -m benchmarks.serve.run [--deliveries 10000] [--unique 4000] [--connections 50] [--kills 1] [--idle 0]
        [--fake-clock /usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1]

Everything over sockets of this machine: a local Hub, a local GitHub and the clients in one process,
the receiver in another, killed with SIGKILL and started again; connections that say nothing beside. With the library of Debian's
package libfaketime the receiver's clock is set by an hour, forth and back, among the deliveries. The clients
share the processor with the receiver, so the latencies are upper bounds.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from tests.serve.load import Figures, run


def lines(figures: Figures) -> list[str]:
    """Return the figures as text."""
    answers = ", ".join(f"{name}: {n}" for name, n in sorted(figures.answers.items()))
    rate = figures.deliveries / figures.delivering_seconds
    shares = (("median", 0.5), ("95 %", 0.95), ("99 %", 0.99), ("longest", 1.0))
    latency = ", ".join(f"{name} {1000 * figures.quantile(q):.1f} ms" for name, q in shares)
    return [
        f"deliveries         {figures.deliveries}, restart included",
        f"delivered in       {figures.delivering_seconds:.1f} s ({rate:.0f}/s)",
        f"answers            {answers}",
        f"delivered again    {figures.redelivered} (no answer, because the server was killed)",
        f"latency            {latency}",
        f"all jobs ended     after {figures.draining_seconds:.1f} s",
        f"lost               {figures.lost}",
        f"ended twice        {figures.run_twice}",
        f"started again      {figures.started_again} (ran when the server was killed)",
        f"sent to GitHub twice {figures.dispatched_twice} (of those)",
        f"let in             {figures.let_in}",
        f"clock set          {figures.clock_steps} times",
        f"health             {figures.healthy} answers, {figures.not_healthy} wrong or late",
        "peak memory        " + ", ".join(f"{n / 1e6:.0f} MB" for n in figures.memory),
    ]


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--deliveries", type=int, default=10_000)
    parser.add_argument("--unique", type=int, default=4_000)
    parser.add_argument("--connections", type=int, default=50)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--kills", type=int, default=1)
    parser.add_argument("--idle", type=int, default=0)
    parser.add_argument("--fake-clock", type=Path, help="the library libfaketime")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = run(
            Path(folder),
            total=asked.deliveries,
            unique=asked.unique,
            connections=asked.connections,
            workers=asked.workers,
            kills=asked.kills,
            idle=asked.idle,
            fake_clock=asked.fake_clock,
        )
    print("\n".join(lines(figures)))


if __name__ == "__main__":
    main()
