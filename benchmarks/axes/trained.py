"""Does the null hold for trained models that are read by certified axes, and are children found?

    python -m benchmarks.axes.trained                 # trains once, into build/axes-trained; then asks
    python -m benchmarks.axes.trained --only ResNet

A small UNet learns to take noise off pictures of discs, bars and stripes, a small ResNet to name
them; two seeds each, and a fine-tune of the first on other pictures. Independents must hit once a
family on average; the exit code is 1 where a stranger matches or a child does not.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from math import inf
from pathlib import Path
from typing import Any, Final

import torch

from benchmarks.kinds.build import published_in, quiet
from benchmarks.kinds.descend import descend
from benchmarks.kinds.judge import MATCH
from benchmarks.kinds.trained import Answer, asked, command_line, keep, one_thread, table, tell

BUILD: Final = Path("build/axes-trained")
KINDS: Final = ("UNet", "ResNet")
SEEDS: Final = (1, 2)
STEPS: Final = 300
TUNING: Final = 60
BATCH: Final = 16
SIDE: Final = 8
RATE: Final = 1e-3
CHILD: Final = "fine-tune"
SHAPES: Final = 4
"""Classes of pictures: disc, bar, stripes, checks."""


def pictures(n: int, generator: torch.Generator, *, other: bool) -> tuple[torch.Tensor, Any]:
    """Return pictures [n, 3, side, side] and what each shows.

    Args:
        n: How many.
        generator: Of places, sizes and colours.
        other: Darker ones of other sizes, for a fine-tune.
    """
    kind = torch.randint(0, SHAPES, (n,), generator=generator)
    at = torch.rand((n, 2, 1, 1), generator=generator) * SIDE
    size = (2 if other else 3) + 3 * torch.rand((n, 1, 1), generator=generator)
    y, x = torch.meshgrid(torch.arange(SIDE), torch.arange(SIDE), indexing="ij")
    dy, dx = (y - at[:, 0]).abs(), (x - at[:, 1]).abs()
    masks = torch.stack(
        [
            (dy**2 + dx**2 < size**2),
            (dy < size / 2) & (dx < 2 * size),
            ((x + at[:, 0]) // size % 2 == 0) & (dy >= 0),
            ((x // size + y // size + at[:, 1].round()) % 2 == 0),
        ]
    ).float()
    shown = masks[kind, torch.arange(n)][:, None]
    colours = torch.rand((n, 3, 1, 1), generator=generator) * (0.5 if other else 1.0)
    return 2 * shown * colours - 1, kind


def configured(kind: str) -> Any:
    """Return an untrained model."""
    if kind == "UNet":
        import diffusers

        return diffusers.UNet2DModel(
            sample_size=SIDE, block_out_channels=(32, 64), layers_per_block=1, norm_num_groups=8,
            down_block_types=("DownBlock2D", "AttnDownBlock2D"), attention_head_dim=16,
            up_block_types=("AttnUpBlock2D", "UpBlock2D"),
        )  # fmt: skip
    import transformers

    return transformers.ResNetForImageClassification(
        transformers.ResNetConfig(  # type: ignore[call-arg]  # the last goes to the base class
            embedding_size=32, hidden_sizes=[64, 128], depths=[2, 2], layer_type="bottleneck",
            downsample_in_first_stage=False, num_labels=SHAPES,
        )
    )  # fmt: skip


def learn(kind: str, model: Any, seed: int, steps: int, *, other: bool = False) -> float:
    """Train a model in place; return its last mean loss."""
    generator = torch.Generator().manual_seed(seed)

    def loss() -> torch.Tensor:
        seen, shows = pictures(BATCH, generator, other=other)
        if kind != "UNet":
            return torch.nn.functional.cross_entropy(model(pixel_values=seen).logits, shows)
        noise = torch.randn(seen.shape, generator=generator)
        at = torch.randint(0, 1000, (BATCH,), generator=generator)
        level = (at / 1000)[:, None, None, None]
        said = model((1 - level) * seen + level * noise, at).sample
        return torch.nn.functional.mse_loss(said, noise)

    return descend(model, loss, steps, RATE, clip=inf)


def trained(kind: str, build: Path, steps: int) -> dict[str, Path]:
    """Return the folders of a kind's models, training those that are not there."""
    folders = {f"seed {s}": build / f"{kind}-{s}" for s in SEEDS}
    folders[CHILD] = build / f"{kind}-{CHILD}"
    for name, at in folders.items():
        if (at / "config.json").exists():
            continue
        seed = SEEDS[0] if name == CHILD else int(name.split()[1])
        torch.manual_seed(seed)
        model = configured(kind)
        if name == CHILD:
            parent = published_in(folders["seed 1"], _weights(folders["seed 1"]))
            model.load_state_dict(dict(parent.tensors), strict=False)
            loss = learn(kind, model, 12, max(1, steps * TUNING // STEPS), other=True)
        else:
            loss = learn(kind, model, seed, steps)
        with quiet():
            model.save_pretrained(at)
        tell(f"{kind}, {name}: loss {loss:.3f}")
    return folders


def _weights(folder: Path) -> str:
    return next(p.name for p in folder.glob("*.safetensors"))


def answers(kind: str, folders: dict[str, Path]) -> list[Answer]:
    """Ask about every ordered pair of seeds, and about the child and its parent or a stranger."""
    seeds = [f"seed {s}" for s in SEEDS]
    pairs = [(a, b, False) for a in seeds for b in seeds if a != b]
    pairs += [(CHILD, seeds[0], True), (CHILD, seeds[1], False)]
    return asked(kind, folders, pairs)


def main(arguments: Sequence[str] | None = None) -> int:
    """Train, ask, print, and return the exit code."""
    parser = command_line("benchmarks.axes.trained", __doc__, build=BUILD, steps=STEPS, kinds=KINDS)
    given = parser.parse_args(arguments)
    one_thread()
    torch.set_num_threads(1)
    rows: list[Answer] = []
    for kind in [given.only] if given.only else KINDS:
        rows += answers(kind, trained(kind, given.build, given.steps))
    print(table(rows))
    keep(rows, given.json)
    missed = any(r.related and r.verdict not in MATCH for r in rows)
    return 1 if missed or any(r.false for r in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
