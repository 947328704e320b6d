"""What would transformers call the tensors of a model that its maker released under other names?

Funnel's blocks are made one list of layers (``funnel_names``). Three releases have names of their
own that many repositories keep: OpenAI's Whisper (``.pt``), CLIP as OpenAI and OpenCLIP write it,
and vision transformers as timm, DINO and MAE write them, whose layers stand at top level with
nothing in front that says what they are. They are told by tensors that nothing else has. What
loaders fix and no configuration says, the size of a head, goes with the names.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from hubcheck.anatomy.funnel_names import funnel_names

Shapes = Mapping[str, tuple[int, ...]]

WHISPER: Final = "decoder.blocks.0.cross_attn.query.weight"
"""What Whisper's release has and no other family."""
WHISPER_MODULES: Final = (
    (re.compile(r"\.blocks\."), ".layers."),
    (re.compile(r"\.cross_attn_ln\."), ".encoder_attn_layer_norm."),
    (re.compile(r"\.attn_ln\."), ".self_attn_layer_norm."),
    (re.compile(r"\.mlp_ln\."), ".final_layer_norm."),
    (re.compile(r"\.cross_attn\."), ".encoder_attn."),
    (re.compile(r"\.attn\."), ".self_attn."),
    (re.compile(r"_attn\.query\."), "_attn.q_proj."),
    (re.compile(r"_attn\.key\."), "_attn.k_proj."),
    (re.compile(r"_attn\.value\."), "_attn.v_proj."),
    (re.compile(r"_attn\.out\."), "_attn.out_proj."),
    (re.compile(r"\.mlp\.0\."), ".fc1."),
    (re.compile(r"\.mlp\.2\."), ".fc2."),
    (re.compile(r"^encoder\.ln_post\."), "encoder.layer_norm."),
    (re.compile(r"^decoder\.ln\."), "decoder.layer_norm."),
    (re.compile(r"^decoder\.token_embedding\."), "decoder.embed_tokens."),
    (re.compile(r"^(encoder|decoder)\.positional_embedding$"), r"\1.embed_positions.weight"),
)
"""The released names and those of transformers, in the order in which they are replaced."""

PATCHES: Final = "patch_embed.proj.weight"
"""What cuts a picture up, in timm's names."""
FUSED: Final = "blocks.0.attn.qkv.weight"
TOKENS: Final = (
    *("embed_tokens.weight", "wte.weight", "word_embeddings.weight", "token_embedding.weight"),
)
"""Ends of the names of token embeddings: beside one, a vision transformer is not alone."""
FRONT: Final = "vision_model."
"""Put before the names of a vision transformer that stands alone."""

CLIP_TEXT: Final = ("", "text.")
"""What stands before the text stack of CLIP: nothing, or OpenCLIP's module."""
RESBLOCK: Final = "transformer.resblocks.0.attn.in_proj_weight"
CLIP_MODULES: Final = (
    (
        re.compile(r"^transformer\.resblocks\.(\d+)\.ln_([12])\."),
        r"encoder.layers.\1.layer_norm\2.",
    ),
    (re.compile(r"^transformer\.resblocks\.(\d+)\.mlp\.c_fc\."), r"encoder.layers.\1.mlp.fc1."),
    (re.compile(r"^transformer\.resblocks\.(\d+)\.mlp\.c_proj\."), r"encoder.layers.\1.mlp.fc2."),
    (
        re.compile(r"^transformer\.resblocks\.(\d+)\.attn\.(in_proj_|out_proj\.)"),
        r"encoder.layers.\1.self_attn.\2",
    ),
    (re.compile(r"^token_embedding\."), "embeddings.token_embedding."),
    (re.compile(r"^positional_embedding$"), "embeddings.position_embedding.weight"),
    (re.compile(r"^ln_final\."), "final_layer_norm."),
)
"""The text stack of CLIP: names that do not match stay as they are."""
TEXT: Final = "text_model."

HEAD: Final = 64
"""Rows of a head in Whisper and in CLIP's text stacks, at every published width."""
VISION_HEADS: Final[Mapping[int, int]] = {1152: 72, 1280: 80, 1408: 88, 1664: 104}
"""Rows of a head of the vision transformers whose width says another size than 64."""
TIMM: Final = re.compile(
    r"(?!.*(?:gap|giantopt|plus|resnet|_xp_))"
    r"(?:vit_(?:tiny|small|base|large|huge|giant|gigantic|so\d+m|medium|betwixt|little|wee)|deit3?)_.*"
)
"""Architectures of timm whose heads have these sizes (``benchmarks/kinds/timm_heads.py`` builds
them all)."""


def released_names(shapes: Shapes) -> dict[str, str]:
    """Return the published names of tensors that a release names otherwise, by their own names.

    Args:
        shapes: Of every tensor by name, wrappers taken off. Hostile.
    """
    if WHISPER in shapes:
        found = {name: _replaced(name, WHISPER_MODULES) for name in shapes if _is_stack(name)}
        return _apart({name: f"model.{new}" for name, new in found.items()}, shapes)
    if found := funnel_names(shapes):
        return _apart(found, shapes)
    if is_lone_vit(shapes):
        return {name: FRONT + name for name in shapes}
    for front in CLIP_TEXT:
        if front + RESBLOCK in shapes and f"{front}token_embedding.weight" in shapes:
            found = {}
            for name in shapes:
                if name.startswith(front):
                    inner = name.removeprefix(front)
                    new = _replaced(inner, CLIP_MODULES)
                    if new != inner:
                        found[name] = TEXT + new
            return _apart(found, shapes)
    return {}


def _is_stack(name: str) -> bool:
    return name.startswith(("encoder.", "decoder."))


def _replaced(name: str, modules: tuple[tuple[re.Pattern[str], str], ...]) -> str:
    for pattern, new in modules:
        name = pattern.sub(new, name)
    return name


def _apart(found: dict[str, str], shapes: Shapes) -> dict[str, str]:
    """Return the new names where no two tensors get one, else none."""
    kept = shapes.keys() - found.keys()
    distinct = len(set(found.values())) == len(found) and kept.isdisjoint(found.values())
    return found if distinct else {}


def is_lone_vit(shapes: Shapes) -> bool:
    """Say whether this is a vision transformer and nothing else, in timm's names."""
    patches = shapes.get(PATCHES, ())
    axes = (4, 5)  # of a convolution over pictures, or over films
    if len(patches) not in axes or FUSED not in shapes:
        return False
    return not any(name.endswith(TOKENS) for name in shapes)


def is_released(name: str) -> bool:
    """Say whether a tensor's name, wrappers in front or not, is one that tells a release."""
    return name.endswith((WHISPER, PATCHES, RESBLOCK))


def release_config(shapes: Shapes, config: Mapping[str, object]) -> Mapping[str, object]:
    """Return the configuration with what loaders of a release fix, where it says nothing itself.

    Args:
        shapes: Of every tensor by its released name.
        config: The parsed ``config.json``, mostly empty for a release. Hostile.
    """
    if WHISPER in shapes and "encoder_attention_heads" not in config:
        width = shapes[WHISPER][0]
        heads = width // HEAD if width % HEAD == 0 else 0
        stated = {"encoder_attention_heads": heads, "decoder_attention_heads": heads}
        return {"model_type": "whisper", "num_mel_bins": 0, **stated, **config}
    if is_lone_vit(shapes):
        named = config.get("architecture")
        known = isinstance(named, str) and TIMM.fullmatch(named) is not None
        own = {"num_attention_heads": vision_heads(shapes[PATCHES][0])} if known else {}
        return {"image_size": 0, **own, **config}
    front = next((f for f in CLIP_TEXT if f + RESBLOCK in shapes), None)
    if front is None or "text_config" in config:
        return config
    width = shapes[front + RESBLOCK][-1]
    text = {"num_attention_heads": width // HEAD if width % HEAD == 0 else 0}
    vision = shapes.get(f"visual.{RESBLOCK}")
    seen = {"num_attention_heads": vision_heads(vision[-1])} if vision else {}
    return {"text_config": text, "vision_config": seen, **config}


def vision_heads(width: int) -> int:
    """Return the heads of a vision transformer of a published width, 0 where it is none."""
    rows = VISION_HEADS.get(width, HEAD)
    return width // rows if width % rows == 0 else 0
