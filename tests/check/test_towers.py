"""Is a borrowed vision tower seen although the language model is another one?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import numpy as np
import pytest
from numpy.typing import NDArray

from hubcheck.anatomy.interface import Role
from hubcheck.anatomy.towers import towers_of
from hubcheck.card.wording import sentence, words
from hubcheck.check.observe import comparer_of, opened_pair
from hubcheck.evidence.looks.interface import Terms
from hubcheck.evidence.looks.orders import ORDERS
from hubcheck.evidence.looks.towers import NO_PARTS, TOWERS
from hubcheck.evidence.observation import Observation, Observations, Skip
from hubcheck.model import Access, Model, open_model
from hubcheck.report.schema import Report
from hubcheck.report.words import DeclarationVerdict, Depth, EvidenceKind, RelationKind, Verdict
from hubcheck.source.reference import parse_reference
from tests.evidence.laboratory import report_of
from tests.material.formats.encode import as_bf16, as_f16
from tests.material.formats.folder import read_floats, safetensors_file

DEMO: Final = Path(__file__).parents[2] / "hubcheck" / "demo" / "models"
ACCESS: Final = Access(max_read=1 << 30, token=None, endpoint=None)
Tensors = dict[str, NDArray[np.float32]]
CONFIG: Final = json.loads((DEMO / "base" / "config.json").read_text())
VISION_CONFIG: Final = {"num_heads": 4, "depth": 3, "hidden_size": 64}


LIMITS: Final = (2_700_000, 16_000_000)
"""Bytes: the body's search and the tower do not both fit; everything does."""


def vision_tower(seed: int) -> Tensors:
    """Return a tower like Qwen2-VL's, random."""
    rng = np.random.default_rng(seed)
    shapes: dict[str, tuple[int, ...]] = {
        "attn.qkv.weight": (192, 64), "attn.qkv.bias": (192,), "attn.proj.weight": (64, 64),
        "attn.proj.bias": (64,), "mlp.fc1.weight": (256, 64), "mlp.fc1.bias": (256,),
        "mlp.fc2.weight": (64, 256), "mlp.fc2.bias": (64,), "norm1.weight": (64,),
        "norm1.bias": (64,), "norm2.weight": (64,), "norm2.bias": (64,),
    }  # fmt: skip
    tower = {
        f"visual.blocks.{layer}.{name}": rng.normal(size=shape).astype(np.float32) * 0.1
        for layer in range(3)
        for name, shape in shapes.items()
    }
    tower["visual.patch_embed.proj.weight"] = rng.normal(size=(64, 3, 2, 4, 4)).astype(np.float32)
    return tower


def write(folder: Path, body: str, tower: Tensors) -> Path:
    """Write a multimodal model: a demo model's body and a tower."""
    folder.mkdir()
    tensors = {**read_floats(DEMO / body), **tower}
    raw = safetensors_file({name: as_bf16(values) for name, values in tensors.items()})
    (folder / "model.safetensors").write_bytes(raw)
    config = {**CONFIG, "vision_config": VISION_CONFIG}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "tokenizer.json").write_bytes((DEMO / body / "tokenizer.json").read_bytes())
    return folder


def opened(folder: Path) -> Model:
    """Return an opened model."""
    return open_model(parse_reference(str(folder)), ACCESS)


def report(
    subject: Path, *, bases: tuple[Path, ...] = (), suspects: tuple[Path, ...] = ()
) -> Report:
    """Return the report of one check."""
    return report_of(subject, bases, suspects, seed=5)


def test_a_tower_is_read_as_a_model_of_its_own(tmp_path: Path) -> None:
    """Its layers, heads and neurons are found, and its tensors leave the decoder alone."""
    anatomy = opened(write(tmp_path / "m", "base", vision_tower(1))).anatomy
    (tower,) = towers_of(anatomy, {"vision_config": VISION_CONFIG})
    assert (tower.name, tower.prefix) == ("vision", "visual.")
    assert tower.anatomy.unknown == ()
    geometry = tower.anatomy.geometry
    assert (geometry.layers, geometry.heads, geometry.neurons) == (3, 4, 256)
    assert tower.anatomy.get(Role.V, 2) is not None
    assert anatomy.geometry.layers == 4


def test_a_text_model_has_no_tower() -> None:
    """A plain decoder gives none, and nothing is compared."""
    base = opened(DEMO / "base")
    assert towers_of(base.anatomy, base.config) == ()
    comparer = comparer_of(base, base, seed=1, tried=1)
    both = opened_pair(comparer, base, base)
    terms = Terms(depth=Depth.SAMPLE, seed=1, declared=True, tried=1)
    assert TOWERS.planned(both, terms) is Skip.NOT_RELATED
    assert TOWERS.take(both, terms, Observations()) == Observation(seen=NO_PARTS)


@pytest.mark.parametrize(("tower", "expected"), [(1, Verdict.RELATED), (2, Verdict.UNRELATED)])
def test_towers_are_judged_apart_from_the_body(
    tmp_path: Path, tower: int, expected: Verdict
) -> None:
    """The same body with the same or another tower: the body is related, the tower on its own."""
    base = write(tmp_path / "base", "base", vision_tower(1))
    subject = write(tmp_path / "subject", "finetune", vision_tower(tower))
    (finding,) = report(subject, bases=(base,)).findings
    assert finding.verdict is Verdict.RELATED
    parts = {p.name: p for p in finding.parts}
    assert parts["body"].verdict is Verdict.RELATED
    assert parts["vision tower"].verdict is expected
    assert (parts["vision tower"].log10_p < -10) is (expected is Verdict.RELATED)


def test_a_borrowed_tower_is_named_and_counts(tmp_path: Path) -> None:
    """Another body with the base's tower is related in that part alone: a warning, no accusation.

    Public towers are shared by many; a model that is more than its tower is not held by it.
    """
    base = write(tmp_path / "base", "base", vision_tower(1))
    subject = write(tmp_path / "subject", "twin", vision_tower(1))
    found = report(subject, suspects=(base,))
    (finding,) = found.findings
    assert finding.verdict is Verdict.RELATED
    assert finding.relation is not None
    assert finding.relation.kind is RelationKind.PARTS
    assert sentence(finding.relation.detail) == "vision tower only, the body does not match"
    assert finding.log10_p < -10
    assert found.verdict is DeclarationVerdict.INCONCLUSIVE
    assert any("undeclared-part" in words(w) for w in found.warnings)
    rows = [e for e in finding.evidence if e.part == "vision tower"]
    assert rows
    assert sum(e.hits for e in rows) > 100


TIMM: Final = {"blocks.": "visual.blocks."}
DINO: Final = {
    "encoder.layer.": "visual.blocks.", "attention.attention.query": "attn.q",
    "attention.attention.key": "attn.k", "attention.attention.value": "attn.v",
    "attention.output.dense": "attn.proj", "norm1": "norm1",
}  # fmt: skip
VIT: Final = {
    "vit.encoder.layer.": "visual.blocks.", "attention.attention.query": "attn.q",
    "attention.attention.key": "attn.k", "attention.attention.value": "attn.v",
    "attention.output.dense": "attn.proj", "intermediate.dense": "mlp.fc1",
    "output.dense": "mlp.fc2", "layernorm_before": "norm1", "layernorm_after": "norm2",
}  # fmt: skip
CLIP: Final = {
    "vision_model.encoder.layers.": "visual.blocks.", "self_attn.q_proj": "attn.q",
    "self_attn.k_proj": "attn.k", "self_attn.v_proj": "attn.v", "self_attn.out_proj": "attn.proj",
    "layer_norm1": "norm1", "layer_norm2": "norm2",
}  # fmt: skip


def tower_alone(folder: Path, seed: int, names: dict[str, str], *, text: bool = False) -> Path:
    """Write a repository that holds a tower, under a publisher's names."""
    folder.mkdir()
    tensors: Tensors = {}
    for name, values in vision_tower(seed).items():
        split = {".qkv.": zip("qkv", np.split(values, 3), strict=True)} if ".qkv." in name else {}
        if ".qkv." in name and "attn.q" in names.values():
            tensors |= {name.replace(".qkv.", f".{p}."): part for p, part in split[".qkv."]}
        else:
            tensors[name] = values
    renamed: Tensors = {}
    for name, values in tensors.items():
        new = name
        for published, own in names.items():
            new = new.replace(own, published)
        renamed[new] = values
    if text:
        renamed["text_model.embeddings.token_embedding.weight"] = np.ones((9000, 64), np.float32)
    raw = safetensors_file({name: as_bf16(values) for name, values in renamed.items()})
    (folder / "model.safetensors").write_bytes(raw)
    config = {**VISION_CONFIG, "model_type": "vit", "image_size": 64, "patch_size": 4}
    (folder / "config.json").write_text(json.dumps({"vision_config": config} if text else config))
    return folder


@pytest.mark.parametrize("text", [False, True], ids=["tower", "tower and text encoder"])
@pytest.mark.parametrize("names", [TIMM, DINO, VIT, CLIP], ids=["timm", "DINO", "ViT", "CLIP"])
def test_a_base_that_is_a_tower_is_found_in_a_multimodal_model(
    names: dict[str, str], text: bool, tmp_path: Path
) -> None:
    """The tower's own repository is a base like any other: declared, warned of, or contradicted.

    "All that the base holds" is said where that was compared: not of a tower beside a text encoder.
    """
    if text and names is not CLIP:
        return  # only CLIP and its like keep a text encoder beside the tower
    base = tower_alone(tmp_path / "base", 1, names, text=text)
    other = tower_alone(tmp_path / "other", 2, names, text=text)
    subject = write(tmp_path / "subject", "base", vision_tower(1))
    declared = report(subject, bases=(base,))
    denied = report(subject, bases=(other,))
    suspected = report(subject, suspects=(base,))
    assert suspected.verdict is DeclarationVerdict.INCONCLUSIVE
    assert any("undeclared-part" in words(w) for w in suspected.warnings)
    if text:  # the text encoder is its body: of that nothing is settled
        (tower,) = (p for p in declared.findings[0].parts if p.tower)
        assert tower.verdict is Verdict.RELATED
        assert tower.log10_p < -10
        said = sentence(declared.findings[0].reason)
        assert "the vision tower matches" in said
        assert "of the body's parameters were not compared" in said
        assert declared.verdict is DeclarationVerdict.INCONCLUSIVE
        assert denied.findings[0].verdict is Verdict.INCONCLUSIVE
        return
    assert declared.findings[0].verdict is Verdict.RELATED
    assert declared.findings[0].relation is not None
    assert declared.findings[0].log10_p < -10
    assert (
        sentence(declared.findings[0].relation.detail)
        == "vision tower: all that the base holds but heads"
    )
    assert declared.verdict is DeclarationVerdict.CONFIRMED
    assert denied.findings[0].verdict is Verdict.UNRELATED
    assert denied.findings[0].units_tested > 0
    assert 0 < denied.findings[0].detectable_kept <= 0.2
    assert denied.verdict is DeclarationVerdict.CONTRADICTED


def test_a_tower_among_several_is_found(tmp_path: Path) -> None:
    """A model with two eyes is searched for the base's tower in both."""
    base = tower_alone(tmp_path / "base", 1, CLIP)
    second = {n.replace("visual.", "sam_model."): w for n, w in vision_tower(1).items()}
    subject = write(tmp_path / "subject", "base", {**second, **vision_tower(2)})
    (finding,) = report(subject, suspects=(base,)).findings
    found = sorted(p.verdict for p in finding.parts)
    assert found == [Verdict.RELATED, Verdict.UNRELATED]
    assert finding.verdict is Verdict.RELATED


def lone(folder: Path, tower: Tensors) -> Path:
    """Write a repository that is one ViT and nothing else."""
    folder.mkdir()
    raw = safetensors_file({name.removeprefix("visual."): as_bf16(w) for name, w in tower.items()})
    (folder / "model.safetensors").write_bytes(raw)
    config = {**VISION_CONFIG, "model_type": "vit", "image_size": 64, "patch_size": 4}
    (folder / "config.json").write_text(json.dumps({"vision_config": config}))
    return folder


def tuned(tower: Tensors, seed: int) -> Tensors:
    """Return a tower after a little training of its own."""
    rng = np.random.default_rng(seed)
    return {
        n: w + rng.normal(size=w.shape).astype(np.float32) * np.float32(0.05 * w.std())
        for n, w in tower.items()
    }


def trained_from(tower: Tensors, seed: int) -> Tensors:
    """Return what a long training makes of some initial weights: strong directions of its own."""
    rng = np.random.default_rng(seed)
    grown: Tensors = {}
    for name, w in tower.items():
        if w.ndim != 2:
            grown[name] = w
            continue
        rank = max(2, min(w.shape) // 10)
        left, right = (rng.normal(size=(n, rank)) for n in w.shape)
        learned = left @ right.T / np.sqrt(rank) * w.std() * 1.2
        drift = rng.normal(size=w.shape) * w.std() * 0.5
        grown[name] = (0.8 * w + learned + drift).astype(np.float32)
    return grown


def test_two_children_of_one_tower_do_not_accuse_each_other(tmp_path: Path) -> None:
    """Siblings of one ViT declare it: each is explained by the parent, none is undeclared."""
    parent = vision_tower(1)
    base = lone(tmp_path / "base", parent)
    ours = lone(tmp_path / "ours", tuned(parent, 11))
    theirs = lone(tmp_path / "theirs", tuned(parent, 12))
    found = report(ours, bases=(base,), suspects=(theirs,))
    declared, sibling = found.findings
    assert declared.verdict is Verdict.RELATED
    assert sibling.verdict is Verdict.RELATED
    assert sibling.explained_by == str(base)
    assert found.verdict is DeclarationVerdict.CONFIRMED
    assert report(ours, suspects=(theirs,)).verdict is DeclarationVerdict.UNDECLARED


def test_towers_of_one_initialisation_are_no_copies(tmp_path: Path) -> None:
    """The same initial weights, trained on other data: neither undeclared nor confirmed."""
    start = vision_tower(1)
    ours = lone(tmp_path / "ours", trained_from(start, 21))
    theirs = lone(tmp_path / "theirs", trained_from(start, 22))
    suspected = report(ours, suspects=(theirs,))
    (finding,) = suspected.findings
    assert finding.relation is not None
    assert finding.relation.kind is RelationKind.COMMON_INITIALISATION
    assert suspected.verdict is DeclarationVerdict.INCONCLUSIVE
    assert report(ours, bases=(theirs,)).verdict is DeclarationVerdict.INCONCLUSIVE


def test_a_contradicted_tower_shows_its_evidence(tmp_path: Path) -> None:
    """An independent ViT declared as a base: counted units, power and a table, as for a body."""
    base = lone(tmp_path / "base", vision_tower(1))
    found = report(lone(tmp_path / "ours", vision_tower(2)), bases=(base,))
    (finding,) = found.findings
    assert found.verdict is DeclarationVerdict.CONTRADICTED
    assert finding.units_tested > 100
    assert finding.units_hit < 20
    assert 0 < finding.detectable_kept <= 0.2
    assert finding.power
    neurons = [e for e in finding.evidence if e.kind is EvidenceKind.EXACT and e.test == "neurons"]
    assert len(neurons) == 3
    assert all(e.units > 100 for e in neurons)


@pytest.fixture(scope="module")
def classes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ViT with its classes, the same with others, stored anew, and trained a little."""
    folder = tmp_path_factory.mktemp("classes")
    rng = np.random.default_rng(7)

    def head(n: int) -> Tensors:
        return {"visual.head.weight": rng.normal(size=(n, 64)).astype(np.float32)}

    tower = vision_tower(1)
    own = head(10)
    made = {
        "base": {**tower, **own},
        "other size": {**tower, **head(7)},
        "other values": {**tower, **head(10)},
        "tuned": tuned({**tower, **own}, 3),
    }
    for name, tensors in made.items():
        lone(folder / name, tensors)
    anew = {n: as_f16(w) for n, w in read_floats(folder / "base").items()}
    (folder / "anew").mkdir()
    (folder / "anew" / "model.safetensors").write_bytes(safetensors_file(anew))
    (folder / "anew" / "config.json").write_bytes((folder / "base/config.json").read_bytes())
    return folder


@pytest.mark.parametrize("name", ["other size", "other values"])
def test_other_classes_on_the_same_layers_are_not_the_same_values(classes: Path, name: str) -> None:
    """Every layer is equal, the head is not: what is said of the tower is not said of the model."""
    found = report(classes / name, bases=(classes / "base",))
    (finding,) = found.findings
    assert finding.verdict is Verdict.RELATED
    assert found.verdict is DeclarationVerdict.CONFIRMED
    assert finding.relation is not None
    assert finding.relation.kind not in {RelationKind.RECAST, RelationKind.IDENTICAL}


@pytest.mark.parametrize(
    ("name", "kind"), [("anew", RelationKind.RECAST), ("tuned", RelationKind.FINE_TUNE)]
)
def test_what_lies_beside_the_layers_is_held_against_its_namesakes(
    classes: Path, name: str, kind: RelationKind
) -> None:
    """Patches and head are compared by name: all of the model is, and it says how similar it is."""
    (finding,) = report(classes / name, bases=(classes / "base",)).findings
    assert finding.relation is not None
    assert finding.relation.kind is kind
    assert finding.compared > 0.98
    assert finding.kept > 0.99


def deep(folder: Path, body: str, seed: int) -> Path:
    """Write a multimodal model of 16 layers, whose search reads more than its first step."""
    rng = np.random.default_rng(seed)
    layers = {
        name.replace("layers.0.", f"layers.{n}."): rng.normal(0, values.std(), values.shape)
        for name, values in read_floats(DEMO / body).items()
        for n in range(4, 16)
        if "layers.0." in name
    }
    drawn = {name: values.astype(np.float32) for name, values in layers.items()}
    write(folder, body, {**drawn, **vision_tower(seed)})
    config = {**CONFIG, "vision_config": VISION_CONFIG, "num_hidden_layers": 16}
    (folder / "config.json").write_text(json.dumps(config))
    return folder


@pytest.mark.parametrize("limit", LIMITS)
def test_a_budget_that_binds_gives_the_same_rows_from_a_host_and_from_a_cache(
    tmp_path: Path, limit: int
) -> None:
    """A replay reads from the cache: rows of towers must not come first only where a host waits."""
    folders = [deep(tmp_path / str(n), body, n) for n, body in enumerate(("base", "twin"))]
    terms = Terms(depth=Depth.SAMPLE, seed=1, declared=True, tried=1)
    seen = []
    for on_hosts in (True, False):
        access = Access(max_read=limit, token=None, endpoint=None)
        base, subject = (open_model(parse_reference(str(f)), access) for f in folders)
        ledgers = [one.source.ledger for one in (base, subject)]
        if on_hosts:
            for ledger in ledgers:
                ledger.count_request()
        both = opened_pair(comparer_of(base, subject, seed=1, tried=1), base, subject)
        body = ORDERS.take(both, terms, Observations())
        parts = TOWERS.take(both, terms, Observations())
        assert isinstance(body, Observation)
        assert isinstance(parts, Observation)
        towers = [t.comparison for t in parts.seen.towers]
        seen.append(
            (
                [ledger.bytes_read for ledger in ledgers],
                [[o.log_e for o in c.outcomes] for c in (body.seen, *towers)],
                [r.code for r in (*body.seen.refused, *parts.refused)],
            )
        )
    assert seen[0] == seen[1]
