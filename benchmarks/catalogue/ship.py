"""How is the catalogue of the demo's models made, which ships with the wheel?

``python -m benchmarks.catalogue.ship`` writes ``hubcheck/demo/catalogue`` again, with the exact
tests that let members in. Its date is fixed, so that the same models give the same files.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Final

from hubcheck.catalogue.build import Workers, build
from hubcheck.catalogue.journal import FOLDER
from hubcheck.catalogue.sketching import row_of
from hubcheck.cli.catalogue_build import Opening
from hubcheck.demo.run import MODELS

DAY: Final = "2026-11-30T00:00:00+00:00"
PLACE: Final = MODELS.parent / "catalogue"


def ship(place: Path = PLACE) -> None:
    """Write the catalogue."""
    shutil.rmtree(place, ignore_errors=True)
    opening = Opening(top=MODELS.parent, closed=False)
    work = Workers(sketch=lambda name: row_of(name, opening), match=opening.match)
    names = [f"./models/{path.name}" for path in sorted(MODELS.iterdir()) if path.is_dir()]
    built = build(names, place, work, now=DAY, progress=lambda *_: None)
    if built.failures or built.quarantined:
        raise SystemExit(f"not shipped: {built}")
    shutil.rmtree(place / FOLDER)
    (place / ".lock").unlink()
    sys.stdout.write(f"{built.roots} families, {built.members} members\n")


if __name__ == "__main__":
    ship()
