"""What goes wrong, and how it must end: one row a fault, for a stream and for a whole answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ghostkit.errors import (
    AuthError,
    BadAnswer,
    BadRequest,
    ContentRefused,
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

PATIENT_S, IMPATIENT_S = 10.0, 0.5
"""How long silence is borne: little only where silence is the trouble, since a busy machine is silent too."""
Kept = Literal["nothing", "what came", "whatever came", "a beginning", "a refusal", "everything"]
Address = Literal["the simulator", "a closed port", "no such host", "https"]
VENDORS = ("openai", "openai-responses", "anthropic", "gemini", "cohere", "openrouter", "ollama")


@dataclass(frozen=True, kw_only=True)
class End:
    """How a call ends: `calls` were begun at the vendor (one retry is allowed), `kept` is the text."""

    ending: str
    error: type[ProviderError] | None
    calls: int
    kept: Kept = "nothing"


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """One fault. `streamed` and `plain` are the ends; `but` holds those of vendors that can only end otherwise."""

    fault: Mapping[str, Any] = field(default_factory=dict)
    streamed: End
    plain: End
    address: Address = "the simulator"
    but: Mapping[tuple[str, str], End] = field(default_factory=dict)
    """(vendor, "stream" or "plain") → the end there."""
    says: str = ""
    """What the sentence must hold."""
    timeout_s: float = PATIENT_S

    def end(self, vendor: str, mode: str) -> End:
        usual = self.streamed if mode == "stream" else self.plain
        return self.but.get((vendor, mode), usual)


def refused(error: type[ProviderError], says: str = "", but: Any = None, **fault: Any) -> Trouble:
    """An HTTP status that another try would not change."""
    end = End(ending="error", error=error, calls=1)
    return Trouble(fault={"kind": "status", **fault}, streamed=end, plain=end, says=says, but=but or {})


def again(error: type[ProviderError], **fault: Any) -> Trouble:
    """One that is tried again, once, and stays."""
    end = End(ending="error", error=error, calls=2)
    return Trouble(fault={"kind": "status", **fault}, streamed=end, plain=end)


def unreached(address: Address, says: str) -> Trouble:
    end = End(ending="error", error=Unreachable, calls=0)
    return Trouble(address=address, streamed=end, plain=end, says=says)


def broken(
    fault: str, *, streamed: End, plain: End, says: str = "", but: Any = None, timeout_s: float = PATIENT_S, **more: Any
) -> Trouble:
    return Trouble(
        fault={"kind": fault, **more}, streamed=streamed, plain=plain, says=says, but=but or {}, timeout_s=timeout_s
    )


_MODES = ("stream", "plain")
_LATE = End(ending="error", error=ProviderTimeout, calls=2)
_LATE_WITH_TEXT = End(ending="error", error=ProviderTimeout, calls=1, kept="what came")
_CUT = End(ending="truncated", error=StreamTruncated, calls=2)
_CUT_WITH_TEXT = End(ending="truncated", error=StreamTruncated, calls=1, kept="what came")
_BAD = End(ending="error", error=BadAnswer, calls=1)
_WHOLE = End(ending="complete", error=None, calls=1, kept="everything")

TROUBLES: dict[str, Trouble] = {
    "400": refused(BadRequest, status=400),
    "401": refused(AuthError, "401", status=401),
    "403": refused(
        AuthError, status=403,
        # OpenAI's word for it is about a country, which no other key changes,
        but={(vendor, mode): End(ending="error", error=BadRequest, calls=1)
             for vendor in ("openai", "openai-responses") for mode in _MODES}
        # and OpenRouter's is about the content.
        | {("openrouter", mode): End(ending="refused", error=ContentRefused, calls=1) for mode in _MODES},
    ),
    "404": refused(ModelNotFound, "model", status=404),
    "408": again(ProviderTimeout, status=408),
    "409": again(ServerError, status=409),
    "413": refused(BadRequest, "shorten", status=413),
    "429 without a wait": again(RateLimited, status=429),
    "429 for seconds": again(RateLimited, status=429, retry_after_s=1),
    "429 until a date": again(RateLimited, status=429, retry_after_s=1, retry_after_form="date"),
    "429 for a day": refused(RateLimited, "Try again after", status=429, retry_after_s=86_400),
    "quota": refused(QuotaExceeded, status=429, code="quota"),
    "500": again(ServerError, status=500),
    "503": again(Overloaded, status=503),
    "529": again(Overloaded, status=529),
    "refused": unreached("a closed port", "nothing listens there"),
    "DNS": unreached("no such host", "no such host"),
    "TLS": unreached("https", "secure connection"),
    "dropped before an answer": broken(
        "drop",
        streamed=End(ending="error", error=Unreachable, calls=2),
        plain=End(ending="error", error=Unreachable, calls=2),
    ),
    "stall before the first byte": broken("stall_first", streamed=_LATE, plain=_LATE, timeout_s=IMPATIENT_S),
    "stall mid-stream, pings only": broken(
        "stall_mid", streamed=_LATE_WITH_TEXT, plain=_LATE, ping_s=0.05, timeout_s=IMPATIENT_S
    ),
    "silence mid-stream": broken("silent_mid", streamed=_LATE_WITH_TEXT, plain=_LATE, timeout_s=IMPATIENT_S),
    "cut before the first token": broken("cut_first", streamed=_CUT, plain=_CUT),
    "cut mid-stream": broken("cut_mid", streamed=_CUT_WITH_TEXT, plain=_CUT),
    "cut mid-stream, politely": broken("cut_mid", streamed=_CUT_WITH_TEXT, plain=_CUT, how="close"),
    "clean end without the terminal event": broken(
        "early_end", streamed=_CUT_WITH_TEXT,
        plain=End(ending="truncated", error=None, calls=1, kept="what came"),
    ),
    "error event mid-stream": broken(
        "error_event",
        streamed=End(ending="error", error=ServerError, calls=1, kept="what came"),
        plain=End(ending="error", error=ServerError, calls=2),
    ),
    "garbage": broken(
        "garbage", streamed=End(ending="error", error=BadAnswer, calls=1, kept="what came"), plain=_BAD
    ),
    "duplicated events": broken("duplicate", streamed=_WHOLE, plain=_BAD),
    "HTML with 200": broken("html", streamed=_BAD, plain=_BAD, says="web page"),
    "200 MB body": broken("huge", streamed=_BAD, plain=_BAD),
    "gzip bomb": broken("gzip_bomb", streamed=_BAD, plain=_BAD),
    "one byte per second": broken("drip", streamed=_LATE, plain=_LATE, timeout_s=IMPATIENT_S),
    "missing usage": broken("no_usage", streamed=_WHOLE, plain=_WHOLE),
    "length": broken(
        "length",
        streamed=End(ending="length", error=None, calls=1, kept="a beginning"),
        plain=End(ending="length", error=None, calls=1, kept="a beginning"),
    ),
    "refusal": broken(
        "refuse",
        streamed=End(ending="refused", error=None, calls=1, kept="whatever came"),
        plain=End(ending="refused", error=None, calls=1, kept="whatever came"),
        # Ollama's models refuse in prose, and nothing beside it says so.
        but={("ollama", mode): End(ending="complete", error=None, calls=1, kept="a refusal") for mode in _MODES},
    ),
    "nothing": broken(
        "empty",
        streamed=End(ending="error", error=BadRequest, calls=1),
        plain=End(ending="error", error=BadRequest, calls=1),
        says="answered with nothing",
    ),
}  # fmt: skip
