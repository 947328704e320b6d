"""What does a storage share with the one that it shows differently?"""

from __future__ import annotations

from hubcheck.checkpoint.interface import Storage
from hubcheck.frozen import frozen


@frozen
class OtherView:
    """What is the same in every view of a storage; see ``interface.Storage``."""

    inner: Storage

    @property
    def name(self) -> str:
        """The format by its own name."""
        return self.inner.name

    @property
    def by_input(self) -> bool:
        """Whether the rows of the storage are inputs."""
        return self.inner.by_input
