"""Which ports of this machine tests may reach: those of servers that tests themselves opened, and no others."""

from __future__ import annotations

LOOPBACK = "127.0.0.1"
OPEN_PORTS: set[int] = set()


def is_own_server(host: object, port: object) -> bool:
    """Whether a test's own server listens there."""
    return host in {LOOPBACK, LOOPBACK.encode()} and str(port).isdigit() and int(str(port)) in OPEN_PORTS
