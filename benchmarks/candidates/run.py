"""How well are bases found that nobody declares, and what does looking for them cost?

    python -m benchmarks.candidates.run            # every subject of the local Hub, and 20 at once
    python -m benchmarks.candidates.run --latency 0.05

Prints one row a subject: the rank of the true base among the proposals (names, digests and sizes
alone) and among the tested (after the probe), the verdict, requests, bytes and seconds. Then one
subject is held against 20 suspects at once, and against each of the same 20 alone.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from benchmarks.candidates.families import Planted, all_repositories, subjects
from benchmarks.candidates.hub import stock
from hubcheck.candidates.proposals import Limits
from hubcheck.check.run import check
from hubcheck.model import Access, open_model
from hubcheck.report.schema import Report
from hubcheck.report.words import DeclarationVerdict, Depth
from hubcheck.request.bases import chosen_bases
from hubcheck.request.discovery import Discovery, discover
from hubcheck.request.interface import Request
from hubcheck.source.reference import parse_hub_reference
from hubcheck.verdict.policy import parse_fail_on
from tests.hubserver.link import Link
from tests.hubserver.search import SearchableHub

SEED: Final = 7
BUDGET: Final = 64_000_000
MANY: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What came out for one subject."""

    subject: str
    truth: str
    hint: str
    declares: bool
    candidates: int
    rank_proposed: int
    """Place of the true base among all candidates, 0 when it is not among them."""
    search_requests: int
    search_bytes: int
    search_seconds: float
    rank_tested: int
    verdict: str
    requests: int
    bytes_read: int
    seconds: float


def main() -> int:
    """Run both parts and print them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--latency", type=float, default=0.0, metavar="SECONDS")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows here as well")
    parser.add_argument("--only", choices=["ranks", "many"], help="one of the two parts")
    arguments = parser.parse_args()
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost"
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    planted = all_repositories()
    with SearchableHub(link=Link(latency=arguments.latency)) as hub:
        stock(hub, planted)
        access = Access(max_read=BUDGET, token=None, endpoint=hub.endpoint)
        print(f"{len(planted)} repositories, latency {arguments.latency * 1000:.0f} ms")
        rows: list[Row] = []
        if arguments.only != "many":
            rows = [_row(one, access) for one in subjects(planted) if _tell(one)]
            _print_rows(rows)
        if arguments.only != "ranks":
            _many(planted, access)
    if arguments.json:
        arguments.json.write_text(json.dumps([asdict(r) for r in rows], indent=1) + "\n")
    wrong = [r for r in rows if r.verdict == "undeclared" and (r.declares or not r.truth)]
    return 1 if wrong else 0


def _tell(one: Planted) -> bool:
    print(f"  {one.repo_id}", file=sys.stderr, flush=True)
    return True


def _row(one: Planted, access: Access) -> Row:
    begun = time.perf_counter()
    model = open_model(parse_hub_reference(one.repo_id), access)
    proposals = discover(model, access, Limits(), on_the_hub=True)
    searched = time.perf_counter() - begun
    names = [c.ref for c in proposals.candidates]
    begun = time.perf_counter()
    report = _check(one.repo_id, access, suspects=None)
    seconds = time.perf_counter() - begun
    tested = [f.base.ref for f in report.findings]
    return Row(
        subject=one.repo_id,
        truth=one.truth,
        hint=one.hint,
        declares=one.declares,
        candidates=len(names),
        rank_proposed=names.index(one.truth) + 1 if one.truth in names else 0,
        search_requests=proposals.requests + model.source.ledger.requests,
        search_bytes=proposals.bytes_read + model.source.ledger.bytes_read,
        search_seconds=round(searched, 2),
        rank_tested=tested.index(one.truth) + 1 if one.truth in tested else 0,
        verdict=report.verdict.value,
        requests=report.coverage.requests + report.search.requests,
        bytes_read=report.coverage.bytes_read + report.search.bytes_read,
        seconds=round(seconds, 2),
    )


def _check(subject: str, access: Access, *, suspects: Sequence[str] | None) -> Report:
    """Run one check; ``None`` searches for suspects."""
    named = chosen_bases([], list(suspects or ()))
    found = Discovery(access=access, limits=Limits(), bases=named)
    searching = suspects is None
    request = Request(
        subject=parse_hub_reference(subject),
        bases=found if searching else named,
        depth=Depth.SAMPLE,
        seed=SEED,
        policy=parse_fail_on("undeclared,contradicted"),
        access=access,
        replay="",
        searched=found.searched,
    )
    return check(request, now=lambda: datetime.now(UTC), progress=lambda _text: None).report


def _print_rows(rows: Sequence[Row]) -> None:
    head = ("subject", "true base", "given away by", "found", "rank", "requests", "kB", "s",
            "rank tested", "verdict", "requests", "MB", "s")  # fmt: skip
    table = [head]
    table += [
        (
            r.subject, r.truth or "-", r.hint or ("its card" if r.truth else "-"),
            str(r.candidates), str(r.rank_proposed or "-"), str(r.search_requests),
            f"{r.search_bytes / 1e3:.0f}", f"{r.search_seconds:.2f}",
            str(r.rank_tested or "-"), r.verdict, str(r.requests),
            f"{r.bytes_read / 1e6:.1f}", f"{r.seconds:.1f}",
        )
        for r in rows
    ]  # fmt: skip
    widths = [max(len(row[i]) for row in table) for i in range(len(head))]
    for row in table:
        print("  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip())
    honest = [r for r in rows if r.declares]
    silent = [r for r in rows if not r.declares]
    accused = [r for r in honest if r.verdict == DeclarationVerdict.UNDECLARED.value]
    print(f"\nhonest subjects called undeclared: {len(accused)} of {len(honest)}")
    print(f"silent copies found: {sum(r.verdict == 'undeclared' for r in silent)} of {len(silent)}")
    print(f"true base tested first: {sum(r.rank_tested == 1 for r in silent)} of {len(silent)}")


def _many(planted: Sequence[Planted], access: Access) -> None:
    """Hold one subject against 20 suspects at once, and against each alone."""
    subject = "quiet/renamed"
    others = ["zoo/base", "zoo/twin", "zoo/finetune"]
    others += [p.repo_id for p in planted if p.repo_id.startswith("popular")]
    suspects = [*others, "lab0/base"][:MANY]
    begun = time.perf_counter()
    together = _check(subject, access, suspects=suspects)
    at_once = time.perf_counter() - begun
    begun = time.perf_counter()
    alone = [_check(subject, access, suspects=[one]) for one in suspects]
    one_by_one = time.perf_counter() - begun
    figures = [
        ("seconds", at_once, one_by_one),
        ("bytes", together.coverage.bytes_read, sum(r.coverage.bytes_read for r in alone)),
        (
            "bytes of the subject",
            together.coverage.subject_bytes_read,
            sum(r.coverage.subject_bytes_read for r in alone),
        ),
        ("requests", together.coverage.requests, sum(r.coverage.requests for r in alone)),
    ]
    print(f"\n{len(suspects)} suspects at once against {len(suspects)} single checks of {subject}")
    for name, one, many in figures:
        print(f"  {name:22s} {one:14,.1f} {many:14,.1f}   ratio {one / many:.2f}")
    single = {r.findings[0].base.ref: r.findings[0] for r in alone}
    pairs = [(f, single[f.base.ref]) for f in together.findings]
    same = sum(a.verdict is b.verdict and a.units_hit == b.units_hit for a, b in pairs)
    print(f"  same verdict and same hits in {same} of {len(pairs)}")


if __name__ == "__main__":
    sys.exit(main())
