"""Which file names, headings and sentences disclose how a model was made?

Every pattern is bounded, so that a hostile card costs time in proportion to its length.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final


class Item(StrEnum):
    """The checklist; its words are the card's."""

    TRAINING_LOGS = "training-logs"
    DATA = "training-data"
    COMPUTE = "compute"
    TECHNICAL_REPORT = "technical-report"
    CHECKPOINTS = "intermediate-checkpoints"
    TOKENIZER = "tokenizer-training"


Signs = tuple[tuple[Item, re.Pattern[str]], ...]


def _words(*alternatives: str) -> re.Pattern[str]:
    """Compile alternatives that ignore case."""
    return re.compile("|".join(alternatives), re.IGNORECASE)


FILE_SIGNS: Final[Signs] = (
    (
        Item.TRAINING_LOGS,
        _words(
            r"trainer_state\.json$",
            r"trainer_log\.jsonl$",
            r"training_args\.bin$",
            r"(?:train|all)_results\.json$",
            r"events\.out\.tfevents\.",
            r"train(?:ing)?[_-]?logs?\.(?:txt|log|jsonl?|csv)$",
        ),
    ),
    (Item.TECHNICAL_REPORT, _words(r"[\w .-]{0,80}(?:report|paper)[\w .-]{0,80}\.pdf$")),
)
"""Matched at the start of a file's own name."""

FOLDER_SIGNS: Final[Signs] = (
    (Item.TRAINING_LOGS, _words(r"(?:runs|wandb|tensorboard|logs)$")),
    (Item.CHECKPOINTS, _words(r"(?:checkpoint|global_?step|step|iter)[-_]?\d{1,12}$")),
)
"""Matched against the name of any folder that holds a file."""

HEADING_SIGNS: Final[Signs] = (
    (
        Item.DATA,
        _words(
            r"\b(?:pre-?|post-?)?training (?:data|datasets?|corpus|mixture)\b",
            r"^data(?:sets?)?$",
            r"\bdata (?:sources|mixture|composition)\b",
        ),
    ),
    (
        Item.COMPUTE,
        _words(
            r"^(?:training )?(?:hardware|compute|infrastructure)\b",
            r"\bcompute infrastructure\b",
            r"\btraining (?:hardware|compute|cost)\b",
        ),
    ),
    (Item.TRAINING_LOGS, _words(r"\btraining (?:logs?|curves?)\b", r"\bloss curves?\b")),
    (Item.CHECKPOINTS, _words(r"\bintermediate (?:training |model )?checkpoints?\b")),
    (Item.TOKENIZER, _words(r"\btokeni[sz]er training\b", r"\btraining (?:of )?the tokeni[sz]er")),
)
"""Headings that announce an item; they count only when text below them says something."""

_ACCELERATOR: Final = (
    r"\b(?:[ABH][1-3]00s?|GH?200|L40S?|V100s?|MI[23]\d\d[AX]?|TPU ?v?\d?[a-z]{0,3}|Trainium"
    r"|Gaudi|RTX ?\w{0,6}|[GNT]PUs?|Ascend)\b"
)

SENTENCE_SIGNS: Final[Signs] = (
    (
        Item.DATA,
        _words(
            r"\b(?:pre-?|fine-?)?(?:trained|tuned) (?:\w{1,20} ){0,4}?(?:on|using|with|over)\b"
            r".{0,160}?(?:\btokens\b|\bdatasets?\b|\bcorp(?:us|ora)\b|/datasets/|\bexamples\b)",
            r"\btraining (?:data|corpus|set|mixture) (?:\w{1,20} ){0,3}?"
            r"(?:consist|compris|includ|contain|(?:is|are) (?:made|composed|available|published))",
        ),
    ),
    (
        Item.COMPUTE,
        _words(
            r"\b(?:trained|training|took|used|using|consumed)\b.{0,160}?" + _ACCELERATOR,
            r"\b[GT]PU[- ]hours\b",
            r"\b\d[\d.,e^x×* ]{0,20} ?(?:exa)?FLOPs?\b",
            r"\bhardware (?:type|used)\b.{0,40}?" + _ACCELERATOR,
        ),
    ),
    (
        Item.TECHNICAL_REPORT,
        _words(
            r"\barxiv\.org/(?:abs|pdf|html)/\d{4}\.\d{4,5}",
            r"\barxiv:\s?\d{4}\.\d{4,5}",
            r"\.co/papers/\d{4}\.\d{4,5}",
            r"\[[^\[\]]{0,80}(?:technical report|paper)[^\[\]]{0,80}\]\([^)\s]{4,300}\)",
        ),
    ),
    (
        Item.TRAINING_LOGS,
        _words(
            r"\bwandb\.ai/\w",
            r"\btensorboard\.dev/",
            r"\btrain(?:ing)? logs? (?:\w{1,20} ){0,4}?(?:available|released|published|here)\b",
            r"\b(?:releas|publish|shar)e?(?:d|s|ing)? (?:[\w,]{1,20} ){0,6}?train(?:ing)? logs?\b",
        ),
    ),
    (
        Item.CHECKPOINTS,
        _words(
            r"\bintermediate (?:training |model )?checkpoints?\b",
            r"\brevision ?= ?[\"'](?:step|stage|iter)",
        ),
    ),
    (
        Item.TOKENIZER,
        _words(
            r"\btokeni[sz]er (?:was |is |has been )?(?:\w{1,20} )?trained (?:on|with|using|from)\b",
            r"\btrain(?:ed)? (?:a|an|our|the|its)(?: own| new| custom)? "
            r"(?:[\w-]{1,20} ){0,3}?tokeni[sz]er\b",
            r"\bvocabulary (?:was |is )?(?:built|learn(?:ed|t)|trained) (?:on|from|with)\b",
        ),
    ),
)
"""Sentences that are themselves the disclosure."""

NEGATION: Final = _words(
    r"\b(?:no|not|never|neither|nor|none|without|cannot|unable|n/a|tbd|tba|todo)\b",
    r"\b(?:is|are|was|were|wo|do|does|did|ca|has|have)n['’]?t\b",
    r"\b(?:undisclosed|unreleased|unpublished|unavailable|unknown|unspecified)\b",
    r"\b(?:withh[eo]ld|proprietary|confidential|secret|private|internal)\b",
    r"\b(?:declin|refus)(?:e[sd]?|ing)\b|\brefrain",
    r"\b(?:later|soon|upcoming|forthcoming|planned|plan to|in (?:the )?future)\b",
    r"\b(?:will|to) be (?:announced|released|added|determined|published|shared|made)\b",
    r"\bwill (?:release|publish|share|follow|add)\b|\bmore information needed\b",
)
"""Words that turn a sentence into the absence of disclosure. Too wide rather than too narrow: an
author whose disclosure is missed can write it plainly."""
