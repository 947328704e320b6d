"""How are signed addresses kept out of the HTTP client's log?

The client logs every address at INFO, query included, and the query of a storage address is a
credential for as long as it is valid. A filter on its loggers cuts queries off.
"""

from __future__ import annotations

import logging
import re
from typing import Final

CLIENT_LOGGERS: Final = (
    "httpx",
    "httpx2",
    "httpcore.http11",
    "httpcore.http2",
    "httpcore2.http11",
    "httpcore2.http2",
    "huggingface_hub.utils._http",
    "urllib3.connectionpool",
    "urllib3.util.retry",
)
"""The loggers of huggingface_hub, 0.x to 2.x, that are handed an address or a Location header."""

_QUERY: Final = re.compile(r"""(https?://[^\s?#'"]+|"[A-Z]{3,7} /[^\s?#'"]*)\?[^\s'"]+""")
"""Of an address, and of the line of a request, which urllib3 logs without its host."""


class QueryFilter(logging.Filter):
    """Replaces the query of every address in a record by an ellipsis."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite ``record`` in place; never drops it."""
        message = record.getMessage()
        shown = _QUERY.sub(r"\1?…", message)
        if shown != message:
            record.msg, record.args = shown, ()
        return True


_FILTER: Final = QueryFilter()


def install_redaction() -> None:
    """Put the filter on the client's loggers; calling it again changes nothing."""
    for name in CLIENT_LOGGERS:
        # addFilter ignores a filter that is already there.
        logging.getLogger(name).addFilter(_FILTER)
