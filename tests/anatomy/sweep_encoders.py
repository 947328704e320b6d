"""How much of every text encoder of transformers is mapped, and is any role wrong?

Writes the table that ``test_sweep_encoders`` pins: ``python -m tests.anatomy.sweep_encoders``.
"""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any, Final

import torch
import transformers
from transformers.models.auto import modeling_auto

from hubcheck.anatomy.read import anatomy_of
from tests.anatomy.encoder_oracle import EncoderOracle
from tests.anatomy.sweep import saved_as_published, shrink
from tests.anatomy.tiny import checkpoint_of

TABLE: Final = Path(__file__).with_name("sweep_encoders.json")
ENCODERS: Final = (
    *("albert", "bert", "big_bird", "camembert", "convbert", "data2vec-text", "deberta"),
    *("deberta-v2", "distilbert", "electra", "ernie", "esm", "esmc", "eurobert", "fnet", "gte"),
    *("jina_embeddings_v3", "layoutlm", "longformer", "megatron-bert", "modernbert", "mpnet"),
    *("nomic_bert", "nystromformer", "rembert", "roberta", "roberta-prelayernorm"),
    *("roformer", "tapas", "ultrabert", "xlm-roberta", "xlm-roberta-xl", "xmod", "yoso"),
)
"""Encoders of one stack that rules know, by model type."""
TOLD: Final[dict[str, dict[str, object]]] = {
    "albert": {"embedding_size": 24},
    "electra": {"embedding_size": 24},
    "esm": {"vocab_size": 33, "pad_token_id": 1, "mask_token_id": 32},
    "esmc": {"num_key_value_heads": 4},
    "eurobert": {"num_key_value_heads": 2},
    "distilbert": {"hidden_dim": 48},
    "deberta": {"relative_attention": True, "pos_att_type": ["c2p", "p2c"]},
    "deberta-v2": {
        "relative_attention": True,
        "pos_att_type": ["c2p", "p2c"],
        "share_att_key": True,
        "norm_rel_ebd": "layer_norm",
        "position_biased_input": False,
    },
    "big_bird": {"attention_type": "original_full"},
    "longformer": {"attention_window": [4, 4]},
    "xmod": {"default_language": "en_XX"},
    "rembert": {"input_embedding_size": 24, "output_embedding_size": 40},
    "layoutlm": {"max_2d_position_embeddings": 16},
}
"""What their published models set and tiny defaults do not."""
EXPLAINED: Final[dict[str, dict[str, str]]] = {
    "convbert": {"attention no": "half of the heads are a convolution"},
    "deberta-v2": {"query no": "q and k read the relative positions, too"},
    "longformer": {"attention no": "the window is filled up with tokens that are masked"},
    "nystromformer": {"attention no": "a convolution over v is added"},
    "xmod": {"mlp no": "an adapter of the language stands behind the MLP"},
    "yoso": {"attention no": "attention is estimated by hashing and its rows are normed"},
}
"""Places where the module does more than the canonical matrices, so that the oracle cannot agree."""


def encoder(architecture: str) -> torch.nn.Module:
    """Return a tiny random masked language model."""
    names = modeling_auto.MODEL_FOR_MASKED_LM_MAPPING_NAMES[architecture]
    model_class = getattr(transformers, names if isinstance(names, str) else names[0])
    config = model_class.config_class()
    shrink(config)
    for name, value in TOLD.get(architecture, {}).items():
        setattr(config, name, value)
    torch.manual_seed(0)
    model: torch.nn.Module = model_class(config).float().eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
    return model


def row_of(architecture: str) -> dict[str, Any]:
    """Return the row of one architecture."""
    torch.set_num_threads(1)
    logging.getLogger("transformers").setLevel(logging.ERROR)
    model = encoder(architecture)
    tensors, config = saved_as_published(model)
    anatomy = anatomy_of(checkpoint_of(tensors), config)
    row: dict[str, Any] = {
        "mapped": round(100 * anatomy.mapped_share, 2),
        "unknown": len(anatomy.unknown),
        "tensors": len(tensors),
        "layers": anatomy.geometry.layers,
    }
    try:
        row["checked"] = dict(sorted(EncoderOracle(model, anatomy).sums().items()))
    except Exception as error:  # noqa: BLE001 - a model that cannot run cannot be asked
        row["not run"] = f"{type(error).__name__}: {error}".split("\n", 1)[0][:120]
    return row


def main() -> None:
    """Write the table anew."""
    rows = {a: row_of(a) for a in ENCODERS}
    lines = [f"    {json.dumps(a)}: {json.dumps(r)}" for a, r in rows.items()]
    head = f'{{\n  "transformers": {json.dumps(transformers.__version__)},\n  "architectures": {{\n'
    TABLE.write_text(head + ",\n".join(lines) + "\n  }\n}\n")


if __name__ == "__main__":
    main()
