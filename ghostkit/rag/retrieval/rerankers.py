"""A re-ranker by its name in the settings. Nothing is ever downloaded, and what isn't there is said."""

from __future__ import annotations

from collections.abc import Collection
from importlib.util import find_spec

from ghostkit.errors import ConfigError, EmbedderError
from ghostkit.rag.models import KNOWN, FoundModel, all_models, find_model
from ghostkit.rag.retrieval.cross_encoder import CrossEncoderReranker
from ghostkit.rag.retrieval.reranker import Reranker

KINDS = ("onnx", "sentence-transformers")
NONE_THERE = "There is no re-ranker on this machine, so passages stand in the order of the search."
_FETCH = "ghostkit models fetch bge-reranker-v2-m3"


def find_reranker(name: str, languages: Collection[str] = ()) -> tuple[Reranker | None, str]:
    """The re-ranker called `name`, or none; and what a person should know about that.

    `auto` takes one that is there, can be run here, and knows `languages` (ISO 639-1; empty: nobody knows which).
    Raises `ConfigError` for a name of no such kind, `EmbedderError` for one that isn't there.
    """
    kind, _, model = name.strip().partition(":")
    if kind == "none" and not model:
        return None, ""
    if kind == "auto" and not model:
        return _any(frozenset(languages))
    if kind in KINDS and model:
        return _named(kind, model), ""
    raise ConfigError(
        f"There is no re-ranker {name!r}.", fix=f"Choose auto, none, {', '.join(f'{one}:NAME' for one in KINDS)}."
    )


def runs_with(model: FoundModel) -> str:
    """The kind that can run it here; empty: none."""
    files = model.files
    if files.onnx is not None and files.tokenizer and _has("onnxruntime", "tokenizers"):
        return "onnx"
    return "sentence-transformers" if files.safetensors and _has("torch", "sentence_transformers") else ""


def _named(kind: str, name: str) -> Reranker:
    found = find_model(name)
    if found is None:
        raise EmbedderError(f"There is no model {name} on this machine.", fix=f"ghostkit models fetch {name}")
    if not found.is_reranker:
        raise EmbedderError(f"{found.name} makes vectors and is no re-ranker.", fix=f"Choose a re-ranker: {_FETCH}.")
    return CrossEncoderReranker(kind, found)


def _any(languages: frozenset[str]) -> tuple[Reranker | None, str]:
    there = [model for model in all_models() if model.is_reranker and (model.known or model.source == "ghostkit")]
    fitting = [model for model in there if model.languages is None or languages <= model.languages]
    for model in sorted(fitting, key=_place):
        kind = runs_with(model)
        if kind:
            return CrossEncoderReranker(kind, model), ""
    if fitting:
        return None, f"The re-ranker {fitting[0].name} is there, but neither onnxruntime nor torch to run it."
    if there:
        spoken = ", ".join(sorted(languages))
        return None, f"The re-ranker {there[0].name} does not know all of {spoken}, so it was not used."
    return None, f"{NONE_THERE} `{_FETCH}` brings one."


def _place(model: FoundModel) -> tuple[int, str]:
    return KNOWN.index(model.known) if model.known is not None else len(KNOWN), model.name


def _has(*packages: str) -> bool:
    return all(find_spec(package) is not None for package in packages)
