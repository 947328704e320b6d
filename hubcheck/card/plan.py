"""How does a plan of what a check would read look on a terminal?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hubcheck.card.wordings.looks import look_named
from hubcheck.errors import counted, printable
from hubcheck.report.planned import FurtherLook, ModelPlan, Plan, When

WHEN: Final[Mapping[When, str]] = {
    When.ALWAYS: "then",
    When.IF_RELATED: "if the two are related",
    When.IF_OPEN: "if the tests leave it open",
    When.UNLESS_UNRELATED: "unless a base is unrelated",
    When.IF_SEVERAL: "if several bases are related",
    When.IF_BOTH: "if a declared base and another one are related",
}
REASONS: Final[Mapping[str, str]] = {"token-frame": "token frame", "norm-gain": "norm gain"}
"""What rows are read for beside the tests, whose names are their words."""


def plan_text(plan: Plan) -> str:
    """Return a plan in words: tensors, rows, bytes and reasons of the first step, then the rest."""
    lines = [f"seed {plan.seed}; the same seed reads the same rows"]
    for pair in plan.pairs:
        lines += [*_model_lines(pair.base), *_model_lines(pair.subject)]
        lines += [f"  {_look(look)}" for look in pair.further]
    lines += [f"{printable(name)}: would not be tested: {why}" for name, why in plan.left_out]
    if plan.together:
        lines.append("once every base was looked at:")
    lines += [f"  {_look(look)}" for look in plan.together]
    lines.append(_limit(plan))
    if not plan.pairs and not plan.left_out:
        lines.append("no base is declared or named: nothing would be read")
    return "\n".join(lines) + "\n"


def _limit(plan: Plan) -> str:
    """Return what may be read of each model at most."""
    if not plan.limit:
        return "limit: none"
    limit = f"limit: {plan.limit:,} bytes of each model"
    if not plan.escalates_to:
        return limit
    more = f"{plan.escalates_to:,} once a declared base looks unrelated"
    return f"{limit}; {more} (--max-read sets one)"


def _look(look: FurtherLook) -> str:
    """Return one look beyond the first step."""
    most = f"at most {look.at_most:,} bytes of each model" if look.at_most else ""
    first = f"{look.n_base:,} bytes of the base, {look.n_subject:,} of the subject"
    known = first if look.n_base + look.n_subject else ""
    return f"{WHEN[look.when]}, {look_named(look.name)}: {'; '.join(w for w in (known, most) if w)}"


def _model_lines(model: ModelPlan) -> list[str]:
    """Return one line for the model, one per reason, and one per run of rows."""
    share = f" ({model.n_bytes / model.total_bytes:.2%})" if model.total_bytes else ""
    read = f"{model.n_bytes:,} of {model.total_bytes:,} bytes{share} in the first step"
    asked = (
        f"on a Hub {counted(model.n_requests, 'range')}, {model.n_transferred:,} bytes with gaps"
    )
    lines = [f"{printable(model.name)}: {read}; {asked}"]
    for why, n_bytes in model.bytes_by_reason:
        rows = [r for r in model.rows if r.why == why]
        tensors = counted(len({r.tensor for r in rows}), "tensor")
        lines.append(f"  {REASONS.get(why, why)}: {n_bytes:,} bytes from {tensors}")
        lines += [f"    {printable(r.tensor)} rows {r.start}..{r.stop - 1}" for r in rows]
    return lines
