"""Which models are asked, and how is each built small?

Diffusers by hand (``diffusion``), timm one model a family, transformers every class that ``AutoModel``
knows, at the common small sizes of ``benchmarks/kinds``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import torch

from benchmarks.axes.diffusion import BUILDS
from benchmarks.axes.inputs import inputs_of
from benchmarks.kinds.build import MAX_PARAMETERS, resize
from benchmarks.kinds.recipes import KINDS

TIMM_SIDE: Final = 64
TIMM: Final = (
    "resnet18", "resnet50", "resnetv2_50", "seresnet50", "regnetx_002", "regnety_002", "vgg11_bn",
    "densenet121", "efficientnet_b0", "efficientnet_lite0", "tf_efficientnetv2_b0",
    "mobilenetv2_050", "mobilenetv3_small_050", "mobilenetv4_conv_small", "mnasnet_050",
    "ghostnet_050", "convnext_atto", "convnextv2_atto", "vit_tiny_patch16_224",
    "deit_tiny_patch16_224", "deit_tiny_distilled_patch16_224", "beit_base_patch16_224",
    "beitv2_base_patch16_224", "eva02_tiny_patch14_224", "vit_small_patch14_dinov2",
    "vit_base_patch16_siglip_224", "vit_base_patch16_clip_224", "swin_tiny_patch4_window7_224",
    "swinv2_tiny_window8_256", "mixer_s32_224", "cait_xxs24_224", "xcit_nano_12_p16_224",
    "pvt_v2_b0", "poolformer_s12", "maxvit_rmlp_pico_rw_256", "coatnet_pico_rw_224",
    "levit_128s", "mobilevit_xxs", "mobileone_s0", "repvgg_a0", "fastvit_t8", "hrnet_w18_small",
    "inception_v3", "xception41", "dla34", "dpn48b", "nfnet_l0", "rexnet_100", "hardcorenas_a",
    "edgenext_xx_small", "efficientformer_l1", "nest_tiny", "twins_pcpvt_small", "visformer_tiny",
    "volo_d1_224", "focalnet_tiny_srf", "hiera_tiny_224", "davit_tiny", "caformer_s18",
    "convformer_s18", "inception_next_atto", "starnet_s1", "repvit_m0_9", "tinynet_e",
)  # fmt: skip
"""One of every family that is in use, small ones."""
FIRST: Final = (
    "vit", "deit", "dinov2", "beit", "swin", "convnext", "convnextv2", "resnet", "segformer", "detr",
    "sam", "dpt", "yolos", "efficientnet", "mobilenet_v2", "mobilevit", "vit_mae", "regnet",
    "wav2vec2", "hubert", "wavlm", "data2vec-audio", "unispeech", "wav2vec2-bert",
    "wav2vec2-conformer", "speecht5", "vits", "bark", "encodec", "whisper", "speech_to_text",
    "audio-spectrogram-transformer", "clap", "timesfm", "patchtst", "patchtsmixer",
    "time_series_transformer", "informer", "autoformer", "clip", "siglip", "blip", "mamba", "rwkv",
)  # fmt: skip
"""Model types of transformers that come before all others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A model to be asked."""

    library: str
    name: str
    """Class, or timm's name of the architecture."""
    form: int
    """Number among the forms of one class."""
    build: Callable[[], Any]
    """Returns the model, initialised by the seed that is set."""
    fed: Callable[[Any], Mapping[str, Any]]

    @property
    def key(self) -> str:
        """Its name on disk."""
        return f"{self.library}.{self.name}.{self.form}"


def _without_a_model(fed: Callable[[], Mapping[str, Any]]) -> Callable[[Any], Mapping[str, Any]]:
    """Return what is fed as something that would take the model, and has no use for it."""
    return lambda _model: fed()


def subjects() -> Iterator[Subject]:
    """Yield everything that is asked, what matters most first."""
    forms: dict[str, int] = {}
    for name, sizes, fed in BUILDS:
        form = forms[name] = forms.get(name, -1) + 1
        yield Subject(
            library="diffusers", name=name, form=form, build=_diffusers(name, sizes),
            fed=_without_a_model(fed),
        )  # fmt: skip
    yield from _transformers(first=True)
    for name in TIMM:
        yield Subject(library="timm", name=name, form=0, build=_timm(name), fed=_image)
    yield from _transformers(first=False)


def _diffusers(name: str, sizes: Mapping[str, Any]) -> Callable[[], Any]:
    def build() -> Any:
        import diffusers

        return getattr(diffusers, name)(**sizes)

    return build


def _timm(name: str) -> Callable[[], Any]:
    def build() -> Any:
        import timm

        try:
            return timm.create_model(name, pretrained=False, num_classes=10, img_size=TIMM_SIDE)
        except TypeError:
            return timm.create_model(name, pretrained=False, num_classes=10)

    return build


def _image(model: Any) -> Mapping[str, Any]:
    import timm

    sized = getattr(getattr(model, "patch_embed", None), "img_size", None)
    side = sized[0] if sized else TIMM_SIDE
    wants = timm.data.resolve_model_data_config(model)["input_size"]
    fixed = model.default_cfg.get("fixed_input_size", False) and not sized
    side = wants[-1] if fixed else side
    generator = torch.Generator().manual_seed(7)
    return {"x": torch.randn(1, 3, side, side, generator=generator, dtype=torch.float64)}


def _transformers(*, first: bool) -> Iterator[Subject]:
    from transformers import MODEL_MAPPING

    by_type = {c.model_type: c for c in MODEL_MAPPING}
    order = FIRST if first else tuple(sorted(set(by_type) - set(FIRST)))
    for kind in order:
        if kind in by_type:
            try:
                made_by = MODEL_MAPPING[by_type[kind]]
            except ValueError:  # named in the mapping, and in no module of this version
                continue
            for one in made_by if isinstance(made_by, (list, tuple)) else (made_by,):
                if one is None:
                    continue
                yield Subject(
                    library="transformers", name=one.__name__, form=0,
                    build=_of_config(one, by_type[kind]), fed=inputs_of,
                )  # fmt: skip


def _sizes_of(config_class: Any) -> Mapping[str, Any]:
    """Return the small sizes that ``benchmarks/kinds`` gives a class of this configuration."""
    import transformers

    for kind in KINDS:
        made_by = (
            getattr(transformers, kind.made_by, None) if kind.library == "transformers" else None
        )
        if kind.sizes and getattr(made_by, "config_class", None) is config_class:
            return kind.sizes
    return {}


def _of_config(made_by: Any, config_class: Any) -> Callable[[], Any]:
    def build() -> Any:
        sizes = _sizes_of(config_class)
        try:
            config = config_class(**sizes)
        except TypeError:
            config = config_class()
        resize(config, sizes)
        prompts, seen = (
            getattr(config, n, None) for n in ("prompt_encoder_config", "vision_config")
        )
        if prompts is not None and seen is not None:  # SAM states the size of its pictures twice
            prompts.image_size, prompts.patch_size = seen.image_size, seen.patch_size
            prompts.image_embedding_size = seen.image_size // seen.patch_size
            # and how wide the answer of its eye is, places included
            seen.output_channels, seen.num_pos_feats = prompts.hidden_size, prompts.hidden_size // 2
        behind = getattr(config, "backbone_config", None)
        if (
            behind is not None and getattr(behind, "backbone", "") == "resnet50"
        ):  # DETR's; the same blocks, fewer of them
            behind.backbone = "resnet10t"
        with torch.device("meta"):
            size = sum(p.numel() for p in made_by(config).parameters())
        if size > MAX_PARAMETERS:
            raise ValueError(f"stays at {size / 1e6:.0f} M parameters")
        return made_by(config)

    return build
