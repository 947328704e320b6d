"""Which figures of a finding go into every format, and under which names?"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hubcheck.report.schema import Finding, Report


def of_finding(finding: Finding) -> dict[str, str]:
    """Return what was found of one base, as text; what is not known is left out."""
    kept, interval = finding.kept, finding.kept_interval
    tested = finding.status == "tested"
    said = {
        "verdict": finding.verdict.value,
        "relation": finding.relation.kind.value if finding.relation else "",
        "declared": "yes" if finding.declared else "no",
        "proposed-by": "; ".join(finding.proposed_by),
        "reason-code": finding.code.value,
        "log10-bound": f"{finding.log10_p:.1f}" if tested else "",
        "similarity": f"{kept:.4f}" if tested else "",
        "similarity-low": f"{interval[0]:.4f}" if interval else "",
        "similarity-high": f"{interval[1]:.4f}" if interval else "",
        "compared-share": f"{finding.compared:.4f}" if tested else "",
        "order-tested-share": f"{finding.order_tested:.4f}" if tested else "",
        "units-tested": str(finding.units_tested) if tested else "",
        "units-hit": str(finding.units_hit) if tested else "",
        "detectable-similarity": f"{finding.detectable_kept:.4f}" if tested else "",
        "direction": finding.direction if tested else "",
        "explained-by": finding.explained_by or "",
    }
    return {name: text for name, text in said.items() if text}


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
