"""Addresses that name several hosts: `scheme://user:password@host:port,host:port/…`."""

import re
from urllib.parse import SplitResult

HOSTS_MAX = 9
HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\[\]:,/@\s]+)(?::([0-9]{1,5}))?")
PORT_MAX = 65_535


def hosts_of(parts: SplitResult) -> list[str]:
    """Return each `host` or `host:port` of an address. Raises ValueError if one is malformed or has no valid port."""
    hosts = parts.netloc.rpartition("@")[2].split(",")
    for host in hosts:
        match = HOST.fullmatch(host)
        # The error quotes nothing, because the address may contain a password.
        if not match or not 0 < int(match[2] or 1) <= PORT_MAX:
            raise ValueError("a host is not one, or its port is not a number")
    if len(hosts) > HOSTS_MAX:
        raise ValueError("too many hosts")
    return hosts
