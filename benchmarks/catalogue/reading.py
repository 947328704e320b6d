"""What does a sketch read of models of published shapes, from a Hub: bytes, requests, seconds?

``python -m benchmarks.catalogue.reading [--tokenizer FOLDER]`` serves made-up weights of 1 B to
405 B parameters from a Hub on this machine, 50 ms away, and sketches each. It counts what the
server sent: for the sketch (what ``catalogue.material`` plans) and in all. Requests for files go to
the Hub once a file, which names the place where the content lies, and to that place for each range;
rates are limited at the Hub. Without a folder the vocabulary is made up, and its anchors lie
anywhere; a published ``tokenizer.json`` has them where learned vocabularies do.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Final

from hubcheck.card.table import columns
from hubcheck.catalogue.sketch import sketch_of
from hubcheck.catalogue.sketching import BUDGET
from hubcheck.model import Access, open_model
from hubcheck.source.reference import parse_hub_reference
from tests.hubserver import Link, LocalHub
from tests.hubserver.storage import Content
from tests.material.remote.repository import repository
from tests.material.remote.shapes import GLM_AIR, dense
from tests.material.remote.values import Recipe

SHAPES: Final = (
    dense("Llama-3.2-1B", hidden=2048, layers=16, neurons=8192, heads=32, kv=8, vocab=128256,
          tied=True),
    dense("Llama-3.1-8B", hidden=4096, layers=32, neurons=14336, heads=32, kv=8, vocab=128256),
    dense("Llama-2-7B", hidden=4096, layers=32, neurons=11008, heads=32, kv=32, vocab=32000),
    GLM_AIR,
    dense("Llama-3.1-405B", hidden=16384, layers=126, neurons=53248, heads=128, kv=8, vocab=128256),
)  # fmt: skip
HEAD: Final = (
    "shape",
    "MB of the sketch",
    "requests of it",
    "MB in all",
    "requests",
    "of them to the Hub",
    "slots",
    "processor s",
    "s",
)


def main() -> int:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.catalogue.reading")
    parser.add_argument("--tokenizer", type=Path, help="a folder with a published tokenizer.json")
    folder = parser.parse_args().tokenizer
    rows = []
    with LocalHub(link=Link(latency=0.05, bandwidth=125e6)) as hub:
        for shape in SHAPES:
            name = f"org/{shape.label}"
            files = repository(shape, Recipe(seed=1), name)
            if folder is not None:
                text = (folder / "tokenizer.json").read_bytes()
                files["tokenizer.json"] = Content(text, lfs=True)
            hub.add_repo(name, files)
            access = Access(max_read=BUDGET, token=None, endpoint=hub.endpoint)
            hub.forget()
            wall = time.monotonic()
            model = open_model(parse_hub_reference(name), access)
            _ = (model.anatomy, model.vocabulary)
            before = len(hub.exchanges)
            began = time.process_time()
            sketch = sketch_of(model)
            ledger = model.source.ledger
            read = ledger.by_purpose()
            rows.append(
                (
                    shape.label,
                    f"{read['weights'] / 1e6:.1f}",
                    f"{len(hub.exchanges) - before}",
                    f"{ledger.bytes_read / 1e6:.1f}",
                    f"{ledger.requests}",
                    f"{sum(e.origin == 'hub' for e in hub.exchanges)}",
                    f"{sketch.present.bit_count()}",
                    f"{time.process_time() - began:.1f}",
                    f"{time.monotonic() - wall:.1f}",
                )
            )
            sys.stderr.write(f"{rows[-1]}\n")
    sys.stdout.write("\n".join(columns(HEAD, tuple(rows))) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
