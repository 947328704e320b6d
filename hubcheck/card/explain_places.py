"""What does a word mean that stands below the first screen: a section, a column, a fact?"""

from __future__ import annotations

from typing import Final

PLACES: Final[dict[str, str]] = {
    "verdict": """\
verdict (a column of the first table, and the word at the top)
  Means: beside a base: what the weights say of that base. At the top: what that says of the card
  of the model: whether the bases it names are in the weights.
  Does not mean: a judgement about people.
  Do: `hubcheck explain` followed by the verdict itself.""",
    "why-tested": """\
why tested (a column of the first table)
  Means: where the name of this base was found: a line of README.md, another file of the model, the
  command line (--base, --suspect), or a search.
  Does not mean: that somebody suspects anything; a search proposes what has the same shapes.
  Do: if a line is named and is wrong, correct that line.""",
    "order": """\
the order of the units (a picture)
  Means: for each unit of the base, from left to right, the nearest unit of the model under test,
  from top to bottom. A copy is a diagonal, a stranger is scatter.
  Does not mean: how alike the units are; that is the similarity.
  Do: hold the counts beside the bars: seen, and by chance.""",
    "own-bound": """\
own bound (a column of the evidence)
  Means: the most that the chance of so many hits in this one family can be: 1/k! for k hits.
  Does not mean: the chance of the whole match, which stands under the title and counts them all.
  Do: nothing; a single family decides nothing.""",
    "ceiling": """\
ceiling (a column of the evidence)
  Means: the similarity that the best relabelling of a stranger's units would have reached here.
  Does not mean: that anything was relabelled.
  Do: look whether the similarity lies well above it, as that of a copy does.""",
    "interval": """\
95 % interval (beside a similarity or a share)
  Means: the range in which the number would lie 95 times of 100, had other rows been drawn.
  Does not mean: the chance that the models are related.
  Do: read more (--depth deep) where it is too wide for you.""",
    "kind": """\
kind (a column of the evidence: exact, calibrated, assumed, identity)
  Means: what a row rests on. exact: arithmetic. calibrated: measured on small models. assumed: an
  order that looks free by names and shapes. identity: equal bytes.
  Does not mean: that one kind replaces another; each says its own.
  Do: `hubcheck explain exact`, and so on.""",
    "part": """\
part, parts of the model (in the evidence)
  Means: the body, the embeddings, the norms or a tower (vision, audio), each judged by itself.
  Does not mean: files; one file may hold many parts.
  Do: look which part a match is of.""",
    "role": """\
attention q, MLP up, norm ... (rows of the heat map, parts of a layer)
  Means: what a matrix does in its layer: attention (q, k, v, o), the MLP (gate, up, down), norms,
  router, experts; outside the layers the embedding and the head.
  Does not mean: names of tensors; each maker has other names for them.
  Do: nothing.""",
    "behaviour": """\
behaviour (a folded section, with --behaviour or --endpoint)
  Means: the models were run on texts in several languages and on random tokens. Same next token:
  at how many places both would go on alike. Divergence: how far their distributions lie apart, 0 to
  1 bit. States alike: linear CKA of what the layers hold, 1 for equal up to a rotation. Rows of
  known pairs stand below, of small models that were trained for it.
  Does not mean: that weights were taken, or that none were. A student answers like its teacher;
  models trained apart on one language answer alike, too. It is never part of a verdict.
  Do: hold the row against the known pairs, and read the verdict for the weights.""",
    "change": """\
moved by, equal bits, cosine, rank, values (columns below the heat map)
  Means: how far one part of one layer lies from the base's: the difference as a share of its size,
  the share of values with the same bits, the cosine of all values, about how many directions the
  change has, and how many values all this rests on.
  Does not mean: how much the model behaves differently.
  Do: look for what stands out.""",
    "share": """\
share (of a merge)
  Means: how much of the weights comes from each of the bases that were tested, with its interval,
  for the whole model and layer by layer.
  Does not mean: who merged, or that no other model took part.
  Do: declare every base that has a share.""",
    "layer": """\
layer, base layer (in the heat map and the map of layers)
  Means: the place of a block in the model under test, from 0, and in the base.
  Does not mean: that layers of one number correspond; where they do not, the card says so.
  Do: nothing.""",
    "norm-weights": """\
raw cosine, channels shuffled, centred (norm weights)
  Means: the number that is often quoted to accuse, the cosine of the norm weights; the same with
  the channels of one side shuffled, which destroys every order; and with the mean taken off.
  Does not mean: anything about this pair: any two trained models give a high raw cosine.
  Do: show the shuffled number beside the raw one.""",
    "architecture": """\
architecture, side by side (a picture)
  Means: the blocks of both models beside each other, what differs, how many layers and parameters,
  and which declared relations the sizes rule out.
  Does not mean: derivation: shapes are a choice anyone can make.
  Do: nothing.""",
    "vocabulary": """\
vocabulary (a table of the context)
  Means: how many tokens both models have, and whether the file is the same.
  Does not mean: derivation: tokenizers are often reused by others.
  Do: nothing.""",
    "disclosure": """\
what the card discloses (a table of the context)
  Means: whether the model's card says on what and how it was trained, and where.
  Does not mean: that what it says is true; nothing here tests that.
  Do: ask the publisher for what is missing, if it matters to you.""",
    "family-tree": """\
family tree (a section)
  Means: what the repositories declare of each other, with what the weights show beside each name.
  Does not mean: who came first; a match has no direction.
  Do: look for a base that is declared nowhere.""",
    "unread": """\
weight files that were not read (a section; size, sha256, why)
  Means: files with weights in the repository that nothing on the card speaks of, each with its
  digest where the Hub gives one.
  Does not mean: that something is wrong with them.
  Do: name the folder or file (org/name:folder) to check them as well.""",
    "warning": """\
warning (a section)
  Means: something deserves a look: files that contradict each other, a name in one place and not in
  another, a match that nothing declared explains.
  Does not mean: a verdict; none moves one.
  Do: read each; a policy can fail on some of them (--fail-on).""",
    "limits": """\
limits (a section)
  Means: what no check of weights can see, and what the bounds on this card assume.
  Does not mean: that the result is doubtful.
  Do: read them before you write about somebody's model.""",
    "replay": """\
check it yourself, replay (a section; conclusion, seed, digests, requests ...)
  Means: everything that pins this check (commits, digests, seed, depth, budget) and the line that
  repeats it. `hubcheck replay report.json` reads the same bytes again and compares every number.
  Does not mean: another opinion: for that check afresh, with another seed.
  Do: run it.""",
    "coverage": """\
read, values compared, parameters that a rule names (in footer and evidence)
  Means: how much of the model was read, of how much the role is known, and in how much of what both
  share values were compared.
  Does not mean: a share of the model that is copied.
  Do: read more with --depth deep or full.""",
    "aside": """\
what was left aside, what was undone (lists in the evidence)
  Means: looks that could not be taken, with the reason; of a disguised copy what had to be undone
  before the weights matched.
  Does not mean: intent; some tools reorder or fold weights.
  Do: nothing, or read deeper.""",
    "next": """\
next (a box on the first screen)
  Means: what you can do now if the result is right, if it is wrong, and if you know of it.
  Does not mean: that you have to do anything.
  Do: the first line that fits you.""",
}

OTHER_PLACES: Final[dict[str, str]] = {
    **dict.fromkeys(
        (
            "beside",
            "behind-an-api",
            "prompts",
            "places",
            "same-next-token",
            "divergence",
            "states-alike",
            "by-layer",
        ),
        "behaviour",
    ),
    "95-%-interval": "interval",
    "shares-of-the-bases-in-this-merge": "share",
    "shares": "share",
    "of-a-merge": "share",
    "why": "why-tested",
    "the-order-of-the-units,-beside-chance": "order",
    "order-of-the-units": "order",
    "orders": "order",
    "unit": "evidence",
    "sampled-units": "evidence",
    "parts-of-the-model": "part",
    "body": "part",
    "embeddings": "part",
    "whole": "part",
    "tower": "part",
    **dict.fromkeys(("attention", "mlp", "norm", "router", "experts", "embedding"), "role"),
    **dict.fromkeys(
        (
            "moved-by",
            "equal-bits",
            "cosine",
            "rank-of-the-change",
            "rank",
            "values",
            "the-same-numbers-as-a-table",
            "layer-by-layer,-every-part-with-its-numbers",
        ),
        "change",
    ),
    "how-far-the-weights-moved": "heat-map",
    "map": "heat-map",
    "base-layer": "layer",
    "layers": "layer",
    **dict.fromkeys(
        ("raw-cosine", "channels-shuffled", "centred", "norm-weights-against", "tensors"),
        "norm-weights",
    ),
    "architecture,-side-by-side": "architecture",
    "blocks": "architecture",
    **dict.fromkeys(
        ("vocabulary-against", "shared-tokens", "same-file", "of-the-subject", "of-the-base"),
        "vocabulary",
    ),
    **dict.fromkeys(("what-the-card-discloses", "item", "found", "where"), "disclosure"),
    **dict.fromkeys(
        ("weight-files-that-were-not-read", "file", "size", "sha256", "what-it-is"), "unread"
    ),
    "warnings": "warning",
    **dict.fromkeys(
        (
            "check-it-yourself",
            "how-to-replay",
            "conclusion",
            "started",
            "hubcheck",
            "processes",
            "requests",
            "reading-budget",
            "weights-digest",
            "digest",
            "what",
            "value",
            "commit",
        ),
        "replay",
    ),
    **dict.fromkeys(
        ("parameters-that-a-rule-names", "read", "values-compared", "not-compared"), "coverage"
    ),
    **dict.fromkeys(
        (
            "note",
            "what-was-left-aside-or-could-not-be-done",
            "what-was-undone-before-the-weights-matched",
        ),
        "aside",
    ),
    "context,-no-evidential-value": "context",
    "limit": "limits",
    **dict.fromkeys(("attention-needed", "ok", "unknown", "not-checked", "licences"), "licence"),
}
"""What stands on a card, and the word under which it is explained."""
