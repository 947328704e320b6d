"""How are two related models related?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hubcheck.card.wordings.given import Given, Wording, few, nearly, plural
from hubcheck.report.phrases import PhraseCode as P

MOST_COMPONENTS: Final = 6
"""Components named in one list."""
NAMED: Final = 4
"""Experts named one by one."""
AXES: Final = {
    "hidden": "residual channels",
    "neurons": "neurons",
    "experts": "experts",
    "layers": "layers",
    "heads": "attention heads",
    "kv_heads": "key-value heads",
    "head_dim": "values a head",
    "expert_neurons": "neurons an expert",
}
"""By the name of the size in a model's geometry."""
BESIDE: Final = {
    "mtp": "predictors of further tokens (MTP)",
    "uncounted": "layers that config.json does not count",
}
"""By role; the others are called what they are called in the heat map's table."""


def grid(given: Given) -> str:
    """Return the levels that values lie on: '4 bits over groups of 128'."""
    group = given.count("group")
    return f"{given.count('bits')} bits over " + (f"groups of {group}" if group else "whole rows")


def other(side: str) -> str:
    """Return the other of base and subject."""
    return "base" if side == "subject" else "subject"


def _packed(given: Given) -> str:
    there, here = given.text("base"), given.text("subject")
    if there == here:
        return f"both stored as {here}"
    return f"{here or 'plain values'}, the base {there or 'plain values'}"


def _on_levels(given: Given) -> str:
    side = given.text("side")
    said = f"the {side} lies on {grid(given)}"
    if "relative" not in given.params:
        return said
    return f"{said}, {given.figure('relative'):.2g} from the {other(side)}"


def _low_rank(given: Given) -> str:
    least, most = given.count("least"), given.count("most")
    shown = f"{least}" if least == most else f"{least} to {most}"
    return (
        f"the change of {', '.join(given.names('roles'))} has rank {shown} above the rounding of "
        f"{given.text('stored')} ({given.count('matrices')} matrices, up to {given.count('room')} "
        "would have shown)"
    )


def _relative(given: Given) -> str:
    sizes = [f"{name} {given.figure(name):.2g}" for name in given.params]
    return "relative change " + ", ".join(sizes)


def _layers(given: Given) -> str:
    base, subject = given.count("base"), given.count("subject")
    verb = "layers" if base == subject else f"{base} layers became {subject}"
    places = ", ".join(given.names("places"))
    more = f" and {given.count('more'):,} more" if given.has("more") else ""
    return f"{verb} (base layer {places}{more})"


def _size(given: Given) -> str:
    axis = AXES.get(given.text("axis"), given.text("axis"))
    return f"{given.count('base'):,} {axis} became {given.count('subject'):,}"


CALLED: Final = {
    "attention": "the attention",
    "mlp": "the MLP",
    "base": "the base",
    "subject": "this model",
}
"""Kinds of orders and sides of a comparison; reports of schema 2.0 have these words themselves."""


def _kind(given: Given) -> str:
    kind, found = CALLED.get(given.text("kind"), given.text("kind")), given.count("found")
    said = f"{kind} matches" if found else f"no order of {kind} was found"
    return f"{said} ({found} of {given.count('tested')} families)"


def _one_side(given: Given) -> str:
    roles = (BESIDE.get(role, role) for role in given.names("roles"))
    return f"only the {given.text('side')} has {', '.join(roles)}"


def _compared(given: Given) -> str:
    compared, total = given.count("compared"), given.count("total")
    return f"{compared:,} experts compared" + (f" (of {total:,})" if compared < total else "")


def _experts_match(given: Given) -> str:
    said = f"{given.count('found')} of {_compared(given)} match"
    if given.has("drawn"):
        return said + ", the rest may be experts of the base that were not drawn"
    gone = given.said("gone")
    if not gone:
        return said
    more = given.count("more")
    return f"{said}, not: {gone}" + (f" and {more:,} more" if more > 0 else "")


def _experts_hold(given: Given) -> str:
    side = given.text("side")
    said = (
        f"{given.count('found')} of {_compared(given)} in the {side} hold the neurons of the "
        f"{other(side)}'s MLP in their order"
    )
    if "change" not in given.params:
        return said
    return f"{said}, at a relative change of {given.figure('change'):.2g}"


def _mlps(given: Given) -> str:
    experts = given.counts("experts")
    shown = few(experts, NAMED)
    return (
        f"the MLPs of {given.count('found')} of {given.count('layers')} layers compared are "
        f"experts of the base ({plural(len(experts), 'expert')} {shown})"
    )


RULES: Final = {
    "none": "no merge",
    "layers": "whole layers of different bases",
    "linear": "linear",
    "slerp": "SLERP",
    "linear-or-slerp": "linear or SLERP",
    "ties": "TIES",
    "dare": "DARE",
    "ties-or-dare": "TIES or DARE",
    "unknown": "the rule is not told",
}
"""Rules of merges, by the codes of ``evidence.looks.merge.kind.MergeKind``."""


def _merged(given: Given) -> str:
    rule = given.text("rule")
    said = f"merged with {' and '.join(given.names('others'))}: {RULES.get(rule, rule)}"
    if "share" not in given.params:
        return said
    share, low, high = (given.figure(n) for n in ("share", "low", "high"))
    return f"share {share:.3f} (95 % interval {low:.3f} to {high:.3f}), {said}"


def _parts(given: Given) -> str:
    return " and ".join(given.names("parts"))


def _some_orders(given: Given) -> str:
    held = " and ".join(given.names("held")) or "a part of the body"
    lost = " and ".join(given.names("lost"))
    return f"{held}: the base's order" + (f"; {lost}: not in the base's order" if lost else "")


def _start(given: Given) -> str:
    if given.has("parts"):
        return f"{_parts(given)}: the same initial weights, trained apart"
    return (
        f"of the initial noise {given.figure('bulk'):.2f} is kept, of what training wrote "
        f"{given.figure('top'):.2f}: the same initial weights, trained apart"
    )


def _tensors(given: Given) -> str:
    said = f"{given.count('equal')} of {given.count('compared')} tensors compared are equal"
    said += " bit for bit" + ("" if given.has("whole") else " in every range read")
    differing, alone = given.names("differing"), given.count("alone")
    said += f"; differing: {', '.join(differing)}" if differing else ""
    return said + (f"; {alone} without a counterpart" if alone else "")


def _of_the_body(given: Given) -> str:
    what = given.said("what")
    return f"the body: {what}" if what else "the body alone"


def _the_parts(given: Given) -> str:
    return "the " + " and the ".join(given.names("parts"))


def _do(given: Given) -> str:
    return "do" if len(given.names("parts")) > 1 else "does"


def _component(given: Given) -> str:
    kind, what = given.text("kind"), given.said("what")
    said = "related" if kind in ("", "undetermined") else kind
    return f"{given.text('name')}: {said}" + (f" ({what})" if what else "")


def _components(given: Given) -> str:
    names = given.names("parts")
    more = len(names) - MOST_COMPONENTS
    return ", ".join(names[:MOST_COMPONENTS]) + (f" and {more} more" if more > 0 else "")


def _only(given: Given) -> str:
    where = "the base" if given.text("side") == "base" else "this model"
    return f"only in {where}: {_components(given)}"


WORDS: Final[Mapping[P, Wording]] = {
    P.SAME_BYTES: "the same bytes",
    P.SAME_VALUES: (
        "every sampled value is equal; the files differ (resharded, renamed or rewritten)"
    ),
    P.REST_EQUAL: "every value sampled of the rest is equal",
    P.CAST: "{base} to {subject}",
    P.CAST_ROUNDED: "{base} to {subject}; sampled values differ by no more than the rounding",
    P.CAST_BOTH_WAYS: (
        "{base} in the base, {subject} in the subject, the same wherever both can hold it"
    ),
    P.ROUNDED_IN_BASE: "{subject} in the subject, its values rounded to {base} in the base",
    P.ROUNDED_SHARE: lambda given: (
        f"of {given.count('values'):,} sampled values {nearly(given.figure('share'))} are exactly "
        "the rounded ones"
    ),
    P.PACKED: _packed,
    P.PACKED_ROUNDING: (
        "sampled families differ by {change:.2g}, no more than such rounding makes; training that "
        "moved them less would not show"
    ),
    P.ON_LEVELS: _on_levels,
    P.NEAREST_LEVELS: lambda given: (
        f"{nearly(given.figure('share'))} of the sampled values are rounded to the nearest level"
    ),
    P.NEAR_LEVELS: (
        "{share:.1%} of the sampled values are at the nearest level, {within:.1%} within a step: "
        "a quantiser that trades errors (GPTQ, AWQ), or light training before it"
    ),
    P.ZEROED: "{share:.0%} of the base's values were set to zero, the others are bit-equal",
    P.ZERO_IN_BASE: "{share:.0%} of the values are zero in the base only, the others are bit-equal",
    P.ROWS_CHANGED: "{share:.1%} of the rows changed, all others are bit-equal in {stored}",
    P.LOW_RANK: _low_rank,
    P.DIRECTION_REMOVED: (
        "one direction of the residual stream was taken out of what writes to it (abliteration)"
    ),
    P.OTHERS_EQUAL: "{tensors} other sampled tensors are bit-equal",
    P.CHANGED_BESIDE: lambda given: f"{_parts(given)} changed beside it",
    P.ONLY_CHANGED: lambda given: (
        f"only {_parts(given)} changed; {given.count('matrices')} sampled matrices are bit-equal"
    ),
    P.MOSTLY_EQUAL: (
        "{share:.0%} of the values are bit-equal in {stored}, the others moved little, in no low "
        "rank"
    ),
    P.MATRICES_EQUAL: "{equal} of {matrices} sampled matrices are bit-equal",
    P.DIRECTIONS_CHANGED: "the change has more than {directions} directions",
    P.RELATIVE_CHANGE: _relative,
    P.SAMPLED_CHANGE: "relative change {change:.2g} (median of {families} sampled families)",
    P.COMPONENT_RELATED: _component,
    P.COMPONENT_TENSORS: (
        "not compared by orders: {name} ({equal} of {compared} tensors compared are equal bit for "
        "bit)"
    ),
    P.COMPONENTS_SAME: lambda given: f"{_components(given)}: the same bytes",
    P.COMPONENTS_DIFFER: lambda given: f"{_components(given)}: tested, no match",
    P.COMPONENTS_OPEN: lambda given: f"not compared by orders: {_components(given)}",
    P.COMPONENTS_ONLY: _only,
    P.OF_THE_BODY: _of_the_body,
    P.PARTS_DIFFER: lambda given: f"{_the_parts(given)} {_do(given)} not match",
    P.PARTS_UNTOLD: lambda given: f"{_the_parts(given)} could not be told",
    P.NOT_LOOKED_CLOSER: lambda given: f"not looked at more closely: {given.said('why')}",
    P.CHANNELS_TURNED: "residual channels relabelled, rotated or rescaled",
    P.NEURONS_RELABELLED: "MLP neurons relabelled",
    P.EXPERTS_RELABELLED: "experts relabelled",
    P.UNITS_RESCALED: "units rescaled",
    P.HEADS_RELABELLED: "attention heads relabelled",
    P.HEADS_TURNED: "attention heads relabelled or turned",
    P.LAYERS_MOVED: _layers,
    P.SIZE_CHANGED: _size,
    P.VOCABULARY_ROWS: "embedding rows {base:,} became {subject:,}",
    P.EMBEDDINGS_REBUILT: "embeddings rebuilt",
    P.TOKENS_MOVED: "the tokens stand in another order",
    P.KIND_MATCHES: _kind,
    P.ONLY_ONE_SIDE: _one_side,
    P.HEAD_OF_ANOTHER: lambda given: (
        f"the head is another: {', '.join(given.names('tensors'))} hold other values"
    ),
    P.OTHER_VALUES: lambda given: (
        f"{', '.join(given.names('tensors'))} hold other values, and no order is tested in them"
    ),
    P.NOT_HELD_AGAINST: lambda given: f"not compared: {', '.join(given.names('what'))}",
    P.EXPERTS_NOT_COMPARABLE: "none of the {experts:,} experts of the {side} could be compared",
    P.EXPERTS_MATCH: _experts_match,
    P.NO_EXPERT_HOLDS: lambda given: (
        f"none of {_compared(given)} holds the {given.text('side')}'s MLP"
    ),
    P.EXPERTS_HOLD_MLP: _experts_hold,
    P.MLPS_ARE_EXPERTS: _mlps,
    P.MERGED_WITH: _merged,
    P.STILL_ANCESTOR: "{share:.0%} of the values are still those of {ancestor}",
    P.SUM_NEARER: "the sum lies {gain:.0%} nearer than {best} alone",
    P.PARTS_ONLY: lambda given: f"{_parts(given)} only, the body does not match",
    P.PARTS_ALL: lambda given: (
        f"{_parts(given)}: all that {CALLED.get(given.text('owner'), given.text('owner'))} holds "
        "but heads"
    ),
    P.PARTS_REST: lambda given: (
        f"{_parts(given)}: {given.figure('missing'):.0%} of the parameters were not compared"
    ),
    P.SOME_ORDERS: _some_orders,
    P.SAME_START: _start,
    P.SAME_START_TOKENS: (
        "rows of tokens that training never saw keep {kept:.2f}, the trained body does not stand: "
        "the same initial weights, trained apart"
    ),
    P.TENSORS_EQUAL: _tensors,
    P.FAR_OR_START: (
        "{share:.0%} of the expected neurons match: a copy trained far, or the same initial "
        "weights trained apart"
    ),
    P.WRITERS_ORDER: (
        "no token is shared and the residual stream was turned; neurons keep their order"
    ),
}
