"""How are the models written that this benchmark adds to the zoo?

``python -m benchmarks.lineage.make`` writes the combined derivatives and the cases of single
relations into ``models/lineage``; what is there is left alone.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from benchmarks.lineage import cases
from benchmarks.lineage.combined import COMBINED
from benchmarks.zoo.derive import derive, write
from benchmarks.zoo.train import MODELS, kept_tokenizer
from tests.material.zoo.corpus import tokenizer_files


def main(arguments: Sequence[str] | None = None) -> int:
    """Write what is not there yet; return the exit code, 1 where a parent is not trained yet."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.lineage.make")
    parser.parse_args(arguments)
    files = tokenizer_files(kept_tokenizer())
    missing = 0
    for wanted in COMBINED:
        if (MODELS / wanted.name / "derived.json").exists():
            continue
        try:
            write(wanted, derive(wanted, files, MODELS), MODELS)
        except FileNotFoundError as error:
            missing += 1
            sys.stderr.write(f"{wanted.name} left out: {error}\n")
        else:
            sys.stdout.write(f"{wanted.name}\n")
    try:
        written = cases.write(files, MODELS)
    except FileNotFoundError as error:
        missing += 1
        sys.stderr.write(f"cases left out: {error}; python -m benchmarks.zoo.relation_cases\n")
    else:
        sys.stdout.write("".join(f"{name}\n" for name in written))
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
