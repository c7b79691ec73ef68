"""Keys that exist for one run only, and a search that finds what is left of one in whatever disguise."""

from __future__ import annotations

import base64
import random
import secrets
import string
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

WINDOW = 14
"""This many characters of a key in a row are a leak; a listing may show its last four."""
_SHAPES = {
    "openai": "sk-proj-", "anthropic": "sk-ant-api03-", "gemini": "AIzaSy", "cohere": "", "openrouter": "sk-or-v1-",
}  # fmt: skip
_RANDOM = random.SystemRandom()


@dataclass(frozen=True)
class Canary:
    """One key, shaped as the vendor's own; it is never shown, not even in a failing test."""

    vendor: str
    key: str = field(repr=False)

    @property
    def secret(self) -> str:
        """The part that nobody could know."""
        return self.key[len(_SHAPES[self.vendor]) :]


def new_canary(vendor: str) -> Canary:
    letters = string.ascii_letters + string.digits
    return Canary(vendor, _SHAPES[vendor] + "".join(_RANDOM.choice(letters) for _ in range(40)) + secrets.token_hex(2))


def new_canaries() -> dict[str, Canary]:
    """One for each vendor."""
    return {vendor: new_canary(vendor) for vendor in _SHAPES}


def leaks(seen: str | bytes, canaries: Mapping[str, Canary]) -> list[str]:
    """How each canary that is in `seen` is written there, such as "openai: reversed"; the key itself is not said."""
    data = seen.encode("utf-8", "surrogatepass") if isinstance(seen, str) else bytes(seen)
    text = data.replace(b"\0", b"").decode("latin-1").lower()  # UTF-16 has every second byte zero
    joined = "".join(text.split())  # a terminal or a MIME part folds long lines
    found = []
    for canary in canaries.values():
        for disguise, needles in _disguises(canary):
            if any(needle in text or needle in joined for needle in needles):
                found.append(f"{canary.vendor}: {disguise}")
    return found


def _disguises(canary: Canary) -> Iterator[tuple[str, list[str]]]:
    secret = canary.secret
    yield "as it is", list(_windows(secret.lower(), WINDOW))
    yield "reversed", list(_windows(secret.lower()[::-1], WINDOW))
    yield "in base64", [part.lower() for part in _in_base64(secret)]
    yield "in hex", list(_windows(secret.encode().hex(), 2 * WINDOW))
    yield "percent-encoded", list(_windows("".join(f"%{ord(c):02x}" for c in secret), 3 * WINDOW))
    yield "as code points", list(_windows("".join(f"\\u{ord(c):04x}" for c in secret), 6 * WINDOW))


def _windows(text: str, size: int) -> Iterator[str]:
    return (text[at : at + size] for at in range(len(text) - size + 1))


def _in_base64(secret: str) -> Iterator[str]:
    """Pieces of each half, as they come out of base64 whatever stands before them."""
    half = len(secret) // 2
    for part in (secret[:half], secret[half:]):
        for shift in range(3):
            encoded = base64.b64encode(b"." * shift + part.encode()).decode()
            yield encoded[4 if shift else 0 : len(encoded) - 4].rstrip("=")
