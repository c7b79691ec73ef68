"""Take secrets out of whatever is about to be written down: text, fields, exceptions, tracebacks.

Three nets, each able to catch alone:

- the shapes of vendors' keys, of JWTs, of private keys, of credentials in addresses and headers;
- the values that go with secret-looking names, in text (`api_key=…`, `"token": "…"`) and in fields of mappings;
- the very values of environment variables with such names, and those given to `protect`.

What was found becomes `[redacted]`; the rest of the text stays as it is. Ordinary prose ("the key turned", "Token:
a brass disc") is left alone: a bare word before a colon counts only when what follows looks made by a machine.
"""

from __future__ import annotations

import json
import os
import re
import threading
import traceback
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from pathlib import PurePath
from typing import Any, Final
from urllib.parse import quote
from uuid import UUID

MARK: Final = "[redacted]"
MAX_DEPTH: Final = 24
_SHORTEST_SECRET: Final = 8

# Names ---------------------------------------------------------------------------------------------------------

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_ALWAYS = frozenset({
    "password", "passwords", "passwd", "pwd", "passphrase", "secret", "secrets", "credential",
    "credentials", "apikey", "authorization", "cookie", "cookies", "privatekey", "accesstoken", "authtoken",
    "clientsecret", "secretkey", "accesskey",
})  # fmt: skip
_HARMLESS_BEFORE_KEY = frozenset({
    "cache", "primary", "foreign", "sort", "sorting", "idempotency", "dict", "slot", "public", "event",
    "prompt", "object", "chunk", "group", "partition", "unique", "row", "cluster", "natural", "surrogate",
    "hot", "shortcut", "arrow", "enter", "map",
})  # fmt: skip
_TOKENS_THAT_OPEN = frozenset({"access", "auth", "refresh", "api", "bearer", "id", "session", "csrf", "secret", "bot"})


@lru_cache(maxsize=4096)
def is_secret_name(name: str) -> bool:
    """Whether a field or variable of this name holds a secret: PASSWORD, api_key, x-api-key, accessToken …

    Counts of tokens (`input_tokens`), a cache's key and a bare `key` are not secrets by name.
    """
    words = [word.lower() for word in _WORDS.findall(name)]
    if not words:
        return False
    if any(word in _ALWAYS for word in words):
        return True
    last, before = words[-1], words[:-1]
    if last == "token" or (last == "tokens" and before and before[-1] in _TOKENS_THAT_OPEN):
        return True
    return last in ("key", "keys") and bool(before) and before[-1] not in _HARMLESS_BEFORE_KEY


# Shapes --------------------------------------------------------------------------------------------------------

_START = r"(?<![A-Za-z0-9])"
_MACHINE = r"(?:[A-Za-z0-9]+[-_]){0,4}(?=[A-Za-z]{0,40}[0-9])[A-Za-z0-9]{12,}[A-Za-z0-9_-]*"
_SHAPES = re.compile(
    "|".join(
        (
            rf"{_START}(?:sk|rk|pk)[-_][A-Za-z0-9_-]{{16,}}",  # OpenAI, Anthropic, OpenRouter, Stripe …
            rf"{_START}AIza[A-Za-z0-9_-]{{20,}}",  # Google
            rf"{_START}ya29\.[A-Za-z0-9_-]{{20,}}",
            rf"{_START}(?:co|or)-{_MACHINE}",  # Cohere, OpenRouter
            rf"{_START}(?:gsk|hf|npm|fw|r8)_[A-Za-z0-9]{{16,}}",
            rf"{_START}(?:xai|pplx|nvapi|glpat|pypi|tgp)-[A-Za-z0-9_-]{{16,}}",
            rf"{_START}gh[pousr]_[A-Za-z0-9]{{16,}}",
            rf"{_START}github_pat_[A-Za-z0-9_]{{20,}}",
            rf"{_START}xox[abeprs]-[A-Za-z0-9-]{{10,}}",
            rf"{_START}(?:AKIA|ASIA|AGPA|AIDA|AROA)[A-Z0-9]{{16}}(?![A-Za-z0-9])",  # AWS
            rf"{_START}eyJ[A-Za-z0-9_-]{{5,}}\.[A-Za-z0-9_-]{{5,}}(?:\.[A-Za-z0-9_-]*)?",  # JWT
            r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|\Z)",
        )
    )
)
_URL_CREDENTIALS = re.compile(r"(?<=://)[^\s/?#\"'<>]{1,2000}@")
_QUERY = re.compile(
    r"(?i)(?<=[?&;])((?:[a-z_-]{0,30}(?:key|token|secret|password|signature|credential)|sig|auth|code)=)[^&#\s\"'<>]+"
)
_AUTHORIZATION = re.compile(
    r"(?i)((?:proxy-)?authorization\\?[\"']{0,2}\s{0,4}[:=,]\s{0,4}(?:[bru]{1,2}(?=[\"']))?\\?[\"']?)"
    r"(?:(?:bearer|basic|token|digest|apikey)\s+)?[^\s\"',;}\])\\]+"
)
_BEARER = re.compile(r"(?i)\b(bearer\s+)(?=[^\s\"']{0,200}[0-9]|[^\s\"']{20})[A-Za-z0-9._~+/=-]{8,}")
_COOKIE = re.compile(r"(?i)\b((?:set-)?cookie[\"']{0,2}\s{0,4}[:=]\s{0,4}[\"']?[A-Za-z0-9_.-]{1,64}=)[^\"'\n]+")
_SAID = re.compile(
    r"(?i)\b((?:api|access|auth|secret)[ _-]?(?:key|token)\b[^:\n]{0,30}:\s{0,4}[\"'`]?)([^\s\"'`,;]{6,})"
)

_HINT = re.compile(
    r"(?i)key|token|secret|passw|pwd|passphrase|credential|auth|cookie|bearer|signature|[?&;](?:sig|code)"
)
"""Where none of these words stands, no name can be a secret's; most text ends here."""
_SHORTEST_FINDING: Final = 6
_SHORTEST_SHAPE: Final = 14

_NAMED = re.compile(
    r"(?<![A-Za-z0-9_])(?P<flag>--)?(?P<name>[A-Za-z][A-Za-z0-9_.-]{1,200}+)"
    r"(?P<sep>\\?[\"']?\s{0,4}(?:=>|[:=])\s{0,4}|\\?[\"']\s{0,4},\s{0,4}(?=[bru]{0,2}\\?[\"'])|(?(flag)\s{1,4}|(?!)))"
    r"(?:[bru]{1,2}(?=[\"']))?"
)
"""A name and what joins it to its value. Only this is matched, so that one pair's value can't hide the next pair."""
_VALUE = re.compile(
    r"(?P<escaped>\\[\"'])(?P<in_escaped>(?:[^\\\n]|\\(?![\"']))++)"
    r"|(?P<quote>\"|')(?P<in_quotes>(?:(?!(?P=quote))[^\\\n]|\\.)++)"
    r"|(?P<bare>[^\s\"'&]+)"
)
_PASSWORDS: Final = frozenset({"password", "passwords", "passwd", "pwd", "passphrase", "apikey", "authorization"})


def _without_named_values(text: str) -> str:
    """Mask the value of every `name=value`, `"name": "value"` or `--name value` whose name is a secret's."""
    pieces: list[str] = []
    done = 0
    for named in _NAMED.finditer(text):
        if named.start() < done:
            continue
        # A look at the beginning decides; only a secret's value is followed to its end, so no text is slow.
        look = _VALUE.match(text, named.end(), named.end() + 256)
        value = _VALUE.match(text, named.end()) if look and _is_secret_pair(named, look) else None
        if value is None:
            continue
        inner = value.lastgroup
        assert inner is not None
        pieces += [text[done : value.start(inner)], MARK]
        done = value.end(inner)
    return "".join([*pieces, text[done:]])


def _is_secret_pair(named: re.Match[str], value: re.Match[str]) -> bool:
    name, joined, inner = named["name"], named["sep"], value.lastgroup
    text = value[inner or 0]
    if not is_secret_name(name):
        return _is_key(name) and _looks_made(text)
    if "," in joined:
        return not name.isalpha() or name.lower() in _PASSWORDS
    plain_word = inner == "bare" and ":" in joined and name.isalpha() and name.lower() not in _PASSWORDS
    return not plain_word or _looks_made(text)


def _said(found: re.Match[str]) -> str:
    return f"{found[1]}{MARK}" if _looks_made(found[2]) else found[0]


def _is_key(name: str) -> bool:
    return name.lower() in ("key", "keys")


_NOT_MADE = re.compile(r"[0-9a-f]{64}|\d+[a-z]{1,3}|[\d.,]+%?\w{0,2}")


def _looks_made(value: str) -> bool:
    """Whether a value reads like a key or password and not like a word, a number, a path or a SHA-256."""
    text = value.rstrip(".!?,;)]}")
    if len(text) < 6 or ":" in text or "/" in text or _NOT_MADE.fullmatch(text):
        return False
    if any(c.isdigit() for c in text):
        return any(c.isalpha() for c in text)
    return len(text) >= 16 and text[1:].lower() != text[1:] and text.upper() != text


# Values --------------------------------------------------------------------------------------------------------

_protected: set[str] = set()
_lock = threading.Lock()


def protect(*values: str) -> None:
    """Never let these very values out again; for keys that come from elsewhere than the environment.

    Values shorter than 8 characters are ignored: masking them would mangle ordinary text.
    """
    with _lock:
        _protected.update(value for value in values if len(value) >= _SHORTEST_SECRET)


_FOLDERS: Final = frozenset({"PWD", "OLDPWD"})
"""A shell's variables that sound like passwords, and hold the folders that one is and was in."""


def _known_values() -> tuple[str, ...]:
    """Secret values known by themselves, with their escaped forms, longest first."""
    named = {name: value for name, value in os.environ.items() if name not in _FOLDERS and is_secret_name(name)}
    values = {value for value in named.values() if len(value) >= _SHORTEST_SECRET}
    with _lock:
        values |= _protected
    forms = {form for value in values if value not in MARK for form in _forms(value)}
    return tuple(sorted(forms, key=len, reverse=True))


@lru_cache(maxsize=512)
def _forms(value: str) -> tuple[str, ...]:
    """The value as it may stand in text: as it is, percent-encoded, and escaped by repr or JSON."""
    return (value, quote(value, safe="", errors="surrogateescape"), repr(value)[1:-1], json.dumps(value)[1:-1])


# Redacting -----------------------------------------------------------------------------------------------------


def redact(value: Any) -> Any:
    """`value` with every secret replaced by `[redacted]`; what is not a secret keeps its type.

    Mappings become dicts, other containers stay what they are, dataclasses become dicts, exceptions become their
    traceback text, bytes stay bytes; any other object becomes its redacted repr. Never raises.
    """
    return _Redactor(_known_values()).any(value, 0)


def redact_text(text: str) -> str:
    """`redact` for text."""
    return _Redactor(_known_values()).text(text)


def format_error(error: BaseException) -> str:
    """The traceback of `error` with causes, groups and notes, redacted; local variables are never shown."""
    try:
        lines = traceback.format_exception(error)
    except Exception:  # an exception whose own __str__ fails must not hide that it happened
        lines = [type(error).__name__]
    return redact_text("".join(lines))


_AS_THEY_ARE = (Enum, bool, int, float, complex, date, time, timedelta)
_BYTES = (bytes, bytearray, memoryview)


class _Redactor:
    """One pass over one value; `known` are the values to remove wherever they stand."""

    def __init__(self, known: tuple[str, ...]) -> None:
        self._known = known
        self._open: set[int] = set()

    def text(self, text: str) -> str:
        if len(text) < _SHORTEST_FINDING:
            return text
        for value in self._known:
            if value in text:
                text = text.replace(value, MARK)
        if len(text) < _SHORTEST_SHAPE and text.isidentifier():
            return text  # a field's name, a level, a short word: nothing that has a shape or a pair
        text = _SHAPES.sub(MARK, text)
        if "://" in text:
            text = _URL_CREDENTIALS.sub(f"{MARK}@", text)
        if _HINT.search(text) is None:
            return text
        text = _AUTHORIZATION.sub(rf"\g<1>{MARK}", text)
        text = _COOKIE.sub(rf"\g<1>{MARK}", text)
        text = _QUERY.sub(rf"\g<1>{MARK}", text)
        text = _SAID.sub(_said, text)
        text = _without_named_values(text)
        return _BEARER.sub(rf"\g<1>{MARK}", text)

    def any(self, value: Any, depth: int) -> Any:
        if value is None or isinstance(value, _AS_THEY_ARE):
            return value
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, _BYTES):
            return self._bytes(bytes(value))
        if isinstance(value, BaseException):
            return format_error(value)
        if isinstance(value, PurePath | Decimal | UUID):
            return self.text(str(value))
        if depth >= MAX_DEPTH or id(value) in self._open:
            return "[too deep]" if depth >= MAX_DEPTH else "[itself]"
        self._open.add(id(value))
        try:
            return self._container(value, depth + 1)
        finally:
            self._open.discard(id(value))

    def _bytes(self, value: bytes) -> bytes:
        return self.text(value.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")

    def _container(self, value: Any, depth: int) -> Any:
        if is_dataclass(value) and not isinstance(value, type):
            value = {part.name: getattr(value, part.name, None) for part in fields(value)}
        if isinstance(value, Mapping):
            return self._mapping(value, depth)
        if isinstance(value, list | tuple):
            made = [self.any(item, depth) for item in self._pair(list(value))]
            return made if isinstance(value, list) else tuple(made)
        if isinstance(value, set | frozenset):
            return type(value)(self._name(item, depth) for item in value)
        return self._object(value)

    def _mapping(self, value: Mapping[Any, Any], depth: int) -> dict[Any, Any]:
        made: dict[Any, Any] = {}
        for key, item in value.items():
            name = key.decode("latin-1") if isinstance(key, bytes) else str(key)
            made[self._name(key, depth)] = self._field(name, item, depth)
        return made

    def _name(self, key: Any, depth: int) -> Any:
        """A redacted key of a mapping or member of a set: hashable, whatever it was."""
        made = self.any(key, depth)
        try:
            hash(made)
        except TypeError:
            return self._object(key)
        return made

    def _field(self, name: str, item: Any, depth: int) -> Any:
        if item is None or item == "" or isinstance(item, bool):
            return item
        if is_secret_name(name):
            # A number called token is a count or a lease's fencing token; a number called password is one.
            return item if isinstance(item, int | float) and name.lower().endswith("token") else MARK
        if _is_key(name) and isinstance(item, str) and _looks_made(item):
            return MARK
        return self.any(item, depth)

    def _pair(self, items: list[Any]) -> list[Any]:
        """In a (name, value) pair, as headers come, the value of a secret name is masked; other lists pass."""
        if len(items) == 2 and all(isinstance(item, str | bytes) for item in items):
            name = items[0].decode("latin-1") if isinstance(items[0], bytes) else items[0]
            if len(name) <= 80 and " " not in name and is_secret_name(name):
                return [items[0], MARK]
        return items

    def _object(self, value: Any) -> str:
        try:
            return self.text(repr(value))
        except Exception:  # a broken __repr__ in something logged is not the log's business
            return f"<{type(value).__name__}>"
