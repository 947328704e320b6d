"""Which rows do the tests of the benchmark share?"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from benchmarks.lineage.pairs import Kind
from benchmarks.lineage.results import Row

PLAIN = Row(
    tool="hubcheck",
    version="1",
    subject="finetune",
    base="base",
    weights="abc",
    kind=Kind.DERIVED,
    meaning="light fine-tune",
    words=("fine-tune",),
    verdict="related",
    relation="fine-tune",
    scores={"log10_E": 20.0},
    detail="",
    failure="",
    exit_code=0,
    wall_s=1.0,
    cpu_s=1.0,
    peak_mb=100.0,
    touched_mb=2.0,
    files_mb=4.0,
    own_read_mb=1.5,
    same_configuration=True,
    load=0.5,
)


def row(**changes: object) -> Row:
    """Return a row of hubcheck that is right about a fine-tune, with changes."""
    return replace(PLAIN, **changes)  # type: ignore[arg-type]


def stranger(**changes: object) -> Row:
    """Return a row of hubcheck that is right about two strangers, with changes."""
    plain = {"subject": "twin", "kind": Kind.STRANGER, "words": (), "relation": ""}
    return row(**{**plain, "verdict": "unrelated", "scores": {"log10_E": 0.0}, **changes})


def model(models: Path, name: str, facts: dict[str, object], **config: object) -> None:
    """Write a model of a made-up zoo: notes, configuration and a few bytes of weights."""
    folder = models / name
    folder.mkdir(parents=True)
    notes = "derived.json" if "parents" in facts else "training.json"
    (folder / notes).write_text(json.dumps(facts))
    (folder / "config.json").write_text(json.dumps({"hidden_size": 8, **config}))
    (folder / "model.safetensors").write_bytes(name.encode() * 4000)


def zoo(models: Path) -> None:
    """Write a small made-up zoo."""
    for seed, name in enumerate(("base", "twin", "ind2", "ind3")):
        model(models, name, {"init_seed": seed, "start": None, "steps": 9, "shape": {}})
    model(models, "sib", {"init_seed": 0, "start": None, "steps": 9, "shape": {}})
    for name, start in (("finetune", "base"), ("continued", "base"), ("continued2", "continued")):
        model(models, name, {"init_seed": 0, "start": start, "steps": 9})
    model(models, "disguised-continued", {"parents": ["continued"], "meaning": "hidden"})
    model(models, "merge-independent", {"parents": ["base", "twin"], "meaning": "60 and 40 %"})
    model(models, "framed", {"parents": ["ind2", "base"], "meaning": "made to look like base"})
    model(models, "wears-norms", {"parents": ["twin", "base"], "meaning": "base's norms"})
    model(models, "from-elsewhere", {"parents": ["base"], "relation": "lora-merge"})
    model(models, "relations/tuned-a", {"init_seed": 0, "start": "base", "steps": 9})
    material = {"parents": ["relations/tuned-a"], "material": True}
    model(models, "lineage/published-tuned-a", material)
    model(models, "lineage/case-sparse", {"parents": ["base"], "relation": "sparse-update"})
    merge = {"parents": ["lineage/published-tuned-a", "twin"], "relation": "merge"}
    shares = {"lineage/published-tuned-a": 0.7, "twin": 0.3, "ind3": 0.0}
    model(models, "lineage/merge-two", {**merge, "named": list(shares), "shares": shares})
    for number in range(5):
        model(models, f"judges/judge-{number}", {"init_seed": number, "kind": "hard", "steps": 1})
