"""By which of its networks does a machine reach the others?

Left alone, gloo takes the address that this machine's own name stands for: on many that is the
loopback, or nothing, and processes of two machines never meet. The way to the address at which they
meet is the right one.
"""

from __future__ import annotations

import socket
import sys
from ipaddress import ip_address
from typing import Final

_PORT: Final = 9
"""Any: nothing is sent."""


def interface_towards(host: str) -> str:
    """Return the name of the interface by which a host is reached; ``""``: by none of a network.

    Args:
        host: Name or address of where processes meet; this machine's own is one of its networks.
    """
    if not host or sys.platform == "win32":  # there gloo takes no name
        return ""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, _PORT, type=socket.SOCK_DGRAM
        )[0]
        with socket.socket(family, kind, protocol) as one:
            one.connect(address)  # of datagrams: a way is chosen, nothing is sent
            own = str(one.getsockname()[0]).partition("%")[0]
    except OSError:
        return ""
    if ip_address(own).is_loopback:
        return ""
    import psutil  # type: ignore[import-untyped]  # of the extra deep, like accelerate

    for name, addresses in psutil.net_if_addrs().items():
        if any(str(there.address).partition("%")[0] == own for there in addresses):
            return str(name)
    return ""
