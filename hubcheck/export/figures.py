"""Which figures of a finding go into every format, and under which names?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hubcheck.card import first_table

if TYPE_CHECKING:
    from hubcheck.report.schema import Finding, Report

Value = str | int | float | bool

OF_A_FINDING: Final = (
    "verdict", "relation", "declared", "proposed-by", "reason-code", "log10-bound", "similarity",
    "similarity-low", "similarity-high", "compared-share", "order-tested-share", "units-tested",
    "units-hit", "detectable-similarity", "direction", "explained-by",
)  # fmt: skip


def values_of(finding: Finding) -> dict[str, Value]:
    """Return what was found of one base, in the order of the names above.

    What is not known is left out; so are the figures of a base that was not tested.
    """
    tested = finding.status == "tested"
    interval = finding.kept_interval if tested else None
    said: dict[str, Value | None] = {
        "verdict": finding.verdict.value,
        "relation": finding.relation.kind.value if finding.relation else None,
        "declared": finding.declared,
        "proposed-by": first_table.why(finding),
        "reason-code": finding.code.value,
        "log10-bound": finding.log10_p if tested else None,
        "similarity": finding.kept if tested else None,
        "similarity-low": interval[0] if interval else None,
        "similarity-high": interval[1] if interval else None,
        "compared-share": finding.compared if tested else None,
        "order-tested-share": finding.order_tested if tested else None,
        "units-tested": finding.units_tested if tested else None,
        "units-hit": finding.units_hit if tested else None,
        "detectable-similarity": finding.detectable_kept if tested else None,
        "direction": finding.direction if tested else None,
        "explained-by": finding.explained_by,
    }
    return {name: value for name, value in said.items() if value is not None and value != ""}


def of_finding(finding: Finding) -> dict[str, str]:
    """Return what was found of one base, as text; what is not known is left out."""
    return {name: text_of(name, value) for name, value in values_of(finding).items()}


def text_of(name: str, value: Value) -> str:
    """Return a value as every format writes it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.1f}" if name == "log10-bound" else f"{value:.4f}"
    return str(value)


def of_report(report: Report) -> dict[str, str]:
    """Return what was found as a whole, and how the check can be repeated."""
    said = {
        "declaration-verdict": report.verdict.value,
        "conclusion": report.conclusion.value,
        "nothing-compared": report.nothing_compared.value if report.nothing_compared else "",
        "fail-on": ",".join(report.policy.fail_on),
        "depth": report.depth.value,
        "seed": str(report.seed),
        "weights-digest": report.subject.weights_digest,
        "schema-version": report.schema_version,
        "replay": report.replay,
    }
    return {name: text for name, text in said.items() if text}
