"""What is wrong with a key at a glance: pasted with what stood around it, masked, a placeholder, another vendor's."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from ghostkit.providers.keys import VENDORS, Vendor
from ghostkit.settings import get_settings

Problem = tuple[str, str]
"""What is wrong, and the fix; neither quotes the key."""
_QUOTES = "\"'`“”‘’«»"
_ASSIGNMENT = re.compile(r"(?:export\s+)?[A-Z][A-Z0-9_]+\s*=")
_PLACEHOLDER = re.compile(r"(?i)your[-_ ]|<[^>]*>|changeme|placeholder|x{6,}|(?:api[-_ ]?)?key(?:[-_ ]?here)?$")
_HINT_FROM = 20
"""A key at least this long shows its last four characters; of a shorter one they would be too large a part."""


def key_problem(vendor: Vendor, text: str) -> Problem | None:
    """The first thing wrong with `text` as a key of `vendor`; None where nothing is seen to be."""
    key = text.strip()
    if not key:
        return "The key is empty.", "Give the key itself."
    for found, message, fix in _LOOKS:
        if found(key):
            return message, fix
    return _of_another(vendor, key)


def _of_another(vendor: Vendor, key: str) -> Problem | None:
    if vendor.base_url_field and getattr(get_settings(), vendor.base_url_field):
        return None  # whoever answers at that address makes its own keys
    owner = vendor_by_shape(key)
    if owner is None or owner is vendor:
        return None
    return (
        f"This looks like a key for {owner.title}, not for {vendor.title}.",
        f"Keep it with `ghostkit keys set {owner.name}`; keys for {vendor.title} are made at {vendor.page}.",
    )


def vendor_by_shape(key: str) -> Vendor | None:
    """Whose keys begin like this one."""
    begins = [vendor for vendor in VENDORS if vendor.prefix and key.startswith(vendor.prefix)]
    return max(begins, key=lambda vendor: len(vendor.prefix), default=None)


def hint(key: str) -> str:
    """The key as a listing shows it: its last four characters at most."""
    return f"…{key[-4:]}" if len(key) >= _HINT_FROM else "…"


_LOOKS: Sequence[tuple[Callable[[str], object], str, str]] = (
    (
        lambda key: "\n" in key or "\r" in key,
        "There is more than one line.",
        "Give the key alone, on one line.",
    ),
    (
        lambda key: key.lower().startswith(("bearer ", "authorization:", "x-api-key:")),
        "A header's name or the word Bearer stands before the key.",
        "Give only what follows it.",
    ),
    (
        _ASSIGNMENT.match,
        "This is a whole line of .env and not a key.",
        "Give only what follows the equals sign.",
    ),
    (
        lambda key: key[0] in _QUOTES or key[-1] in _QUOTES,
        "There are quotation marks around the key.",
        "Give it without them.",
    ),
    (
        lambda key: "..." in key or "…" in key or "***" in key or "•" in key,
        "This is the shortened form that a web page shows, not the key.",
        "Vendors show a key whole only when it is made: make a new one if it was not kept.",
    ),
    (
        lambda key: any(character.isspace() for character in key),
        "There is a space inside the key.",
        "Copy it again, without what stands beside it.",
    ),
    (
        lambda key: not all("!" <= character <= "~" for character in key),
        "There are characters in it that no key has.",
        "Copy it again from the vendor's page.",
    ),
    (
        _PLACEHOLDER.search,
        "This is a placeholder and not a key.",
        "Put the real key in its place.",
    ),
    (
        lambda key: len(key) < 8,
        "This is too short for a key.",
        "Copy it again, from its first to its last character.",
    ),
)
