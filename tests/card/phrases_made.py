"""What is each phrase said with, and which words come of it? The parameters as makers give them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hubcheck.card.wordings.relation import MOST_COMPONENTS
from hubcheck.checkpoint.other_formats import LORA_ADAPTER, PEFT_ADAPTER, TEXTUAL_INVERSION
from hubcheck.report.phrases import Phrase, Value
from hubcheck.report.phrases import PhraseCode as C

LINE_2: Final = Phrase(C.PLACE_LINE, {"path": "README.md", "line": 2})
ADAPTER: Final = Phrase(C.PLACE_FILE, {"path": "adapter_config.json"})
SORTED: Final = Phrase(C.ORDER_PROBLEM, {"problem": "norms-follow-index", "count": 0, "of": 0})
TWINS: Final = Phrase(C.ORDER_PROBLEM, {"problem": "duplicates", "count": 3, "of": 8})
NEURONS_3: Final = Phrase(C.UNITS_NEURONS, {"mlp": "dense", "layer": 3, "member": -1})
NEURONS_3_1: Final = Phrase(C.UNITS_NEURONS, {"mlp": "expert", "layer": 3, "member": 1})
NEURONS_7: Final = Phrase(C.UNITS_NEURONS, {"mlp": "dense", "layer": 7, "member": -1})
CHANNELS: Final = Phrase(C.UNITS_CHANNELS, {})
NOT_UTF8: Final = Phrase(C.DOCUMENT, {"path": "README.md", "problem": "not-utf-8", "at": 7})
A_PATH: Final = Phrase(C.NO_REPOSITORY, {"text": "/x", "problem": "path"})
DECLARED: Final = Phrase(C.BASIS_DECLARED, {"found": False})
UNUSED: Final = Phrase(
    C.UNMATCHED_ONE,
    {"tensor": "a", "side": "base", "why": (Phrase(C.TENSOR_LEFT, {"why": "unused"}),)},
)
OTHER_SHAPE: Final = Phrase(
    C.UNMATCHED_ONE,
    {
        "tensor": "b",
        "side": "subject",
        "why": (Phrase(C.TENSOR_LEFT, {"why": "shape", "here": (4, 2), "there": ()}),),
    },
)
FITS: Final = Phrase(C.FIT_MODULES, {"modules": 3, "fitting": 0})
LAYER_MAP: Final = Phrase(C.LOOK, {"look": "layer-map"})
MADE: Final[Mapping[C, tuple[tuple[Mapping[str, Value], str], ...]]] = {
    C.TEXT: (({"text": "a sentence"}, "a sentence"),),
    C.UNKNOWN: (({"share": 0.5}, "said by a newer version (share=0.5)"),),
    C.ABOUT: (
        (
            {
                "name": "org/base",
                "what": (Phrase(C.NO_LAYER_FOUND, {}), Phrase(C.FOUND_BY_MAP, {})),
            },
            "org/base: no layer of this base was found again; found by the map of every layer",
        ),
    ),
    C.NO_WEIGHTS_READ: (({}, "no weights were read"),),
    C.HEADERS_ONLY: (({}, "no weights are read at this depth"),),
    C.PROPOSAL: (
        (
            {"repo": "org/a", "standing": "proposed", "why": "no-ref", "commit": "0a1b2c3"},
            "a proposal to org/a, not org/a: no branch or tag of it holds commit 0a1b2c3",
        ),
        (
            {"repo": "org/a", "standing": "not established", "why": "refused", "detail": "closed."},
            "not established as a commit of org/a: closed.",
        ),
    ),
    C.GATED: (
        (
            {"detail": "the error's own text."},
            "gated, and no token with access: the error's own text.",
        ),
    ),
    C.MISSING: (
        ({"detail": "the error's own text."}, "not found, or private: the error's own text."),
    ),
    C.NO_WEIGHTS: (
        ({"detail": "the error's own text."}, "holds no weights: the error's own text."),
    ),
    C.UNKNOWN_REVISION: (
        ({"detail": "the error's own text."}, "unknown revision: the error's own text."),
    ),
    C.UNREACHABLE: (
        (
            {"detail": "the error's own text."},
            "the host could not be reached: the error's own text.",
        ),
    ),
    C.FORBIDDEN: (
        (
            {"detail": "the error's own text."},
            "the host does not allow reading: the error's own text.",
        ),
    ),
    C.BUDGET: (
        (
            {"detail": "the error's own text."},
            "needs more than --max-read allows: the error's own text.",
        ),
    ),
    C.HOSTILE: (
        (
            {"detail": "the error's own text."},
            "its files contradict themselves: the error's own text.",
        ),
    ),
    C.FORMAT: (
        ({"format": "TensorFlow"}, "format: TensorFlow"),
        (
            {"format": PEFT_ADAPTER},
            "format: PEFT adapter: an adapter alone cannot prove its base",
        ),
        (
            {"format": LORA_ADAPTER},
            "format: LoRA adapter: an adapter alone cannot prove its base",
        ),
        (
            {"format": TEXTUAL_INVERSION},
            "format: textual inversion: a few vectors cannot prove their base",
        ),
    ),
    C.NOT_AVAILABLE: (
        ({"detail": "the error's own text."}, "LFS content not available: the error's own text."),
    ),
    C.INTERNAL: (
        (
            {"detail": "0a1b2c3d, KeyError at anatomy/units.py:46."},
            "a fault of hubcheck, please report it: 0a1b2c3d, KeyError at anatomy/units.py:46.",
        ),
    ),
    C.UNREADABLE: (({"detail": "the error's own text."}, "unreadable: the error's own text."),),
    C.SUBJECT: (
        (
            {"why": (Phrase(C.FORMAT, {"format": "PEFT adapter"}),), "fit": (FITS,)},
            "subject: format: PEFT adapter; 0 of its 3 modules fit the base by name and shape",
        ),
        (
            {"why": (Phrase(C.BUDGET, {"detail": "x"}),)},
            "subject: needs more than --max-read allows: x",
        ),
    ),
    C.NO_SHARED_ORDER: (
        ({"self_test": ()}, "no shared order"),
        (
            {"self_test": (SORTED, TWINS)},
            "no shared order: the base fails its self-test (row norms follow the index: sorted or structured units; 3 of 8 rows have a duplicate)",
        ),
    ),
    C.ORDER_WITHOUT_CONTENT: (
        (
            {},
            "order agrees, the content is too weak to tell: a distant copy, a structured initialisation or a relabelling",
        ),
    ),
    C.START_OR_COPY: (
        (
            {"bulk": 0.98, "top": 0.12},
            "of the initial noise 0.98 is kept, of what training wrote 0.12: the same initial weights or a weakened copy, the values do not tell which",
        ),
    ),
    C.REST_NOT_COMPARED: (
        (
            {
                "parts": ("embeddings",),
                "rest": (Phrase(C.SHARE_NOT_COMPARED, {"share": 0.67, "what": ()}),),
            },
            "the embeddings match; 67% of the parameters were not compared",
        ),
        (
            {
                "parts": ("vision tower",),
                "rest": (Phrase(C.BODY_NOT_COMPARED, {"tested": 0.1, "missing": ("MLP",)}),),
            },
            "the vision tower matches; only 10% of the body could be tested; not compared: MLP",
        ),
    ),
    C.BODY_NOT_COMPARED: (
        (
            {"tested": 0.12, "missing": ("MLP", "router")},
            "only 12% of the body could be tested; not compared: MLP, router",
        ),
        ({"tested": 0.0, "missing": ()}, "only 0% of the body could be tested"),
    ),
    C.TOWERS_DIFFER: (
        ({"missing": 0.2}, "the towers do not match; 20% of the parameters were not compared"),
    ),
    C.PART_OPEN: (
        (
            {"part": "vision tower", "why": (Phrase(C.NO_POWER, {}),), "verdict": "inconclusive"},
            "the vision tower is open: too little is comparable to have seen a copy",
        ),
        (
            {"part": "vision tower", "why": (), "verdict": "related"},
            "the vision tower is open: related",
        ),
    ),
    C.NO_POWER: (({}, "too little is comparable to have seen a copy"),),
    C.OTHER_SHAPE: (
        (
            {
                "sizes": (Phrase(C.SIZE_DIFFERS, {"axis": "hidden", "base": 640, "subject": 576}),),
                "tested": 0.25,
                "self_test": (),
            },
            "other shape: 640 wide there, 576 here; 25% of the body could be tested across that",
        ),
        (
            {"sizes": (), "tested": 0.0, "self_test": (SORTED,)},
            "other shape; the base fails its self-test (row norms follow the index: sorted or structured units)",
        ),
    ),
    C.SIZE_DIFFERS: (
        ({"axis": "layers", "base": 18, "subject": 30}, "18 layers there, 30 here"),
        ({"axis": "new", "base": 1, "subject": 2}, "1 new there, 2 here"),
    ),
    C.SHAPE_RULES_OUT: (
        (
            {"relation": "finetune", "axis": "hidden", "base": 640, "subject": 576},
            "a fine-tune of a model 640 wide is 640 wide; this one is 576",
        ),
        (
            {"relation": "merge", "axis": "neurons", "base": 2048, "subject": 1536},
            "a merge of a model with 2,048 neurons a layer has 2,048; this one has 1,536",
        ),
    ),
    C.SOME_TENSORS: (({"share": 0.3}, "of the body 30%; of the rest no match is shown"),),
    C.ONE_ORDER: (({}, "a single order agrees, the rest does not"),),
    C.ASSUMED: (
        (
            {"agrees": True},
            (
                "the order agrees, but that it is free is an assumption, by names and shapes "
                "alone, and nothing in the base controls it"
            ),
        ),
        (
            {"agrees": False},
            (
                "no order agrees, but that they are free is an assumption, by names and shapes "
                "alone; it never says that models are unrelated"
            ),
        ),
    ),
    C.BETWEEN: (({}, "something agrees, not enough to settle it"),),
    C.TABLE_TOO_SMALL: (
        (
            {"models": 256, "bound": 0.0152, "needed": 0.01},
            "neurons match as in a disguised copy, but with the bases tried the table of 256 models allows a bound of 0.015 only, and 0.01 is needed",
        ),
    ),
    C.NOT_IN_TABLE: (
        (
            {},
            "neurons match as in a disguised copy, but the tables are of MLPs act(gate) * up and of MLPs without a gate, and this family is not known to have either",
        ),
    ),
    C.DOWN_NOT_READ: (
        (
            {},
            "gate and up match as in a disguised copy, but down, which would decide, was not read: it needs more than --max-read leaves",
        ),
    ),
    C.BROKEN_OFF: (
        (
            {"cause": "network", "detail": "the host broke off"},
            "no match is shown, and the look for a shuffled and rotated copy was broken off: the host broke off",
        ),
    ),
    C.SAME_BYTES: (({}, "the same bytes"),),
    C.SAME_VALUES: (
        ({}, "every sampled value is equal; the files differ (resharded, renamed or rewritten)"),
    ),
    C.REST_EQUAL: (({}, "every value sampled of the rest is equal"),),
    C.CAST: (({"base": "F32", "subject": "BF16"}, "F32 to BF16"),),
    C.CAST_ROUNDED: (
        (
            {"base": "F32", "subject": "BF16"},
            "F32 to BF16; sampled values differ by no more than the rounding",
        ),
    ),
    C.CAST_BOTH_WAYS: (
        (
            {"base": "F16", "subject": "BF16"},
            "F16 in the base, BF16 in the subject, the same wherever both can hold it",
        ),
    ),
    C.ROUNDED_IN_BASE: (
        (
            {"base": "BF16", "subject": "F32"},
            "F32 in the subject, its values rounded to BF16 in the base",
        ),
    ),
    C.ROUNDED_SHARE: (
        (
            {"values": 123456, "share": 0.99998},
            "of 123,456 sampled values 99.99% are exactly the rounded ones",
        ),
    ),
    C.PACKED: (
        ({"base": "", "subject": "Q4_K"}, "Q4_K, the base plain values"),
        ({"base": "Q4_K", "subject": "Q4_K"}, "both stored as Q4_K"),
        ({"base": "Q8_0", "subject": ""}, "plain values, the base Q8_0"),
    ),
    C.PACKED_ROUNDING: (
        (
            {"change": 0.0712},
            "sampled families differ by 0.071, no more than such rounding makes; training that moved them less would not show",
        ),
    ),
    C.ON_LEVELS: (
        (
            {"side": "subject", "bits": 4, "group": 128, "relative": 0.091},
            "the subject lies on 4 bits over groups of 128, 0.091 from the base",
        ),
        ({"side": "base", "bits": 8, "group": 0}, "the base lies on 8 bits over whole rows"),
    ),
    C.NEAREST_LEVELS: (
        ({"share": 0.9991}, "99.91% of the sampled values are rounded to the nearest level"),
    ),
    C.NEAR_LEVELS: (
        (
            {"share": 0.81, "within": 0.99},
            "81.0% of the sampled values are at the nearest level, 99.0% within a step: a quantiser that trades errors (GPTQ, AWQ), or light training before it",
        ),
    ),
    C.ZEROED: (
        ({"share": 0.5}, "50% of the base's values were set to zero, the others are bit-equal"),
    ),
    C.ZERO_IN_BASE: (
        ({"share": 0.5}, "50% of the values are zero in the base only, the others are bit-equal"),
    ),
    C.ROWS_CHANGED: (
        (
            {"share": 0.012, "stored": "BF16"},
            "1.2% of the rows changed, all others are bit-equal in BF16",
        ),
    ),
    C.LOW_RANK: (
        (
            {
                "roles": ("q", "v"),
                "least": 8,
                "most": 8,
                "stored": "BF16",
                "matrices": 16,
                "room": 64,
            },
            "the change of q, v has rank 8 above the rounding of BF16 (16 matrices, up to 64 would have shown)",
        ),
        (
            {"roles": ("q",), "least": 7, "most": 8, "stored": "BF16", "matrices": 4, "room": 64},
            "the change of q has rank 7 to 8 above the rounding of BF16 (4 matrices, up to 64 would have shown)",
        ),
    ),
    C.DIRECTION_REMOVED: (
        (
            {},
            "one direction of the residual stream was taken out of what writes to it (abliteration)",
        ),
    ),
    C.OTHERS_EQUAL: (({"tensors": 40}, "40 other sampled tensors are bit-equal"),),
    C.CHANGED_BESIDE: (
        ({"parts": ("embeddings", "norms")}, "embeddings and norms changed beside it"),
    ),
    C.ONLY_CHANGED: (
        (
            {"parts": ("norms",), "matrices": 28},
            "only norms changed; 28 sampled matrices are bit-equal",
        ),
    ),
    C.MOSTLY_EQUAL: (
        (
            {"share": 0.7, "stored": "BF16"},
            "70% of the values are bit-equal in BF16, the others moved little, in no low rank",
        ),
    ),
    C.MATRICES_EQUAL: (({"equal": 4, "matrices": 28}, "4 of 28 sampled matrices are bit-equal"),),
    C.DIRECTIONS_CHANGED: (({"directions": 72}, "the change has more than 72 directions"),),
    C.RELATIVE_CHANGE: (
        (
            {"attention": 0.11, "MLP": 0.095, "norms": 0.024},
            "relative change attention 0.11, MLP 0.095, norms 0.024",
        ),
    ),
    C.SAMPLED_CHANGE: (
        ({"change": 0.032, "families": 8}, "relative change 0.032 (median of 8 sampled families)"),
    ),
    C.NOT_LOOKED_CLOSER: (
        (
            {"why": (Phrase(C.WHY, {"why": "no-shared-shape"}),)},
            "not looked at more closely: no matrix has one shape in both models",
        ),
        (
            {"why": (Phrase(C.TEXT, {"text": "the error's own text"}),)},
            "not looked at more closely: the error's own text",
        ),
    ),
    C.DECLARES_ITSELF: (
        ({"where": (LINE_2,)}, "README.md line 2: names the model itself"),
        ({"where": "README.md line 2"}, "README.md line 2: names the model itself"),
    ),
    C.DECLARES_REVISIONS: tuple(
        (
            {
                "where": where,
                "revision": "v2",
                "base": "acme/base",
                "there": there,
                "other": "v1",
            },
            "adapter_config.json: names revision v2 of acme/base, README.md line 2 names v1",
        )
        for where, there in (((ADAPTER,), (LINE_2,)), ("adapter_config.json", "README.md line 2"))
    ),
    C.DECLARES_MANY: (({"more": 84, "taken": 16}, "84 more bases are declared than the 16 taken"),),
    C.DOCUMENT: (
        (NOT_UTF8.params, "README.md is not UTF-8 (byte 7)"),
        (
            {"path": "config.json", "problem": "not-object", "kind": "list"},
            "config.json holds a list, not an object",
        ),
        (
            {"path": "README.md", "problem": "not-yaml", "line": 3, "detail": "found x"},
            "README.md: line 3: the front matter is not YAML that is read here (found x)",
        ),
    ),
    C.NO_REPOSITORY: (
        (A_PATH.params, "'/x' is a path, which is not followed from a repository"),
        ({"text": "x", "problem": "revision"}, "'x' names no usable revision"),
    ),
    C.DOCUMENT_UNUSABLE: (({"why": (NOT_UTF8,)}, "README.md is not UTF-8 (byte 7)"),),
    C.KEY_TWICE: (
        (
            {"where": "README.md", "key": "base_model"},
            "README.md: base_model is written twice, the last one is used",
        ),
    ),
    C.KEY_CUT: (
        (
            {"where": "README.md", "key": "base_model", "taken": 64},
            "README.md: only the first 64 values of base_model are read",
        ),
    ),
    C.KEY_UNUSABLE: (
        (
            {"where": "README.md line 2", "key": "base_model", "why": (A_PATH,)},
            "README.md line 2: base_model '/x' is a path, which is not followed from a repository",
        ),
        (
            {"where": "general.base_model.0.repo_url", "key": "", "why": (A_PATH,)},
            "general.base_model.0.repo_url: '/x' is a path, which is not followed from a repository",
        ),
    ),
    C.KEY_LOCAL: (
        (
            {"where": "adapter_config.json", "key": "revision", "value": "out/x"},
            "adapter_config.json: revision 'out/x' looks like a local folder, which is not followed",
        ),
    ),
    C.KEY_NO_TEXT: (
        (
            {"where": "README.md line 2", "key": "license"},
            "README.md line 2: license is not a text",
        ),
    ),
    C.NO_NAME: (
        (
            {"where": "README.md line 2", "key": "base_model", "value": "7", "kind": "number"},
            "README.md line 2: base_model 7 is a number, not a repository name",
        ),
        (
            {"where": "README.md line 2", "key": "base_model", "value": "", "kind": "mapping"},
            "README.md line 2: base_model is a mapping, not a repository name",
        ),
    ),
    C.RELATION_WORD: (
        (
            {
                "where": "README.md line 2",
                "value": "cousin",
                "kind": "text",
                "known": ("adapter", "finetune"),
            },
            "README.md line 2: base_model_relation is 'cousin', none of adapter, finetune",
        ),
        (
            {"where": "README.md line 2", "value": "", "kind": "list", "known": ("adapter",)},
            "README.md line 2: base_model_relation is a list, none of adapter",
        ),
    ),
    C.CHANNELS_TURNED: (({}, "residual channels relabelled, rotated or rescaled"),),
    C.NEURONS_RELABELLED: (({}, "MLP neurons relabelled"),),
    C.EXPERTS_RELABELLED: (({}, "experts relabelled"),),
    C.UNITS_RESCALED: (({}, "units rescaled"),),
    C.HEADS_RELABELLED: (({}, "attention heads relabelled"),),
    C.HEADS_TURNED: (({}, "attention heads relabelled or turned"),),
    C.LAYERS_MOVED: (
        (
            {"base": 4, "subject": 6, "places": ("0 in 0", "3 in 5"), "more": 0},
            "4 layers became 6 (base layer 0 in 0, 3 in 5)",
        ),
        (
            {"base": 4, "subject": 4, "places": ("0 in 1", "1 in 0"), "more": 24},
            "layers (base layer 0 in 1, 1 in 0 and 24 more)",
        ),
    ),
    C.SIZE_CHANGED: (
        ({"axis": "hidden", "base": 4096, "subject": 2048}, "4,096 residual channels became 2,048"),
        ({"axis": "experts", "base": 8, "subject": 6}, "8 experts became 6"),
    ),
    C.VOCABULARY_ROWS: (
        ({"base": 32000, "subject": 151552}, "embedding rows 32,000 became 151,552"),
    ),
    C.EMBEDDINGS_REBUILT: (({}, "embeddings rebuilt"),),
    C.TOKENS_MOVED: (({}, "the tokens stand in another order"),),
    C.KIND_MATCHES: (
        (
            {"kind": "attention", "found": 4, "tested": 4},
            "the attention matches (4 of 4 families)",
        ),
        (
            {"kind": "mlp", "found": 0, "tested": 4},
            "no order of the MLP was found (0 of 4 families)",
        ),
    ),
    C.ONLY_ONE_SIDE: (({"side": "base", "roles": ("gate", "up")}, "only the base has gate, up"),),
    C.HEAD_OF_ANOTHER: (
        (
            {"tensors": ("a.weight", "b.weight")},
            "the head is another: a.weight, b.weight hold other values",
        ),
    ),
    C.OTHER_VALUES: (
        (
            {"tensors": ("a.r", "b.r")},
            "a.r, b.r hold other values, and no order is tested in them",
        ),
    ),
    C.NOT_HELD_AGAINST: (
        ({"what": ("router", "output head")}, "not compared: router, output head"),
    ),
    C.EXPERTS_NOT_COMPARABLE: (
        (
            {"experts": 16, "side": "subject"},
            "none of the 16 experts of the subject could be compared",
        ),
    ),
    C.EXPERTS_MATCH: (
        (
            {"found": 8, "compared": 8, "total": 64, "drawn": False, "gone": (), "more": 0},
            "8 of 8 experts compared (of 64) match",
        ),
        (
            {
                "found": 2,
                "compared": 8,
                "total": 8,
                "drawn": False,
                "gone": (Phrase(C.BLOCK, {"layer": 0, "member": 1, "kind": "expert"}),),
                "more": 5,
            },
            "2 of 8 experts compared match, not: layer 0, expert 1 and 5 more",
        ),
        (
            {"found": 2, "compared": 8, "total": 64, "drawn": True, "gone": (), "more": 0},
            "2 of 8 experts compared (of 64) match, the rest may be experts of the base that were not drawn",
        ),
    ),
    C.NO_EXPERT_HOLDS: (
        (
            {"compared": 8, "total": 64, "side": "base"},
            "none of 8 experts compared (of 64) holds the base's MLP",
        ),
    ),
    C.EXPERTS_HOLD_MLP: (
        (
            {"side": "subject", "found": 8, "compared": 8, "total": 8, "change": 0.031},
            "8 of 8 experts compared in the subject hold the neurons of the base's MLP in their order, at a relative change of 0.031",
        ),
        (
            {"side": "base", "found": 8, "compared": 8, "total": 64},
            "8 of 8 experts compared (of 64) in the base hold the neurons of the subject's MLP in their order",
        ),
    ),
    C.MLPS_ARE_EXPERTS: (
        (
            {"found": 2, "layers": 2, "experts": (2,)},
            "the MLPs of 2 of 2 layers compared are experts of the base (expert 2)",
        ),
        (
            {"found": 4, "layers": 4, "experts": (0, 1, 2, 3, 5)},
            "the MLPs of 4 of 4 layers compared are experts of the base (experts 0, 1, 2, 3 and 1 more)",
        ),
    ),
    C.MERGED_WITH: (
        (
            {
                "others": ("org/b", "org/c"),
                "rule": "linear",
                "share": 0.4,
                "low": 0.38,
                "high": 0.42,
            },
            "share 0.400 (95 % interval 0.380 to 0.420), merged with org/b and org/c: linear",
        ),
        ({"others": ("org/b",), "rule": "ties"}, "merged with org/b: TIES"),
    ),
    C.STILL_ANCESTOR: (
        ({"share": 0.8, "ancestor": "org/root"}, "80% of the values are still those of org/root"),
    ),
    C.SUM_NEARER: (({"gain": 0.6, "best": "org/b"}, "the sum lies 60% nearer than org/b alone"),),
    C.PARTS_ONLY: (
        ({"parts": ("embeddings", "norms")}, "embeddings and norms only, the body does not match"),
    ),
    C.PARTS_ALL: (
        (
            {"parts": ("vision tower",), "owner": "base"},
            "vision tower: all that the base holds but heads",
        ),
        (
            {"parts": ("vision tower",), "owner": "the base"},
            "vision tower: all that the base holds but heads",
        ),
    ),
    C.PARTS_REST: (
        (
            {"parts": ("vision tower",), "missing": 0.3},
            "vision tower: 30% of the parameters were not compared",
        ),
    ),
    C.SOME_ORDERS: (
        (
            {"held": ("attention",), "lost": ("MLP",)},
            "attention: the base's order; MLP: not in the base's order",
        ),
        ({"held": (), "lost": ()}, "a part of the body: the base's order"),
    ),
    C.SAME_START: (
        (
            {"bulk": 0.91, "top": 0.12},
            "of the initial noise 0.91 is kept, of what training wrote 0.12: the same initial weights, trained apart",
        ),
        ({"parts": ("vision tower",)}, "vision tower: the same initial weights, trained apart"),
    ),
    C.SAME_START_TOKENS: (
        (
            {"kept": 0.97},
            "rows of tokens that training never saw keep 0.97, the trained body does not stand: the same initial weights, trained apart",
        ),
    ),
    C.TENSORS_EQUAL: (
        (
            {
                "equal": 103,
                "compared": 104,
                "whole": True,
                "differing": ("embed.weight",),
                "alone": 2,
            },
            "103 of 104 tensors compared are equal bit for bit; differing: embed.weight; 2 without a counterpart",
        ),
        (
            {"equal": 8, "compared": 8, "whole": False, "differing": (), "alone": 0},
            "8 of 8 tensors compared are equal bit for bit in every range read",
        ),
    ),
    C.FAR_OR_START: (
        (
            {"share": 0.06},
            "6% of the expected neurons match: a copy trained far, or the same initial weights trained apart",
        ),
    ),
    C.WRITERS_ORDER: (
        ({}, "no token is shared and the residual stream was turned; neurons keep their order"),
    ),
    C.NO_LAYER_FOUND: (({}, "no layer of this base was found again"),),
    C.LAYERS_OF_ANOTHER: (
        (
            {"layers": (1, 3), "found": 2},
            "of the layers compared 2 hold the base's orders, layers 1 and 3 none of them",
        ),
    ),
    C.LAYERS_DROPPED: (({"layers": (2,)}, "base layer 2 dropped"),),
    C.LAYERS_REPEATED: (
        (
            {"layers": (1, 2), "order": (0, 1, 2, 1, 2, 3)},
            "layers 1, 2 duplicated: base layers 0-2, 1-3",
        ),
    ),
    C.LAYERS_REORDERED: (({"order": (3, 1, 0, 2)}, "layers reordered: base layers 3, 1, 0, 2"),),
    C.LAYERS_FOREIGN: (
        ({"layers": (4, 5, 6)}, "layers 4-6 of the subject from no layer of this base"),
    ),
    C.LAYERS_TWICE_IN_BASE: (
        ({"layers": (1, 3)}, "base layers 1 and 3 are in one order: duplicated inside the base"),
    ),
    C.LAYERS_HOLLOW: (({"layers": (0,)}, "layer 0: order agrees, content is too weak to tell"),),
    C.FOUND_BY_MAP: (({}, "found by the map of every layer"),),
    C.UNITS_KEPT: (
        (
            {"axis": "neurons", "base": 256, "subject": 192, "order": "kept"},
            "192 of 256 neurons of an MLP kept, in their order",
        ),
        (
            {"axis": "neurons", "base": 256, "subject": 128, "order": "lost"},
            "128 of 256 neurons of an MLP kept, sorted or shuffled anew",
        ),
        (
            {"axis": "channels", "base": 80, "subject": 96, "order": "kept"},
            "96 residual channels where the base has 80; the base's are among them, in their order",
        ),
        (
            {"axis": "neurons", "base": 256, "subject": 192, "order": "unknown"},
            "192 neurons of an MLP instead of 256; which come from the base could not be shown",
        ),
    ),
    C.EXPERTS_CHANGED: (
        (
            {
                "change": "dropped",
                "base": 8,
                "subject": 6,
                "found": 12,
                "sampled": 12,
                "shuffled": False,
                "alike": True,
                "gone": (2, 5),
            },
            "6 of 8 experts kept, without 2 and 5 (neurons of 12 of 12 sampled experts found again)",
        ),
        (
            {
                "change": "dropped",
                "base": 64,
                "subject": 32,
                "found": 12,
                "sampled": 12,
                "shuffled": False,
                "alike": True,
                "gone": (
                    0,
                    1,
                    2,
                    3,
                    4,
                    5,
                    6,
                    7,
                    8,
                    9,
                    10,
                    11,
                    12,
                    13,
                    14,
                    15,
                    16,
                    17,
                    18,
                    19,
                    20,
                    21,
                    22,
                    23,
                    24,
                    25,
                    26,
                    27,
                    28,
                    29,
                    30,
                    31,
                ),
            },
            "32 of 64 experts kept, 32 dropped (neurons of 12 of 12 sampled experts found again)",
        ),
        (
            {
                "change": "dropped",
                "base": 8,
                "subject": 6,
                "found": 12,
                "sampled": 12,
                "shuffled": False,
                "alike": False,
                "gone": (),
            },
            "6 of 8 experts kept, other ones in every layer (neurons of 12 of 12 sampled experts found again)",
        ),
        (
            {
                "change": "reordered",
                "base": 8,
                "subject": 8,
                "found": 0,
                "sampled": 8,
                "shuffled": True,
            },
            "experts reordered (and the neurons inside shuffled; signs agree)",
        ),
        (
            {
                "change": "same-order",
                "base": 8,
                "subject": 8,
                "found": 6,
                "sampled": 8,
                "shuffled": False,
            },
            "experts in their places (neurons of 6 of 8 sampled experts found again)",
        ),
        (
            {
                "change": "added",
                "base": 8,
                "subject": 16,
                "found": 8,
                "sampled": 8,
                "shuffled": False,
            },
            "16 experts from 8 (neurons of 8 of 8 sampled experts found again)",
        ),
        (
            {
                "change": "up-cycled",
                "base": 0,
                "subject": 4,
                "found": 12,
                "sampled": 12,
                "shuffled": False,
            },
            "4 experts made from the dense MLP (neurons of 12 of 12 sampled experts found again)",
        ),
        (
            {
                "change": "extracted",
                "base": 8,
                "subject": 0,
                "found": 2,
                "sampled": 2,
                "shuffled": False,
                "taken": (3,),
            },
            "the dense MLP is made of expert 3 (neurons of 2 of 2 sampled experts found again)",
        ),
        (
            {
                "change": "not found",
                "base": 8,
                "subject": 8,
                "found": 1,
                "sampled": 8,
                "shuffled": False,
            },
            "most experts are not this base's (neurons of 1 of 8 sampled experts found again)",
        ),
        (
            {
                "change": "not found",
                "base": 8,
                "subject": 8,
                "found": 0,
                "sampled": 8,
                "shuffled": False,
            },
            "no expert of this base was found again",
        ),
    ),
    C.NEURONS_SPLIT: (
        (
            {"twins": 64, "units": 1024},
            "neurons split: 64 of 1,024 sampled gate rows stand there more than once",
        ),
    ),
    C.NEURONS_MOVED: (
        (
            {"stay": 4, "matched": 1200},
            "MLP neurons relabelled: 4 of 1,200 matched neurons stand where they stood",
        ),
    ),
    C.SIGNS_FLIPPED: (
        (
            {"flipped": 600, "matched": 1200},
            "signs of up and down flipped in 600 of 1,200 matched neurons",
        ),
    ),
    C.UP_RESCALED: (
        (
            {"factor": 1.65},
            "up rescaled against down neuron by neuron, by a factor of about 1.65 or 1/it",
        ),
    ),
    C.NORMS_FOLDED: (({}, "norm gains folded into the weights behind them"),),
    C.STREAM_RESIZED: (
        ({"base": 4096, "subject": 2048}, "residual stream of 4,096 channels turned into 2,048"),
    ),
    C.STREAM_ROTATED: (
        ({}, "residual stream rotated: no channel is recognised in any one channel"),
    ),
    C.CHANNELS_MOVED: (
        ({"flipped": 0.0}, "residual channels relabelled"),
        ({"flipped": 0.5}, "residual channels relabelled, 50% of them with the sign flipped"),
    ),
    C.LAYERS_SWAPPED: (
        (
            {"base": (0, 2), "subject": (1, 3)},
            "layers moved: base layer 0 is layer 1, base layer 2 is layer 3",
        ),
    ),
    C.STREAM_CHANGED: (({}, "residual stream rotated, relabelled or rescaled"),),
    C.VOCABULARY_REPLACED: (({}, "vocabulary replaced"),),
    C.DIGITS_LOST: (
        (
            {"side": "subject", "matrices": 12, "fine": "F32", "coarse": "BF16"},
            "12 sampled matrices of the subject are the base's rounded from F32 to BF16; the digits lost cannot be brought back",
        ),
    ),
    C.LEVELS_LOST: (
        (
            {"side": "subject", "share": 0.999, "bits": 4, "group": 128},
            "99.9% of the subject's values are the nearest of few levels (4 bits over groups of 128); what lay between the levels is lost",
        ),
    ),
    C.VALUES_CUT: (
        ({"side": "subject", "share": 0.5}, "50% of the base's values are zero in the subject"),
        ({"side": "base", "share": 0.5}, "50% of the subject's values are zero in the base"),
    ),
    C.LINE_REMOVED: (
        ({"side": "subject"}, "one direction of the stream is gone from the subject's matrices"),
    ),
    C.COMPUTED_LAST: (
        (
            {"side": "subject"},
            "the change is of low rank, and what rounding left of it lies on the grid of the subject: that side was computed from the other",
        ),
    ),
    C.SUM_COMPUTED: (
        (
            {},
            "the subject is a weighted sum of several models to within its own rounding: had one of them been computed from the subject, the remainder would be that of its rounding, scaled",
        ),
    ),
    C.UNITS_CHANNELS: (({}, "residual channels"),),
    C.UNITS_RESERVED: (({}, "reserved tokens"),),
    C.UNITS_EXPERTS: (({"layer": 7}, "experts of layer 7"),),
    C.UNITS_GROUPS: (({"layer": 7}, "kv groups of layer 7"),),
    C.UNITS_NEURONS: (
        ({"mlp": "dense", "layer": 7, "member": -1}, "neurons of layer 7"),
        ({"mlp": "expert", "layer": 7, "member": 3}, "expert neurons of layer 7, expert 3"),
        ({"mlp": "shared", "layer": 7, "member": -1}, "shared-expert neurons of layer 7"),
        (
            {"mlp": "dense", "layer": 7, "member": -1, "first": 512},
            "neurons of layer 7, from 512 on",
        ),
    ),
    C.UNITS_VALUES: (
        ({"layer": 7, "group": 2, "cross": False}, "V/O dimensions of layer 7, kv group 2"),
        (
            {"layer": 7, "group": 2, "cross": True},
            "V/O dimensions of layer 7, cross-attention, kv group 2",
        ),
    ),
    C.UNITS_MIXER: (
        ({"kind": "ssm", "layer": 7, "head": 2}, "state-space channels of layer 7, head 2"),
        ({"kind": "conv", "layer": 7, "head": -1}, "convolution channels of layer 7"),
    ),
    C.UNITS_AXIS: (({"place": 7}, "inner channels of place 7"),),
    C.BLOCK: (
        ({"layer": 3, "member": -1, "kind": ""}, "layer 3"),
        ({"layer": 3, "member": 2, "kind": "expert"}, "layer 3, expert 2"),
        ({"layer": 3, "member": -1, "kind": "shared"}, "layer 3, shared expert"),
        ({"layer": 3, "member": 1, "kind": ""}, "layer 3, member 1"),
    ),
    C.ORDER_PROBLEM: (
        ({"problem": "duplicates", "count": 3, "of": 8}, "3 of 8 rows have a duplicate"),
        (
            {"problem": "stride", "count": 64, "of": 0},
            "rows 64 apart are alike: blocks or ranks share an initialisation",
        ),
    ),
    C.FAMILY: (
        ({"label": (NEURONS_7,)}, "neurons of layer 7"),
        ({"label": (CHANNELS,)}, "residual channels"),
        (
            {"label": (Phrase(C.UNITS_VALUES, {"layer": 7, "group": 0, "cross": False}),)},
            "V/O dimensions of layer 7, kv group 0",
        ),
        (
            {"label": (NEURONS_3,), "place": "expert", "member": 2, "found": True},
            "neurons of layer 3 in the subject's expert 2",
        ),
        (
            {"label": (NEURONS_3,), "place": "expert", "member": -1, "found": False},
            "neurons of layer 3 against the subject's experts",
        ),
        (
            {
                "label": (NEURONS_3_1,),
                "place": "dense",
                "member": -1,
                "found": True,
            },
            "expert neurons of layer 3, expert 1 in the subject's MLP",
        ),
    ),
    C.FAMILY_VIEW: (
        (
            {"label": (CHANNELS,), "view": "embeddings"},
            "residual channels: embeddings alone",
        ),
        ({"label": (CHANNELS,), "view": "norms"}, "residual channels: norms alone"),
    ),
    C.FAMILY_SIGNS: (({"label": (NEURONS_7,)}, "signs of up rows, neurons of layer 7"),),
    C.FAMILY_MATCHED_SIGNS: (({"layer": 3}, "signs of up rows, matched neurons of layer 3"),),
    C.FAMILY_VALUE_SIGNS: (({"layer": 3}, "signs of V/O dimensions, matched again in layer 3"),),
    C.FAMILY_IDENTITY: (({}, "tensors equal bit for bit"),),
    C.FAMILY_ADAPTER: (
        (
            {"adapter": "acme/lora"},
            "matrices equal to the base's with the update of the adapter acme/lora",
        ),
    ),
    C.FAMILY_FILES: (({"files": 2}, "2 weight files by sha256"),),
    C.FAMILY_ALL: (({}, "every tensor"),),
    C.FAMILY_WRITERS: (
        ({"layer": 3, "frame": 1}, "neurons of layer 3, through the writers of layer 1"),
    ),
    C.FAMILY_MAPPED: (({"layer": 3, "by": 1}, "neurons of layer 3 in the order found in layer 1"),),
    C.FAMILY_DISGUISE: (
        ({"layer": 3, "plain": False}, "neurons of layer 3, matched by gate, up and down alone"),
        ({"layer": 3, "plain": True}, "neurons of layer 3, matched by up and down alone"),
        ({"layer": 3, "reading": True}, "neurons of layer 3, matched by gate and up alone"),
    ),
    C.FAMILY_LAYERS: (({"subject": 6, "base": 4}, "6 subject layers against 4 base layers"),),
    C.FAMILY_CHANNELS_KEPT: (({"subject": 80, "base": 96}, "residual channels: 80 of 96"),),
    C.FAMILY_NEURONS_KEPT: (
        (
            {"label": (NEURONS_7,), "few": 192, "many": 256},
            "neurons of layer 7: 192 of 256",
        ),
    ),
    C.FAMILY_UP_BY_GATE: (
        ({"label": (NEURONS_3,)}, "up rows matched by gate, neurons of layer 3"),
    ),
    C.FAMILY_IN_EXPERTS: (({"layer": 3}, "neurons inside the experts of layer 3"),),
    C.FAMILY_ROUTER: (({"layer": 3}, "router rows of layer 3"),),
    C.NOTE_PLACE: (
        (
            {"place": (Phrase(C.BLOCK, {"layer": 5, "member": -1, "kind": ""}),), "found": True},
            "found in the subject's layer 5",
        ),
        (
            {
                "place": (Phrase(C.BLOCK, {"layer": 3, "member": 2, "kind": "expert"}),),
                "found": False,
            },
            "against the subject's layer 3, expert 2",
        ),
    ),
    C.NOTE_MLPS: (({"found": 2, "compared": 4}, "found in 2 of 4 MLPs compared"),),
    C.NOTE_SEPARATE: (({"hits": 60}, "60 hit in every view alone"),),
    C.NOTE_CEILING: (({}, "content does not stand above the relabelling ceiling"),),
    C.NOTE_FRAME: (({"frame": "token", "detectable": 0.071}, "token frame would show 0.07"),),
    C.NOTE_SIGNS: (
        ({"undone": False}, "agreeing signs of matched rows; half by chance"),
        ({"undone": True}, "agreeing signs after the match was undone; half by chance"),
    ),
    C.NOTE_VIEW: (({}, "a view of the family above, averaged into it"),),
    C.NOTE_IDENTITY: (
        (
            {"whole": True, "proven": 80},
            "every value; 80 beyond chance, others hold too little to prove anything; a public part that both took is equal, too",
        ),
        (
            {"whole": False, "proven": 3},
            "in every range read; 3 beyond chance, others hold too little to prove anything; a public part that both took is equal, too",
        ),
    ),
    C.NOTE_ADAPTER: (
        ({}, "some rows of each, up to rounding; matrices too little changed are left aside"),
    ),
    C.NOTE_DIGESTS: (({}, "equal digests: the same bytes"),),
    C.NOTE_LAYER: (({"layer": 3}, "against layer 3"),),
    C.NOTE_SHARED_MAP: (({}, "one shuffle for all layers would show here"),),
    C.NOTE_CALIBRATED: (
        (
            {
                "models": 256,
                "score": 0.853,
                "pairs": 2016,
                "greatest": 0.024,
                "outstanding": 0.9,
                "layer": 3,
            },
            "calibrated on 256 small models; score of the pair 0.853, greatest of 2,016 independent pairs 0.024; 90% stand out in one view; against layer 3",
        ),
        (
            {
                "models": 256,
                "score": 0.023,
                "pairs": 2016,
                "greatest": 0.024,
                "outstanding": 0.02,
                "layer": 3,
                "reading": True,
            },
            "calibrated on 256 small models; score of the pair by gate and up 0.023, greatest of 2,016 independent pairs 0.024; 2% stand out in one view; against layer 3",
        ),
    ),
    C.NOTE_LAYERS_FOUND: (({"found": 6, "layers": 6}, "6 of 6 layers found; all pairs paid for"),),
    C.NOTE_INCREASING: (({}, "matches that run upwards; bound C(m,k)/k!"),),
    C.NOTE_COINS: (
        ({"ordered": True}, "fair coins if unrelated"),
        ({"ordered": False}, "no order of the neurons is needed; fair coins if unrelated"),
    ),
    C.NOTE_CONTENT: (
        ({}, "median cosine of matched neurons, and what matching strangers could reach"),
    ),
    C.NOTE_EXPERTS: (
        ({"found": 4, "orders": 8}, "4 experts found again, 8 orders of the base looked at"),
    ),
    C.NOTE_AXIS: (
        (
            {"known": "AutoencoderKL of diffusers 0.42.1", "blocks": False},
            "certified axis of AutoencoderKL of diffusers 0.42.1",
        ),
        (
            {"known": "AutoencoderKL of diffusers 0.42.1", "blocks": True},
            "certified axis of AutoencoderKL of diffusers 0.42.1, free in blocks; bound A(k)/k!",
        ),
    ),
    C.NOTE_ROUTER: (({}, "matched one to one; hits count those that kept their place"),),
    C.BITS_EQUAL: (
        (
            {"values": 1000000, "tensors": 28, "equal": 999999},
            "1,000,000 values of 28 tensors compared: 99.9999 % have equal bits",
        ),
        (
            {"values": 10, "tensors": 1, "equal": 10},
            "10 values of 1 tensors compared: 100 % have equal bits",
        ),
        (
            {"values": 10, "tensors": 1, "equal": 0},
            "10 values of 1 tensors compared: 0 % have equal bits",
        ),
    ),
    C.NOTHING_CHANGED: (({}, "nothing changed"),),
    C.CHANGED_BY_ROUNDING: (
        ({"relative": 0.00165}, "rounding to another dtype moved them by 0.00165 of the base"),
    ),
    C.CHANGED: (
        (
            {"relative": 0.0312, "cosine": 0.999512},
            "the change is 0.0312 of the base, cosine 0.999512",
        ),
    ),
    C.RANKS: (
        (
            {"moved": 4, "matrices": 28, "low": 3, "most": 8, "high": 1, "untold": (), "why": ()},
            "4 of 28 matrices changed: 3 by rank 8 or less, 1 by a high rank",
        ),
        (
            {
                "moved": 4,
                "matrices": 28,
                "low": 0,
                "most": 0,
                "high": 0,
                "untold": (4,),
                "why": ("rounding",),
            },
            "4 of 28 matrices changed: 4 by a rank not told (within rounding)",
        ),
        (
            {"moved": 0, "matrices": 28, "low": 0, "most": 0, "high": 0, "untold": (), "why": ()},
            "0 of 28 matrices changed",
        ),
    ),
    C.NOT_COMPARED: (
        ({"what": "MLP", "share": 0.12}, "MLP 12%"),
        (
            {"what": "attention", "share": 0.3, "part": "vision tower"},
            "vision tower: attention 30%",
        ),
    ),
    C.SHARE_NOT_COMPARED: (
        ({"share": 0.67}, "67% of the parameters were not compared"),
        (
            {"share": 0.67, "what": ("MLP", "experts")},
            "67% of the parameters were not compared (MLP, experts)",
        ),
    ),
    C.LOOK: (
        ({"look": "layer-map"}, "layer map"),
        ({"look": "of-a-newer-version"}, "of a newer version"),
    ),
    C.LOOK_PART: (({"part": "vision tower"}, "relation of the vision tower"),),
    C.LOOK_COMPONENT: (({"name": "unet"}, "unet"),),
    C.LOOK_REFUSED: (
        (
            {"look": (NEURONS_3,), "cause": "values", "side": "subject", "detail": "x"},
            "neurons of layer 3: not looked at, values of the subject: x",
        ),
        (
            {"look": (LAYER_MAP,), "cause": "network", "side": "", "detail": "it hung up"},
            "layer map: not looked at, network: it hung up",
        ),
        (
            {
                "look": (NEURONS_3, *(Phrase(C.LOOK, {"look": f"look {n}"}) for n in range(4))),
                "cause": "values",
                "side": "base",
                "detail": "x",
            },
            "neurons of layer 3, look 0, look 1 and 2 more: not looked at, values of the base: x",
        ),
    ),
    C.NOT_MADE: (
        (
            {"look": (LAYER_MAP,), "why": (Phrase(C.WHY, {"why": "few-layers"}),)},
            "layer map not made: fewer than two layers to compare",
        ),
    ),
    C.WHY: (
        ({"why": "budget"}, "it needs more than --max-read leaves"),
        ({"why": "of-a-newer-version"}, "of-a-newer-version"),
    ),
    C.RENAMED: (
        (
            {"matched": 40, "tensors": 44},
            (
                "the names of this model's tensors say nothing; 40 of 44 were matched to the base's by "
                "place, shape and near values, which the bound pays for"
            ),
        ),
    ),
    C.PAIR_ORDER: (
        (
            {"side": "subject", "order": "high-first", "orders": 8},
            (
                "which of the two codes in a byte of the subject comes first was told by values that "
                "are near another model's: they are read upper half of a byte first; the bound pays "
                "for the 8 orders tried"
            ),
        ),
    ),
    C.HEAD_ALONE: (
        (
            {"side": "base", "head": "task"},
            "a head alone: the base holds no body (head for a task)",
        ),
        (
            {"side": "subject", "head": "eagle"},
            "a head alone: this model holds no body (EAGLE draft head)",
        ),
    ),
    C.COMPONENT_RELATED: (
        (
            {"name": "unet", "kind": "fine-tune", "what": (Phrase(C.EMBEDDINGS_REBUILT, {}),)},
            "unet: fine-tune (embeddings rebuilt)",
        ),
        ({"name": "unet", "kind": "undetermined", "what": ()}, "unet: related"),
        ({"name": "unet", "kind": "", "what": ()}, "unet: related"),
    ),
    C.COMPONENT_TENSORS: (
        (
            {"name": "vae", "equal": 3, "compared": 8},
            "not compared by orders: vae (3 of 8 tensors compared are equal bit for bit)",
        ),
    ),
    C.COMPONENTS_SAME: (({"parts": ("unet", "vae")}, "unet, vae: the same bytes"),),
    C.COMPONENTS_DIFFER: (({"parts": ("text_encoder",)}, "text_encoder: tested, no match"),),
    C.COMPONENTS_OPEN: (
        ({"parts": ("unet",)}, "not compared by orders: unet"),
        (
            {"parts": tuple(f"part_{n}" for n in range(MOST_COMPONENTS + 2))},
            "not compared by orders: "
            + ", ".join(f"part_{n}" for n in range(MOST_COMPONENTS))
            + " and 2 more",
        ),
    ),
    C.COMPONENTS_ONLY: (
        ({"side": "base", "parts": ("safety_checker",)}, "only in the base: safety_checker"),
        ({"side": "subject", "parts": ("a", "b")}, "only in this model: a, b"),
    ),
    C.OF_THE_BODY: (
        ({"what": (Phrase(C.EMBEDDINGS_REBUILT, {}),)}, "the body: embeddings rebuilt"),
        ({"what": ()}, "the body alone"),
    ),
    C.PARTS_DIFFER: (
        ({"parts": ("vision tower",)}, "the vision tower does not match"),
        ({"parts": ("decoder", "projector")}, "the decoder and the projector do not match"),
    ),
    C.PARTS_UNTOLD: (({"parts": ("vision tower",)}, "the vision tower could not be told"),),
    C.FILES_DISAGREE: (
        (
            {
                "ref": "org/base",
                "kind": "index-stale",
                "file": "model.safetensors.index.json",
                "count": 2,
                "example": "model-00001-of-00002.safetensors",
                "instead": "w-00001-of-00003.safetensors",
            },
            (
                "org/base: model.safetensors.index.json is stale: it names 2 files, such as "
                "'model-00001-of-00002.safetensors', and none of them exists. The complete set that "
                "begins with w-00001-of-00003.safetensors was checked; loaders that follow the index "
                "fail (index-stale)"
            ),
        ),
        (
            {
                "ref": "",
                "kind": "other-sets",
                "file": "other.safetensors",
                "count": 1,
                "example": "",
                "instead": "model.safetensors",
            },
            (
                "other.safetensors is a set of its own beside model.safetensors, which was checked "
                "(other-sets)"
            ),
        ),
    ),
    C.ADAPTER_ADDED: (
        (
            {
                "adapter": "acme/lora",
                "base": "acme/base",
                "matrices": 64,
                "equal": 60,
                "different": 1,
                "silent": 2,
                "absent": 1,
                "left": 0,
                "beside": 3,
                "values": 9000,
            },
            (
                "of the 64 matrices that the adapter acme/lora changes, 61 were told by some rows: "
                "60 hold the values of acme/base with its update added, up to rounding, and 1 do "
                "not; 2 changed by less than rounding would hide; 1 not in both models as plain "
                "numbers; 3 other tensors of it were not looked at"
            ),
        ),
        (
            {
                "adapter": "",
                "base": "acme/base",
                "matrices": 64,
                "equal": 0,
                "different": 64,
                "silent": 0,
                "absent": 0,
                "left": 0,
                "beside": 0,
                "values": 9000,
            },
            (
                "of the 64 matrices that the adapter beside this model's weights changes, 64 were "
                "told by some rows: none holds the values of acme/base with its update added at "
                "its own scale"
            ),
        ),
        (
            {
                "adapter": "",
                "base": "acme/base",
                "matrices": 4,
                "equal": 0,
                "different": 0,
                "silent": 4,
                "absent": 0,
                "left": 0,
                "beside": 0,
                "values": 0,
            },
            (
                "the adapter beside this model's weights changes 4 matrices, of which nothing could "
                "be told with acme/base; 4 changed by less than rounding would hide"
            ),
        ),
    ),
    C.ADAPTER_NOT_ADDED: (
        (
            {"adapter": "acme/lora", "base": "acme/base", "why": "dora"},
            (
                "the adapter acme/lora was not added to acme/base: it is a DoRA, which does more "
                "than add a product"
            ),
        ),
        (
            {"adapter": "acme/lora", "base": "", "why": "base"},
            (
                "the adapter acme/lora was not added to any base: name the base that it was "
                "trained on beside it, and the two are added up"
            ),
        ),
    ),
    C.ADAPTER_REFUSED: (
        (
            {
                "adapter": "acme/lora",
                "base": "acme/base",
                "why": (Phrase(C.WHY, {"why": "budget"}),),
            },
            "the adapter acme/lora was not added to acme/base: it needs more than --max-read leaves",
        ),
    ),
    C.EQUAL_AS_READ: (
        (
            {"compared": 64000000, "total": 15200000000},
            "the weight files are equal in every range read, 0.064 of 15.200 GB; depth full compares them all",
        ),
    ),
    C.UNMATCHED: (
        (
            {"named": (UNUSED,), "more": 0},
            "not compared: a (base): nothing of the subject comes from it",
        ),
        (
            {"named": (UNUSED, OTHER_SHAPE), "more": 1200},
            (
                "not compared: a (base): nothing of the subject comes from it; b (subject): 4 x 2 here, "
                "a number in the base; and 1,200 more"
            ),
        ),
    ),
    C.UNMATCHED_ONE: ((UNUSED.params, "a (base): nothing of the subject comes from it"),),
    C.TENSOR_LEFT: (
        (
            {"why": "rows", "missing": 4, "of": 64},
            "4 of 64 rows: no partner in the alignment of the tokens",
        ),
        ({"why": "dtype", "dtype": "F4"}, "values stored as F4 are not read"),
    ),
    C.FIT_WORDS: (
        (
            {"widths": (768,), "fits": "yes"},
            "the base has vectors of width 768 for words, as many models have",
        ),
        (
            {"widths": (768, 1280), "fits": "no"},
            "its vectors are of width 768 and 1280, and the base has none of that width for words",
        ),
        (
            {"widths": (768,), "fits": "none"},
            "its vectors are of width 768, and the base holds none of words",
        ),
    ),
    C.FIT_MODULES: (
        ({"modules": 0, "fitting": 0}, "it holds no low-rank update that is understood"),
        (FITS.params, "0 of its 3 modules fit the base by name and shape"),
        (
            {"modules": 3, "fitting": 1},
            (
                "1 of its 3 modules fit the base by name and shape, as they would fit any model of "
                "this family"
            ),
        ),
    ),
    C.TWO_DTYPES: (
        (
            {"values": 1200, "dtype": "BF16"},
            "1,200 values are stored in two dtypes: both were rounded to BF16 before their bits were compared",
        ),
    ),
    C.PACKED_VALUES: (({"values": 1200}, "1,200 values are packed: compared as they unpack"),),
    C.NO_COUNTERPART: (
        (
            {"side": "base", "tensors": 2, "values": 1200},
            "2 tensors of the base (1,200 values) have no counterpart",
        ),
    ),
    C.STATE_NOT_KEPT: (({"why": "no room"}, "the state of the run could not be kept: no room"),),
    C.MACHINE: (
        ({"missing": "torch"}, "torch is not installed: NumPy did the arithmetic, on one process"),
    ),
    C.LEFT_OUT: (
        (
            {"path": "a.safetensors", "why": "a link out of the folder"},
            "a.safetensors was left out: a link out of the folder",
        ),
    ),
    C.ONLY_PROPOSED: (
        (
            {"base": "org/base@refs/pr/9", "repository": "org/base"},
            "org/base@refs/pr/9 is not org/base: no branch or tag of it is known to hold this commit, and anyone can propose one",
        ),
    ),
    C.CLOSER: (
        (
            {"base": "org/s", "declared": "org/d"},
            "the weights are closer to org/s than to the declared base org/d: compare training data; siblings trained on one data set look like that, too",
        ),
    ),
    C.NONE_CLAIMED: (
        (
            {},
            "no weights inherited, none claimed: the card says that this model was distilled from it, and distillation leaves no trace in weights",
        ),
    ),
    C.HELD_BIT_FOR_BIT: (
        (
            {"equal": 14, "matrices": 21},
            "kinship with the declared base does not explain this match: rows that this model changed are held bit for bit in 14 of 21 matrices looked at",
        ),
    ),
    C.HELD_CHANGE: (
        (
            {"share": 1.02, "families": 204, "bound": 0.0097},
            "kinship with the declared base does not explain this match: of what this model changed the weights hold more (1.02 of its smallest directions) than siblings of one data set held of each other's in any of 204 families of small models (calibrated bound 0.0097). A run that repeats this model's to the last setting would look the same",
        ),
    ),
    C.NOT_NAMED: (
        (
            {"why": "siblings", "families": 204},
            "this model is closer and not named as a source: siblings of one data set, or repeats of one run, held as much of each other's change in at least one of 204 families of small models; a copy that was trained on far, scaled, rounded or mixed looks like that, too",
        ),
        (
            {"why": "anyones", "families": 0},
            "this model is closer and not named as a source: all that it changed anyone could have made: rounding, zeros or a change of low rank",
        ),
        (
            {"why": "searches", "families": 204},
            "this model is closer and not named as a source: too many suspects were tried for the bound of the calibrated table",
        ),
        (
            {"why": "unseen", "families": 0},
            "this model is closer and not named as a source: what it changed could not be looked at beside every declared base",
        ),
    ),
    C.UPSTREAM: (
        (
            {"base": "org/s", "declared": "org/d"},
            "the declared base org/d itself matches org/s, and neither names the other (undeclared-upstream): this speaks of that base's card, not of this model's maker",
        ),
    ),
    C.UNDATED: (
        (
            {"base": "org/s"},
            "the weights match org/s, which a search proposed; which came first is not known (match-undated)",
        ),
    ),
    C.UNDECLARED_PART: (
        (
            {"base": "org/s"},
            "a tower is that of org/s, which the card does not name (undeclared-part)",
        ),
    ),
    C.NO_BASE: (
        (
            {},
            "No base was named or declared: add base_model to the card, or name one with --base or --suspect (in a workflow: bases, suspects).",
        ),
    ),
    C.ALSO_NAMED: (
        (
            {"names": ("org/a", "org/b")},
            "The files also name org/a, org/b: test it with --suspect (in a workflow: suspects).",
        ),
    ),
    C.LOOP: (({"model": "org/a"}, "org/a declares a model that descends from it"),),
    C.ANCESTOR_MISSING: (({"model": "org/a"}, "org/a is declared further up and was not found"),),
    C.RELATION_DIFFERS: (
        (
            {
                "base": "org/b",
                "declared": "finetune",
                "found": "merge",
                "why": (Phrase(C.NO_SHARES, {}),),
            },
            "The card declares 'finetune' of org/b; the weights show merge: all bases are related, and no shares were measured",
        ),
        (
            {"base": "org/b", "declared": "finetune", "found": "merge", "why": ()},
            "The card declares 'finetune' of org/b; the weights show merge",
        ),
    ),
    C.ALLOWED: (
        (
            {"base": "org/a", "until": "", "why": "merged on purpose"},
            "the policy file allows org/a: merged on purpose",
        ),
        (
            {"base": "org/a", "until": "2026-01-31", "why": "x"},
            "the policy file allows org/a until 2026-01-31: x",
        ),
    ),
    C.NOT_SIGNED: (
        (
            {},
            "no signer that the policy names signed all weights that were read, as they are (require-signature)",
        ),
    ),
    C.ALLOWANCE_ENDED: (
        (
            {"base": "org/a", "until": "2026-01-31"},
            "the policy file allowed org/a until 2026-01-31; that has passed",
        ),
    ),
    C.LIMIT_DISTILLATION: (({}, "Distillation leaves no trace in weights."),),
    C.LIMIT_MATCH: (
        (
            {},
            "A match means derivation in either direction, a common ancestor or a common initialisation; it does not say who copied whom.",
        ),
    ),
    C.LIMIT_BOUND: (
        (
            {},
            "The bound holds if the base was initialised with exchangeable indices and trained by an index-equivariant optimiser, independently of the subject.",
        ),
    ),
    C.LIMIT_UNRELATED: (
        (
            {},
            "'unrelated' at this depth assumes that the copy was not shuffled and rotated everywhere.",
        ),
    ),
    C.LICENCE_NO_LISTING: (({}, "the files were not listed"),),
    C.LICENCE_FILE_THERE: (({"file": "NOTICE"}, "a NOTICE file is there"),),
    C.LICENCE_FILE_MISSING: (({"file": "NOTICE"}, "no NOTICE file is there"),),
    C.LICENCE_TEXT_IN: (
        (
            {"title": "MIT License", "path": "NOTICE"},
            "the text of the MIT License stands in NOTICE",
        ),
    ),
    C.LICENCE_TEXT_ON_CARD: (
        ({"title": "MIT License"}, "the text of the MIT License stands in the card"),
    ),
    C.LICENCE_FILE_EMPTY: (({}, "the LICENSE file is empty or could not be read"),),
    C.LICENCE_FILE_STRANGE: (
        (
            {"title": "MIT License"},
            "the text of the LICENSE file is not recognised as the MIT License",
        ),
    ),
    C.LICENCE_FILE_OTHER: (({"title": "MIT License"}, "the LICENSE file reads as MIT License"),),
    C.LICENCE_NOTICE_UNKNOWN: (({}, "whether the original has a NOTICE file is not known"),),
    C.LICENCE_NO_NOTICE: (({}, "the original has no NOTICE file"),),
    C.LICENCE_BASE_NAMED: (({}, "the card names what the model was made from"),),
    C.LICENCE_BASE_NOT_NAMED: (({}, "the card does not name it"),),
    C.LICENCE_CHANGES_ELSEWHERE: (
        ({}, "the card does not name it; a file may still state the changes"),
    ),
    C.LICENCE_FOLDER: (({}, "a folder has no published name"),),
    C.LICENCE_NAME: (({"name": "Llama-x"}, "the name is 'Llama-x'"),),
    C.LICENCE_NAME_WITHOUT: (
        ({"name": "x", "word": "Llama"}, "the name 'x' does not hold 'Llama'"),
    ),
    C.LICENCE_NAME_BEGINS: (
        ({"name": "x", "word": "Llama"}, "the name 'x' does not begin with 'Llama'"),
    ),
    C.LICENCE_CARD_UNREAD: (({}, "the card was not read"),),
    C.LICENCE_PHRASE: (({}, "the phrase stands on the card"),),
    C.LICENCE_POLICY_FILE: (({}, "a use policy file is there"),),
    C.LICENCE_POLICY_NAMED: (({}, "the card names the policy"),),
    C.LICENCE_NO_POLICY: (({}, "neither a file nor the card names the policy"),),
    C.LICENCE_BY_USER: (({}, "depends on who uses the model"),),
    C.LICENCE_STATED: (({"title": "MIT License"}, "the model states MIT License"),),
    C.LICENCE_STATED_FREER: (
        (
            {"title": "MIT License"},
            "the model states MIT License, which is not limited to such use",
        ),
    ),
    C.LICENCE_NONE_STATED: (({}, "the model states no licence"),),
    C.LICENCE_NOT_IN_TABLE: (
        ({"stated": "mine"}, "the model's licence 'mine' is not in the table: needs review"),
    ),
    C.LICENCE_MADE_FROM_IT: (({}, "the model was made from it and is published"),),
    C.LICENCE_BASE_STRANGE: (
        (
            {"base": "org/a", "stated": "mine"},
            "org/a: its licence 'mine' is not in the table: needs review",
        ),
    ),
    C.LICENCE_BASE_NONE: (
        ({"base": "org/a", "stated": ""}, "org/a: it states no licence: needs review"),
    ),
    C.LICENCE_BASE_TWO: (
        (
            {"base": "org/a", "tag": "MIT License", "file": "Gemma Terms"},
            "org/a: its tag states MIT License, its LICENSE file reads as Gemma Terms",
        ),
    ),
    C.LICENCE_FLAG: (
        (
            {
                "status": "attention",
                "seen": (Phrase(C.LICENCE_BASE_NOT_NAMED, {}),),
                "licence": "Gemma Terms",
                "clause": "3.1",
                "says": "a copy goes along",
                "base": "org/a",
                "basis": (DECLARED,),
            },
            (
                "attention: the card does not name it; Gemma Terms 3.1 says: a copy goes along "
                "(rests on org/a, declared)"
            ),
        ),
        (
            {
                "status": "unknown",
                "seen": (Phrase(C.LICENCE_FOLDER, {}),),
                "licence": "",
                "clause": "",
                "says": "",
                "base": "org/a",
                "basis": (DECLARED,),
            },
            "unknown: a folder has no published name",
        ),
    ),
    C.LICENCE_NO_PHRASE: (
        (
            {"wanted": ("Built with A", "Built with B")},
            (
                "'Built with A' or 'Built with B' does not stand on the card; it may be displayed "
                "elsewhere"
            ),
        ),
    ),
    C.LICENCE_SEVERAL: (
        (
            {"places": ("tag", "LICENSE file"), "titles": ("MIT License", "Gemma Terms")},
            (
                "the model states more than one licence (tag: MIT License, LICENSE file: Gemma "
                "Terms)"
            ),
        ),
    ),
    C.FAILED: (({"detail": "it hung up."}, "it hung up."),),
    C.SUBJECT_FAILED: (
        (
            {"detail": "It is cut.", "cause": "a break.", "next_step": "load it again."},
            "It is cut. Likely cause: a break. Next: load it again.",
        ),
    ),
    C.SEARCH_MISSING: (({"model": "org/a"}, "org/a is declared and does not exist"),),
    C.SEARCH_CUT: (
        (
            {"models": 40, "steps": 3},
            "declared ancestors: stopped after 40 models, 3 steps up",
        ),
    ),
    C.SEARCH_CUT_BY: (({"detail": "spent."}, "declared ancestors: spent."),),
    C.CATALOGUE_HEADERS: (
        (
            {},
            "the catalogue was not asked: a sketch reads weights, and depth headers reads none",
        ),
    ),
    C.CATALOGUE_NO_SKETCH: (
        ({}, "the catalogue was not asked: no sketch is made of this architecture"),
    ),
    C.CATALOGUE_UNREAD: (
        (
            {"detail": "Tensor 'a' holds nan."},
            "the catalogue was not asked, no sketch was made: Tensor 'a' holds nan.",
        ),
    ),
    C.SEARCH_NO_SIZE: (({}, "no search: the subject's parameter count is not known"),),
    C.SEARCH_NOT_CLOSELY: (
        ({"candidates": 1}, "1 candidate not looked at closely"),
        ({"candidates": 1200}, "1,200 candidates not looked at closely"),
    ),
    C.ASIDE_OTHER_SIZES: (({}, "other sizes, and nothing names it"),),
    C.ASIDE_YOUNGER: (({}, "first seen after the subject"),),
    C.ASIDE_GATED: (({}, "gated"),),
    C.ASIDE_MISSING: (({}, "not found, or private"),),
    C.LAYOUT_QUANTISATION: (
        (
            {"folder": "Q8_0", "sets": 1, "refs": ()},
            "The GGUF files in 'Q8_0' were read.",
        ),
        (
            {"folder": "Q8_0", "sets": 3, "refs": ("a:Q2", "a:Q4", "a:Q8_0")},
            (
                "The GGUF files in 'Q8_0' were read, the largest of 3 quantisations; each is a "
                "model by itself: a:Q2, a:Q4 or a:Q8_0."
            ),
        ),
    ),
    C.LAYOUT_CUT: (({"left": 3, "taken": 16}, "3 components beyond the first 16 were not read."),),
    C.LAYOUT_TOWER: (
        (
            {"path": "mmproj.gguf", "detail": "it is damaged."},
            "The tower in 'mmproj.gguf' was left out: it is damaged.",
        ),
    ),
    C.REPLAY_OPEN: (
        ({"why": "clock"}, "the clock"),
        ({"why": "missing", "refs": ("org/a",)}, "org/a is missing from it now"),
        (
            {"why": "old-field", "schema": "1.0"},
            "schema 1.0 has no code or no field for it",
        ),
    ),
    C.LAYOUT_REFUSED: (
        (
            {"component": "unet", "detail": "no weights."},
            "The component 'unet' was not read: no weights.",
        ),
    ),
    C.FAMILY_BY_TEST: (
        ({"test": "channels", "layers": ()}, "channels"),
        ({"test": "neurons", "layers": (7, 9)}, "neurons of layer 7, 9"),
    ),
    C.GATE_ENDED: (({"ended": 3}, "a model could not be reached"),),
    C.GATE_UNREAD: (({"files": ("a: 300 MB",), "more": 0}, "not readable here: a: 300 MB"),),
    C.GATE_NOTHING: (
        ({"why": "no-weights"}, "nothing was compared: the model holds no weights"),
        ({"why": "no-base-tested"}, "nothing was compared: no base could be tested"),
    ),
    C.GATE_OPEN: (
        ({"bases": ("org/a",), "more": 0}, "not every base could be tested: org/a"),
        (
            {"bases": ("a", "b", "c"), "more": 2},
            "not every base could be tested: a, b, c and 2 more",
        ),
    ),
    C.GATE_COUNTED: (
        ({"verdict": "confirmed", "tested": 1, "bases": 1}, "confirmed: 1 of 1 base tested"),
        ({"verdict": "undeclared", "tested": 1, "bases": 2}, "undeclared: 1 of 2 bases tested"),
    ),
    C.GATE_MODELS: (
        ({"of_it": 2, "models": 2, "named": (), "more": 0}, "2 of 2 models"),
        ({"of_it": 1, "models": 5, "named": ("org/a",), "more": 0}, "1 of 5 models: org/a"),
    ),
    C.BASIS_DECLARED: (
        ({"found": False}, "declared"),
        ({"found": True}, "declared, and found in the weights"),
    ),
    C.BASIS_FOUND: (({}, "found in the weights"),),
    C.BASIS_ANCESTOR: (({"base": "org/a"}, "an ancestor that org/a leads to"),),
    C.BASIS_OWN: (({}, "its own files"),),
    C.PLACE_FILE: (({"path": "runs/x"}, "runs/x"),),
    C.PLACE_LINE: (({"path": "README.md", "line": 31}, "README.md line 31"),),
    C.PLACE_KEY: (({"path": "config.json", "key": "a.b"}, "config.json a.b"),),
    C.PLACE_MENTION: (
        ({"path": "README.md", "line": 7, "how": "link"}, "README.md line 7 (link)"),
    ),
    C.PLACE_HEADER: (
        ({"format": "gguf", "key": "general.x"}, "GGUF header general.x"),
        ({"format": "weights", "key": "base_model"}, "weights metadata base_model"),
    ),
    C.PLACE_EARLIER: (
        (
            {"where": (LINE_2,), "commit": "1a2b3c4d5e"},
            "README.md line 2 of the earlier commit 1a2b3c4",
        ),
    ),
    C.PLACES: (({"where": (LINE_2, ADAPTER)}, "README.md line 2, adapter_config.json"),),
    C.HINT_OPTION: (({"option": "--base"}, "--base"),),
    C.HINT_SAME_WEIGHTS: (
        ({"path": "a.safetensors"}, "same weight file: a.safetensors by digest"),
    ),
    C.HINT_SAME_TOKENIZER: (
        ({"path": "tokenizer.json"}, "same tokenizer file: tokenizer.json by digest"),
    ),
    C.HINT_SAME_SHAPES: (({"sizes": 7}, "same shapes: 7 sizes in config.json"),),
    C.HINT_NEAR_SHAPES: (
        (
            {"sizes": 6, "differing": ("layers", "vocab")},
            "near shapes: 6 sizes in config.json, layers and vocab differ",
        ),
    ),
    C.HINT_SAME_SIZE: (({"parameters": 1_200_000}, "same parameter count: 1,200,000"),),
    C.HINT_ANCESTOR: (
        ({"child": "a/b"}, "ancestor of a declared base: declared by a/b"),
        ({"child": ""}, "ancestor of a declared base: declared"),
    ),
    C.HINT_SEARCH: (
        (
            {"architecture": "llama", "least": 500, "most": 2001},
            "search: llama, 500 to 2,001 parameters",
        ),
        (
            {"architecture": "", "least": 970, "most": 1031},
            "search: any architecture, 970 to 1,031 parameters",
        ),
    ),
    C.HINT_CATALOGUE: (({"z": 31.25, "models": 1200}, "catalogue: z 31.2 among 1,200 models"),),
    C.NOT_AN_ADAPTER: (({}, "the repository holds whole weights, not an adapter"),),
    C.ADAPTER_ALONE: (({}, "an adapter alone does not show its base"),),
    C.ROUNDING_OR_TRAINING: (({}, "coarse rounding and light training look alike in a sample"),),
    C.NOTHING_TRAINED: (
        ({"bytes": True}, "the weight files are the same bytes: nothing was trained"),
        ({"bytes": False}, "every sampled value is that of the base: nothing was trained"),
    ),
    C.RELATION_UNKNOWN: (({}, "this relation is not known"),),
    C.MERGE_OF_ONE: (({}, "a merge of one base"),),
    C.SAME_AS_ONE: (({}, "the weight files are the same bytes as this base alone"),),
    C.BASES_FOUND: (
        ({"found": 1, "declared": 2}, "1 of 2 declared bases were found in the weights"),
    ),
    C.MERGE_SHARE: (
        ({"share": 0.0, "low": -0.01, "high": 0.01}, "its share is 0.000, -0.010 to 0.010"),
    ),
    C.NO_SHARES: (({}, "all bases are related, and no shares were measured"),),
}
