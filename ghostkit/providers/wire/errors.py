"""From a vendor's words, or the network's, to ghostkit's errors: one table a vendor over one table for all.

What the SDKs raise holds requests with keys in them, so nothing of theirs is kept: the errors made here stand alone.
"""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from ghostkit.errors import (
    AuthError,
    BadAnswer,
    BadRequest,
    ContentRefused,
    GhostkitError,
    ModelNotFound,
    Overloaded,
    ProviderError,
    ProviderTimeout,
    QuotaExceeded,
    RateLimited,
    ServerError,
    StreamTruncated,
    Unreachable,
)
from ghostkit.events import redact
from ghostkit.providers.resilience.headers import retry_after_s
from ghostkit.providers.wire.call import WireCall

Kinds = Mapping[str, type[ProviderError]]

STATUSES: Final[Mapping[int, type[ProviderError]]] = {
    400: BadRequest, 401: AuthError, 402: QuotaExceeded, 403: AuthError, 404: ModelNotFound, 405: BadRequest,
    408: ProviderTimeout, 409: ServerError, 413: BadRequest, 422: BadRequest, 429: RateLimited, 451: ContentRefused,
    503: Overloaded, 504: ProviderTimeout, 529: Overloaded,
}  # fmt: skip
_TELLING: Final = frozenset({404, 408, 409, 413, 429, 500, 503, 504, 529})
_LONGEST_QUOTE: Final = 300


@dataclass(frozen=True, kw_only=True)
class VendorWords:
    """What a vendor's error says: `code` is its own word for the kind, `waits_s` a wait named in the body."""

    status: int = 0
    code: str = ""
    message: str = ""
    waits_s: float | None = None


@dataclass(frozen=True, kw_only=True)
class ErrorTable:
    """One vendor's words for kinds of errors, which go before the status; matched in lower case."""

    vendor: str
    provider: str
    codes: Kinds = field(default_factory=dict)
    phrases: Kinds = field(default_factory=dict)
    """Parts of messages, for what has no code of its own."""

    def kind_of(self, words: VendorWords) -> type[ProviderError]:
        """The class that fits: by phrase, then by code, then by status."""
        said = words.message.lower()
        for phrase, kind in self.phrases.items():
            if phrase in said:
                return kind
        coded = self.codes.get(words.code.lower())
        # "invalid request" is said with many a status, and says less than some of them.
        if coded is not None and not (coded is BadRequest and words.status in _TELLING):
            return coded
        if words.status in STATUSES:
            return STATUSES[words.status]
        return BadRequest if 400 <= words.status < 500 else ServerError

    def error_for(self, words: VendorWords, call: WireCall, *, model: str, in_stream: bool = False) -> ProviderError:
        """What the vendor said, as one of our errors. `in_stream`: after an answer had begun, so it may be billed."""
        kind = self.kind_of(words)
        wait = words.waits_s if words.waits_s is not None else retry_after_s(call.headers)
        return kind(
            self._sentence(kind, words, model),
            fix=self._fix(kind, words, model),
            retry_after_s=wait if kind.retryable else None,
            rejected=not in_stream,
            status=words.status or None,
            request_id=call.request_id,
            limits=call.limits,
            host=call.host,
        )

    def _sentence(self, kind: type[ProviderError], words: VendorWords, model: str) -> str:
        status = f" ({words.status})" if words.status else ""
        what = _WHAT.get(kind, "failed").format(model=model)
        quote = quoted(words.message)
        return f"{self.vendor} {what}{status}: {quote}" if quote else f"{self.vendor} {what}{status}."

    def _fix(self, kind: type[ProviderError], words: VendorWords, model: str) -> str:
        if (kind is BadRequest and words.status == 413) or _is_too_long(words):
            return (
                "The prompt is too long for it: shorten the brief or the plan, or choose a model with a larger window."
            )
        return _FIX.get(kind, "Try again; if it stays, choose another model.").format(
            provider=self.provider, model=model
        )


_WHAT: Final[Mapping[type[ProviderError], str]] = {
    AuthError: "does not accept the key",
    RateLimited: "asks to slow down",
    Overloaded: "is overloaded",
    ProviderTimeout: "took too long",
    ServerError: "failed on its side",
    QuotaExceeded: "says that the account has nothing left",
    BadRequest: "could not use the request",
    ModelNotFound: "has no model {model!r} for this key",
    ContentRefused: "refused the content",
}
_FIX: Final[Mapping[type[ProviderError], str]] = {
    AuthError: "Check the key with `ghostkit keys list`, set another with `ghostkit keys set {provider}`, "
    "and try it with `ghostkit providers --check {provider}`.",
    RateLimited: "Wait a little; GHOSTKIT_REQUESTS_PER_MINUTE and GHOSTKIT_MAX_CONCURRENCY keep below the limit.",
    Overloaded: "Try again later, or name another model in GHOSTKIT_FALLBACK_MODELS.",
    ProviderTimeout: "Try again; GHOSTKIT_TIMEOUT_S lengthens the wait.",
    ServerError: "Try again; what came before is kept.",
    QuotaExceeded: "Add credit or raise the limit with the vendor, or choose another model.",
    BadRequest: "Change the request, or choose another model.",
    ModelNotFound: "Check the model's name, and that your account may use it; `ghostkit providers --check {provider}` "
    "says whether the key and the base URL are good.",
    ContentRefused: "Change what is asked for, or choose another model.",
}


def _is_too_long(words: VendorWords) -> bool:
    said = f"{words.code} {words.message}".lower()
    return any(
        sign in said
        for sign in ("context_length", "context length", "prompt is too long", "too many tokens", "maximum context",
                     "exceeds the maximum number of tokens", "context window")
    )  # fmt: skip


def quoted(text: str) -> str:
    """A vendor's message as the end of a sentence: one line, short, without secrets or markup."""
    text = " ".join(str(redact(text)).split())
    if "<html" in text[:500].lower() or "<!doctype" in text[:500].lower():
        return "a web page came instead of an answer."
    if len(text) > _LONGEST_QUOTE:
        text = text[: _LONGEST_QUOTE - 1] + "…"
    return text if not text or text.endswith((".", "!", "?", "…")) else text + "."


def network_error(error: BaseException, call: WireCall, *, vendor: str) -> ProviderError | None:
    """An error of the transport, found anywhere below what the SDK raised; None if there is none."""
    for cause in chain_of(error):
        if isinstance(cause, GhostkitError):
            return _alone(cause) if isinstance(cause, ProviderError) else None
        maker = _NETWORK.get(type(cause).__name__)
        if maker is not None and type(cause).__module__.partition(".")[0] in ("httpx", "httpx2"):
            return maker(cause, call, vendor)
    return None


def _alone(error: ProviderError) -> ProviderError:
    """Without the frames it came through: an SDK's frames hold headers, and headers hold keys."""
    error.__traceback__ = error.__cause__ = error.__context__ = None
    return error


def chain_of(error: BaseException) -> Iterator[BaseException]:
    """The error and what it was raised from."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = current.__cause__ or current.__context__


def unreadable(error: BaseException, call: WireCall, *, vendor: str) -> ProviderError | None:
    """An answer that is not in the vendor's format; None if `error` is of another kind."""
    for cause in chain_of(error):
        name = type(cause).__name__
        if isinstance(cause, json.JSONDecodeError | UnicodeDecodeError) or name in _UNREADABLE:
            return misshapen(vendor, call)
    return None


def misshapen(vendor: str, call: WireCall | None) -> BadAnswer:
    """What came can't be read as an answer of that vendor's; also for what its SDK lets pass."""
    call = call or WireCall()
    return BadAnswer(
        f"{vendor} ({call.host or 'the service'}) sent something that is not an answer in its format.",
        fix="Try again; if it stays, check the base URL and what stands between it and you.",
        status=call.status or None,
        request_id=call.request_id,
    )


_UNREADABLE: Final = frozenset({
    "APIResponseValidationError", "ValidationError", "UnknownApiResponseError", "ParsingError", "JSONDecodeError",
    "SSEError",
})  # fmt: skip


def _no_connection(cause: BaseException, call: WireCall, vendor: str) -> ProviderError:
    why, retryable = _why_no_connection(cause)
    return Unreachable(
        f"{vendor} can't be reached at {call.host or 'its address'}: {why}.",
        fix="Check the base URL, the network and the proxy settings, and that the service runs.",
        rejected=True,
        retryable=retryable,
        host=call.host,
    )


def _why_no_connection(cause: BaseException) -> tuple[str, bool]:
    """The reason in words, and whether it may be another next time."""
    for below in chain_of(cause):
        if isinstance(below, ssl.SSLError) or "SSL" in str(below):
            reason = getattr(below, "reason", "") or str(below)
            return f"no secure connection could be made ({quoted(str(reason)).rstrip('.')})", False
        if isinstance(below, socket.gaierror):
            return "there is no such host, or no network to ask for it", True
        if isinstance(below, ConnectionRefusedError):
            return "nothing listens there", True
    text = str(cause)
    if "Name or service not known" in text or "getaddrinfo" in text or "nodename nor servname" in text:
        return "there is no such host, or no network to ask for it", True
    if "timed out" in text.lower() or "Timeout" in type(cause).__name__:
        return "no connection in time", True
    said = text.lower()
    refused = "connection attempts failed" in said or "all attempts to connect" in said
    return "nothing listens there" if refused else quoted(text).rstrip("."), True


def _too_late(cause: BaseException, call: WireCall, vendor: str) -> ProviderError:
    waited = call.timeouts.idle_s if call.status else call.timeouts.first_byte_s
    where = "in the middle of its answer" if call.status else "and no answer began"
    return ProviderTimeout(
        f"{vendor} sent nothing for {waited:g} s {where}.",
        fix="Try again; GHOSTKIT_TIMEOUT_S lengthens the wait.",
        request_id=call.request_id,
    )


def _cut_off(cause: BaseException, call: WireCall, vendor: str) -> ProviderError:
    if call.status:
        return truncated(vendor, call, "the connection was cut")
    return Unreachable(
        f"{vendor} closed the connection before it answered.",
        fix="Try again; if it stays, check the base URL and what stands between it and you.",
        host=call.host,
    )


def truncated(vendor: str, call: WireCall, why: str) -> StreamTruncated:
    """What came is not the whole answer."""
    return StreamTruncated(
        f"The answer of {vendor} is not whole: {why}.",
        fix="What came is kept: write it anew, or go on from there (GHOSTKIT_RESUME_POLICY=continue).",
        request_id=call.request_id,
        retryable=True,
    )


_NETWORK: Final[Mapping[str, Callable[[BaseException, WireCall, str], ProviderError]]] = {
    "ConnectError": _no_connection, "ConnectTimeout": _no_connection, "ProxyError": _no_connection,
    "UnsupportedProtocol": _no_connection, "PoolTimeout": _too_late, "ReadTimeout": _too_late,
    "WriteTimeout": _too_late, "RemoteProtocolError": _cut_off, "ReadError": _cut_off, "WriteError": _cut_off,
    "CloseError": _cut_off, "LocalProtocolError": _cut_off, "DecodingError": _cut_off,
}  # fmt: skip
