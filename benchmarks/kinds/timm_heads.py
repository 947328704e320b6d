"""Has every vision transformer of timm the heads that ``anatomy.release_names`` says by its width?

timm's configurations do not state heads. Every architecture that the table names is built without
values. Run, with timm installed: ``python -m benchmarks.kinds.timm_heads``; ends with 1 on a
disagreement.
"""

from __future__ import annotations

import sys

import timm
import torch

from hubcheck.anatomy.release_names import TIMM, vision_heads


def main() -> int:
    """Build them all and say which disagree."""
    agree, wrong = 0, []
    for name in timm.list_models():
        if not TIMM.fullmatch(name):
            continue
        with torch.device("meta"):
            model = timm.create_model(name)
        blocks = getattr(model, "blocks", None)
        attention = getattr(blocks[0], "attn", None) if blocks is not None else None
        if attention is None or not hasattr(attention, "num_heads"):
            continue  # of another form: its names are not those that the table is for
        if attention.num_heads == vision_heads(model.embed_dim):
            agree += 1
        else:
            wrong.append(f"{name}: {model.embed_dim} wide, {attention.num_heads} heads")
    print("\n".join([f"{agree} agree, {len(wrong)} do not", *wrong]))
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
