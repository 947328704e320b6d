"""Which words are true of each derivative, and which of them do a tool's words mean?

The words are hubcheck's (``RelationKind``), because they are the finest. The first word of a
derivative is the most specific one; the others are true but coarser, and count as right for every
tool in the column *true word*. A derivative whose relation needs a second parent to be seen (a
merge) has no word here; merges are scored with all parents named.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

Words = tuple[str, ...]

FOLDER: Final = "lineage"
"""Where the zoo keeps what this benchmark adds to it."""
PREFIX: Final = f"{FOLDER}/combined-"
"""How names of combined derivatives begin."""
COARSER: Final[Mapping[str, Words]] = {"lora-merge": ("fine-tune",)}
"""Words that are true as well wherever a more specific one is."""
TRUE_WORDS: Final[Mapping[str, Words]] = {
    # storage: the same values, or the same but for the rounding
    "copy-f32": ("identical", "recast"),
    "copy-f16": ("recast",),
    "copy-bf16": ("recast",),
    "copy-f8": ("quantised", "recast"),  # 8 bits without scales: a cast and a quantisation
    "resharded": ("recast",),
    "int4": ("quantised",),
    # the same function, other numbers
    "relabelled": ("rearranged",),
    "folded": ("rearranged",),
    "rescaled": ("rearranged",),
    "rotated": ("rearranged",),
    "disguised-base": ("rearranged",),
    "disguised-fully": ("rearranged",),
    "split-neurons": ("rearranged", "width-changed"),  # three times the neurons, one function
    "framed": ("rearranged",),  # against ind2, whose weights it holds
    "moe-relabelled": ("rearranged",),
    # trained on, or changed as training would
    "finetune": ("fine-tune",),
    "bystander": ("fine-tune",),
    "continued": ("fine-tune",),
    "continued2": ("fine-tune",),
    "moe-finetune": ("fine-tune",),
    "noise-tenth": ("fine-tune",),  # a dense change; no tool has a word for noise
    "noise-one": ("fine-tune",),
    "adapter-random": ("lora-merge", "fine-tune"),
    "adapter-learned": ("lora-merge", "fine-tune"),
    "shuffled-first": ("sparse-update",),
    "shuffled-last": ("sparse-update",),
    "shuffled-spread": ("sparse-update",),
    # trained on, then disguised: both words are true
    "disguised-continued": ("rearranged", "fine-tune"),
    "disguised-continued2": ("rearranged", "fine-tune"),
    "disguised-fully-continued": ("rearranged", "fine-tune"),
    # another shape
    "extended": ("vocabulary-changed",),
    "reordered": ("vocabulary-changed",),
    "rebuilt-embeddings": ("vocabulary-changed", "parts"),  # the body alone is the base's
    "dropped-layer": ("layers-changed",),
    "repeated-layers": ("layers-changed",),
    "upscaled": ("layers-changed", "fine-tune"),
    "pruned-neurons": ("width-changed",),
    "pruned-channels": ("width-changed",),
    "upcycled": ("up-cycled",),
    # twin in all but one part
    "wears-norms": ("sparse-update", "fine-tune"),
    "wears-embeddings": ("vocabulary-changed", "parts"),
    # several changes: every word is true, the one that a reader needs first comes first
    PREFIX + "tuned-int4-relabelled": ("rearranged", "fine-tune", "quantised"),
    PREFIX + "continued-pruned-disguised": ("width-changed", "rearranged", "fine-tune"),
    PREFIX + "narrowed-relabelled": ("width-changed", "rearranged"),
    PREFIX + "upscaled-disguised": ("layers-changed", "rearranged", "fine-tune"),
    PREFIX + "extended-relabelled": ("vocabulary-changed", "rearranged"),
    PREFIX + "dropped-noisy-relabelled": ("layers-changed", "rearranged", "fine-tune"),
    PREFIX + "tuned-reordered-f16": ("vocabulary-changed", "fine-tune"),
    PREFIX + "adapted-rotated": ("rearranged", "lora-merge", "fine-tune"),
    PREFIX + "moe-tuned-relabelled": ("rearranged", "fine-tune"),
    PREFIX + "upcycled-relabelled": ("up-cycled", "rearranged"),
    PREFIX + "pruned-sorted-rotated": ("width-changed", "rearranged"),
}
"""Words by derivative, towards the model at its root."""

MEANT: Final[Mapping[str, Words]] = {
    # modeldna, by the table *Verdict classes* of its README:
    "EXACT_COPY": ("identical", "recast"),  # "byte/near-identical (re-upload or renamed mirror)"
    "QUANTIZED_COPY": ("quantised", "recast"),  # "within quantization noise"; other packaging
    "FINE_TUNE": ("fine-tune", "lora-merge"),  # "small parameter delta (SFT/DPO/LoRA-merged)"
    "SAME_LINEAGE": ("fine-tune",),  # "large delta ... (continued-pretrain regime)"
    "LIKELY_MERGE": ("merge",),  # "evidence splits across two or more parents"
}
"""A rival's word in hubcheck's words. cisco-ai-provenance-kit grades a match and names no relation;
hubcheck's verdict ``disguised`` means ``rearranged``."""


def true_words(subject: str, *, declared: str = "") -> Words:
    """Return the words that are true of a derivative, most specific first; empty where not scored.

    Args:
        subject: Its name.
        declared: What the zoo's own ``derived.json`` calls the relation, used for others.
    """
    said = (declared, *COARSER.get(declared, ())) if declared else ()
    return TRUE_WORDS.get(subject, said)


def meant(verdict: str, relation: str) -> Words:
    """Return what a tool's answer says about the relation, in hubcheck's words.

    Args:
        verdict: The tool's verdict.
        relation: The tool's own relation, where it has one beside the verdict.
    """
    if relation:
        return (relation,)
    if verdict in {"disguised", "identical"}:
        return ("rearranged",) if verdict == "disguised" else ("identical",)
    return MEANT.get(verdict, ())
