"""Does any input make a reader or a renderer do more than refuse, or a check end otherwise than documented?

    python -m benchmarks.fuzz.run inputs [--each 60000] [--seed 1]
    python -m benchmarks.fuzz.run checks [--count 5000] [--seconds 300] [--seed 1]

``inputs`` hands mutated sound inputs to every reader and renderer of hostile bytes or text. ``checks``
mutates files of whole models and runs ``hubcheck check`` on them in this process. Anything but a value
or an error of ours, or an exit code outside of 0 to 4, is printed, kept in ``--corpus`` and ends the
run with status 1.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import re
import resource
import shutil
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from safetensors.torch import load_file, save_file

from benchmarks.fuzz.targets import TARGETS, Target
from benchmarks.fuzz.whole_check import run as run_check
from hubcheck.errors import HubcheckError

MODELS = Path(__file__).parents[2] / "hubcheck" / "demo" / "models"
CUT_LAYERS, CUT_NEURONS = 2, 96
"""Of the models that are mutated and checked."""
LONGEST_FILE = 400_000
"""Bytes of a mutated input; a run of this kind looks for wrong turns, not for size."""


@dataclass
class Told:
    """What a run came to."""

    tried: Counter[str] = field(default_factory=Counter)
    """By target and end."""
    other: int = 0
    longest: int = 0
    slowest: float = 0.0
    slowest_of: str = ""


def mutated(seeds: list[bytes], chance: random.Random, words: list[bytes]) -> bytes:
    """Return one of the seeds with some of it changed, cut, repeated or taken from another."""
    raw = bytearray(chance.choice(seeds))
    for _ in range(chance.choice((1, 1, 2, 3, 6))):
        at = chance.randrange(len(raw) + 1)
        match chance.randrange(9):
            case 0:
                raw[at : at + 1] = bytes([chance.randrange(256)])
            case 1:
                raw[at : at + 1] = bytes(
                    [(raw[at] ^ (1 << chance.randrange(8))) if at < len(raw) else 0]
                )
            case 2:
                raw[at : at + 8] = chance.choice((0, 1, 255, 2**31, 2**32, 2**62, 2**63)).to_bytes(
                    8, "little"
                )
            case 3:
                stop = at + chance.randrange(1, 40)
                raw[at:at] = raw[at:stop] * chance.choice((1, 2, 50))
            case 4:
                del raw[at : at + chance.choice((1, 2, 8, 100))]
            case 5:
                raw[at:at] = chance.choice(words)
            case 6:
                other = chance.choice(seeds)
                start = chance.randrange(len(other) + 1)
                raw[at:at] = other[start : start + chance.randrange(1, 200)]
            case 7:
                del raw[at:]
            case _:
                raw[at : at + 4] = chance.choice(words)
    return bytes(raw[:LONGEST_FILE])


def _keep(corpus: Path | None, name: str, raw: bytes) -> None:
    if corpus is not None:
        corpus.mkdir(parents=True, exist_ok=True)
        (corpus / f"{name}-{hashlib.sha256(raw).hexdigest()[:12]}").write_bytes(raw)


def _one(target: Target, raw: bytes, told: Told, corpus: Path | None) -> None:
    began = time.perf_counter()
    expected: tuple[type[Exception], ...] = (HubcheckError, *target.raises)
    try:
        target.take(raw)
    except expected:
        end = "refused"
    except Exception:  # noqa: BLE001 - exactly what is looked for
        end = "other"
        told.other += 1
        _keep(corpus, target.name, raw)
        print(f"{target.name}: {raw[:200]!r}", file=sys.stderr)
        traceback.print_exc()
    else:
        end = "taken"
    took = time.perf_counter() - began
    if took > told.slowest:
        told.slowest, told.slowest_of = took, target.name
    told.longest = max(told.longest, len(raw))
    told.tried[f"{target.name} {end}"] += 1


def fuzz_inputs(each: int, seed: int, corpus: Path | None) -> Told:
    """Hand ``each`` inputs to every target."""
    told = Told()
    for target in TARGETS:
        chance = random.Random(f"{seed} {target.name}")
        kept = sorted((corpus or Path("/nonexistent")).glob(f"{target.name}-*"))
        seeds = [*target.seeds(), *(p.read_bytes() for p in kept)]
        for raw in seeds:
            _one(target, raw, told, None)
        for _ in range(each):
            _one(target, mutated(seeds, chance, target.words), told, corpus)
        counts = [told.tried[f"{target.name} {end}"] for end in ("taken", "refused", "other")]
        print(
            f"| {target.name} | {sum(counts):,} | {counts[0]:,} | {counts[1]:,} | {counts[2]} |",
            flush=True,
        )
    return told


FILES = ("model.safetensors", "config.json", "README.md", "tokenizer.json", "model.safetensors.index.json",
         "pytorch_model.bin", "model.gguf", "adapter_config.json", "LICENSE", "tokenizer_config.json")  # fmt: skip


def _deformed(folder: Path, chance: random.Random, words: list[bytes]) -> None:
    """Change some of a model's files."""
    for _ in range(chance.choice((1, 1, 2))):
        there = [p for p in folder.iterdir() if p.is_file()]
        path = chance.choice(there)
        raw = path.read_bytes()
        match chance.randrange(8):
            case 0:
                path.rename(folder / chance.choice(FILES))
            case 1:
                path.unlink()
            case 2:
                (folder / chance.choice(FILES)).write_bytes(raw[: chance.randrange(len(raw) + 1)])
            case _:
                # The head of a file is what is parsed; weights behind it are only values.
                head = mutated([raw[:20_000]], chance, words)
                path.write_bytes(head + (raw[20_000:] if chance.random() < 0.8 else b""))
        if not any(folder.iterdir()):
            return


def cut(models: Path, into: Path) -> None:
    """Write the demo's models with the first layers and neurons alone.

    A check of one costs a fraction, and turns every way that a check of the whole turns.
    """
    for folder in sorted(p for p in models.iterdir() if (p / "model.safetensors").is_file()):
        shutil.copytree(folder, into / folder.name)
        path, kept = into / folder.name / "model.safetensors", {}
        for name, values in load_file(path).items():
            layer = re.search(r"layers\.(\d+)\.", name)
            if layer is not None and int(layer[1]) >= CUT_LAYERS:
                continue
            wide = 1 if "down_proj" in name else 0 if re.search("gate_proj|up_proj", name) else -1
            few = (
                values if wide < 0 else values.narrow(wide, 0, min(CUT_NEURONS, values.shape[wide]))
            )
            kept[name] = few.contiguous()
        save_file(kept, path)
        stated = json.loads((folder / "config.json").read_text())
        stated |= {"num_hidden_layers": CUT_LAYERS, "intermediate_size": CUT_NEURONS}
        (into / folder.name / "config.json").write_text(json.dumps(stated))


def fuzz_checks(count: int, seconds: float, seed: int, corpus: Path | None) -> Told:
    """Check mutated models against sound ones, and sound ones against mutated ones."""
    told, chance = Told(), random.Random(seed)
    words = [w for target in TARGETS for w in target.words]
    until = time.monotonic() + seconds
    with tempfile.TemporaryDirectory() as there:
        models = Path(there) / "models"
        cut(MODELS, models)
        names = sorted(p.name for p in models.iterdir())
        for n in range(count):
            if time.monotonic() > until:
                break
            folder = Path(there) / "m"
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(models / chance.choice(names), folder)
            _deformed(folder, chance, words)
            sound = str(models / chance.choice(names))
            pair = (str(folder), sound) if n % 2 else (sound, str(folder))
            depth = chance.choice(("sample", "sample", "headers"))
            out = Path(there) / "out"
            asked = ["check", pair[0], "--base", pair[1], "--depth", depth, "--seed", "1"]
            end = run_check([*asked, "--out", str(out)])
            if end.seconds > told.slowest:
                told.slowest, told.slowest_of = end.seconds, f"check {n}"
            told.tried[f"exit {end.code}"] += 1
            if not end.documented:
                told.other += 1
                print(
                    f"check {n}, seed {seed}: exit {end.code}\n{end.said[-2500:]}",
                    file=sys.stderr,
                    flush=True,
                )
                if corpus is not None:
                    shutil.copytree(folder, corpus / f"check-{seed}-{n}", dirs_exist_ok=True)
    return told


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("what", choices=["inputs", "checks"])
    parser.add_argument("--each", type=int, default=60_000)
    parser.add_argument("--count", type=int, default=5_000)
    parser.add_argument("--seconds", type=float, default=1e9)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--corpus", type=Path)
    asked = parser.parse_args()
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    run: Callable[[], Told] = (
        (lambda: fuzz_inputs(asked.each, asked.seed, asked.corpus))
        if asked.what == "inputs"
        else (lambda: fuzz_checks(asked.count, asked.seconds, asked.seed, asked.corpus))
    )
    told = run()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    if asked.what == "checks":
        print(", ".join(f"{name}: {n:,}" for name, n in sorted(told.tried.items())))
    print(f"tried {told.tried.total():,}, anything else {told.other}, longest input {told.longest:,} bytes, "
          f"slowest {told.slowest:.2f} s ({told.slowest_of}), peak memory {peak / 1e6:.0f} MB")  # fmt: skip
    sys.exit(told.other > 0)


if __name__ == "__main__":
    main()
