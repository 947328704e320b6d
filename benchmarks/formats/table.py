"""Does the verdict depend on the format a model was published in?

For each format the small trained base of the demo, written that way, is held against itself in
bfloat16 safetensors, and its independent twin, written the same way, is held against the same base.
Run: ``python -m benchmarks.formats.table [folder]``.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from hubcheck.check.observe import comparer_of, opened_pair
from hubcheck.evidence.looks.interface import Terms
from hubcheck.evidence.looks.orders import ORDERS
from hubcheck.evidence.observation import Observations
from hubcheck.evidence.refused import attempt, the_look
from hubcheck.model import Access, Model, open_model
from hubcheck.report.words import Depth
from hubcheck.source.reference import parse_reference
from hubcheck.verdict.judge import Case, judge
from tests.material.formats.folder import FORMATS, ORIGINAL, read_floats, write_model

DEMO = Path(__file__).parents[2] / "hubcheck" / "demo" / "models"
SEED = 20_240_607


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What one format gives."""

    name: str
    mapped: float
    verdict: str
    relation: str
    log10_p: float
    kept: float
    bytes_read: int
    bytes_total: int
    twin: str
    twin_log10_p: float


def opened(folder: Path) -> Model:
    """Return a model of this machine."""
    access = Access(max_read=1 << 30, token=None, endpoint=None)
    return open_model(parse_reference(str(folder)), access)


def compare(base: Model, subject: Model) -> tuple[str, str, float, float]:
    """Return verdict, relation, log10 of the bound, and kept."""
    comparer = comparer_of(base, subject, seed=SEED, tried=1)
    both = opened_pair(comparer, base, subject)
    terms = Terms(depth=Depth.SAMPLE, seed=SEED, declared=True, tried=1)
    seen = Observations()
    left = attempt(lambda: ORDERS.take(both, terms, seen), the_look(ORDERS.name))
    seen = seen.with_left(ORDERS, left)
    judged = judge(Case(base=base.anatomy, subject=subject.anatomy, tried=1, seen=seen))
    relation = judged.relation.kind if judged.relation is not None else ""
    return judged.verdict, relation, judged.log10_p, judged.kept


def row_of(name: str, folder: Path) -> Row:
    """Write both models in a format and compare them with the original."""
    for model in ("base", "twin"):
        source = DEMO / model
        config = json.loads((source / "config.json").read_text())
        write_model(folder / model, read_floats(source), config, name, beside=source)
    subject = opened(folder / "base")
    verdict, relation, bound, kept = compare(opened(DEMO / "base"), subject)
    twin, _, twin_bound, _ = compare(opened(DEMO / "base"), opened(folder / "twin"))
    return Row(
        name=name,
        mapped=subject.anatomy.mapped_share,
        verdict=verdict,
        relation=relation,
        log10_p=bound,
        kept=kept,
        bytes_read=subject.source.ledger.bytes_read,
        bytes_total=subject.weight_bytes,
        twin=twin,
        twin_log10_p=twin_bound,
    )


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(temporary)
        print("| format | mapped | against the bf16 original | bound | kept | read | twin |")
        print("|---|---|---|---|---|---|---|")
        started = time.perf_counter()
        for i, name in enumerate(FORMATS):
            row = row_of(name, root / str(i))
            print(
                f"| {row.name} | {row.mapped:.1%} | {row.verdict}: {row.relation} |"
                f" 10^{row.log10_p:.0f} | {row.kept:.3f} |"
                f" {row.bytes_read / 1e6:.2f} of {row.bytes_total / 1e6:.2f} MB |"
                f" {row.twin} (10^{row.twin_log10_p:.0f}) |",
                flush=True,
            )
        print(f"\n{len(FORMATS)} formats in {time.perf_counter() - started:.0f} s ({ORIGINAL})")


if __name__ == "__main__":
    main()
