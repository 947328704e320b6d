"""How often is a planted relation, a merge share and a direction told right?

``python -m benchmarks.zoo.relation_table [--seeds N] [--out docs/relations.md]`` checks every case
of ``relation_cases`` with several seeds, both ways round, and writes the tables. Needs the trained
models (``benchmarks.zoo.train``, ``benchmarks.zoo.relation_cases``); cases whose models are not
there are left out, and the page says which.
"""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.zoo.relation_cases import (
    CASES,
    MERGES,
    SHAPE,
    Case,
    MergeCase,
    published,
    trained,
)
from benchmarks.zoo.train import kept_tokenizer
from hubcheck.card.wordings.relation import RULES
from hubcheck.check.observe import comparer_of
from hubcheck.evidence.draw import Draw
from hubcheck.evidence.looks.change.run import SAMPLE_BYTES, look_closer
from hubcheck.evidence.looks.merge.run import Merge, MergeMember, merge_shares
from hubcheck.model import Access, Model, open_model
from hubcheck.source.reference import parse_reference
from hubcheck.verdict.relation import direction_of, relation_of
from tests.material.zoo.corpus import tokenizer_files
from tests.material.zoo.folder import write_model
from tests.material.zoo.symmetries import Arrays

BUDGET: Final = 64_000_000
BEGIN: Final = "<!-- benchmarks.zoo.relation_table: begin -->"
END: Final = "<!-- benchmarks.zoo.relation_table: end -->"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What came out for one case, seed and way round."""

    case: Case
    swapped: bool
    kind: str
    direction: str


def opened(folder: Path) -> Model:
    """Open a model folder within the budget of a usual check."""
    return open_model(
        parse_reference(str(folder)), Access(max_read=BUDGET, token=None, endpoint=None)
    )


def write(folder: Path, weights: Arrays, dtype: str) -> Path:
    """Write weights as a model folder."""
    files = tokenizer_files(kept_tokenizer())
    write_model(folder, weights, SHAPE.config(), tokenizer_files=files, card="", dtype=dtype)  # type: ignore[arg-type]
    return folder


def look_at(base: Path, subject: Path, seed: int) -> tuple[str, str]:
    """Return the relation and the direction that a check at the default depth gives."""
    theirs, ours = opened(base), opened(subject)
    comparer = comparer_of(theirs, ours, seed=seed, tried=1)
    comparison = comparer.run(search=True)
    if not comparison.settled_related:
        return "not related", "undetermined"
    closer = look_closer(comparer.base, comparer.subject, comparison, comparer.draw)
    relation = relation_of(comparison, theirs.anatomy, ours.anatomy, closer)
    direction = direction_of(comparison, theirs.anatomy, ours.anatomy, closer)
    return relation.kind.value, direction.value


def check_case(case: Case, seed: int, room: Path) -> list[Seen]:
    """Return what one case gives, both ways round."""
    kept = published(case.base) if case.base_dtype == "BF16" else trained(case.base)
    kept = case.before(kept)
    base = write(room / "base", kept, case.base_dtype)
    subject = write(
        room / "subject", case.make(kept, np.random.default_rng(seed)), case.subject_dtype
    )
    found = []
    for swapped, pair in ((False, (base, subject)), (True, (subject, base))):
        kind, direction = look_at(*pair, seed)
        found.append(Seen(case=case, swapped=swapped, kind=kind, direction=direction))
    return found


def check_merge(case: MergeCase, seed: int, room: Path) -> Merge | str:
    """Return the fit of one planted merge, or why there is none."""
    kept: Mapping[str, Arrays] = {n: published(n) for n in {*case.bases, "base"}}
    made = case.make(kept, np.random.default_rng(seed))
    subject = opened(write(room / "merged", made, "BF16"))
    members = [
        MergeMember(ref=n, reader=opened(write(room / n.replace("/", "-"), kept[n], "BF16")).reader)
        for n in case.bases
    ]
    merge = merge_shares(subject.reader, members, Draw(seed), limit=SAMPLE_BYTES)
    return merge if isinstance(merge, Merge) else merge.code.value


# -- tables ----------------------------------------------------------------------------------------


def relation_lines(seen: Sequence[Seen]) -> list[str]:
    """Return the table of relations, one line a case."""
    lines = [
        "| planted | relation | told | direction told | right | wrong |",
        "|---|---|---|---|---|---|",
    ]
    for case in dict.fromkeys(s.case for s in seen):
        some = [s for s in seen if s.case is case]
        kinds = Counter(s.kind for s in some)
        told = ", ".join(f"{k} {n}" for k, n in kinds.most_common())
        right, wrong = _directions(some)
        lines.append(
            f"| {case.name} | {case.kind} | {told} | {right + wrong} of {len(some)} | {right} | {wrong} |"
        )
    right, wrong = _directions(seen)
    same = sum(s.kind == s.case.kind for s in seen)
    lines.append(
        f"| all | | {same} of {len(seen)} right | {right + wrong} of {len(seen)} | {right} | {wrong} |"
    )
    return lines


def _directions(seen: Sequence[Seen]) -> tuple[int, int]:
    """Return how many directions were right and wrong; in every case the subject was made."""
    right = sum(
        s.direction == ("subject-to-base" if s.swapped else "base-to-subject") for s in seen
    )
    return right, sum(s.direction != "undetermined" for s in seen) - right


def confusion_lines(seen: Sequence[Seen]) -> list[str]:
    """Return planted relations against those told."""
    told = sorted({s.kind for s in seen})
    lines = ["| planted \\ told | " + " | ".join(told) + " |", "|---|" + "---|" * len(told)]
    for kind in dict.fromkeys(s.case.kind for s in seen):
        counts = Counter(s.kind for s in seen if s.case.kind == kind)
        lines.append(f"| {kind} | " + " | ".join(str(counts[k] or "") for k in told) + " |")
    return lines


def merge_lines(seen: Sequence[tuple[MergeCase, Sequence[Merge | str]]]) -> list[str]:
    """Return the table of merges: what was called, shares against the truth, intervals."""
    lines = [
        "| planted | called a merge | members right | rule told | worst share error | intervals that hold the truth | decoy intervals that hold 0 | gain |",
        "|---|---|---|---|---|---|---|---|",
    ]
    held, intervals, clear, decoys = 0, 0, 0, 0
    for case, merges in seen:
        fits = [m for m in merges if isinstance(m, Merge)]
        called = sum(m.is_merge for m in fits)
        right = sum(set(m.members) == set(case.members) for m in fits)
        rules = ", ".join(f"{k} {n}" for k, n in Counter(RULES[m.kind] for m in fits).most_common())
        error, cover, zero = "-", "-", "-"
        if case.truth is not None:
            layered = case.name.startswith("whole layers")
            known = [
                (s, case.truth[ref], ref)
                for m in fits
                for ref in case.truth
                for s in m.shares[ref]
                if not layered or s.layer < 0 or ref not in case.members
            ]
            mine = [(s, t) for s, t, ref in known if ref in case.members]
            strange = [s for s, _, ref in known if ref not in case.members]
            error = f"{max(abs(s.share - t) for s, t in mine):.4f}"
            inside = sum(s.low - 5e-5 <= t <= s.high + 5e-5 for s, t in mine)
            cover = f"{inside} of {len(mine)}"
            held, intervals = held + inside, intervals + len(mine)
            if strange:
                nothing = sum(s.low - 5e-5 <= 0 <= s.high + 5e-5 for s in strange)
                zero = f"{nothing} of {len(strange)}"
                clear, decoys = clear + nothing, decoys + len(strange)
        gain = f"{min(m.gain for m in fits):.2f}" if fits else "-"
        lines.append(
            f"| {case.name} | {called} of {len(merges)} | {right} of {len(merges)} | {rules} | {error} | {cover} | {zero} | {gain} |"
        )
    lines.append(f"| all | | | | | {held} of {intervals} | {clear} of {decoys} | |")
    return lines


def main(arguments: list[str] | None = None) -> int:
    """Run every case and write the tables; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.zoo.relation_table")
    parser.add_argument("--seeds", type=int, default=4, help="planted copies of each case (4)")
    parser.add_argument("--merge-seeds", type=int, default=5, help="of each merge (5)")
    parser.add_argument("--out", type=Path, help="page whose marked part is replaced")
    parser.add_argument("--only", default="", help="cases whose name holds this")
    chosen = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, stream=sys.stderr)
    seen: list[Seen] = []
    untrained: list[str] = []
    merged: list[tuple[MergeCase, list[Merge | str]]] = []
    with tempfile.TemporaryDirectory() as name:
        room = Path(name)
        for case in CASES:
            if chosen.only in case.name:
                try:
                    for seed in range(chosen.seeds):
                        seen += check_case(case, seed, room)
                except FileNotFoundError:
                    untrained.append(case.name)
                    continue
                sys.stderr.write(
                    f"{case.name}: {Counter((s.kind, s.direction) for s in seen if s.case is case)}\n"
                )
        for planted in MERGES:
            if chosen.only in planted.name:
                try:
                    found = [check_merge(planted, seed, room) for seed in range(chosen.merge_seeds)]
                except FileNotFoundError:
                    untrained.append(planted.name)
                    continue
                merged.append((planted, found))
                sys.stderr.write("\n".join(merge_lines(merged[-1:])[2:3]) + "\n")
    text = "\n".join([
        f"{chosen.seeds} seeds a case, both ways round; {len(seen)} pairs.",
        *([f"Left out, their models were not trained: {'; '.join(untrained)}."] * bool(untrained)),
        "",
        *relation_lines(seen),
        "",
        *confusion_lines(seen),
        "",
        f"Merges, {chosen.merge_seeds} seeds each, shares of every layer and of the whole:",
        "",
        *merge_lines(merged),
    ])  # fmt: skip
    if chosen.out is None:
        sys.stdout.write(text + "\n")
        return 0
    page = chosen.out.read_text()
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    chosen.out.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
