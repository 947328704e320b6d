"""What does a word of the report mean, what does it not mean, and what is there to do?

One short text for each verdict, declaration verdict, conclusion, evidence kind and relation, and
for each word that a policy can fail on. Some words appear in two places; their text names both.
"""

from __future__ import annotations

import difflib
from typing import Final

from hubcheck.card import why_open
from hubcheck.card.document import GLOSSARY
from hubcheck.card.explain_places import OTHER_PLACES, PLACES
from hubcheck.card.explain_terms import OTHER_NAMES, TERMS
from hubcheck.report.words import NothingCompared, ReasonCode

_RELATED: Final = (
    "  Related says: derivation in either direction, a common ancestor or a common initialisation."
)

TEXTS: Final[dict[str, str]] = {
    # verdicts, per base
    "identical": """\
identical (verdict about one base, and a relation)
  Means: the weights of the subject and of the base are the same, value for value.
  Usually a copy, a mirror or a re-upload; often an honest one.
  Does not mean: who published first. Dates are context, never a verdict.
  Do: declare the base in the card if it is not there, and check that its licence came along.""",
    "related": f"""\
related (verdict about one base)
  Means: the two models share an order of units that chance does not give, and the content
  of those units agrees.
{_RELATED}
  Does not mean: who copied whom, or that anything was done without permission. Siblings
  fine-tuned from one ancestor are related too.
  Do: nothing if the card declares the base or one that explains it. Otherwise declare it in
  the card, or run `hubcheck replay report.json` if you think this is wrong.""",
    "disguised": f"""\
disguised (verdict about one base)
  Means: after undoing a reordering or a rotation, units match that should not. The error bound
  comes from a table of independent small models (calibrated), not from a proof.
{_RELATED}
  Does not mean: intent, and it is no proof. Some tools reorder neurons for speed.
  Do: read in the folded evidence what was undone, test again with --depth deep, where exact
  tests may prove it (then it is called related, rearranged), and ask the publisher.""",
    "unrelated": """\
unrelated (verdict about one base)
  Means: the agreement is what chance gives, and a copy of at least the similarity
  printed beside it would have been seen, in at least two families of units.
  Does not mean: no influence. Distillation leaves no trace in weights, and a copy below
  that similarity, or one that was shuffled and rotated, can pass at depth sample.
  Do: if the card declares this base, correct the card, or show what was done
  to the weights on the way.""",
    "inconclusive": """\
inconclusive (verdict about one base, and declaration verdict for the whole card)
  Means: too little was seen for a match and too little for its absence. About the whole
  card: some declared base stayed open, a match cannot be dated, or nothing was tested at all.
  Does not mean: suspicion. It is what an unreadable format or an unnamed base also gives.
  Special case: the order of the units agrees and their content is too weak to tell. A distant
  copy looks so, and two models whose weights began as the same pattern, and a model that someone
  who holds both relabelled; it proves nothing in either direction.
  Do: read the reason in the table; name a base with --base, or read more with
  --depth sample where only headers were read.""",
    "not-tested": """\
not-tested (verdict about one base)
  Means: no weights of this base were compared, for the reason given: gated, missing, a format
  that hubcheck does not read, or no order that both models share.
  Does not mean: unrelated, and it does not count against the subject.
  Do: for a gated base, ask its owner for access and run again with HF_TOKEN set. To stop a
  pipeline on untested bases, add not-tested to --fail-on.""",
    # declaration verdicts, whole card
    "confirmed": """\
confirmed (declaration verdict for the whole card)
  Means: every declared base was found in the weights, nine tenths of what both could share were
  compared or are the equals of what was, and no other tested base was found that the declared
  ones do not explain.
  Does not mean: that the list is complete. Only the bases in the table were tested, and
  training data and distillation leave no trace in weights.
  Do: nothing. The result holds for the commit that is named, not for later pushes.""",
    "undeclared": f"""\
undeclared (declaration verdict for the whole card)
  Means: a tested base, named by the user or by the subject's own files, is related to the
  subject and no declared base explains it. A declared base explains its relatives, unless the
  subject holds what such a relative itself made of that base; the warnings say so then.
{_RELATED}
  Does not mean: that this model came second, or that anyone hid anything. Cards are often
  just incomplete.
  Do: if it is right, add the base to base_model in the card. If it is wrong, run
  `hubcheck replay report.json` and report it. If it is known, allow it with a reason.""",
    "contradicted": """\
contradicted (declaration verdict for the whole card)
  Means: the card names a base, and the weights do not show it although a copy of the
  printed similarity would have been seen, unless it was shuffled and rotated.
  Does not mean: bad faith. A wrong name or version in the card is the usual cause.
  A base that the card calls the teacher of a distillation is not meant: no weights of it are
  claimed, and the card is inconclusive.
  Do: if it is right, correct the line of the card that the table names. If it is wrong, run
  `hubcheck replay report.json`; a copy that was shuffled and rotated can
  look unrelated at depth sample.""",
    "none-found": """\
none-found (declaration verdict for the whole card)
  Means: the card declares no base, at least one base was tested, and each came out unrelated
  with enough power.
  Does not mean: trained from scratch. Bases that were not tested are open, and distillation
  leaves no trace in weights.
  Do: nothing; to test another base, run again with --suspect ORG/NAME.""",
    # codes in a warning, words of a policy
    "nothing-compared": """\
nothing-compared (word of a policy)
  Means: the weights of no base were compared, whatever the reason: none was named, none could
  be read, or the model itself holds no weights that can be.
  Does not mean: unrelated, and it says nothing about the model.
  Do: read the reason in the first line of the card: name the folder with the weights, fetch
  large files, or name a base. To stop a pipeline on it, add nothing-compared to --fail-on.""",
    "undeclared-upstream": """\
undeclared-upstream (code in a warning, word of a policy)
  Means: the weights match a model that no declaration leads to, and so do those of a declared
  base. The match comes with the base; that base and the model do not name each other.
  Does not mean: anything about the subject's maker, who named a base. It speaks of the card of
  that base, and not of which of the two came first.
  Do: nothing, or ask the base's owner. Where base and subject have one owner, the card is
  inconclusive. To stop a pipeline on it, add undeclared-upstream to --fail-on.""",
    "match-undated": """\
match-undated (code in a warning, word of a policy)
  Means: a search proposed a model and it matches; nobody named it, and which came first is not
  known. Dates of a repository can be chosen by its owner and settle nothing.
  Does not mean: that the subject comes from it. Anyone can publish a copy of any model.
  Do: if yours came first, nothing. If it was made from the other, declare it. To make a result
  of it, name the base with --suspect, or add match-undated to --fail-on.""",
    "undeclared-part": """\
undeclared-part (code in a warning, word of a policy)
  Means: a tower (vision, audio) is that of a base which no declared base explains, and the
  tower is less than half of it, or all there is of it.
  Does not mean: that the model as a whole derives from that base. Towers are often reused, and
  encoders published to be.
  Do: name the tower and its source in the card. To stop a pipeline on it, add undeclared-part
  to --fail-on.""",
    "require-signature": """\
require-signature (word of a policy)
  Means: no signer that the policy names signed, with OpenSSF Model Signing (model.sig), all weight
  files that were read with the digests they have; or a digest could not be compared.
  Does not mean: anything about where the weights come from. A signature says whose files they are.
  Do: sign the folder again, or name the signer: --signer FILE, signers in the policy file.""",
    # conclusions
    "pass": """\
pass (conclusion)
  Means: the declaration verdict is confirmed, and your policy has nothing against it.
  The exit code is 0.
  Does not mean: an endorsement of the model, its licence or its safety.
  Do: nothing.""",
    "neutral": """\
neutral (conclusion)
  Means: none-found, inconclusive, or a verdict that your policy does not fail on.
  The exit code is 0, and the card is published all the same.
  Does not mean: confirmed. Read the first table.
  Do: nothing, or name the word in --fail-on if it should stop your pipeline.""",
    "fail": """\
fail (conclusion)
  Means: the result is one that your policy stops on: by default undeclared and contradicted;
  the other words can be added with --fail-on. The exit code is 1.
  Does not mean: a judgement about people. It is your rule, applied to a measured result.
  Do: follow the next step on the card: correct it, dispute it, or allow it with a reason.""",
    # kinds of evidence
    "exact": """\
exact (kind of evidence)
  Means: the chance of a match like this between independently trained models is bounded by
  arithmetic: k hits have a chance of at most 1/k!, whatever the weights look like.
  Does not mean: certainty about everything. The bound assumes that the base's units had
  no meaningful order when its training began, and that it was trained without the subject.
  Do: look at the controls: about 1 hit with the index shifted, all hits against itself.""",
    "identity": """\
identity (kind of evidence)
  Means: tensors of both models were held against each other byte by byte, and this many are
  equal. It needs no knowledge of the architecture, and it counts beside the exact tests,
  never inside them.
  A published adapter (test: adapter) is added to the base's matrices first, and the sum is held
  against the subject's values up to rounding; it says that of the matrices counted, and no more.
  Does not mean: who had them first, or that what differs is new. One public part that both took
  is equal, too, and speaks for itself alone.
  Do: read which tensors differ; they are what was changed.""",
    "calibrated": """\
calibrated (kind of evidence)
  Means: the error bound was measured on independent models that ship with hubcheck; it can
  never be smaller than about 2 in the number of those models.
  Does not mean: a proof. New families of models may behave in other ways.
  Do: treat it as a reason to look closer, not as a result.""",
    "assumed": """\
assumed (kind of evidence)
  Means: no rule and no table knows this model, and the order that was tested looks free by the
  names and shapes of tensors alone. The chance of a match is counted as for exact evidence, if
  that assumption holds.
  Does not mean: exact. Such orders say related only beside equal tensors or where the base's own
  orders do not agree among themselves, and they never say unrelated.
  Do: read the evidence below the table, and look into report.json for what was compared.""",
    "context": """\
context (kind of evidence)
  Means: a fact worth showing that has no evidential value: raw norm cosine, shapes, tokenizer
  overlap. Strangers agree in these as often as relatives.
  Does not mean: support for either side. Context never moves a verdict.
  Do: quote it only beside its control, the same number with the channels shuffled.""",
    # relations
    "recast": f"""\
recast (relation)
  Means: the same weights stored in another number format, such as float32 to bfloat16,
  or the same values in renamed or re-split files.
{_RELATED}
  Does not mean: that anything was trained or changed on purpose.
  Do: declare the base; licences usually carry over.""",
    "quantised": f"""\
quantised (relation)
  Means: the weights are those of the base, rounded to few levels. Information was lost on one
  side, so here the direction can be told.
{_RELATED}
  Does not mean: that the quality was checked.
  Do: declare the base with base_model_relation quantized, and name its commit.""",
    "fine-tune": f"""\
fine-tune (relation; below a similarity of 0.9: changed throughout)
  Means: the body matches throughout, and the change of its values has no form that says more (few
  values, low rank, rounding). Training further leaves that; so does, farther off, an average with
  a model that was not tested.
{_RELATED}
  Does not mean: that anything was trained, for noise looks the same; nor which came first.
  Do: declare the base; the change per part is in the report.""",
    "lora-merge": f"""\
lora-merge (relation)
  Means: a few kinds of matrices differ from the base by a change of low rank, and everything
  else is equal to the bit: what merging an adapter into the weights leaves.
{_RELATED}
  Does not mean: which adapter it was, or on what it was trained.
  Do: declare the base, and name the adapter in the card where it is known.""",
    "sparse-update": f"""\
sparse-update (relation)
  Means: most values are equal to the base's to the bit, and the rest moved: an edit, a short or
  masked training, or a patch of a few rows.
{_RELATED}
  Does not mean: that the change is small in what the model does; a few values can matter.
  Do: declare the base; the heat map shows where the changes lie.""",
    "vocabulary-changed": f"""\
vocabulary-changed (relation)
  Means: the body matches; the embedding has more, fewer or newly made rows.
{_RELATED}
  Does not mean: a new model; a tokenizer can be replaced without training the body again.
  Do: declare the base, and say in the card how the vocabulary was changed.""",
    "merge": f"""\
merge (relation)
  Means: the weights are a weighted mean of several bases. The shares stand on the card, each with
  an interval that holds 95 % of the time, for the whole model and layer by layer.
{_RELATED}
  Does not mean: that no other model took part; only bases that were tested have a share.
  Do: declare every base that has a share, and check that their licences agree.""",
    "layers-changed": f"""\
layers-changed (relation)
  Means: layers of the base are found in the subject at other places: dropped, repeated or
  interleaved. The folded evidence shows which went where.
{_RELATED}
  Does not mean: that the layers that were not found are new.
  Do: declare the base, and say in the card how the layers were put together.""",
    "width-changed": f"""\
width-changed (relation)
  Means: matching layers have another number of channels, neurons, attention heads or experts:
  units were removed, merged or added.
{_RELATED}
  Does not mean: which side is the larger by design; the direction is said apart.
  Do: declare the base, and say in the card how the width was changed.""",
    "up-cycled": f"""\
up-cycled (relation)
  Means: experts of the subject hold the neurons of a dense layer of the base, or the other way
  round: a dense model was copied into experts, or one expert was taken out.
{_RELATED}
  Does not mean: that the experts are still alike; they are usually trained further.
  Do: declare the base, and say in the card which layers became experts.""",
    "parts": f"""\
parts (relation)
  Means: only the named part matches, for example the embeddings or a vision tower; the rest was
  tested and does not, or base or subject is nothing but that tower. The next line holds for
  that part only.
{_RELATED}
  Does not mean: that the model as a whole derives from the base. Reusing an embedding or a
  tower is common and often declared elsewhere.
  Do: name the part and its source in the card. Only towers that are half
  or more of a base that holds more than them make a card undeclared.""",
    "common-initialisation": """\
common-initialisation (relation)
  Means: both models began from the same starting values, usually the same seed and code; what
  they learned differs.
  Does not mean: copied training. It never fails a gate and never makes a card undeclared.
  It does not say who copied whom, because nobody need have.
  Do: nothing. If it is surprising, compare the seeds and the training code.""",
    "rearranged": f"""\
rearranged (relation)
  Means: the units match after a reordering, rotation or rescaling was undone, and exact tests
  on parts the search never saw confirm it.
{_RELATED}
  Does not mean: intent; some tools reorder or fold weights for speed.
  Do: read which change was undone in the folded evidence, and declare the base.""",
    "undetermined": f"""\
undetermined (relation and direction)
  Means: the models are related, and the form of the relation or its direction was not settled
  by what was read.
{_RELATED}
  Does not mean: doubt about the match itself; its bound stands on its own.
  Do: nothing for the match; ask the publisher if the form matters to you.""",
}


ALL: Final[dict[str, str]] = TEXTS | TERMS | PLACES
"""Every word that has a text, which is every word with a heading on the page."""


def explain(word: str) -> str:
    """Return what ``word`` means, what it does not mean and what to do: 5 to 12 plain lines.

    Raises:
        ValueError: The word is none of the report's; the message lists those that are.
    """
    asked = "-".join(word.lower().replace("_", " ").split())
    others = OTHER_NAMES | OTHER_PLACES | reasons()
    named = asked if asked in ALL else others.get(asked, asked)
    if named not in ALL:
        named = named.partition("-")[0].rstrip(",")  # of a row: attention q, norm, MLP in
        named = named if named in ALL else others.get(named, named)
    text = ALL.get(named)
    if text is None:
        near = difflib.get_close_matches(asked, [*ALL, *OTHER_NAMES, *OTHER_PLACES], n=1)
        begin = f"did you mean '{near[0]}'? The words" if near else "the words"
        message = f"{begin} are: {', '.join(sorted(ALL))}"
        raise ValueError(message)
    return f"{text}\n  Page: {GLOSSARY}#{named}\n"


def reasons() -> dict[str, str]:
    """Return the codes of reasons, and the word under which each is explained."""
    open_ones = {code.value: "inconclusive" for code in why_open.EXPLAINED}
    nothing = {code.value: "nothing-compared" for code in NothingCompared}
    rest = {code.value: "not-tested" for code in ReasonCode if code.value}
    return rest | open_ones | nothing
