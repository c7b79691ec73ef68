"""`auto`: the best embedder that is really there, without a download and without a key being spent.

1. A model on this machine that knows all the languages of the texts; among several the one that stands first in
   `ghostkit.rag.models.KNOWN`, then those nobody knows the languages of, if they were fetched by ghostkit on request.
   It is run by sentence-transformers where there is a GPU for it, else by onnxruntime, else by sentence-transformers.
2. Otherwise `hashing`.

A vendor is never chosen: that costs money, and texts leave the machine.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache
from importlib.util import find_spec

from ghostkit.rag.embedding.contract import Embedder
from ghostkit.rag.models.known import KNOWN
from ghostkit.rag.models.places import FoundModel, all_models


def choose(languages: Collection[str] = ()) -> Embedder:
    """See above; `chosen_because` of what it gives says which and why. `languages` empty: nobody knows."""
    from ghostkit.rag.embedding.create import local_embedder
    from ghostkit.rag.embedding.hashing import HashingEmbedder

    wanted = frozenset(language.lower().partition("-")[0] for language in languages if language)
    models = [model for model in all_models() if not model.is_reranker and _is_embedder(model)]
    fitting = sorted((model for model in models if _knows(model, wanted)), key=lambda one: _rank(one, wanted))
    for model in fitting:
        kind = runs_with(model)
        if kind:
            return local_embedder(kind, model, chosen_because=_because(model, wanted))
    return HashingEmbedder(chosen_because=_why_hashing(models, fitting, wanted))


def runs_with(model: FoundModel) -> str:
    """The kind of embedder that can run it here; empty: none."""
    files = model.files
    onnx = files.onnx is not None and files.tokenizer and not files.other_layers and _has("onnxruntime", "tokenizers")
    torch = files.safetensors and _has("torch", "sentence_transformers")
    if torch and (not onnx or _has_gpu()):
        return "sentence-transformers"
    return "onnx" if onnx else ""


def _is_embedder(model: FoundModel) -> bool:
    """The Hugging Face cache holds all sorts of models; one that says how it pools was made for this."""
    return model.known is not None or model.files.pooling_said


def _knows(model: FoundModel, wanted: frozenset[str]) -> bool:
    if model.known is None:
        return model.source == "ghostkit"  # fetched on request: whoever did knows what for
    return model.languages is None or wanted <= model.languages


def _rank(model: FoundModel, wanted: frozenset[str]) -> tuple[bool, bool, int, str]:
    """Known ones first; where nobody knows the language, those of many languages first."""
    place = KNOWN.index(model.known) if model.known is not None else len(KNOWN)
    return model.known is None, not wanted and model.languages is not None, place, model.name


def _because(model: FoundModel, wanted: frozenset[str]) -> str:
    where = {"ghostkit": "ghostkit's models", "hugging face": "the Hugging Face cache"}.get(model.source, "a folder")
    if model.known is None:
        return f"{model.name} is in {where}; which languages it knows is not known."
    spoken = "many languages" if model.languages is None else ", ".join(sorted(model.languages))
    text = f" and the text is in {', '.join(sorted(wanted))}" if wanted else "; the text's language is not known"
    return f"{model.name} is in {where}: it knows {spoken}{text}."


def _why_hashing(models: list[FoundModel], fitting: list[FoundModel], wanted: frozenset[str]) -> str:
    advice = "It matches words, not meanings; `ghostkit models fetch multilingual-e5-small` brings a model that does."
    if fitting:
        why = f"{fitting[0].name} is there, but neither onnxruntime nor sentence-transformers can run it."
    elif models:
        why = f"The models that are there ({_names(models)}) don't know {', '.join(sorted(wanted))}."
    else:
        why = "There is no model on this machine."
    return f"{why} {advice}"


def _names(models: list[FoundModel]) -> str:
    return ", ".join(model.name for model in models[:3]) + (" …" if len(models) > 3 else "")


def _has(*packages: str) -> bool:
    return all(find_spec(package) is not None for package in packages)


@lru_cache(maxsize=1)
def _has_gpu() -> bool:
    try:
        from ghostkit.rag.embedding.sentence_transformers import best_device

        return best_device() != "cpu"
    except (ImportError, OSError, RuntimeError):
        return False
