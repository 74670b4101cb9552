"""Where load may be sent, and how much of it at most."""

import ipaddress
from typing import Final
from urllib.parse import urlsplit

MAX_REQUESTS: Final = 500_000
MAX_SECONDS: Final = 600.0
MAX_CLIENTS: Final = 512


class Refused(ValueError):
    """The tool was asked for something that it does not do; the message says what and why."""


def checked_target(url: str, *, allow_remote: bool) -> str:
    """``scheme://host:port`` without a trailing slash. Refuses hosts that are not this machine unless allowed."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/") or parts.query:
        raise Refused(f"--host {url!r} is not of the form http://HOST:PORT")
    if not (allow_remote or _is_loopback(parts.hostname)):
        raise Refused(f"--host {url!r} is not this machine; --allow-remote sends load there all the same")
    return f"{parts.scheme}://{parts.netloc}"


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"  # any other name may resolve to anything
