"""Do two machines tell what one process tells, and what does one say whose partner vanishes?

``python -m benchmarks.devices.machines BASE SUBJECT [--depth full]`` **simulates** two machines on
this one: ``accelerate launch --num_machines 2`` twice, each in a folder of its own. As root on Linux
each launcher has a network and a host name of its own, joined by a virtual cable (``ip netns``);
else both are at 127.0.0.1. The report is held against that of one process. ``--lose`` pulls the
cable while they work: nothing is closed, so only silence tells. Cores and disk are shared, so
seconds say nothing of real machines.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from benchmarks.devices.processes import VARIES, measured

PORT: Final = 29511
PROCESSES: Final = 2
"""Of both machines together."""
JOINED: Final = "computing with"
"""What the first process says once all have met."""
DEADLINE: Final = 1200.0
LOOPBACK: Final = "127.0.0.1"


@contextmanager
def networks() -> Iterator[list[str]]:
    """Make two networks with a cable between them; give their names, or none where that may not be."""
    tag = os.getpid()
    names = [f"hubcheck-{tag}-{n}" for n in range(2)]
    ends = [f"hc{tag % 10**6}{n}" for n in "ab"]
    steps = [f"netns add {name}" for name in names]
    steps.append(
        f"link add {ends[0]} netns {names[0]} type veth peer name {ends[1]} netns {names[1]}"
    )
    for n, (name, end) in enumerate(zip(names, ends, strict=True)):
        steps += [f"-n {name} addr add {address(n)}/24 dev {end}", f"-n {name} link set {end} up"]
        steps.append(f"-n {name} link set lo up")
    try:
        made = all(_ip(step) for step in steps)
        yield names if made else []
    finally:
        for name in names:
            _ip(f"netns del {name}")


def address(machine: int) -> str:
    """Return the address of a machine on the cable."""
    return f"10.77.0.{machine + 1}"


def _ip(step: str) -> bool:
    with suppress(OSError):
        return (
            subprocess.run(["ip", *step.split()], capture_output=True, check=False).returncode == 0
        )
    return False


def pull(names: Sequence[str]) -> None:
    """Pull the cable, at the second machine's end."""
    told = subprocess.run(
        ["ip", "-n", names[1], "-o", "link", "show", "type", "veth"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    _ip(f"-n {names[1]} link set {told.split(': ')[1].split('@')[0]} down")


def launched(
    machine: int, names: Sequence[str], folder: Path, check: Sequence[str]
) -> subprocess.Popen[bytes]:
    """Start the launcher of one machine, in a folder of its own."""
    place = folder / str(machine)
    place.mkdir()
    launcher = [sys.executable, "-m", "accelerate.commands.launch", "--multi_gpu"]
    launcher += ["--num_machines", "2", "--machine_rank", str(machine)]
    launcher += ["--num_processes", str(PROCESSES), "--main_process_port", str(PORT)]
    launcher += ["--main_process_ip", address(0) if names else LOOPBACK]
    launcher += ["--mixed_precision", "no", "--dynamo_backend", "no"]
    launcher += [
        "-m",
        "benchmarks.devices.member",
        str(folder),
        *check,
        "--out",
        str(place / "out"),
    ]
    if names:
        named = f'hostname machine-{machine}; exec "$@"'
        launcher = ["unshare", "--uts", "sh", "-c", named, "sh", *launcher]
        launcher = ["ip", "netns", "exec", names[machine], *launcher]
    with (place / "said").open("wb") as said:
        return subprocess.Popen(
            launcher,
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )


def wait_until_joined(said: Path) -> None:
    """Wait until the first process has met the other.

    Raises:
        TimeoutError: it has not.
    """
    until = time.monotonic() + DEADLINE
    while JOINED not in said.read_text(errors="replace"):
        if time.monotonic() > until:
            raise TimeoutError(said.read_text(errors="replace"))
        time.sleep(0.02)


def both(
    names: Sequence[str], folder: Path, check: Sequence[str], *, lose: bool
) -> tuple[dict[str, Any], list[str]]:
    """Run a check on both machines; return what it took, and what each said."""
    began = time.monotonic()
    running = [launched(n, names, folder, check) for n in range(2)]
    said = [folder / str(n) / "said" for n in range(2)]
    try:
        if lose:
            wait_until_joined(said[0])
            pull(names)
            began = time.monotonic()
        codes = [one.wait(DEADLINE) for one in running]
    finally:
        for one in running:
            with suppress(ProcessLookupError):
                os.killpg(one.pid, signal.SIGKILL)
    took = {"seconds": round(time.monotonic() - began, 1), "exit codes of the launchers": codes}
    return took, [path.read_text(errors="replace") for path in said]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.devices.machines")
    parser.add_argument("base", type=Path)
    parser.add_argument("subject", type=Path)
    parser.add_argument("--depth", default="full")
    parser.add_argument("--lose", action="store_true")
    given = parser.parse_args(arguments)
    check = ["check", str(given.subject.resolve()), "--base", str(given.base.resolve())]
    check += ["--depth", given.depth, "--seed", "1", "--fail-on", "none"]
    with networks() as names, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        where = "each in a network of its own" if names else "both at 127.0.0.1"
        print(json.dumps({"simulated": True, "machines": where, "depth": given.depth}), flush=True)
        if given.lose and not names:
            print("no cable to pull: not root, or no ip netns")
            return 1
        took, said = both(names, folder, check, lose=given.lose)
        if given.lose:
            print(json.dumps(took))
            for n, text in enumerate(said):
                lines = [line for line in text.splitlines() if line.startswith("hubcheck: ")]
                print("\n".join(f"machine {n}: {line}" for line in lines))
            return 0 if all(took["exit codes of the launchers"]) else 1
        if any(took["exit codes of the launchers"]):
            print("\n".join(said), file=sys.stderr)
            return 1
        each = [json.loads((folder / f"{n}.json").read_text()) for n in range(PROCESSES)]
        report = json.loads((folder / "0" / "out" / "report.json").read_text())
        together = {key: value for key, value in report.items() if key not in VARIES}
        _, alone = measured(1, given.depth, given.base.resolve(), given.subject.resolve())
        took |= {
            "cpu_s": round(sum(one["cpu_s"] for one in each), 1),
            "peak_mb": [round(one["peak_mb"]) for one in each],
            "processes": report["processes"],
            "equal": together == alone,
            "left on the second": [path.name for path in (folder / "1").rglob("*.journal")],
        }
        print(json.dumps(took))
        return 0 if took["equal"] else 1


if __name__ == "__main__":
    sys.exit(main())
