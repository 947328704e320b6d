"""How is a small model of a kind built, as its library publishes it?

Random by the library's own initialisation, then shaken: rows get lengths of their own, gains and
biases values of their own, as training leaves them, so that no two units are alike and nothing is
constant. What training would not move (``requires_grad`` off, buffers) stays as it is, and is
equal in every model of a kind, as it is in life.
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import torch

from benchmarks.kinds.by_hand import RECIPES
from benchmarks.kinds.recipes import Kind

TOKENS: Final = 1009
"""A prime: a dimension of this size counts tokens and nothing else."""
WIDTH: Final = 128
INNER: Final = 384
"""Neurons of a layer: enough for 14 hits and for power at a planted kept of 0.2."""
LAYERS: Final = 4
MAX_PARAMETERS: Final = 12_000_000
"""A model that stays larger costs the run more than it tells."""
FINEST: Final = 1e-4
"""SAM states 1e-10, for weights that are always loaded: half precision makes zeros of such values."""

SIZES: Final[Mapping[str, Any]] = {
    **dict.fromkeys(("hidden_size", "n_embd", "d_model", "dim", "embedding_size"), WIDTH),
    **dict.fromkeys(("projection_dim", "output_dim", "text_embed_dim", "entity_emb_size"), WIDTH),
    **dict.fromkeys(("out_hidden_size", "output_hidden_size", "word_embed_proj_dim"), WIDTH),
    **dict.fromkeys(("num_hidden_layers", "n_layer", "n_layers", "num_layers"), LAYERS),
    **dict.fromkeys(("encoder_layers", "decoder_layers", "num_decoder_layers"), LAYERS),
    **dict.fromkeys(("num_attention_heads", "n_head", "n_heads", "num_heads"), 4),
    **dict.fromkeys(("encoder_attention_heads", "decoder_attention_heads"), 4),
    **dict.fromkeys(("num_encoder_attention_heads", "num_decoder_attention_heads"), 4),
    "num_key_value_heads": 2,
    **dict.fromkeys(("head_dim", "d_kv"), 32),
    **dict.fromkeys(("intermediate_size", "ffn_dim", "n_inner", "d_ff", "hidden_dim"), INNER),
    **dict.fromkeys(("encoder_ffn_dim", "decoder_ffn_dim"), INNER),
    "vocab_size": TOKENS,
    **dict.fromkeys(("num_experts", "num_local_experts"), 4),
    **dict.fromkeys(("max_position_embeddings", "n_positions", "block_size"), 64),
    **dict.fromkeys(("max_source_positions", "max_target_positions"), 64),
    **dict.fromkeys(("image_size",), 32),
    **dict.fromkeys(("patch_size",), 8),
    **dict.fromkeys(("num_queries",), 8),
    "depth": 2,
    "embed_dim": WIDTH,
    "state_size": 16,
    "sliding_window": 32,
}
"""Sizes that fit each other, set where a configuration knows the name."""

SPECIAL: Final = ("pad_token_id", "bos_token_id", "eos_token_id", "decoder_start_token_id",
                  "image_token_id", "image_token_index", "video_token_id", "vision_start_token_id",
                  "vision_end_token_id", "forced_eos_token_id", "forced_bos_token_id", "sep_token_id",
                  "cls_token_id", "semantic_pad_token")  # fmt: skip
"""Ids that must lie inside the small vocabulary."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A model as its folder holds it."""

    tensors: Mapping[str, torch.Tensor]
    config: Mapping[str, Any]
    weights_name: str = "model.safetensors"
    files: Mapping[str, str] = field(default_factory=dict)
    """Text of further files, by name."""


@dataclass(frozen=True, slots=True)
class CannotBuild:
    """Why a kind is left out: its package is not there, or its class has changed."""

    code: str
    """``no-package``, ``no-class`` or ``failed``."""
    detail: str


def build(kind: Kind, seed: int) -> Published | CannotBuild:
    """Return a model of a kind; another seed gives an independent one.

    Args:
        kind: Which.
        seed: Of its initial values and of their shaking.
    """
    try:
        with quiet():
            return _BUILDERS[kind.library](kind, seed)
    except ImportError as error:
        return CannotBuild("no-package", str(error))
    except AttributeError as error:
        return CannotBuild("no-class", str(error))
    except Exception as error:  # noqa: BLE001 - libraries fail in ways of their own; it is listed
        return CannotBuild("failed", f"{type(error).__name__}: {error}"[:300])


def with_head(kind: Kind, base: Path, seed: int) -> Published | CannotBuild:
    """Return a kind's body in ``base``, unchanged, under a new head.

    Args:
        kind: Which; its ``head`` names the class or the size that changes.
        base: The folder of the model whose body is taken.
        seed: Of the head's values.
    """
    try:
        with quiet():
            return _HEADS[kind.library](kind, base, seed)
    except Exception as error:  # noqa: BLE001 - as above
        return CannotBuild("failed", f"{type(error).__name__}: {error}"[:300])


def shake(model: torch.nn.Module, seed: int) -> None:
    """Give every trained parameter values of its own, in place.

    Args:
        model: Any module.
        seed: Of the values.
    """
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.requires_grad and parameter.is_floating_point():
                shaken(parameter, generator)


def shaken(values: torch.Tensor, generator: torch.Generator) -> None:
    """Shake one tensor in place; vectors and constants get noise, matrices rows of own lengths."""
    if values.numel() == 0:
        return
    if values.dim() < 2 or bool((values == values.flatten()[0]).all()):
        spread = 0.2 if abs(float(values.mean()) - 1) < 0.1 else 0.05
        values.add_(spread * torch.randn(values.shape, generator=generator))
        return
    rows = torch.randn(values.shape[0], generator=generator)
    values.mul_(torch.exp(0.3 * rows).reshape(-1, *[1] * (values.dim() - 1)))


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep warnings and progress of the libraries off the page."""
    level = logging.root.manager.disable
    logging.disable(logging.ERROR)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(level)


def resize(config: Any, own: Mapping[str, Any]) -> None:
    """Set every common size that a configuration knows, nested ones included, then its own."""
    import transformers

    known = dict(vars(config))
    renamed = dict(getattr(config, "attribute_map", {}) or {})
    for name, value in SIZES.items():
        if name in renamed and renamed[name] in SIZES:
            continue
        present = known.get(renamed.get(name, name))
        if isinstance(present, int) and not isinstance(present, bool):
            with contextlib.suppress(AttributeError, TypeError, ValueError):
                setattr(config, name, value)
    for name in SPECIAL:
        ident = known.get(name)
        if isinstance(ident, int) and ident >= TOKENS:
            setattr(config, name, TOKENS - 2)
    spread = known.get("initializer_range")
    if isinstance(spread, float) and spread < FINEST:
        config.initializer_range = 0.02
    for name in ("layer_types", "mlp_layer_types"):
        kinds = known.get(name)
        if isinstance(kinds, (list, tuple)):
            setattr(config, name, [*kinds[:1], *kinds][:LAYERS])
    for value in known.values():
        if isinstance(value, transformers.PreTrainedConfig):
            resize(value, {})
    for name, value in own.items():
        if not isinstance(value, Mapping):  # a nested configuration is an object by now
            setattr(config, name, value)


def _transformers(kind: Kind, seed: int) -> Published:
    import transformers

    made_by = getattr(transformers, kind.made_by)
    config_class = made_by.config_class
    try:
        config = config_class(**kind.sizes)
    except TypeError:
        config = config_class()
    resize(config, kind.sizes)
    return _saved(_initialised(made_by, config, seed), seed)


def _initialised(made_by: Any, config: Any, seed: int) -> Any:
    with torch.device("meta"):
        size = sum(p.numel() for p in made_by(config).parameters())
    if size > MAX_PARAMETERS:
        raise ValueError(f"stays at {size / 1e6:.0f} M parameters")
    torch.manual_seed(seed)
    return made_by(config).float().eval()


def _saved(model: Any, seed: int | None, weights_name: str = "model.safetensors") -> Published:
    if seed is not None:
        shake(model, seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model.save_pretrained(folder)
        return published_in(folder, weights_name)


def published_in(folder: Path, weights_name: str = "model.safetensors") -> Published:
    """Return what a folder of one weight file holds."""
    from safetensors.torch import load_file

    config = json.loads((folder / "config.json").read_text())
    config.pop("_name_or_path", None)  # a folder of this machine
    tensors = {n: t.clone() for n, t in load_file(folder / weights_name).items()}
    return Published(tensors=tensors, config=config, weights_name=weights_name)


def _diffusers(kind: Kind, seed: int) -> Published:
    import diffusers

    made_by = getattr(diffusers, kind.made_by)
    torch.manual_seed(seed)
    model = made_by(**kind.sizes).float().eval()
    size = sum(p.numel() for p in model.parameters())
    if size > MAX_PARAMETERS:
        raise ValueError(f"stays at {size / 1e6:.0f} M parameters")
    return _saved(model, seed, "diffusion_pytorch_model.safetensors")


def _timm_model(kind: Kind, classes: int, seed: int) -> Any:
    import timm

    torch.manual_seed(seed)
    return timm.create_model(kind.made_by, pretrained=False, num_classes=classes).eval()


def _timm(kind: Kind, seed: int) -> Published:
    model = _timm_model(kind, 100, seed)
    shake(model, seed)
    tensors = {n: t.detach().clone().contiguous() for n, t in model.state_dict().items()}
    cfg = model.default_cfg
    config = {
        "architecture": kind.made_by,
        "num_classes": 100,
        "num_features": model.num_features,
        "pretrained_cfg": {"input_size": list(cfg["input_size"]), "num_classes": 100},
    }
    return Published(tensors=tensors, config=config)


def _by_hand(kind: Kind, seed: int) -> Published:
    shapes, config = RECIPES[kind.made_by]()
    generator = torch.Generator().manual_seed(seed)
    tensors = {}
    for name, shape in shapes.items():
        vector = len(shape) == 1
        value = torch.ones(shape) if vector and "norm" in name.lower() else torch.zeros(shape)
        if not vector:
            value = 0.02 * torch.randn(shape, generator=generator)
        shaken(value, generator)
        tensors[name] = value
    return Published(tensors=tensors, config=config)


def _transformers_head(kind: Kind, base: Path, seed: int) -> Published:
    import transformers

    torch.manual_seed(seed)
    if kind.head == "num_labels":
        made_by, changed = getattr(transformers, kind.made_by), {"num_labels": 7}
    else:
        made_by, changed = getattr(transformers, kind.head), {"num_labels": 7}
    model, told = made_by.from_pretrained(
        base, ignore_mismatched_sizes=True, output_loading_info=True, **changed
    )
    fresh = {*told["missing_keys"], *(key[0] for key in told["mismatched_keys"])}
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name in fresh:
                shaken(parameter, generator)
    return _saved(model.float(), None)


def _timm_head(kind: Kind, base: Path, seed: int) -> Published:
    model = _timm_model(kind, 7, seed)
    old = published_in(base)
    mine = model.state_dict()
    kept = {n: t for n, t in old.tensors.items() if n in mine and mine[n].shape == t.shape}
    tensors = {n: kept.get(n, t.detach().clone()).contiguous() for n, t in mine.items()}
    return Published(tensors=tensors, config={**old.config, "num_classes": 7})


def _hand_head(kind: Kind, base: Path, seed: int) -> Published:
    old = published_in(base)
    generator = torch.Generator().manual_seed(seed)
    width = next(t.shape[1] for n, t in old.tensors.items() if "word_embeddings" in n)
    head = {
        f"{kind.head}.weight": 0.02 * torch.randn(7, width, generator=generator),
        f"{kind.head}.bias": 0.02 * torch.randn(7, generator=generator),
    }
    return Published(tensors={**old.tensors, **head}, config=old.config)


_BUILDERS: Final = {
    "transformers": _transformers,
    "diffusers": _diffusers,
    "timm": _timm,
    "hand": _by_hand,
}
_HEADS: Final = {"transformers": _transformers_head, "timm": _timm_head, "hand": _hand_head}
