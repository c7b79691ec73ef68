"""What a recording is to the provider that plays it; `ghostkit.generation.replaying` makes one of a ledger."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ghostkit.providers.contract import Ending, Usage


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """A request that has an answer. `parameters` holds `max_tokens` too; `messages` is (role, parts) in order."""

    number: int
    slot: str
    model: str
    ending: Ending
    parameters: Mapping[str, Any]
    messages: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, kw_only=True)
class Reply:
    """A recorded answer."""

    attempt_id: str
    model: str
    text: str
    ending: Ending
    usage: Usage
    first_token_s: float | None = None
    total_s: float | None = None


class Recording(Protocol):
    """Methods wait for a disk; call them in a worker thread. They raise ghostkit's errors about ledgers."""

    def models(self) -> list[str]:
        """Who gave the answers, by name."""
        ...

    def requests(self, known: Collection[int] = ()) -> Sequence[Recorded]:
        """Those that have an answer by now, but for those whose numbers are `known`; in the order of asking."""
        ...

    def reply(self, number: int) -> Reply | None:
        """The answer to one of them; None if it was purged since."""
        ...


def request_digest(parameters: Mapping[str, Any], messages: Sequence[tuple[str, str]]) -> str:
    """SHA-256 (hex) of what is asked, whoever is asked: `messages` is (role, text), `parameters` has `max_tokens`."""
    asked = {"parameters": dict(parameters), "messages": [list(message) for message in messages]}
    canonical = json.dumps(asked, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()
