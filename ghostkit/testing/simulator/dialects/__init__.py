"""The vendors' dialects, by vendor and kind of API."""

from ghostkit.testing.simulator.asks import Target
from ghostkit.testing.simulator.dialects.anthropic import Anthropic
from ghostkit.testing.simulator.dialects.base import Dialect, Reply, Script
from ghostkit.testing.simulator.dialects.cohere import Cohere
from ghostkit.testing.simulator.dialects.gemini import Gemini
from ghostkit.testing.simulator.dialects.ollama import Ollama
from ghostkit.testing.simulator.dialects.openai_chat import OpenAIChat
from ghostkit.testing.simulator.dialects.openai_responses import OpenAIResponses
from ghostkit.testing.simulator.dialects.openrouter import OpenRouter

__all__ = ["DIALECTS", "Dialect", "Reply", "Script", "dialect_of"]

DIALECTS: dict[str, Dialect] = {
    "openai": OpenAIChat(),
    "anthropic": Anthropic(),
    "gemini": Gemini(),
    "cohere": Cohere(),
    "openrouter": OpenRouter(),
    "ollama": Ollama(),
}
_RESPONSES = OpenAIResponses()
_OLLAMA_CHAT = OpenAIChat()


def dialect_of(target: Target) -> Dialect:
    """The dialect that a request to `target` is read and answered in."""
    if target.api == "responses":
        return _RESPONSES
    if target.vendor == "ollama" and target.api == "openai":
        return _OLLAMA_CHAT
    return DIALECTS[target.vendor]
