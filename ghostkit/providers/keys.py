"""Vendors' keys: which vendor takes which, where each is looked for, and what is wrong with a pasted one.

Looked for in this order: settings assigned in code, the environment, `.env`, the system's keyring. Whatever is
found is given to `ghostkit.events.protect`, so that it never comes out of a log, an event or an error again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ghostkit.errors import UnknownName
from ghostkit.events.redaction import protect
from ghostkit.providers.keychain import read_keychain
from ghostkit.settings import get_settings

KeySource = Literal["code", "environment", ".env", "keyring", "none"]


@dataclass(frozen=True, kw_only=True)
class Vendor:
    """Who takes a key. `field` is the setting that holds it, `page` where keys are made."""

    name: str
    title: str
    field: str
    variables: tuple[str, ...]
    extra: str
    page: str
    prefix: str = ""
    """How this vendor's keys begin, where nobody else's begin so; longer ones are looked at first."""
    base_url_field: str = ""


VENDORS: tuple[Vendor, ...] = (
    Vendor(
        name="openai", title="OpenAI", field="openai_api_key", variables=("OPENAI_API_KEY",), extra="openai",
        page="https://platform.openai.com/api-keys", prefix="sk-", base_url_field="openai_base_url",
    ),
    Vendor(
        name="anthropic", title="Anthropic", field="anthropic_api_key", variables=("ANTHROPIC_API_KEY",),
        extra="anthropic", page="https://console.anthropic.com/settings/keys", prefix="sk-ant-",
        base_url_field="anthropic_base_url",
    ),
    Vendor(
        name="gemini", title="Google Gemini", field="gemini_api_key", variables=("GEMINI_API_KEY", "GOOGLE_API_KEY"),
        extra="gemini", page="https://aistudio.google.com/apikey", prefix="AIza", base_url_field="gemini_base_url",
    ),
    Vendor(
        name="cohere", title="Cohere", field="cohere_api_key", variables=("COHERE_API_KEY", "CO_API_KEY"),
        extra="cohere", page="https://dashboard.cohere.com/api-keys", base_url_field="cohere_base_url",
    ),
    Vendor(
        name="openrouter", title="OpenRouter", field="openrouter_api_key", variables=("OPENROUTER_API_KEY",),
        extra="openrouter", page="https://openrouter.ai/settings/keys", prefix="sk-or-",
        base_url_field="openrouter_base_url",
    ),
)  # fmt: skip
_BY_NAME = {vendor.name: vendor for vendor in VENDORS}
_SHARED = {"openai-responses": "openai"}
"""Providers that use another's key."""


def vendor_of(provider: str) -> Vendor | None:
    """The vendor whose key the provider sends; None for one that needs none, or that ghostkit doesn't know."""
    return _BY_NAME.get(_SHARED.get(provider, provider))


def vendor_named(name: str) -> Vendor:
    """Raises `UnknownName` for a provider that takes no key."""
    vendor = vendor_of(name)
    if vendor is None:
        raise UnknownName(
            f"No key is kept for {name!r}.", fix=f"Keys are kept for {', '.join(_BY_NAME)}; the others need none."
        )
    return vendor


def key_of(provider: str) -> str | None:
    """The key that `provider` sends, or None. May ask the system's keyring, which blocks for a few milliseconds.

    Raises `InputError` for settings that can't be used.
    """
    vendor = vendor_of(provider)
    if vendor is None:
        return None
    key = get_settings().secret(vendor.field) or read_keychain(vendor.name)
    if key:
        protect(key)
    return key or None


def how_to_give(vendor: Vendor) -> str:
    return (
        f"Set {vendor.variables[0]} in the environment or in .env, or run `ghostkit keys set {vendor.name}`;"
        f" keys are made at {vendor.page}."
    )


def where_from(provider: str) -> tuple[KeySource, str]:
    """Where the key of `provider` comes from, and under which name there: a variable's, or the keyring entry's."""
    vendor = vendor_of(provider)
    if vendor is None:
        return "none", ""
    settings = get_settings()
    if settings.secret(vendor.field):
        source = settings.source_of(vendor.field)
        return ("none" if source == "default" else source), settings.variable_of(vendor.field)
    return ("keyring", vendor.name) if read_keychain(vendor.name) else ("none", "")
