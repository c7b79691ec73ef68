"""An embedder by its name in the settings."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any, Final

from ghostkit.errors import ConfigError, EmbedderError
from ghostkit.rag.embedding.contract import Embedder

VENDORS: Final = ("openai", "cohere", "gemini", "ollama", "openrouter")
LOCAL: Final = ("sentence-transformers", "onnx")
KINDS: Final = ("auto", "hashing", *(f"{one}:NAME" for one in LOCAL), *(f"{one}:NAME" for one in VENDORS))

if TYPE_CHECKING:
    from ghostkit.rag.embedding.vendor import EmbeddingServices
    from ghostkit.rag.models import FoundModel


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
        from ghostkit.rag.embedding.auto import choose

        return choose(languages)
    if kind == "hashing" and not model:
        from ghostkit.rag.embedding.hashing import HashingEmbedder

        return HashingEmbedder()
    if kind in LOCAL and model:
        return local_embedder(kind, _there(kind, model.strip()))
    if kind in VENDORS and model:
        from ghostkit.rag.embedding.vendor import VendorEmbedder

        return VendorEmbedder(name.strip(), services)
    raise ConfigError(f"There is no embedder {name!r}.", fix=f"Choose one of {', '.join(KINDS)}.")


def local_embedder(kind: str, model: FoundModel, *, chosen_because: str = "") -> Embedder:
    """`kind` is one of `LOCAL`. The model is loaded when it is first asked."""
    from ghostkit.rag.embedding.local_model import LoadedModel, LocalEmbedder

    def load(files: FoundModel) -> LoadedModel:
        if kind == "onnx":
            from ghostkit.rag.embedding.onnx import OnnxModel

            return OnnxModel(files)
        from ghostkit.rag.embedding.sentence_transformers import TorchModel

        return TorchModel(files)

    return LocalEmbedder(kind, model, load, chosen_because=chosen_because)


def _there(kind: str, name: str) -> FoundModel:
    """The model and what runs it, or an error that says how to get them."""
    from importlib.util import find_spec

    from ghostkit.rag.models import find_model

    needed = ("onnxruntime", "tokenizers") if kind == "onnx" else ("torch", "sentence_transformers")
    missing = next((package for package in needed if find_spec(package) is None), None)
    if missing is not None:
        raise EmbedderError(
            f"{kind}:{name} needs the package {missing}, which isn't installed.",
            fix=f'pip install "ghostkit[{kind}]", or choose hashing, which needs nothing.',
        )
    found = find_model(name)
    if found is None:
        raise EmbedderError(
            f"The model {name} is not on this machine.",
            fix=f"ghostkit models fetch {name}, or give a folder's path; hashing needs no model.",
        )
    if found.is_reranker:
        raise EmbedderError(
            f"{found.name} is a re-ranker: it makes no vectors.", fix="Name it as rerank_model, and another one here."
        )
    return found


def _given(function: Callable[..., Any] | Embedder) -> Embedder:
    from ghostkit.rag.embedding.function import FunctionEmbedder

    if all(callable(getattr(function, method, None)) for method in ("info", "embed", "aclose")):
        return function  # type: ignore[return-value]  # an `Embedder` by its methods
    if not callable(function):
        raise ConfigError(f"The embedder {function!r} is no function.", fix="Give a function of a list of texts.")
    return FunctionEmbedder(function)
