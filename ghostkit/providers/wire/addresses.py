"""When the address is what is wrong: how that is seen, and how the base URL is named so that it can be mended."""

from __future__ import annotations

import functools
import os
import re
from typing import Final

from ghostkit.providers.keys import vendor_of
from ghostkit.providers.wire.errors import VendorWords
from ghostkit.settings import get_settings
from ghostkit.settings.model import shown, variables_by_field

BASE_URL: Final = "the base URL"
"""As fixes call it that are written where no provider is known."""
_NOTHING_THERE: Final = frozenset({301, 302, 303, 307, 308, 404, 405})
_PATH: Final = re.compile(r"(?<!\S)/\S+")


def is_wrong_address(words: VendorWords, model: str) -> bool:
    """Whether a server says that it has nothing there, and not that it has no such model.

    A vendor that lacks a model names it. A path that is quoted back names it too, and says nothing.
    """
    said = _PATH.sub(" ", words.message).lower()
    return words.status in _NOTHING_THERE and "model" not in said and not (model and model.lower() in said)


def base_url_words(provider: str, base_url: str) -> str:
    """`the base URL http://127.0.0.1:8000 (OPENAI_BASE_URL)`: what to look at, without credentials."""
    variable = _field_and_variable(provider)[1]
    return f"{BASE_URL} {shown(base_url)}{f' ({variable})' if variable else ''}"


def follow_environment(provider: str) -> None:
    """Let the setting of the base URL be what the environment says by now, unless code assigned it.

    Settings are read once, and a notebook may turn to a simulator or a server of its own after that: what it then
    sends must not go where it went before.
    """
    field, variable = _field_and_variable(provider)
    if not field:
        return
    settings = get_settings()
    source, says = settings.source_of(field), os.environ.get(variable, "").strip().strip("\"'")
    known = str(getattr(settings, field) or "") if source == "environment" else ""
    if source != "code" and says != known:
        settings.read_again(field)


@functools.cache
def _field_and_variable(provider: str) -> tuple[str, str]:
    vendor = vendor_of(provider)
    field = vendor.base_url_field if vendor is not None else f"{provider}_host"
    variables = variables_by_field().get(field, ())
    return (field, variables[0]) if variables else ("", "")
