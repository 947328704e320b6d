"""Is the network that leads to where processes meet found, whatever this machine is called?"""

from __future__ import annotations

import socket
from types import SimpleNamespace
from typing import Self

import psutil  # type: ignore[import-untyped]
import pytest

from hubcheck.devices.network import interface_towards


class Datagrams:
    """A socket whose way to anywhere begins at one address."""

    def __init__(self, own: str) -> None:
        """Bind the address."""
        self._own = own

    def __enter__(self) -> Self:
        """Return it."""
        return self

    def __exit__(self, *_: object) -> None:
        """Do nothing."""

    def connect(self, _address: object) -> None:
        """Choose a way."""

    def getsockname(self) -> tuple[str, int]:
        """Return where it begins."""
        return self._own, 1


@pytest.mark.parametrize(
    ("own", "name"),
    [("10.0.0.5", "eth1"), ("fe80::1%eth2", "eth2"), ("127.0.0.1", ""), ("10.9.9.9", "")],
)
def test_the_interface_is_the_one_that_has_the_address(
    monkeypatch: pytest.MonkeyPatch, own: str, name: str
) -> None:
    """The loopback reaches nobody else; an address of no interface names none."""
    networks = {
        "lo": "127.0.0.1",
        "eth0": "192.168.0.5",
        "eth1": "10.0.0.5",
        "eth2": "fe80::1%eth2",
    }
    there = {n: [SimpleNamespace(address=address)] for n, address in networks.items()}
    monkeypatch.setattr(psutil, "net_if_addrs", lambda: there)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [(0, 0, 0, "", ("x", 9))])
    monkeypatch.setattr(socket, "socket", lambda *_: Datagrams(own))
    assert interface_towards("first.example") == name


def test_a_place_that_nobody_knows_names_no_interface(monkeypatch: pytest.MonkeyPatch) -> None:
    """Gloo is left to its own choice, and says what is wrong; so it is on this machine alone."""

    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror

    assert interface_towards("") == interface_towards("127.0.0.1") == ""
    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert interface_towards("first.example") == ""
