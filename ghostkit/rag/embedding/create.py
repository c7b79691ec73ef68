"""An embedder by its name in the settings."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any, Final

from ghostkit.errors import ConfigError
from ghostkit.rag.embedding.contract import Embedder

VENDORS: Final = ("openai", "cohere", "gemini", "ollama", "openrouter")
KINDS: Final = ("auto", "hashing", "sentence-transformers:NAME", "onnx:NAME", *(f"{one}:NAME" for one in VENDORS))

if TYPE_CHECKING:
    EmbeddingServices = Any


def create_embedder(
    name: str = "auto",
    *,
    function: Callable[..., Any] | Embedder | None = None,
    services: EmbeddingServices | None = None,
    languages: Collection[str] = (),
) -> Embedder:
    """The embedder called `name`; nothing is loaded yet, and nothing is ever downloaded.

    `function` goes before `name`: a user's function, or an `Embedder`. `services` is what vendors are asked through.
    `languages` (ISO 639-1) are the texts', for which `auto` chooses; its `chosen_because` says why.

    Raises:
        ConfigError: no such name.
        EmbedderError: its model or its packages aren't here.
    """
    if function is not None:
        return _given(function)
    kind, _, model = name.strip().partition(":")
    if kind == "auto" and not model:
        from ghostkit.rag.embedding.hashing import HashingEmbedder

        return HashingEmbedder()
    if kind == "hashing" and not model:
        from ghostkit.rag.embedding.hashing import HashingEmbedder

        return HashingEmbedder()
    if kind in VENDORS and model:
        from ghostkit.rag.embedding.vendor import VendorEmbedder

        return VendorEmbedder(name.strip(), services)
    raise ConfigError(f"There is no embedder {name!r}.", fix=f"Choose one of {', '.join(KINDS)}.")


def _given(function: Callable[..., Any] | Embedder) -> Embedder:
    from ghostkit.rag.embedding.function import FunctionEmbedder

    if all(callable(getattr(function, method, None)) for method in ("info", "embed", "aclose")):
        return function  # type: ignore[return-value]  # an `Embedder` by its methods
    if not callable(function):
        raise ConfigError(f"The embedder {function!r} is no function.", fix="Give a function of a list of texts.")
    return FunctionEmbedder(function)
