"""What does a closer look at rearranged layers, widths and experts give back?

Values only; what they say is phrases and numbers, so that a report can be filled from them.
"""

from __future__ import annotations

from hubcheck.evidence.row import Row
from hubcheck.frozen import frozen
from hubcheck.report.phrases import PhraseCode, phrase
from hubcheck.statistics.hits import LOG10


@frozen
class LayerOrigin:
    """Where one layer of the subject comes from."""

    layer: int
    """Subject layer."""
    base_layer: int
    """-1: from no layer of this base."""
    hits: int
    """In the best view of the best (or chosen) base layer."""
    units: int
    log10_p: float
    """log10 of the bound for this layer, base layers tried paid for; at most 0."""
    kept: float
    ceiling: float
    stands: bool
    """The content check, the one of the sample (``evidence.content``)."""
    test: str
    """Which order showed it: ``neurons``, ``vo-dimensions`` ...; empty when nothing was shown."""
    frame: str
    rivals: tuple[int, ...]
    """Other base layers that match as surely: duplicates inside the base."""


@frozen
class LayerMap:
    """The origin of every subject layer in one base."""

    origins: tuple[LayerOrigin, ...]
    """One per subject layer, ascending."""
    base_layers: int
    log_e: float
    """Natural log of the whole map's e-value: the product over distinct orders of the base of the
    mean over subject layers. A later look at body orders that other tests may have used too."""
    log_e_without_strongest: float
    """The same without its strongest order: one order alone settles nothing (DESIGN 3.3)."""
    shared: tuple[tuple[int, ...], ...]
    """Groups of base layers that stand in one order (duplicated inside the base)."""
    tested: tuple[int, ...]
    """Base layers whose order could be tested; only of these can be said that they were dropped."""
    bytes_base: int
    """Weight bytes this map added to what was read of the base."""
    bytes_subject: int

    @property
    def base_of(self) -> dict[int, int]:
        """Return subject layer -> base layer, of the layers that have an origin."""
        return {o.layer: o.base_layer for o in self.origins if o.base_layer >= 0}

    @property
    def standing(self) -> tuple[LayerOrigin, ...]:
        """Return the layers that have an origin and whose content stands."""
        return tuple(o for o in self.origins if o.base_layer >= 0 and o.stands)

    @property
    def dropped(self) -> tuple[int, ...]:
        """Return the tested base layers that no subject layer comes from."""
        known = set(self.base_of.values()) | {r for o in self.origins for r in o.rivals}
        return tuple(i for i in self.tested if i not in known)

    def row(self) -> Row:
        """Return the map as one line of evidence."""
        found = [o for o in self.origins if o.base_layer >= 0]
        kept = sorted(o.kept for o in found)
        ceilings = sorted(o.ceiling for o in found)
        log10_e = self.log_e / LOG10
        return Row(
            test="layer-map",
            family=phrase(
                PhraseCode.FAMILY_LAYERS, subject=len(self.origins), base=self.base_layers
            ),
            kind="exact",
            part="body",
            frame="raw+token",
            layers=tuple(sorted(set(self.base_of.values()))),
            units=sum(o.units for o in self.origins),
            hits=sum(o.hits for o in self.origins),
            log10_p=min(0.0, -log10_e),
            log10_e=log10_e,
            kept=kept[len(kept) // 2] if kept else 0.0,
            ceiling=ceilings[len(ceilings) // 2] if ceilings else 0.0,
            note=(
                phrase(PhraseCode.NOTE_LAYERS_FOUND, found=len(found), layers=len(self.origins)),
            ),
        )
