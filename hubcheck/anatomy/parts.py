"""Which tensors belong to the decoder, which rules do their names allow, and how wide is it?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from typing import Final, TypeAlias

from hubcheck.anatomy.config import ConfigFacts
from hubcheck.anatomy.geometry import most_common
from hubcheck.anatomy.gguf_names import FORMAT, published_name
from hubcheck.anatomy.interface import Role
from hubcheck.anatomy.names import Template, read_template, split_indices
from hubcheck.anatomy.place import PAIRED, fits
from hubcheck.anatomy.release_names import is_released, release_config, released_names
from hubcheck.anatomy.rule import Rule, Store
from hubcheck.anatomy.splits import Split
from hubcheck.anatomy.stacks import Stacks
from hubcheck.anatomy.table import INSIDE, OUTSIDE
from hubcheck.anatomy.traits import RESIDUAL_NORMS
from hubcheck.anatomy.uncounted import without_uncounted
from hubcheck.anatomy.wrappers import plain_names
from hubcheck.checkpoint.interface import Checkpoint, TensorRecord
from hubcheck.computed_once import kept_with
from hubcheck.frozen import frozen

Cut: TypeAlias = tuple[TensorRecord, Template, int, int, int]
"""A tensor with its layer, expert and block inside a double layer, -1 where it has none."""
MAX_LAYERS: Final = 4096
"""No published model is deeper than a few hundred layers; code that walks the layers relies on
this."""
BLOCKS: Final = 2
"""Blocks of a double layer; a block with this number or a higher one is not read."""
NO_RULES: Final[tuple[tuple[Rule, ...], bool]] = ((), False)
TURNED: Final = {Store.ROWS: Store.COLUMNS, Store.COLUMNS: Store.ROWS}
STORED: Final = frozenset((Role.BUFFER, Role.QUANT_COMPANION, Role.LORA))
"""What a tensor is whatever it belongs to."""
TELLING: Final = frozenset((Store.EITHER, Store.COLUMNS, Store.STACKED))
"""Stores that families use in both orientations, so that a shape tells something."""
LATE: Final = PAIRED | {Role.Q, Role.MLA_Q_B}
"""Roles whose check needs a sibling even where the tensor holds nothing else."""
BY_INPUT: Final = {
    rule: replace(rule, store=TURNED[rule.store])
    for rule in (*INSIDE, *OUTSIDE)
    if rule.store in TURNED
}
"""The rules for matrices that a storage lays out by input (GPTQ, AWQ)."""
ALONE: Final = frozenset((Split.WHOLE, Split.LISTED))


@frozen
class Part:
    """A tensor of the decoder with the rules that its name allows."""

    record: TensorRecord
    template: Template
    layer: int
    expert: int
    rules: tuple[Rule, ...]

    late: bool
    """True when the tensor can only be read after its siblings."""


@frozen
class Parts:
    """The tensors of a checkpoint, sorted by where they belong."""

    decoder: list[Part]
    others: dict[str, Role]
    """Tensors whose name alone puts them outside the decoder."""
    mtp_layers: int


def needs_siblings(rules: tuple[Rule, ...]) -> bool:
    """Say whether some rule's split or check asks the tensor's siblings."""
    return any(
        r.split not in ALONE
        or not LATE.isdisjoint(r.roles)
        or r.store in (Store.FLAT_ROWS, Store.FLAT_COLUMNS)
        for r in rules
    )


def rules_for(
    template: Template, siblings: frozenset[str], model_type: str, *, inside: bool
) -> tuple[Rule, ...]:
    """Return the rules that a name allows, in the order of the table."""
    return tuple(
        r
        for r in (INSIDE if inside else OUTSIDE)
        if r.path.fullmatch(template.path)
        and (not r.families or model_type in r.families)
        and (r.under is None or r.under.search(template.prefix))
        and (r.bias is None or r.bias is template.bias)
        and (r.beside is None or any(r.beside.fullmatch(s) for s in siblings))
        and (r.absent is None or not any(r.absent.fullmatch(s) for s in siblings))
    )


def double_layers(cut: list[Cut]) -> list[Cut]:
    """Number the blocks of each double layer as layers of their own, in a model that has them.

    A model with a single attention block anywhere is no such model; the numbered blocks it may
    hold keep an impossible number and are not read.
    """
    each = 1 + max((block for *_, block in cut if block < BLOCKS), default=-1)
    single = any(t.path.startswith("self_attn.") and b < 0 for _, t, _, _, b in cut)
    if not each:
        return cut
    if single:
        return [(r, t, n, e, BLOCKS if b >= 0 else b) for r, t, n, e, b in cut]
    return [(r, t, n if n < 0 else each * n + max(b, 0), e, b) for r, t, n, e, b in cut]


def published_names(checkpoint: Checkpoint) -> dict[str, str]:
    """Return the published name of every tensor, without wrappers, by its stored name."""
    if checkpoint.format != FORMAT:
        names = {name: name for name in checkpoint.tensors} | plain_names(checkpoint.tensors)
        released = released_names({names[n]: r.shape for n, r in checkpoint.tensors.items()})
        if not released:
            return names
        return {name: released.get(plain, plain) for name, plain in names.items()}
    architecture = checkpoint.metadata.get("general.architecture", "")
    return {name: published_name(name, architecture) for name in checkpoint.tensors}


def stated_config(checkpoint: Checkpoint, config: Mapping[str, object]) -> Mapping[str, object]:
    """Return a configuration, with what the names of a maker's release say beside it."""
    if checkpoint.format == FORMAT or not _is_released(checkpoint):
        return config
    names = {name: name for name in checkpoint.tensors} | plain_names(checkpoint.tensors)
    return release_config({names[n]: r.shape for n, r in checkpoint.tensors.items()}, config)


@kept_with
def _is_released(checkpoint: Checkpoint) -> bool:
    """Return whether a name tells a maker's release; asked a dozen times of each model."""
    return any(map(is_released, checkpoint.tensors))


def parts_of(
    checkpoint: Checkpoint,
    facts: ConfigFacts,
    names: Mapping[str, str],
    stacks: Stacks | None = None,
) -> Parts:
    """Return every tensor, the decoder's with the rules that its name allows.

    Args:
        checkpoint: The headers.
        facts: The configuration, of the main stack where there are several.
        names: The published name of every tensor.
        stacks: Its stacks, where it has several.
    """
    cut: list[Cut] = []
    paths: dict[int, set[str]] = defaultdict(set)
    others: dict[str, Role] = {}
    mtp: set[int] = set()
    for record in checkpoint.tensors.values():
        name = names[record.name]
        apart = None if stacks is None else stacks.apart(name)
        spelled, indices = split_indices(name if stacks is None else stacks.named(name))
        template = read_template(spelled)
        layer = indices[template.layer_at] if template.layer_at >= 0 else -1
        expert = indices[template.expert_at] if template.expert_at >= 0 else -1
        other = template.other if apart is None or template.other in STORED else apart
        if other is None and template.mask and len(record.shape) != 1:
            other = Role.BUFFER
        if other is None and layer >= (facts.layers or layer + 1):
            other = Role.MTP
            mtp.add(layer)
        elif other is Role.MTP and indices:
            mtp.add(-1 - indices[0])
        if other is not None:
            others[record.name] = other
            continue
        block = indices[template.sublayer_at] if template.sublayer_at >= 0 else -1
        if layer >= MAX_LAYERS:
            layer, block = -1, BLOCKS
        cut.append((record, template, layer, expert, block))
    cut = double_layers(cut)
    for _, template, layer, _, _ in cut:
        paths[layer].add(template.path + ".bias" * template.bias)
    interned: dict[frozenset[str], frozenset[str]] = {}
    siblings = {n: interned.setdefault(f := frozenset(p), f) for n, p in paths.items()}
    known: dict[tuple[Template, int, bool], tuple[tuple[Rule, ...], bool]] = {}
    parts: list[Part] = []
    for record, template, layer, expert, block in cut:
        near = siblings[layer]
        turned = record.storage is not None and record.storage.by_input
        key = (template, id(near), turned)
        if (found := known.get(key)) is None:
            allowed = rules_for(template, near, facts.model_type, inside=layer >= 0)
            if turned:
                allowed = tuple(BY_INPUT.get(rule, rule) for rule in allowed)
            found = known[key] = (allowed, needs_siblings(allowed))
        rules, late = found if block < BLOCKS else NO_RULES
        parts.append(
            Part(
                record=record,
                template=template,
                layer=layer,
                expert=expert,
                rules=rules,
                late=late,
            )
        )
    counted = range(facts.layers, facts.layers + facts.predictors)
    others = without_uncounted(others, names, counted=counted)
    return Parts(decoder=parts, others=others, mtp_layers=len(mtp))


def first_role(part: Part) -> Role | None:
    """Return the first role that a tensor's name allows."""
    return part.rules[0].roles[0] if part.rules and part.rules[0].roles else None


def hidden_of(parts: list[Part], facts: ConfigFacts) -> int:
    """Return the width of the residual stream: norms first, then embedding, then configuration."""
    norms = most_common(
        p.record.shape[0]
        for p in parts
        if len(p.record.shape) == 1 and first_role(p) in RESIDUAL_NORMS
    )
    embeds = most_common(
        p.record.shape[1] for p in parts if len(p.record.shape) == 2 and first_role(p) is Role.EMBED
    )
    return norms or embeds or facts.hidden


def columns_of(parts: list[Part], hidden: int) -> dict[bool, bool | None]:
    """Return the orientation that the unambiguous tensors of each kind agree on."""
    votes: dict[bool, set[bool]] = {False: set(), True: set()}
    for part in parts:
        for rule in part.rules:
            stacked = rule.store is Store.STACKED
            if rule.store not in TELLING or len(part.record.shape) != 2 + stacked:
                continue
            a, b = part.record.shape[-2:]
            rows, columns = fits(rule, a, b, hidden), fits(rule, b, a, hidden)
            if rows is not columns:
                votes[stacked].add(columns)
    return {kind: next(iter(v)) if len(v) == 1 else None for kind, v in votes.items()}
