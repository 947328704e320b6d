"""Which tensor of a checkpoint plays which role?

Two passes: first the tensors that need no sibling (norms, o, k, v, down, embeddings), then those
whose split or check asks a sibling (q, fused tensors, gate and up).
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Final

from hubcheck.anatomy.config import MAX_HEADS, ConfigFacts, read_config
from hubcheck.anatomy.flat_heads import with_flat_heads
from hubcheck.anatomy.geometry import Key, geometry_of, head_dim_of
from hubcheck.anatomy.gguf_names import (
    FORMAT,
    GGUF_FAMILY,
    PERMUTED,
    RELEASED,
    half_split,
    published_config,
)
from hubcheck.anatomy.interface import Anatomy, Matrix, Role
from hubcheck.anatomy.lone_head import lone_head
from hubcheck.anatomy.mixers import mixers_of
from hubcheck.anatomy.parts import (
    Part,
    columns_of,
    hidden_of,
    parts_of,
    published_names,
    stated_config,
)
from hubcheck.anatomy.place import PAIRED, Form, Site, place
from hubcheck.anatomy.rule import Rule, Store
from hubcheck.anatomy.splits import Segments, Split, SplitSizes
from hubcheck.anatomy.stack_config import stack_config
from hubcheck.anatomy.stacks import stacks_in
from hubcheck.anatomy.traits import (
    ACTIVATIONS,
    LAYER_NORMS,
    NORMS,
    OFFSET_NORMS,
    PLAIN_ATTENTION,
    PLAIN_GATES,
    RESIDUAL_NORMS,
)
from hubcheck.checkpoint.interface import Checkpoint, TensorRecord

FLOATS: Final = frozenset(("F64", "F32", "F16", "BF16", "F8_E4M3", "F8_E5M2"))
"""Dtypes whose values are the weights; other records need a storage that decodes them."""
MAX_MATRICES: Final = 1 << 20
"""Ten times the largest published model (about 70,000 expert matrices); bounds the memory that
headers of stacked tensors can claim."""
FEW_FORMS: Final = 2
"""Forms of a tensor that others may share: an expert's one, or gate and up in one matrix."""
DOWN_OF: Final = {
    **dict.fromkeys((Role.GATE, Role.UP), Role.DOWN),
    **dict.fromkeys((Role.EXPERT_GATE, Role.EXPERT_UP), Role.EXPERT_DOWN),
    **dict.fromkeys((Role.SHARED_GATE, Role.SHARED_UP), Role.SHARED_DOWN),
}
POSITIONS: Final = ".relative_attention_bias.weight"
MIXES_TIME: Final = re.compile(
    r"(?:attention|att|feed_forward|ffn)\.(?:time_mix_\w+|time_maa_\w+|x_[a-z])|"
    r"mamba\.(?:time|channel)_mix_.+"
)
"""RWKV: how much of the token before each channel takes in. It starts as a power of (channel number
/ width), the same in every model, so that channels stand in no free order."""
NO_SIZES: Final = SplitSizes()


@lru_cache(maxsize=512)
def of_half(half: int) -> SplitSizes:
    """Return what is known of the split of a fused gate and up, one object a width."""
    return SplitSizes(half=half)


@dataclass(slots=True, kw_only=True)
class Draft:
    """An anatomy while it is being read."""

    facts: ConfigFacts
    hidden: int
    columns: Mapping[bool, bool | None]
    """Orientation shown by the model's unambiguous tensors, by (is stacked)."""
    others: dict[str, Role]
    interleaved: bool = False
    """True: the file holds q and k rows pair by pair (GGUF of Llama-like families, and those as
    Meta and Mistral release them)."""
    matrices: dict[Key, Matrix] = field(default_factory=dict)
    listed: dict[int, dict[str, TensorRecord]] = field(default_factory=lambda: defaultdict(dict))
    """Tensors that have a role and no matrix, by layer and path."""
    unknown: list[str] = field(default_factory=list)
    placed: dict[tuple[int, tuple[int, ...], bool, int, int], tuple[Form, ...] | None] = field(
        default_factory=dict
    )
    """Where a rule's matrices lie in a shape, by all that may decide it in one model."""

    def width(self, role: Role, layer: int, expert: int, axis: int) -> int:
        """Return the size of an axis of a role's weight (0 out, 1 in), or 0 without it."""
        matrix = self.matrices.get((role, layer, expert, False))
        if matrix is None:
            return 0
        return matrix.n_in if axis else matrix.n_out

    def sizes(self, part: Part, role: Role) -> SplitSizes:
        """Return what the siblings of a tensor say about its split."""
        if role in PAIRED:
            # Stacked experts all have the width of their first.
            expert = part.expert
            if DOWN_OF[role] is Role.EXPERT_DOWN:
                expert = max(expert, 0)
            return of_half(self.width(DOWN_OF[role], part.layer, expert, 1))
        q_rows = self.width(Role.O, part.layer, -1, 1) or self.facts.heads * self.facts.head_dim
        norm_rows = self.width(Role.NORM_K, part.layer, -1, 0)
        return SplitSizes(
            q_rows=q_rows,
            head_dim=head_dim_of(q_rows, norm_rows, self.facts),
            kv_lora=self.width(Role.MLA_KV_NORM, part.layer, -1, 0),
            q_lora=self.width(Role.MLA_Q_NORM, part.layer, -1, 0),
            heads=self.facts.heads,
            nope_dim=self.facts.qk_nope_dim,
            v_dim=self.facts.v_head_dim,
        )

    def query_fits(self, part: Part, sizes: SplitSizes) -> bool | None:
        """Say whether a separate q is plain (True), query with gate (False) or neither (None)."""
        n = part.record.shape[0] if part.record.shape else 0
        if (Role.MLA_KV_A, part.layer, -1, False) in self.matrices:
            return True
        if part.template.path.endswith("q_proj") and self.has_latent(part):
            return True
        k = self.width(Role.K, part.layer, -1, 0)
        v = self.width(Role.V, part.layer, -1, 0)
        if sizes.q_rows <= 0:
            return None
        if k == v and n == 2 * sizes.q_rows:
            return False if k else None
        if n * v == sizes.q_rows * k and (k or n == sizes.q_rows):
            return True
        return None

    def has_latent(self, part: Part) -> bool:
        """Say whether the layer's keys come from a latent (MLA)."""
        return (Role.MLA_KV_NORM, part.layer, -1, False) in self.matrices

    def reject(self, name: str) -> None:
        """Count a tensor as unknown."""
        self.unknown.append(name)

    def read(self, part: Part) -> None:
        """Give one tensor its role, or count it as unknown."""
        record, template = part.record, part.template
        for rule in part.rules:
            if not rule.roles:
                break
            if rule.split is Split.LISTED:
                self.others[record.name] = rule.roles[0]
                path = template.path + ".bias" * template.bias
                self.listed[part.layer].setdefault(path, record)
                return
            if record.dtype not in FLOATS and record.storage is None:
                break
            forms = self.forms(part, rule)
            if forms is not None:
                self.add(part, forms)
                return
        self.reject(record.name)

    def forms(self, part: Part, rule: Rule) -> tuple[Form, ...] | None:
        """Return where a rule's matrices lie in a tensor, None where its shape does not fit.

        Experts that differ in nothing that a rule asks are asked about once.
        """
        role, shape, bias = rule.roles[0], part.record.shape, part.template.bias
        experts = self.width(Role.ROUTER, part.layer, -1, 0) if part.late else 0
        sizes = self.sizes(part, role) if part.late else NO_SIZES
        alike = None
        if role in PAIRED or not part.late:
            alike = (id(rule), shape, bias, sizes.half, experts)
            if alike in self.placed:
                return self.placed[alike]
        site = Site(
            bias=bias,
            hidden=self.hidden,
            sizes=sizes,
            query_fits=self.query_fits(part, sizes) if role is Role.Q else None,
            experts=experts,
            columns=self.columns.get(rule.store is Store.STACKED),
        )
        found = place(rule, shape, site)
        # Experts one by one have a form or two; whatever a hostile header stacks is not kept here.
        if alike is not None and (found is None or len(found) <= FEW_FORMS):
            self.placed[alike] = found
        return found

    def published_rows(self, role: Role, n_out: int, segments: Segments) -> Segments:
        """Return the rows of q and k in the order that config.json's models have."""
        if not self.interleaved or role not in (Role.Q, Role.K):
            return segments
        heads = self.facts.heads if role is Role.Q else self.facts.kv_heads or self.facts.heads
        return half_split(segments, n_out, heads)

    def add(self, part: Part, forms: tuple[Form, ...]) -> None:
        """Enter the matrices of one tensor, all or none."""
        name, layer, bias = part.record.name, part.layer, part.template.bias
        known = self.matrices
        keys = [(f.role, layer, f.stacked if f.stacked >= 0 else part.expert, bias) for f in forms]
        # The second tensor of a role, and those beyond what is kept, are unknown.
        if len(known) + len(forms) > MAX_MATRICES or any(key in known for key in keys):
            self.reject(name)
            return
        for key, (role, _, n_out, n_in, transposed, offset, segments) in zip(
            keys, forms, strict=True
        ):
            known[key] = Matrix(
                role=role,
                layer=layer,
                expert=key[2],
                bias=bias,
                tensor=name,
                n_out=n_out,
                n_in=n_in,
                transposed=transposed,
                offset=offset,
                segments=self.published_rows(role, n_out, segments),
            )


def is_rms(matrices: Mapping[Key, Matrix], facts: ConfigFacts) -> bool:
    """Say whether the norms only scale: gains without a bias, in no family of LayerNorms."""
    biases = any(key[3] and key[0] in NORMS for key in matrices)
    gains = any(not key[3] and key[0] in RESIDUAL_NORMS for key in matrices)
    return gains and not biases and facts.model_type not in LAYER_NORMS


def has_fixed_channels(part: Part) -> bool:
    """Say whether a tensor gives each residual channel a part of its own from the start."""
    return part.layer >= 0 and MIXES_TIME.fullmatch(part.template.path) is not None


def has_plain_gate(facts: ConfigFacts) -> bool:
    """Say whether the MLP of a family is known to be act(gate) * up, the signs of up being free."""
    family = facts.model_type.removeprefix(GGUF_FAMILY)
    return family in PLAIN_GATES and facts.hidden_act in ("", *ACTIVATIONS)


def heads_by_positions(shapes: Mapping[str, tuple[int, ...]]) -> int:
    """Return the heads of a model whose relative positions have one column for each, else 0.

    A single file of T5 comes without a configuration; its table [distances, heads] says it.
    """
    found = {s[1] for n, s in shapes.items() if n.endswith(POSITIONS) and len(s) == 2}  # noqa: PLR2004 - axes
    heads = found.pop() if len(found) == 1 else 0
    return heads if heads <= MAX_HEADS else 0


def anatomy_of(
    checkpoint: Checkpoint,
    config: Mapping[str, object],
    *,
    names: Mapping[str, str] | None = None,
) -> Anatomy:
    """Return the role of every tensor.

    Args:
        checkpoint: Its headers; no weight byte is read.
        config: The parsed ``config.json``, empty when the model has none. Hostile; it only resolves
            head counts, the number of layers and the family, never a shape.
        names: The published name of every tensor, where its own says nothing; None for its own.

    Returns:
        The anatomy. Tensors that fit no rule are listed as unknown; nothing raises.
    """
    checkpoint = with_flat_heads(checkpoint)
    gguf = checkpoint.format == FORMAT
    stated = published_config(checkpoint.metadata) if gguf else stated_config(checkpoint, config)
    names = published_names(checkpoint) if names is None else names
    shapes = {names[n]: r.shape for n, r in checkpoint.tensors.items()}
    stacks = stacks_in(shapes, stated)
    facts = read_config(stated if stacks is None else stack_config(stated, stacks.main.kind))
    if not facts.heads:
        facts = replace(facts, heads=heads_by_positions(shapes))
    found = parts_of(checkpoint, facts, names, stacks)
    parts = found.decoder
    hidden = hidden_of(parts, facts)
    columns = columns_of(parts, hidden)
    draft = Draft(
        facts=facts,
        hidden=hidden,
        columns=columns,
        others=found.others,
        interleaved=facts.architecture in PERMUTED if gguf else any(map(RELEASED.fullmatch, names)),
    )
    for part in (*(p for p in parts if not p.late), *(p for p in parts if p.late)):
        draft.read(part)
    matrices = draft.matrices
    fixed = any(map(has_fixed_channels, parts))
    if fixed:  # RWKV's values decay by their place: whatever is said of heads, no order is free
        facts = replace(facts, heads=0, kv_heads=0, head_dim=0, v_head_dim=0)
    embed = matrices.get((Role.EMBED, -1, -1, False))
    head = matrices.get((Role.LM_HEAD, -1, -1, False))
    roles = Counter(key[0] for key in matrices)
    gated = any(roles[r] for r in (Role.GATE, Role.EXPERT_GATE, Role.SHARED_GATE))
    same = embed is not None and (
        head is None or (facts.tied and (head.n_out, head.n_in) == (embed.n_out, embed.n_in))
    )
    layers = max((p.layer for p in parts), default=-1) + 1
    alone = lone_head(
        shapes,
        roles=roles,
        others=frozenset(draft.others.values()),
        unknown=[names[name] for name in draft.unknown],
        hidden=draft.hidden,
        layers=layers,
        config=config,
    )
    return Anatomy(
        checkpoint=checkpoint,
        architecture=facts.architecture,
        geometry=geometry_of(
            matrices, facts, hidden=draft.hidden, layers=layers, mtp_layers=found.mtp_layers
        ),
        matrices=matrices,
        others=draft.others,
        unknown=tuple(sorted(draft.unknown)),
        tied=same,
        gated=gated,
        fair_signs=gated and has_plain_gate(facts),
        fair_values=facts.model_type.removeprefix(GGUF_FAMILY) in PLAIN_ATTENTION,
        rms_norm=is_rms(matrices, facts),
        norm_offset=1.0 if facts.model_type in OFFSET_NORMS and not gguf else 0.0,
        plain={} if gguf else {n: p for n, p in names.items() if n != p},
        free_channels=not (facts.sinusoids or fixed),
        mixers=dict(mixers_of(draft.listed, draft.hidden, facts)),
        alone=alone or "",
        stack="" if stacks is None else stacks.main.kind,
        beside="" if stacks is None or stacks.other is None else stacks.other.kind,
    )
