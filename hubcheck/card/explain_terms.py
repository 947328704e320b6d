"""What does a word on a card mean that is no verdict: a column, a number, a kind of unit?"""

from __future__ import annotations

from typing import Final

TERMS: Final[dict[str, str]] = {
    "similarity": """\
similarity (a column of the first table; the field `kept` of report.json)
  Means: the median cosine of units at the same place in both models: 1 for a copy, about 0 for
  strangers. Of a match it speaks of the families whose order was found: of a rearranged copy these
  may be few. In brackets its 95 % interval, were all units of the families looked at read. Behind
  `a copy of similarity` stands the least that would have been seen.
  Does not mean: a share of the weights that are equal, or a share of anything's quality.
  Do: read it beside the evidence; the values per family are in the folded evidence.""",
    "evidence": """\
evidence, hits, units (a column of the first table: 1,112 of 1,112 sampled units lie where ...)
  Means: of so many units of the base (neurons, heads, channels ...) so many have their nearest
  counterpart at the same place in the subject. Between strangers about 1 in each family does,
  which is the number behind `chance`.
  Does not mean: that so many units are equal.
  Do: open the evidence below: each family has its own count and bound.""",
    "family": """\
family (of units; a row of the evidence)
  Means: one order of the base that training leaves free: the neurons of one layer, the heads of
  another. Strangers agree in such an order by chance alone, which can be counted.
  Does not mean: a family of models.
  Do: nothing; a family that the base's own structure explains abstains and says so.""",
    "by-chance": """\
by chance, bound (the sentence under the title)
  Means: how often independently trained models would match like this: at most so often, whatever
  was looked at, the number of bases that were tried included.
  Does not mean: the chance that the card is wrong or right.
  Do: see `hubcheck explain exact` and `hubcheck explain calibrated` for where it comes from.""",
    "base": """\
base (a row of the first table)
  Means: a model that the subject is held against: one that its card declares, one that was named
  with --base or --suspect, or one that a search proposed. The column `why tested` says which.
  Does not mean: that the subject comes from it. That is what is tested.
  Do: name another with --suspect.""",
    "subject": """\
subject (the model that the card is about)
  Means: the model under test, at the commit that is named, or a folder with the digest of its
  weights.
  Does not mean: later pushes to the same repository.
  Do: nothing.""",
    "declared": """\
declared, named (a base that is called so)
  Means: declared: the model's own card or configuration names it. Named: only --base, a workflow
  or a policy file does; the check then tests your claim, not the card's.
  Does not mean: that it was found in the weights; the verdict says that.
  Do: to test what the card says, run without --base.""",
    "power": """\
power, would show, would have been seen (of an unrelated base)
  Means: the smallest similarity at which a copy would have been seen here, by copies that were
  made of this base and put to the same test.
  Does not mean: that a copy below it exists, or that one that was shuffled and rotated would show.
  Do: --depth deep lowers it and undoes what can be undone.""",
    "frame": """\
frame (a column of the evidence: raw, token)
  Means: in which terms units were described: as they are stored, or by what they do to the
  embeddings of tokens that both models share, where rotations and permutations cancel.
  Does not mean: two kinds of truth; families are counted once.
  Do: nothing.""",
    "controls": """\
controls, shifted, self (below the evidence)
  Means: the same count where nothing must be found (the base's order shifted by a place: about 1
  hit a family) and where everything must be (the base against itself).
  Does not mean: further evidence.
  Do: distrust a result whose controls are far from 1 and from all.""",
    "heat-map": """\
heat map (how far the weights moved)
  Means: for each part of each layer the size of the difference as a share of the base's own size:
  1 % is nearly the same, from 100 % on nothing of it is left.
  Does not mean: how much the model's behaviour changed.
  Do: look for a part that stands out: it was trained, replaced or quantised by itself.""",
    "seed": """\
seed (below the evidence)
  Means: what decided which layers, rows and tokens were looked at. It is drawn anew for every
  check, so that nobody can prepare a model for it, and written down so that anybody can repeat it.
  Does not mean: that another seed gives another verdict.
  Do: `--seed N` repeats the draw.""",
    "depth": """\
depth (headers, sample, deep, full)
  Means: how much is read. headers: no weights. sample (default): up to 64 MB of each model, and up
  to 512 MB once a declared base looks unrelated, unless --max-read says less. deep: 2 GB; every
  layer, widths, experts. full: every byte.
  Does not mean: that a verdict at sample is a guess: its bound holds for what was read.
  Do: read deeper where the card says that something was not settled.""",
    "distillation": """\
distillation (in sentences and limits)
  Means: a model was trained on the answers of another, not on its weights. What it learned stands
  in weights of its own making.
  Does not mean: that it happened here. No test of weights can see it, so a card says so each time.
  Do: ask the publisher what the model was trained on, if it matters to you.""",
    "licence": """\
licence (a section of the card)
  Means: what the licences of declared and matching bases ask, held against what the repository
  shows, by a table of clauses.
  Does not mean: legal advice.
  Do: read the clause that is named.""",
}

OTHER_NAMES: Final[dict[str, str]] = {
    "kept": "similarity",
    "hits": "evidence",
    "units": "evidence",
    "families": "family",
    "chance": "by-chance",
    "bound": "by-chance",
    "model": "subject",
    "named": "declared",
    "would-show": "power",
    "shifted": "controls",
    "self": "controls",
    "token": "frame",
    "raw": "frame",
    "changes": "heat-map",
    "moved": "heat-map",
    "headers": "depth",
    "sample": "depth",
    "deep": "depth",
    "full": "depth",
    "license": "licence",
    "quantized": "quantised",
    "finetune": "fine-tune",
}
"""What people write, and the word under which it is explained."""
