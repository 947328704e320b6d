"""What would a check read, and why?

Serves ``--plan``: headers are read, no weights.
"""

from __future__ import annotations

from collections import Counter

from hubcheck.errors import HubcheckError, printable
from hubcheck.evidence.compare import Comparer, routing_groups
from hubcheck.evidence.reading import Reader, Wanted
from hubcheck.model import align_tokens, open_model
from hubcheck.request import Request
from hubcheck.source.reference import name_of


def plan_text(request: Request) -> str:
    """Return the first step of a check in words: tensors, rows, bytes, reasons, per model.

    Raises:
        HubcheckError: the subject cannot be opened.
    """
    subject = open_model(request.subject, request.access)
    bases = list(request.bases(subject))
    lines = [f"seed {request.seed}; the same seed reads the same rows"]
    for base in bases:
        name = printable(name_of(base.reference))
        try:
            model = open_model(base.reference, request.access)
            comparer = Comparer(
                model.reader,
                subject.reader,
                align_tokens(model, subject),
                seed=request.seed,
                n_bases=len(bases),
                routing_groups=routing_groups(model.config),
            )
        except HubcheckError as error:
            lines.append(f"{name}: would not be tested: {error.what}")
            continue
        wanted_base, wanted_subject = comparer.plan()
        lines += _model_lines(name, model.reader, wanted_base)
        lines += _model_lines(printable(str(subject.pin)), subject.reader, wanted_subject)
    if not bases:
        lines.append("no base is declared or named: nothing would be read")
    return "\n".join(lines) + "\n"


def _model_lines(name: str, reader: Reader, wanted: tuple[Wanted, ...]) -> list[str]:
    """Return one line per reason, and the total."""
    total = reader.anatomy.checkpoint.n_bytes
    cost = reader.cost(wanted)
    share = f" ({cost / total:.2%})" if total else ""
    lines = [f"{name}: {cost:,} of {total:,} bytes{share} in the first step"]
    by_why: Counter[str] = Counter()
    tensors: dict[str, set[str]] = {}
    for one in wanted:
        by_why[one.why] += reader.cost([one])
        tensors.setdefault(one.why, set()).add(one.matrix.tensor)
    for why, n_bytes in sorted(by_why.items()):
        lines.append(f"  {why}: {n_bytes:,} bytes from {len(tensors[why])} tensors")
        lines += [
            f"    {printable(one.matrix.tensor)} rows {block.start}..{block.stop - 1}"
            for one in wanted
            if one.why == why
            for block in one.stored_blocks()
        ]
    return lines
