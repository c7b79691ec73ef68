"""What a request may take: room in the model's window, and the most it can cost."""

from __future__ import annotations

from ghostkit.errors import ContextTooLong
from ghostkit.generation.options import GenerationOptions
from ghostkit.providers import ModelInfo, Provider, Request, Usage


async def check_window(provider: Provider, info: ModelInfo, request: Request, options: GenerationOptions) -> None:
    """Prompt and answer fit the model's window; raises `ContextTooLong` before anything is sent."""
    window = min(info.context_window, options.max_context_tokens)
    room = max(request.max_tokens, min(options.reserved_response_tokens, window // 2))
    # No tokenizer makes more tokens than there are bytes: most prompts need no counting.
    if sum(len(message.text.encode()) for message in request.messages) + room <= window:
        return
    tokens = (await provider.count_tokens(request)).tokens
    if tokens + room > window:
        raise ContextTooLong(
            f"The prompt for {request.slot} has {tokens} tokens, and with {room} kept for the answer "
            f"that is more than the {window} that {info.provider}:{info.model} may use.",
            fix="Nothing was sent: shorten the brief or the plan, ask for fewer words, or choose a model with "
            "a larger window (MAX_CONTEXT_TOKENS bounds it too).",
            tokens=tokens,
            window=window,
        )


async def cost_ceiling(provider: Provider, info: ModelInfo, request: Request) -> float:
    """USD that the request can cost at most; unknown prices count as nothing."""
    if not info.input_usd_per_million and not info.output_usd_per_million:
        return 0.0
    counted = await provider.count_tokens(request)
    return info.cost_usd(Usage(input_tokens=counted.tokens, output_tokens=request.max_tokens))
