"""What a request may take: room in the model's window, and the most it can cost. Nothing is paid to find out."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from ghostkit.errors import ContextTooLong, ProviderError
from ghostkit.generation.options import GenerationOptions
from ghostkit.generation.parts import largest_parts, what_to_cut
from ghostkit.providers import ModelInfo, Provider, Request, Usage
from ghostkit.providers.estimating import estimate_range

NEAR: Final = 0.5
"""A call that could take more than this share of what a budget has left is worth an exact count."""
_COUNT_SLACK: Final = (1.01, 8)
"""Vendors bill a little more or less than their count says: a factor, and tokens."""


async def check_window(provider: Provider, info: ModelInfo, request: Request, options: GenerationOptions) -> None:
    """Prompt and answer fit the model's window; raises `ContextTooLong` before anything is sent.

    The vendor is asked to count only where an estimate can't tell.
    """
    window = min(info.context_window, options.max_context_tokens)
    room = max(_longest(provider, request), min(options.reserved_response_tokens, window // 2))
    # No tokenizer makes more tokens than there are bytes: most prompts need no estimate.
    if sum(len(message.text.encode(errors="surrogatepass")) for message in request.messages) + room <= window:
        return
    least, likely, most = estimate_range(request, info.provider)
    if most + room <= window:
        return
    exact = await _counted(provider, request) if info.pretends or least + room <= window else None
    tokens = likely if exact is None else exact
    if tokens + room > window:
        raise _too_long(info, request, tokens, room, window, exact is None)


async def cost_ceiling(
    provider: Provider, info: ModelInfo, request: Request, left_usd: float | None = None
) -> float | None:
    """USD that the request can cost at most; None where the price is unknown.

    The vendor is asked to count where the estimate takes more than half of `left_usd`.
    """
    if not info.prices_known:
        return None
    if not (info.input_usd_per_million or info.output_usd_per_million):
        return 0.0
    longest = _longest(provider, request)
    if info.pretends:  # it counts its own tokens, without a call
        return _at_most(info, (await provider.count_tokens(request)).tokens, longest)
    ceiling = _at_most(info, estimate_range(request, info.provider)[2], longest)
    if left_usd is None or ceiling <= NEAR * left_usd:
        return ceiling
    exact = await _counted(provider, request)
    if exact is None:
        return ceiling
    factor, tokens = _COUNT_SLACK
    return min(_at_most(info, round(exact * factor) + tokens, longest), ceiling)


def _longest(provider: Provider, request: Request) -> int:
    """The most output tokens that can be billed: an adapter may leave room to think beside the answer."""
    billed = getattr(provider, "longest_billed", None)
    return max(int(billed(request)), request.max_tokens) if billed is not None else request.max_tokens


def _at_most(info: ModelInfo, input_tokens: int, output_tokens: int) -> float:
    """The dearest these tokens can be: each of them may be written to the vendor's cache."""
    usage = Usage(input_tokens=input_tokens, output_tokens=output_tokens)
    return max(info.cost_usd(usage), info.cost_usd(replace(usage, cache_write_tokens=input_tokens)))


async def _counted(provider: Provider, request: Request) -> int | None:
    """The vendor's own count; None where it has none to give or can't be reached."""
    try:
        counted = await provider.count_tokens(request)
    except ProviderError:
        return None
    return counted.tokens if counted.exact else None


def _too_long(
    info: ModelInfo, request: Request, tokens: int, room: int, window: int, estimated: bool
) -> ContextTooLong:
    about = "about " if estimated else ""
    whose = "" if request.slot.startswith("free-") else f" for {request.slot}"
    wider = "choose a model with a larger window (MAX_CONTEXT_TOKENS bounds it too)"
    if tokens + room <= info.context_window:  # the model could, and the setting is in the way
        wider = f"raise MAX_CONTEXT_TOKENS: the model's own window is {info.context_window:,}"
    parts = largest_parts(request, f"{info.provider}:{request.model}")
    largest = ", ".join(f"{name} {number:,}" for name, number in parts)
    return ContextTooLong(
        f"The prompt{whose} is {about}{tokens + room - window:,} tokens too long: it has {about}"
        f"{tokens:,} tokens, and with {room:,} kept for the answer that is more than the {window:,} that "
        f"{info.provider}:{info.model} may use. Largest parts: {largest}.",
        fix=f"Nothing was sent: {what_to_cut([name for name, _ in parts])}, ask for fewer words, or {wider}.",
        tokens=tokens,
        window=window,
        over=tokens + room - window,
        exact=not estimated,
        parts=dict(parts),
    )
