"""What does the page say that no run can change?"""

from __future__ import annotations

from typing import Final

TITLE: Final = "# Which tool tells best whether a model comes from another?\n"

BEFORE: Final = """hubcheck and two published rivals, modeldna 0.1.0 and cisco-ai-provenance-kit 1.0.0, on the same files in one run: small
models, really trained, with every relation and disguise the [zoo](../benchmarks/zoo/README.md) holds, alone and
combined. This page is written by a program from the results, the wins of the rivals included.

    git clone ... && cd hubcheck && pip install -e ".[test]"
    python -m benchmarks.zoo.train                 # 20 models; 45 minutes on two quiet cores
    python -m benchmarks.zoo.derive                # their derivatives, a minute
    python -m benchmarks.zoo.relation_cases        # three more fine-tunes, to be merged; two minutes
    python -m benchmarks.lineage.make              # merges, adapters, updates, and combined changes; seconds
    python -m benchmarks.zoo.calibration train     # independent models; without them 13 pairs are missing
    python -m benchmarks.lineage.run               # installs the rivals, asks all (an hour); goes on where it stopped
    python -m benchmarks.lineage.table             # writes this page

`--pairs small` asks about thirty pairs instead, `--tools hubcheck modeldna` leaves tools out.

Every tool runs by its documented command with its own thresholds, on one thread, without network, in an empty home, on
private copies of the two folders under neutral names and without their cards: `hubcheck check SUBJECT --base BASE` (and with `--depth deep` and `full`),
`modeldna compare` (and with `--full`), `provenancekit compare`. hubcheck's draw is fixed by `--seed 1`. What each
tool's words count as is in `benchmarks/lineage/judgement.py`: what it documents as a match is one; what it documents as
abstention is *no answer*, never a false positive and never right.
"""

AFTER: Final = """
*Right* counts both sides; the rest is called wrong, unanswered or failed. Behind every share stands its 95 %
Clopper-Pearson interval, which takes pairs for independent trials: they share models, so that it is rather too narrow;
the column *each model in one pair alone* below is exact. The area under the curve ranks pairs by each tool's own score
(hubcheck: verdict, then log10 E; modeldna: probability; cisco: pipeline score); its interval is a bootstrap over
subjects. *cisco, weights alone* is not how that tool decides: its first stage calls models with equal configuration a
confirmed match, and most of the zoo shares one configuration on purpose. The row puts its own threshold to its score of
the weights, as if that stage were silent.
"""

LIMITS: Final = """## What the zoo cannot say

- **Size.** Half a million parameters, four layers, 536 tokens. Larger models have more units and more to test, longer
  training and other recipes; rival thresholds were set on models of 0.1 to 70 billion parameters, and modeldna's
  logistic was fitted on such. A tool that fails here may do better there, and the other way round.
- **Who made it.** The zoo and hubcheck have the same authors, and hubcheck was developed on it. The disguises are
  those its authors thought of. The rivals never saw it.
- **Strangers.** Ten models of one recipe and the judges: the hardest strangers there are for configuration and
  statistics, but few, and all of one family. A false positive rate below the printed intervals is not shown here;
  hubcheck's bound is proved, not measured ([evidence](evidence.md)).
- **One seed.** hubcheck draws what it reads; a run with another seed may differ on borderline pairs.
- **Storage.** safetensors alone. Packed formats, GGUF and pickles are measured in `benchmarks/formats`.
- **The scan commands.** Both rivals search catalogues of known models as well; those models cannot be fetched here.
"""
