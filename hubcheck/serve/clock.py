"""What time is it, for a server whose machine's clock may be set while it runs?"""

from __future__ import annotations

import time
from collections.abc import Callable


def steady_clock() -> Callable[[], float]:
    """Return a clock that begins with this machine's and is never set."""
    began, since = time.time(), time.monotonic()
    return lambda: began + (time.monotonic() - since)
