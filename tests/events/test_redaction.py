"""A key placed anywhere never comes out; prose stays as it is."""

from __future__ import annotations

import base64
import json
import string
import time
from collections import OrderedDict, namedtuple
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ghostkit.events.redaction import MARK, format_error, is_secret_name, protect, redact, redact_text

OPAQUE = "Zq8kW3vN5tLr2YbXc7Hd"
"""A key without a vendor's shape: only its place or its being known gives it away."""
SHAPED = {
    "OpenAI": "sk-proj-Zq8kW3vN5tLr2YbXc7Hd_x-9",
    "OpenAI, old": "sk-ZqkWvNtLrYbXcHdabcdEFGH",
    "Anthropic": "sk-ant-api03-Zq8kW3vN5tLr2YbXc7Hd",
    "OpenRouter": "sk-or-v1-0123456789abcdef0123456789abcdef",
    "OpenRouter, short": "or-v1-0123456789abcdef0123",
    "Cohere": "co-Zq8kW3vN5tLr2YbXc7Hd",
    "Google": "AIza" + "SyZq8kW3vN5tLr2YbXc7HdZq8kW3vN5tLr2",
    "Google OAuth": "ya29." + OPAQUE + OPAQUE,
    "Groq": "gsk_" + OPAQUE,
    "Hugging Face": "hf_" + OPAQUE,
    "GitHub": "ghp_" + OPAQUE + OPAQUE,
    "GitHub, fine": "github_pat_" + OPAQUE + "_" + OPAQUE,
    "GitLab": "glpat-" + OPAQUE,
    "Slack": "xoxb-123456789012-" + OPAQUE,
    "xAI": "xai-" + OPAQUE,
    "Stripe": "sk_live_" + OPAQUE,
    "AWS": "AKIA" + "IOSFODNN7QWERTYU",
    "JWT": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.s5Zq8kW3vN5tLr2YbXc7Hd",
    "private key": f"-----BEGIN RSA PRIVATE KEY-----\n{OPAQUE}\n{OPAQUE}\n-----END RSA PRIVATE KEY-----",
    "private key, cut off": f"-----BEGIN PRIVATE KEY-----\n{OPAQUE}",
}

Pair = namedtuple("Pair", "name value")


@dataclass
class Client:
    name: str
    api_key: str


class Talks:
    def __repr__(self) -> str:
        return f"Talks(api_key='{OPAQUE}')"


class Broken:
    def __repr__(self) -> str:
        raise RuntimeError(OPAQUE)


def looped() -> Any:
    ring: dict[str, Any] = {"password": OPAQUE}
    ring["again"] = ring
    return ring


def deep() -> Any:
    value: Any = {"password": OPAQUE}
    for _ in range(60):
        value = [value]
    return value


K = OPAQUE
PLACES: dict[str, Callable[[], Any]] = {
    "field": lambda: {"api_key": K},
    "field, upper": lambda: {"OPENAI_API_KEY": K},
    "field, camel": lambda: {"accessToken": K},
    "field, hyphens": lambda: {"x-goog-api-key": K},
    "field, bytes": lambda: {b"x-api-key": K.encode()},
    "field, password": lambda: {"password": K},
    "field, a number": lambda: {"password": 12345678, "x": "12345678-not"},
    "field, secret holds a list": lambda: {"secrets": [K, {"a": K}]},
    "field, key, opaque": lambda: {"key": K},
    "nested": lambda: {"a": [{"b": ({"client_secret": K},)}]},
    "deeper than anyone nests": deep,
    "in itself": looped,
    "key of a dict": lambda: {f"Bearer {K}": 1},
    "member of a set": lambda: {f"token={K}"},
    "member of a frozenset": lambda: frozenset({f"api_key={K}"}),
    "ordered": lambda: OrderedDict(secret=K),
    "read-only mapping": lambda: MappingProxyType({"passwd": K}),
    "named tuple": lambda: Pair("authorization", K),
    "header pair": lambda: ("x-api-key", K),
    "header pairs in bytes": lambda: [(b"authorization", f"Bearer {K}".encode()), (b"accept", b"*/*")],
    "dataclass": lambda: Client(name="c", api_key=K),
    "object's repr": Talks,
    "object without a repr": Broken,
    "bytes": lambda: f"api_key={K}".encode(),
    "bytearray": lambda: bytearray(f"api_key={K}".encode()),
    "bytes that are not UTF-8": lambda: b"\xff api_key=" + K.encode(),
    "path": lambda: Path(f"/x/?key={K}"),
    "text =": lambda: f"password={K}",
    "text = spaces": lambda: f"aws_secret_access_key = {K}",
    "text = odd characters": lambda: f"password=p({K}",
    "text = after another pair": lambda: f"model=x;password={K}",
    "text quoted": lambda: f'password="two {K} words"',
    "text quoted, never closed": lambda: f'"token": "{K} and no end',
    "text :": lambda: f"api_key: {K}",
    "text : of a plain word": lambda: f"token: {K}",
    "environment listing": lambda: f"HOME=/root\nMY_TOKEN={K}\nPATH=/bin",
    "command line": lambda: f"tool --api-key {K} --model x",
    "command line =": lambda: f"tool --api-key={K}",
    "JSON": lambda: json.dumps({"api_key": K, "n": 1}),
    "JSON in JSON": lambda: json.dumps({"body": json.dumps({"api_key": K})}),
    "python repr": lambda: repr({"headers": {"x-api-key": K}}),
    "repr of header pairs": lambda: repr([(b"x-api-key", K.encode())]),
    "keyword in a call": lambda: f"OpenAI(api_key='{K}', timeout=3)",
    "raw header": lambda: f"POST / HTTP/1.1\r\nx-api-key: {K}\r\nhost: h",
    "Bearer": lambda: f"authorization: Bearer {K}",
    "Bearer alone": lambda: f"sent Bearer {K} and was refused",
    "Basic": lambda: "Authorization: Basic " + base64.b64encode(f"u:{K}".encode()).decode() + f"{K}",
    "Authorization in a repr": lambda: repr({"Authorization": f"Basic {K}"}),
    "Cookie": lambda: f"Cookie: session={K}; theme=dark",
    "Cookie, not the first": lambda: f"set-cookie: theme=dark; session={K}; path=/",
    "URL user and password": lambda: f"redis://me:{K}@host:6379/0",
    "URL password alone": lambda: f"amqp://:{K}@host//",
    "URL token as user": lambda: f"https://{K}@host/repo.git",
    "URL query": lambda: f"https://host/v1?alt=sse&key={K}&x=1",
    "URL query, signature": lambda: f"https://host/v1?X-Goog-Signature={K}",
    "vendor's complaint": lambda: f"Incorrect API key provided: {K}. You can find your key …",
    "exception": lambda: ValueError(f"bad api_key={K}"),
}


@pytest.mark.parametrize("vendor", SHAPED)
@pytest.mark.parametrize("around", ["{}", "<{}>", "key {}, and", "'{}'", "x={}", "/{}/", "é{}é", "\n{}\n"])
def test_a_key_of_a_known_shape_is_taken_out_of_any_text(vendor: str, around: str) -> None:
    key = SHAPED[vendor]
    told = redact_text(around.format(key))
    assert MARK in told
    for part in key.split("\n"):
        assert part not in told or part.startswith("-----")
    assert OPAQUE not in told


@pytest.mark.parametrize("place", PLACES)
def test_a_key_without_a_shape_is_known_by_its_place(place: str) -> None:
    told = str(redact(PLACES[place]()))
    assert OPAQUE not in told
    assert "12345678," not in told
    assert MARK in told or place in ("object without a repr", "deeper than anyone nests")


def test_at_least_forty_places_are_tried() -> None:
    assert len(PLACES) >= 40


@pytest.mark.parametrize("place", PLACES)
def test_redacting_twice_is_redacting_once(place: str) -> None:
    once = redact(PLACES[place]())
    assert redact(once) == once


@pytest.mark.parametrize(
    "form",
    [
        lambda k: k,
        lambda k: f"…{k}…",
        lambda k: [k, {k: k}],
        lambda k: k.encode(),
        lambda k: quote(k, safe=""),
        lambda k: json.dumps({"x": k}),
        lambda k: repr({"x": k}),
        lambda k: OSError(2, k),
    ],
)
@pytest.mark.parametrize("value", ["correct horse battery", 'quo"te\\d\n', "пароль-пароль", "plainword"])
def test_the_value_of_a_secret_variable_is_taken_out_wherever_it_stands(
    form: Callable[[str], Any], value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COHERE_API_KEY", value)
    told = redact(form(value))
    text = told.decode() if isinstance(told, bytes) else str(told)
    assert MARK in text
    for shape in (value, quote(value, safe=""), json.dumps(value)[1:-1], repr(value)[1:-1]):
        assert shape not in text


def test_short_values_and_variables_with_plain_names_are_not_taken_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_TOKEN", "on")
    monkeypatch.setenv("FAVOURITE_WORD", "lighthouse")
    assert redact_text("on the lighthouse") == "on the lighthouse"


def test_the_folder_that_a_shell_is_in_is_no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PWD", "/home/ada/books")
    monkeypatch.setenv("OLDPWD", "/home/ada/letters")
    monkeypatch.setenv("DB_PWD", "harbour-lights")
    told = "see /home/ada/books/logs, /home/ada/letters and harbour-lights"
    assert redact_text(told) == f"see /home/ada/books/logs, /home/ada/letters and {MARK}"


def test_a_protected_value_is_taken_out_though_the_environment_does_not_have_it() -> None:
    key = "QwErTyUiOpAsDfGh"
    assert redact_text(f"said {key} aloud") == f"said {key} aloud"
    protect(key, "said", "")
    assert redact_text(f"said {key} aloud") == f"said {MARK} aloud"


def test_causes_contexts_groups_and_notes_are_redacted_and_locals_not_shown() -> None:
    def call(key: str) -> None:
        hidden = key
        try:
            try:
                raise ValueError(f"api_key={key}")
            except ValueError as cause:
                raise RuntimeError(f"Bearer {key}") from cause
        except RuntimeError as first:
            first.add_note(f"password={hidden}")
            raise ExceptionGroup("two", [first, OSError(5, f"redis://:{key}@h/0")]) from None

    with pytest.raises(ExceptionGroup) as caught:
        call(OPAQUE)
    told = format_error(caught.value)
    assert redact({"error": caught.value})["error"] == told
    assert OPAQUE not in told
    assert told.count(MARK) >= 4
    assert "hidden =" not in told.replace("hidden = key", "")
    assert "direct cause" in told
    assert "test_redaction.py" in told


def test_a_key_in_a_line_of_source_that_a_traceback_shows_is_redacted() -> None:
    try:
        dict(api_key="Zq8kW3vN5tLr2YbXc7Hd")["missing"]
    except KeyError as error:
        told = format_error(error)
    assert "api_key" in told
    assert OPAQUE not in told


def test_an_exception_that_cannot_be_printed_is_still_told() -> None:
    class Worse(Exception):
        def __str__(self) -> str:
            raise RuntimeError(OPAQUE)

    assert "Worse" in format_error(Worse())
    assert OPAQUE not in format_error(Worse())


PROSE = [
    """Anna Weller kept the key in her glove. "The token," she said, "buys one crossing. Key: turn it twice." He had
    the password from his father; the secret was that there was none. Token: a brass disc, holed. Risk-averse men,
    co-operation, or-else: she had known them all. The bearer of the letter asked for authorization to pass, and the
    standard bearer's cookie lay on the plate at 10:45. Secret: nobody had ever read it.""",
    "Chapter 12: The Keys = the turning of locks; 3 tokens left, the tokens: 4 marks each; see https://example.org/@mira",
    "The desk-clerk's task-master asked: who keeps the sk- drawers? The basic key was C; the auth came at 9.",
    'She wrote "secret" and "token" on two cards, "key", "lock" on two more.',
    "Ключ: повернуть дважды. Пароль был прост; секрет знала одна Анна.",
    "It cost 4:30 hours; ratio=0.75; f(x) = x+1; key = value in the drawing; primary key: id",
]


@pytest.mark.parametrize("text", PROSE)
def test_ordinary_prose_is_unchanged(text: str) -> None:
    assert redact_text(text) == text


def test_counts_ids_and_places_are_unchanged() -> None:
    data = {
        "input_tokens": 12, "output_tokens": 40, "max_tokens": 4096, "token": 7, "key": "chapter:3:9f2b7c1e8a635041",
        "attempt": "at-9f2b7c1e8a63", "slot": "s-1a2b3c4d/section/0", "model": "rehearsal:novelist",
        "sha256": "9f" * 32, "cache_key": "chapter:1:aa", "cost_usd": 0.25, "words": 600, "ok": True, "none": None,
        "at": datetime(2026, 11, 20, tzinfo=UTC), "path": "exports/book.epub", "password": None, "api_key": "",
        "list": (1, 2.5, "three"), "url": "http://localhost:11434/v1?alt=sse",
    }  # fmt: skip
    assert redact(data) == data


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("api_key", True), ("APIKey", True), ("openaiApiKey", True), ("X-Api-Key", True), ("GITHUB_TOKEN", True),
        ("access_tokens", True), ("DB_PASSWORD", True), ("client-secret", True), ("SSH_PRIVATE_KEY", True),
        ("Authorization", True), ("output_tokens", False), ("tokens", False), ("cache_key", False), ("key", False),
        ("keyboard", False), ("monkey", False), ("tokenizer", False), ("primary_key", False), ("title", False),
        ("", False), ("первый", False),
    ],
)  # fmt: skip
def test_names_are_told_apart(name: str, secret: bool) -> None:
    assert is_secret_name(name) is secret


ALPHABET = string.ascii_letters + string.digits + "_-"
KEYS = st.sampled_from(["sk-", "sk-ant-", "gsk_", "hf_", "AIza", "ghp_"]).flatmap(
    lambda start: st.text(
        string.ascii_letters + string.digits if start.endswith("_") else ALPHABET, min_size=30, max_size=60
    ).map(lambda rest: start + rest)
)
TEXTS = st.text(max_size=40)


@settings(max_examples=150, deadline=None)
@given(key=KEYS, before=TEXTS, after=TEXTS, data=st.data())
def test_property_a_shaped_key_in_any_text_and_structure_never_comes_out(
    key: str, before: str, after: str, data: st.DataObject
) -> None:
    edge = st.sampled_from([" ", "=", '"', "'", "/", "\n", ":", ",", "é", ""])
    left, right = data.draw(edge.filter(bool)), data.draw(edge.filter(bool))
    text = before + left + key + right + after
    value = data.draw(st.sampled_from([text, [text], {text: text}, {"a": {"b": (text,)}}, text.encode()]))
    told = redact(value)
    assert key not in (told.decode() if isinstance(told, bytes) else str(told))


@settings(max_examples=150, deadline=None)
@given(
    secret=st.text(string.ascii_letters + string.digits + "!#$%*+.:<=>?@^_|~-", min_size=1, max_size=40),
    name=st.sampled_from(["api_key", "OPENAI_API_KEY", "x-api-key", "password", "client_secret", "auth-token"]),
    shape=st.sampled_from(["{n}={v}", '{n}="{v}"', "'{n}': '{v}'", '{{"{n}":"{v}"}}', "--{n} {v}", "{n}: {v}"]),
)
def test_property_the_value_of_a_secret_name_never_comes_out(secret: str, name: str, shape: str) -> None:
    secret = f"7Q{secret}Q7"
    assert secret not in redact_text("x " + shape.format(n=name, v=secret) + " y")


@settings(max_examples=200, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text() | st.binary(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_property_redact_never_raises_and_is_stable(value: Any) -> None:
    once = redact(value)
    assert repr(redact(once)) == repr(once)


@pytest.mark.parametrize(
    "evil",
    ["co-" + "a-" * 50_000, "sk-" * 30_000, "-----BEGIN PRIVATE KEY-----" * 3_000, "://" * 30_000,
     "password" * 10_000, "=:" * 50_000, "\\'" * 50_000, "eyJ" * 30_000, "key='" * 20_000, "bearer " * 20_000,
     "authorization:" * 10_000, "cookie:" * 20_000, "token:" * 20_000, "api key" * 10_000, "?a" * 50_000],
)  # fmt: skip
def test_no_text_makes_it_slow(evil: str) -> None:
    started = time.process_time()
    redact_text(evil)
    assert time.process_time() - started < 2.0
