"""Models on this machine's disk: found, fetched on request, removed."""

from ghostkit.rag.models.known import KNOWN, KnownModel, known_model, prompts_by_name
from ghostkit.rag.models.places import FoundModel, all_models, find_model, models_folder

__all__ = [
    "KNOWN",
    "FoundModel",
    "KnownModel",
    "all_models",
    "find_model",
    "known_model",
    "models_folder",
    "prompts_by_name",
]
