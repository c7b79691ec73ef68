"""Find a provider by name: registered in code, or installed as an entry point of `ghostkit.providers`."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from ghostkit.errors import ProviderError, UnknownName
from ghostkit.events.redaction import redact_text
from ghostkit.providers.contract import Provider

Factory = Callable[..., Provider]
GROUP = "ghostkit.providers"
_ADAPTERS = "ghostkit.providers.adapters"
_BUILT_IN = {
    "rehearsal": "ghostkit.providers.rehearsal:RehearsalProvider",
    "replay": "ghostkit.generation.replaying:replay_provider",
    "openai": f"{_ADAPTERS}.openai_chat:OpenAIProvider",
    "openai-responses": f"{_ADAPTERS}.openai_responses:OpenAIResponsesProvider",
    "anthropic": f"{_ADAPTERS}.anthropic:AnthropicProvider",
    "gemini": f"{_ADAPTERS}.gemini:GeminiProvider",
    "cohere": f"{_ADAPTERS}.cohere:CohereProvider",
    "openrouter": f"{_ADAPTERS}.openrouter:OpenRouterProvider",
    "ollama": f"{_ADAPTERS}.ollama:OllamaProvider",
}

_SAME_AS = {"google": "gemini", "claude": "anthropic", "vertex": "gemini", "azure": "openai", "vllm": "openai"}
_MODELS_OF = {
    "gpt-oss": "ollama", "gpt-": "openai", "chatgpt": "openai", "o1": "openai", "o3": "openai", "o4": "openai",
    "claude-": "anthropic", "gemini-": "gemini", "command-": "cohere", "llama": "ollama", "qwen": "ollama",
    "mistral": "ollama",
}  # fmt: skip
"""How the names of models begin, and who has them."""


def split_model(name: str) -> tuple[str, str]:
    """`provider:model` → (provider, model); a bare provider name gets an empty model (its default)."""
    provider, _, model = name.partition(":")
    if not provider.strip():
        raise UnknownName(f"{name!r} names no provider.", fix="Write provider:model, for example rehearsal:novelist.")
    return provider.strip(), model.strip()


def is_installed(package: str) -> bool:
    """Whether a package could be imported, without importing it."""
    try:
        return importlib.util.find_spec(package) is not None
    except (ImportError, ValueError):
        return False


class ProviderRegistry:
    """`register_provider`, `create_provider`, `list_providers`; a plugin that fails to load is told, not fatal."""

    def __init__(self) -> None:
        self._registered: dict[str, Factory] = {}

    def register_provider(self, name: str, factory: Factory) -> None:
        """Add or replace a provider class (or any callable that builds one) under `name`."""
        if not name or ":" in name:
            raise UnknownName(f"{name!r} can't name a provider.", fix="Use a short name without a colon.")
        self._registered[name] = factory

    def list_providers(self) -> list[str]:
        """Names that can be created, sorted."""
        return sorted({*self._registered, *_BUILT_IN, *self._entry_points()})

    def create_provider(self, name: str, config: Mapping[str, Any] | None = None) -> Provider:
        """Build the provider called `name` with `config` as keyword arguments."""
        return self.factory(name)(**dict(config or {}))

    def factory(self, name: str) -> Factory:
        """What builds the provider called `name`; raises `ProviderError` where its module fails to load."""
        if name in self._registered:
            return self._registered[name]
        if name in _BUILT_IN:  # looking through what is installed takes tens of milliseconds
            found: EntryPoint | None = EntryPoint(name, _BUILT_IN[name], GROUP)
        else:
            found = self._entry_points().get(name)
        if found is None:
            raise UnknownName(f"There is no provider called {name!r}.", fix=self.instead_of(name))
        try:
            loaded: Factory = found.load()
        except (Exception, SystemExit) as error:  # an import that leaves the program is a defect like any other
            said = redact_text(" ".join(str(error).split())[:300]).rstrip(".") or "it said nothing"
            raise ProviderError(
                f"The provider {name!r} ({found.value}) could not be loaded: {type(error).__name__}: {said}.",
                fix="Reinstall or upgrade its package, or choose another provider.",
            ) from error
        return loaded

    def instead_of(self, name: str) -> str:
        """What may have been meant, and what there is."""
        there = self.list_providers()
        asked = name.strip().lower()
        first, slash, rest = asked.partition("/")
        known = next((provider for starts, provider in _MODELS_OF.items() if asked.startswith(starts)), None)
        near = get_close_matches(_SAME_AS.get(asked, asked), there, n=1, cutoff=0.75)
        if slash and first in there:
            meant = f"Did you mean {first}:{rest}? "
        elif known is not None and asked not in there:
            meant = f"If that is a model's name: {known}:{name.strip()}. "
        else:
            meant = f"Did you mean {near[0]!r}? " if near else ""
        return f"{meant}There is: {', '.join(there)}."

    def _entry_points(self) -> dict[str, EntryPoint]:
        return {entry.name: entry for entry in entry_points(group=GROUP)}


registry = ProviderRegistry()
"""The process's own registry; `registry.register_provider` is all a notebook needs to add one."""
