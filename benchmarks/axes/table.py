"""Pack what was certified into the table that ships, and list what was rejected, and why.

python -m benchmarks.axes.table --work DIR
"""

from __future__ import annotations

import argparse
import gzip
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from hubcheck.anatomy.free_axes import numberless

ROOT: Final = Path(__file__).resolve().parents[2]
TABLE: Final = ROOT / "hubcheck" / "anatomy" / "certified_axes.json.gz"
PAGE: Final = ROOT / "docs" / "axes.md"
MOST_INSIDE: Final = 80
"""Tensors under the module that holds an axis: of a larger one the forms are never all built."""
MOST_REJECTED: Final = 6
"""Rejected matrices of a class that are listed by name."""


def main() -> int:
    """Write the table and its page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    asked = parser.parse_args()
    forms: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for path in sorted(asked.work.glob("*.json")):
        one = json.loads(path.read_text())
        forms[one["library"], one["name"]].append(one)
    classes = [found for _, some in sorted(forms.items()) if (found := class_of(some))["axes"]]
    packed = json.dumps({"classes": classes}, separators=(",", ":"), sort_keys=True).encode()
    TABLE.write_bytes(gzip.compress(packed, compresslevel=9, mtime=0))
    PAGE.write_text(page(forms, classes, TABLE.stat().st_size))
    print(f"{len(classes)} classes, {TABLE.stat().st_size} bytes")
    return 0


def class_of(forms: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return one class of the table, of all its forms."""
    first = forms[0]
    built = [f for f in forms if "error" not in f]
    names = {numberless(n) for f in built for n in f["names"]}
    patterns: dict[str, dict[str, Any]] = {}
    for form in built:
        for axis in form["axes"]:
            one = pattern_of(axis, form["names"])
            if one is not None:
                patterns.setdefault(json.dumps(one, sort_keys=True), one)
    return {
        "library": first["library"],
        "version": first["version"],
        "name": first["name"],
        "names": sorted(names),
        "fixed": sorted({n for f in built for n in f["fixed"]}),
        "axes": [patterns[key] for key in sorted(patterns)],
    }


def pattern_of(axis: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any] | None:
    """Return an axis by the module that holds it; None where that is too large a part."""
    moves = [m for some in ("writes", "reads", "heads") for m in axis[some]]
    modules = [m[0].split(".")[:-1] for m in moves]
    scope = ".".join(shared_start(modules))
    before = f"{scope}." if scope else ""
    inside = sorted(n[len(before) :] for n in names if n.startswith(before))
    if len(inside) > MOST_INSIDE:
        return None

    def relative(some: Sequence[Sequence[Any]]) -> list[list[Any]]:
        return sorted([m[0][len(before) :], m[1], m[2]] for m in some)

    def leading(some: Sequence[Sequence[Any]]) -> list[list[Any]]:
        """The weights first, then what lies along them."""
        return sorted(relative(some), key=lambda m: (not m[0].endswith("weight"), "norm" in m[0]))

    return {
        "scope": numberless(scope),
        "inside": inside,
        "freedom": axis["freedom"],
        "writes": leading(axis["writes"]),
        "reads": leading(axis["reads"]),
        "heads": leading(axis["heads"]),
    }


def shared_start(paths: Sequence[Sequence[str]]) -> list[str]:
    """Return what all module paths begin with."""
    found = []
    for parts in zip(*paths, strict=False):
        if len(set(parts)) > 1:
            break
        found.append(parts[0])
    return found


def page(
    forms: Mapping[tuple[str, str], Sequence[Mapping[str, Any]]],
    classes: Sequence[Mapping[str, Any]],
    size: int,
) -> str:
    """Return the page: what was certified, and what was not and why."""
    versions = sorted({f"{f['library']} {f['version']}" for some in forms.values() for f in some})
    total = sum(len(c["axes"]) for c in classes)
    rows, without = [], []
    for (library, name), some in sorted(forms.items()):
        built = [f for f in some if "error" not in f]
        if not built:
            without.append(f"| {library} | {name} | {_plain(some[0]['error'])} |")
            continue
        axes = [a for f in built for a in f["axes"]]
        free = sum(a["freedom"] == "full" for a in axes)
        share = max(f["share"] for f in built)
        rejected = sorted({n for f in built for n in f["rejected"]})
        more = f" and {len(rejected) - MOST_REJECTED} more" * (len(rejected) > MOST_REJECTED)
        listed = ", ".join(f"`{_plain(n)}`" for n in rejected[:MOST_REJECTED]) + more
        rows.append(
            f"| {library} | {name} | {free} | {len(axes) - free} | {share:.0%} | {listed} |"
        )
    return PAGE_TEXT.format(
        versions=", ".join(versions), classes=len(classes), patterns=total, size=size,
        asked=len(forms), rows="\n".join(rows), without="\n".join(without),
    )  # fmt: skip


def _plain(text: str) -> str:
    return text.replace("|", "/").replace("`", "'")[:120]


PAGE_TEXT: Final = """# Certified axes

*In plain words.* The test rests on one thing: that the order of some units can be changed without changing what the
model does, so that an order shared with another model is no accident of its purpose. For published model classes this
was tried out on the running model, unit by unit; here is which orders passed.

Which axes of published classes may be relabelled without changing what the model computes. Written by
`python -m benchmarks.axes.table`; nothing on this page is by hand.

    pip install -e ".[test]" diffusers timm
    make axes

Every class is built small with random values, in float64, and run on a fixed input. For every matrix
the axes that it may read are proposed and relabelled in the running model, with the gains and biases
that lie along them. An axis enters the table where the output stays what it was (to 1e-8 of its
spread) and moves when one side alone is relabelled. *In blocks*: units change places inside groups of
a norm or heads of attention, and whole groups do ([evidence](evidence.md)). A model meets the table by
its names; sizes only have to fit each other.

Made with {versions}: {asked} classes asked, {classes} in the table, {patterns} axes, {size:,} bytes.

| library | class | free axes | in blocks | share of the parameters they touch | matrices that read no free axis |
| --- | --- | --- | --- | --- | --- |
{rows}

## Not certified

| library | class | why |
| --- | --- | --- |
{without}
"""

if __name__ == "__main__":
    raise SystemExit(main())
