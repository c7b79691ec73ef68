"""Whether a host is this very machine."""

from __future__ import annotations

import ipaddress


def is_this_machine(host: str) -> bool:
    """Whether a host's name or address, without brackets and port, is the loopback."""
    name = host.lower().rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(name.split("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified
