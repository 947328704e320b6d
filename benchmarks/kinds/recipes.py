"""Which kinds of models are built, and from which class of which library?

Each is a published kind at a small size: the class that its checkpoints are saved from, so that
names, fused matrices, tied weights and prefixes are the published ones. ``hand`` are kinds whose
class lives in a repository's own code; their names and shapes are written down in ``by_hand``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final


class Group(StrEnum):
    """What a kind is for; the totals of a page are over groups."""

    ENCODER = "text encoder"
    SEQ2SEQ = "encoder-decoder"
    DECODER = "language model"
    VISION = "vision"
    AUDIO = "audio"
    MULTIMODAL = "multimodal"
    DIFFUSION = "diffusion"
    SERIES = "time series"


TEXT: Final = frozenset({Group.ENCODER, Group.SEQ2SEQ, Group.DECODER})
"""Groups of kinds that read text alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of model.

    Args:
        name: As people call it.
        group: What it is for.
        library: The package that builds it: transformers, diffusers, timm, or hand.
        made_by: Class, or timm's name of the architecture, that the checkpoint is saved from.
        sizes: What its configuration is given beyond the common small sizes.
        head: Class that gives the same body a head of its own; empty where there is none.
        vocabulary: Whether it has word embeddings that can be replaced.
        stacks: Prefixes of parts that can each be kept or lost alone, where there are several.
    """

    name: str
    group: Group
    library: str = "transformers"
    made_by: str
    sizes: Mapping[str, Any] = field(default_factory=dict)
    head: str = ""
    vocabulary: bool = True
    stacks: tuple[str, ...] = ()


def _encoder(name: str, made_by: str, head: str, **sizes: Any) -> Kind:
    return Kind(name=name, group=Group.ENCODER, made_by=made_by, head=head, sizes=sizes)


def _decoder(name: str, made_by: str, head: str = "", **sizes: Any) -> Kind:
    return Kind(name=name, group=Group.DECODER, made_by=made_by, head=head, sizes=sizes)


def _seq2seq(name: str, made_by: str, head: str = "", **sizes: Any) -> Kind:
    stacks = ("encoder.", "decoder.")
    return Kind(
        name=name, group=Group.SEQ2SEQ, made_by=made_by, head=head, sizes=sizes, stacks=stacks
    )


def _vision(name: str, made_by: str, head: str = "", **sizes: Any) -> Kind:
    return Kind(
        name=name, group=Group.VISION, made_by=made_by, head=head, sizes=sizes, vocabulary=False
    )


def _audio(name: str, made_by: str, head: str = "", **sizes: Any) -> Kind:
    return Kind(
        name=name, group=Group.AUDIO, made_by=made_by, head=head, sizes=sizes, vocabulary=False
    )


def _multimodal(name: str, made_by: str, stacks: tuple[str, ...], **sizes: Any) -> Kind:
    return Kind(name=name, group=Group.MULTIMODAL, made_by=made_by, sizes=sizes, stacks=stacks)


def _timm(name: str, made_by: str) -> Kind:
    return Kind(
        name=name, group=Group.VISION, library="timm", made_by=made_by, head="num_classes",
        vocabulary=False,
    )  # fmt: skip


def _diffusion(name: str, made_by: str, **sizes: Any) -> Kind:
    return Kind(
        name=name, group=Group.DIFFUSION, library="diffusers", made_by=made_by, sizes=sizes,
        vocabulary=False,
    )  # fmt: skip


def _series(name: str, made_by: str, **sizes: Any) -> Kind:
    return Kind(name=name, group=Group.SERIES, made_by=made_by, sizes=sizes, vocabulary=False)


def _hand(name: str, group: Group, made_by: str) -> Kind:
    return Kind(name=name, group=group, library="hand", made_by=made_by, head="classifier")


BERT_HEAD: Final = "BertForSequenceClassification"
ROBERTA_HEAD: Final = "XLMRobertaForSequenceClassification"
MOE: Final[Mapping[str, Any]] = {"moe_intermediate_size": 128, "num_experts_per_tok": 2}
MAMBA: Final[Mapping[str, Any]] = {
    "hidden_size": 128,
    "num_heads": 8,
    "head_dim": 32,
    "n_groups": 1,
    "expand": 2,
}

ENCODERS: Final = (
    _encoder("MiniLM-L6", "BertModel", BERT_HEAD, num_hidden_layers=6),
    _encoder("multilingual MiniLM", "BertModel", BERT_HEAD, vocab_size=5003),
    _encoder("mBERT", "BertForMaskedLM", BERT_HEAD, vocab_size=3001),
    _encoder("LaBSE", "BertModel", BERT_HEAD, vocab_size=4001),
    _encoder("BERT base", "BertForPreTraining", BERT_HEAD),
    _encoder("BGE", "BertModel", BERT_HEAD),
    _encoder("cross-encoder", "BertForSequenceClassification", "BertForTokenClassification"),
    _encoder("RoBERTa", "RobertaForMaskedLM", "RobertaForSequenceClassification"),
    _encoder("CamemBERT", "CamembertForMaskedLM", "CamembertForSequenceClassification"),
    _encoder("XLM-R", "XLMRobertaForMaskedLM", ROBERTA_HEAD, vocab_size=3001),
    _encoder("multilingual E5", "XLMRobertaModel", ROBERTA_HEAD, vocab_size=3001),
    _encoder("DistilBERT", "DistilBertForMaskedLM", "DistilBertForSequenceClassification"),
    _encoder("distiluse", "DistilBertModel", "DistilBertForSequenceClassification"),
    _encoder("ELECTRA", "ElectraForPreTraining", "ElectraForSequenceClassification"),
    _encoder("ELECTRA generator", "ElectraForMaskedLM", "ElectraForSequenceClassification"),
    _encoder("DeBERTa", "DebertaForMaskedLM", "DebertaForSequenceClassification"),
    _encoder("DeBERTa-v3", "DebertaV2Model", "DebertaV2ForSequenceClassification",
             relative_attention=True, share_att_key=True, position_buckets=32, pos_att_type=["p2c", "c2p"],
             norm_rel_ebd="layer_norm", position_biased_input=False, type_vocab_size=0),
    _encoder("ALBERT", "AlbertForMaskedLM", "AlbertForSequenceClassification"),
    _encoder("MPNet", "MPNetForMaskedLM", "MPNetForSequenceClassification"),
    _encoder("all-mpnet", "MPNetModel", "MPNetForSequenceClassification"),
    _encoder("ModernBERT", "ModernBertForMaskedLM", "ModernBertForSequenceClassification"),
    _encoder("ESM", "EsmForMaskedLM", "EsmForSequenceClassification",
             vocab_size=1009, pad_token_id=1, mask_token_id=32),
    _encoder("XLNet", "XLNetLMHeadModel", "XLNetForSequenceClassification",
             d_model=128, n_head=4, n_layer=4, d_inner=384),
    _encoder("Longformer", "LongformerForMaskedLM", "LongformerForSequenceClassification",
             attention_window=16),
    _encoder("BigBird", "BigBirdForMaskedLM", "BigBirdForSequenceClassification"),
    _encoder("Funnel", "FunnelForMaskedLM", "FunnelForTokenClassification",
             block_sizes=[2, 2], d_model=128, n_head=4, d_head=32, d_inner=384),
    _hand("Nomic BERT", Group.ENCODER, "nomic"),
    _hand("GTE", Group.ENCODER, "gte"),
    _hand("Jina BERT", Group.ENCODER, "jina"),
)  # fmt: skip
"""Text encoders."""

SEQ2SEQS: Final = (
    _seq2seq("T5", "T5ForConditionalGeneration", "T5ForSequenceClassification"),
    _seq2seq("T5 v1.1", "T5ForConditionalGeneration", "T5ForSequenceClassification",
             feed_forward_proj="gated-gelu", tie_word_embeddings=False),
    _seq2seq("mT5", "MT5ForConditionalGeneration", "MT5ForSequenceClassification", vocab_size=5003),
    _seq2seq("UMT5", "UMT5ForConditionalGeneration", "UMT5ForSequenceClassification"),
    Kind(name="T5 encoder", group=Group.SEQ2SEQ, made_by="T5EncoderModel",
         head="T5ForTokenClassification"),
    _seq2seq("Chronos", "T5ForConditionalGeneration", vocab_size=4096, tie_word_embeddings=False),
    _seq2seq("BART", "BartForConditionalGeneration", "BartForSequenceClassification"),
    _seq2seq("mBART", "MBartForConditionalGeneration", "MBartForSequenceClassification"),
    _seq2seq("Marian", "MarianMTModel", decoder_vocab_size=1009),
    _seq2seq("NLLB", "M2M100ForConditionalGeneration"),
    _seq2seq("Pegasus", "PegasusForConditionalGeneration"),
    _seq2seq("LED", "LEDForConditionalGeneration", attention_window=[16, 16, 16, 16],
             max_encoder_position_embeddings=64, max_decoder_position_embeddings=64),
    _seq2seq("BlenderBot", "BlenderbotForConditionalGeneration"),
    _seq2seq("ProphetNet", "ProphetNetForConditionalGeneration",
             num_encoder_layers=4, num_decoder_layers=4),
    _seq2seq("Switch", "SwitchTransformersForConditionalGeneration", num_layers=4,
             num_decoder_layers=4, num_sparse_encoder_layers=2, num_sparse_decoder_layers=2),
)  # fmt: skip
"""Text models of an encoder and a decoder."""

DECODERS: Final = (
    _decoder("Llama", "LlamaForCausalLM", "LlamaForSequenceClassification"),
    _decoder("Llama, tied", "LlamaForCausalLM", "LlamaForTokenClassification",
             tie_word_embeddings=True),
    _decoder("Mistral", "MistralForCausalLM", "MistralForSequenceClassification"),
    _decoder("Qwen2", "Qwen2ForCausalLM", "Qwen2ForSequenceClassification"),
    _decoder("Qwen3", "Qwen3ForCausalLM", "Qwen3ForSequenceClassification"),
    _decoder("Gemma 2", "Gemma2ForCausalLM", "Gemma2ForSequenceClassification"),
    _decoder("Gemma 3", "Gemma3ForCausalLM", "Gemma3TextForSequenceClassification"),
    _decoder("Phi-3", "Phi3ForCausalLM", "Phi3ForSequenceClassification"),
    _decoder("Phi", "PhiForCausalLM", "PhiForSequenceClassification"),
    _decoder("OLMo 2", "Olmo2ForCausalLM"),
    _decoder("StarCoder 2", "Starcoder2ForCausalLM", "Starcoder2ForSequenceClassification"),
    _decoder("Cohere", "CohereForCausalLM"),
    _decoder("GPT-2", "GPT2LMHeadModel", "GPT2ForSequenceClassification"),
    _decoder("GPT-NeoX", "GPTNeoXForCausalLM", "GPTNeoXForSequenceClassification"),
    _decoder("GPT-J", "GPTJForCausalLM", "GPTJForSequenceClassification", rotary_dim=16),
    _decoder("OPT", "OPTForCausalLM", "OPTForSequenceClassification"),
    _decoder("BLOOM", "BloomForCausalLM", "BloomForSequenceClassification"),
    _decoder("Falcon", "FalconForCausalLM", "FalconForSequenceClassification",
             ffn_hidden_size=512),
    _decoder("Mixtral", "MixtralForCausalLM", "MixtralForSequenceClassification"),
    _decoder("Qwen3 MoE", "Qwen3MoeForCausalLM", "Qwen3MoeForSequenceClassification", **MOE),
    _decoder("DeepSeek-V3", "DeepseekV3ForCausalLM", n_routed_experts=4, n_group=1, topk_group=1,
             first_k_dense_replace=1, kv_lora_rank=32, q_lora_rank=48, qk_rope_head_dim=16,
             qk_nope_head_dim=16, v_head_dim=32, num_key_value_heads=4, **MOE),
    _decoder("Mamba", "MambaForCausalLM"),
    _decoder("Mamba 2", "Mamba2ForCausalLM", **MAMBA),
    _decoder("RWKV", "RwkvForCausalLM", attention_hidden_size=128),
    _decoder("reward model", "LlamaForSequenceClassification", "LlamaForTokenClassification"),
)  # fmt: skip
"""Language models."""

RESNET: Final[Mapping[str, Any]] = {
    "model_type": "resnet", "embedding_size": 64, "hidden_sizes": [64, 128], "depths": [1, 1],
    "out_features": ["stage2"],
}  # fmt: skip
VISIONS: Final = (
    _vision("ViT", "ViTForImageClassification", "num_labels"),
    _vision("DeiT", "DeiTForImageClassificationWithTeacher", "num_labels"),
    _vision("DINOv2", "Dinov2Model", "Dinov2ForImageClassification", num_hidden_layers=4),
    _vision("BEiT", "BeitForImageClassification", "num_labels", num_hidden_layers=4),
    _vision("Swin", "SwinForImageClassification", "num_labels", embed_dim=64, depths=[2, 2],
            num_heads=[2, 4], window_size=4),
    _vision("SAM", "SamModel"),
    _vision("YOLOS", "YolosForObjectDetection", "num_labels", image_size=[32, 32]),
    _vision("DETR", "DetrForObjectDetection", "num_labels", use_timm_backbone=False,
            use_pretrained_backbone=False, backbone=None, backbone_config=RESNET),
    _vision("DPT", "DPTForDepthEstimation", backbone_out_indices=[0, 1, 2, 3],
            neck_hidden_sizes=[32, 48, 64, 96], fusion_hidden_size=64),
    _vision("ResNet", "ResNetForImageClassification", "num_labels", embedding_size=64,
            hidden_sizes=[64, 128, 256], depths=[2, 2, 2]),
    _vision("ConvNeXt", "ConvNextForImageClassification", "num_labels",
            hidden_sizes=[64, 96, 128], depths=[2, 2, 2], num_stages=3),
    _vision("SegFormer", "SegformerForSemanticSegmentation", "num_labels", num_encoder_blocks=4,
            hidden_sizes=[32, 64, 160, 256], depths=[2, 2, 2, 2], decoder_hidden_size=256),
    _vision("EfficientNet", "EfficientNetForImageClassification", "num_labels",
            width_coefficient=0.5, depth_coefficient=0.5, hidden_dim=640),
    _vision("MobileViT", "MobileViTForImageClassification", "num_labels"),
    _vision("ViT MAE", "ViTMAEForPreTraining", decoder_hidden_size=96,
            decoder_intermediate_size=192, decoder_num_hidden_layers=2, decoder_num_attention_heads=4),
    _timm("timm ViT", "vit_tiny_patch16_224"),
    _timm("timm ResNet", "resnet18"),
    _timm("timm EfficientNet", "efficientnet_lite0"),
    _timm("timm ConvNeXt", "convnext_atto"),
)  # fmt: skip
"""Image models."""

AUDIOS: Final = (
    Kind(name="Whisper tiny", group=Group.AUDIO, made_by="WhisperForConditionalGeneration",
         head="WhisperForAudioClassification", stacks=("encoder.", "decoder."),
         sizes={"max_source_positions": 64, "max_target_positions": 64, "num_mel_bins": 32}),
    Kind(name="Whisper large", group=Group.AUDIO, made_by="WhisperForConditionalGeneration",
         head="WhisperForAudioClassification", stacks=("encoder.", "decoder."),
         sizes={"max_source_positions": 64, "max_target_positions": 64, "num_mel_bins": 80,
                "encoder_layers": 8, "decoder_layers": 8}),
    Kind(name="Whisper turbo", group=Group.AUDIO, made_by="WhisperForConditionalGeneration",
         head="WhisperForAudioClassification", stacks=("encoder.", "decoder."),
         sizes={"max_source_positions": 64, "max_target_positions": 64, "num_mel_bins": 80,
                "encoder_layers": 8, "decoder_layers": 2}),
    _audio("wav2vec2", "Wav2Vec2ForCTC", "Wav2Vec2ForSequenceClassification",
           conv_dim=[64, 64, 64], conv_stride=[5, 2, 2], conv_kernel=[10, 3, 3],
           num_conv_pos_embeddings=16, num_conv_pos_embedding_groups=4),
    _audio("HuBERT", "HubertModel", "HubertForSequenceClassification",
           conv_dim=[64, 64, 64], conv_stride=[5, 2, 2], conv_kernel=[10, 3, 3],
           num_conv_pos_embeddings=16, num_conv_pos_embedding_groups=4),
    _audio("WavLM", "WavLMModel", "WavLMForSequenceClassification",
           conv_dim=[64, 64, 64], conv_stride=[5, 2, 2], conv_kernel=[10, 3, 3],
           num_conv_pos_embeddings=16, num_conv_pos_embedding_groups=4),
    _audio("SpeechT5", "SpeechT5ForTextToSpeech", conv_dim=[64, 64, 64],
           conv_stride=[5, 2, 2], conv_kernel=[10, 3, 3], num_conv_pos_embeddings=16,
           num_conv_pos_embedding_groups=4, speech_decoder_prenet_units=64,
           speech_decoder_postnet_units=32),
    _audio("VITS", "VitsModel", upsample_initial_channel=64, flow_size=64, spectrogram_bins=33),
    _audio("Bark", "BarkSemanticModel", input_vocab_size=1009, output_vocab_size=1009,
           hidden_size=128, num_layers=4, num_heads=4, block_size=64),
    _audio("AST", "ASTForAudioClassification", "num_labels", max_length=64, num_mel_bins=32),
    _audio("EnCodec", "EncodecModel", num_filters=16, codebook_size=64),
)  # fmt: skip
"""Sound models."""

MULTIMODALS: Final = (
    _multimodal("CLIP", "CLIPModel", ("text_model.", "vision_model.")),
    _multimodal("SigLIP", "SiglipModel", ("text_model.", "vision_model.")),
    _multimodal("BLIP", "BlipForConditionalGeneration", ("text_decoder.", "vision_model.")),
    _multimodal("OWL-ViT", "OwlViTForObjectDetection", ("text_model.", "vision_model.")),
    _multimodal("LLaVA", "LlavaForConditionalGeneration", ("language_model.", "vision_tower.")),
    _multimodal("Qwen2-VL", "Qwen2VLForConditionalGeneration", ("model.", "visual.")),
    _multimodal("Idefics 3", "Idefics3ForConditionalGeneration", ("text_model.", "vision_model.")),
    _multimodal("PaliGemma", "PaliGemmaForConditionalGeneration",
                ("language_model.", "vision_tower.")),
)  # fmt: skip
"""Models of text and pictures or sound."""

UNET: Final[Mapping[str, Any]] = {
    "block_out_channels": (64, 128), "layers_per_block": 1, "norm_num_groups": 16,
    "sample_size": 8,
}  # fmt: skip
CROSS: Final[Mapping[str, Any]] = {
    **UNET, "cross_attention_dim": 64, "attention_head_dim": 8,
    "down_block_types": ("CrossAttnDownBlock2D", "DownBlock2D"),
}  # fmt: skip

DIFFUSIONS: Final = (
    _diffusion("SD UNet", "UNet2DConditionModel", **CROSS,
               up_block_types=("UpBlock2D", "CrossAttnUpBlock2D")),
    _diffusion("UNet", "UNet2DModel", **UNET, down_block_types=("DownBlock2D", "AttnDownBlock2D"),
               up_block_types=("AttnUpBlock2D", "UpBlock2D")),
    _diffusion("VAE", "AutoencoderKL", **UNET,
               down_block_types=("DownEncoderBlock2D", "DownEncoderBlock2D"),
               up_block_types=("UpDecoderBlock2D", "UpDecoderBlock2D")),
    _diffusion("ControlNet", "ControlNetModel", **{k: v for k, v in CROSS.items() if k != "sample_size"},
               conditioning_embedding_out_channels=(16, 32)),
    _diffusion("SD3", "SD3Transformer2DModel", sample_size=8, num_layers=4, attention_head_dim=32,
               num_attention_heads=4, joint_attention_dim=64, caption_projection_dim=128,
               pooled_projection_dim=64, pos_embed_max_size=16),
    _diffusion("Flux", "FluxTransformer2DModel", in_channels=16, num_layers=2, num_single_layers=3,
               attention_head_dim=32, num_attention_heads=4, joint_attention_dim=64,
               pooled_projection_dim=64, axes_dims_rope=(8, 12, 12)),
    _diffusion("PixArt", "PixArtTransformer2DModel", sample_size=8, num_layers=4,
               attention_head_dim=32, num_attention_heads=4, cross_attention_dim=128,
               caption_channels=64),
    _diffusion("Wan", "WanTransformer3DModel", num_layers=4, attention_head_dim=32,
               num_attention_heads=4, ffn_dim=384, text_dim=64, freq_dim=64),
    _diffusion("CogVideoX", "CogVideoXTransformer3DModel", num_layers=4, attention_head_dim=32,
               num_attention_heads=4, text_embed_dim=64, time_embed_dim=64, sample_width=8,
               sample_height=8, sample_frames=5),
)  # fmt: skip
"""Parts of diffusion pipelines."""

SERIES: Final = (
    _series("TimesFM", "TimesFmModelForPrediction", patch_length=16, context_length=64,
            horizon_length=16),
    _series("PatchTST", "PatchTSTForPrediction", num_input_channels=2, context_length=64,
            patch_length=8, patch_stride=8, prediction_length=8),
)  # fmt: skip
"""Models of time series; Chronos is a T5."""

KINDS: Final = (
    *ENCODERS, *SEQ2SEQS, *DECODERS, *VISIONS, *AUDIOS, *MULTIMODALS, *DIFFUSIONS, *SERIES,
)  # fmt: skip
"""Every kind, text first."""
