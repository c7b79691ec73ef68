"""`OLLAMA_HOST` in all the forms that Ollama itself takes."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from ghostkit.errors import InputError
from ghostkit.providers.this_machine import is_this_machine

DEFAULT: Final = "http://127.0.0.1:11434"
_PORTS: Final = {"http": 80, "https": 443}
_FROM_A_CONTAINER: Final = "host.docker.internal"


def base_url_of(host: str) -> str:
    """`host`, `host:port`, `:port`, `[::1]:port` or a URL as a URL without a slash at its end.

    Where a server is told to listen on all addresses (0.0.0.0), a client goes to this machine.

    :raises InputError: it can't be read so.
    """
    host = host.strip().strip("\"'")
    has_scheme = "://" in host
    split = urlsplit(host if has_scheme else f"http://{host}")
    try:
        port, name = split.port, split.hostname or "127.0.0.1"
    except ValueError:
        raise _wrong(host) from None
    if split.scheme not in _PORTS or " " in name:
        raise _wrong(host)
    name = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(name, name)
    port = port or (_PORTS[split.scheme] if has_scheme else 11434)
    return f"{split.scheme}://{f'[{name}]' if ':' in name else name}:{port}{split.path}".rstrip("/")


def answers_here(base_url: str, model: str = "") -> bool:
    """Whether what is sent there, for that model, stays on this machine."""
    host = urlsplit(base_url).hostname or ""
    return (host == _FROM_A_CONTAINER or is_this_machine(host)) and not is_cloud(model)


def is_cloud(model: str) -> bool:
    """Whether Ollama, wherever it runs, hands what this model is sent on to its own cloud."""
    return model.endswith(("-cloud", ":cloud"))


def _wrong(host: str) -> InputError:
    return InputError(
        f"OLLAMA_HOST is {host[:100]!r}, which is no address.",
        fix=f"Write host:port or an address like {DEFAULT}.",
    )
