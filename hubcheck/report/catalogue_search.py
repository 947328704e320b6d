"""What does a report hold of a catalogue that was asked?"""

from __future__ import annotations

from pydantic import Field

from hubcheck.report.part import Part


class NearFamily(Part):
    """A family of a catalogue that came out near the subject."""

    family: str
    nearest: str = Field(description="the member of it that is nearest")
    z: float = Field(description="of the sketches; ranks, and is no evidence")
    stands_out: bool = Field(description="above what strangers among so many are expected to reach")


class CatalogueSearch(Part):
    """What a catalogue of sketches answered."""

    place: str = Field(description="the folder or data set; empty: the one that ships")
    revision: str = Field(default="", description="commit of a data set")
    models: int = Field(description="how many it holds: what choosing among them costs")
    threshold: float = Field(description="z from which a family stands out")
    families: tuple[NearFamily, ...] = ()
    kept: float | None = Field(
        default=None, description="least similarity of a copy that would have stood out; null: none"
    )
    kept_turned: float | None = Field(
        default=None, description="the same with channels relabelled or turned; null: none"
    )
    bytes_read: int = 0
    requests: int = 0
