"""How many tokens a text or a request has, where nobody counts: an estimate that learns from reported usage.

What it learns holds for this process and is begun with what the ledger saw (`teach`).
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final

from ghostkit.providers.contract import Request, TokenCount
from ghostkit.providers.tokens import Calibration, Estimate, count_scripts

MESSAGE_TOKENS: Final = 4
"""What vendors put around each message."""
REQUEST_TOKENS: Final = 3

calibration = Calibration()
"""What this process has learnt of the models it called."""


def estimate_tokens(text: str, model: str) -> int:
    """About how many tokens `text` has for `model` (`provider:model`)."""
    return math.ceil(calibration.estimate(model, count_scripts(text)).tokens)


def estimate_count(request: Request, provider: str) -> TokenCount:
    """What `count_tokens` gives where the vendor has no endpoint for it; never exact."""
    return TokenCount(tokens=math.ceil(_estimate(request, provider).tokens), exact=False)


def estimate_range(request: Request, provider: str) -> tuple[int, int, int]:
    """Input tokens of the request: fewer than it has as far as can be told, the estimate, and more than it has."""
    estimate = _estimate(request, provider)
    most = math.ceil(estimate.most)
    texts = _texts(request)
    if most > sum(map(len, texts)):
        # No tokenizer makes more tokens than there are bytes, of which there are at least as many as characters.
        most = min(most, sum(len(text.encode(errors="surrogatepass")) for text in texts) + 2 * _framing(request))
    return math.floor(estimate.tokens**2 / estimate.most), min(math.ceil(estimate.tokens), most), most


def characters_sent(request: Request) -> dict[str, int]:
    """Characters of everything that is sent, by class: what `teach` and `observe` take."""
    return dict(_summed(_texts(request)))


# One request is asked about several times on its way.
@lru_cache(maxsize=16)
def _summed(texts: tuple[str, ...]) -> Mapping[str, int]:
    found: Counter[str] = Counter()
    for text in texts:
        found.update(count_scripts(text))
    return found


def observe(request: Request, provider: str, input_tokens: int) -> None:
    """Learn from what the vendor reported for the request."""
    used = input_tokens - _framing(request)
    calibration.observe(_name(request, provider), _summed(_texts(request)), used)


def teach(calls: Iterable[tuple[str, Mapping[str, int], int]]) -> None:
    """Learn from earlier calls: (provider:model, characters by class, reported input tokens), oldest first.

    Models that this process has called already are left out: it has seen the same calls, or newer ones.
    """
    calls = list(calls)
    new = {model for model, _, _ in calls if not calibration.knows(model)}
    for model, characters, input_tokens in calls:
        if model in new:
            # Nearly every prompt is one system and one user message.
            calibration.observe(model, characters, input_tokens - REQUEST_TOKENS - 2 * MESSAGE_TOKENS)


def _estimate(request: Request, provider: str) -> Estimate:
    found = calibration.estimate(_name(request, provider), _summed(_texts(request)))
    framing = _framing(request)
    return Estimate(tokens=found.tokens + framing, error=found.error, most=found.most + 2 * framing)


def _texts(request: Request) -> tuple[str, ...]:
    """Messages part by part, and a schema that the answer must keep to: vendors count it as input."""
    texts = tuple(part for message in request.messages for part in message.parts)
    schema = request.parameters.get("json_schema")
    return (*texts, json.dumps(schema, ensure_ascii=False)) if schema else texts


def _framing(request: Request) -> int:
    return REQUEST_TOKENS + MESSAGE_TOKENS * len(request.messages)


def _name(request: Request, provider: str) -> str:
    return f"{provider}:{request.model}"
