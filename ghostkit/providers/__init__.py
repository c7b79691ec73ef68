"""Providers: the contract, the registry, and the embedded `rehearsal`."""

from ghostkit.providers.contract import (
    Completion,
    Diagnosis,
    Ending,
    Finished,
    Message,
    ModelInfo,
    Provider,
    Request,
    Stream,
    StreamEvent,
    TextDelta,
    TokenCount,
    Usage,
    UsageUpdate,
    collect,
)
from ghostkit.providers.fallback import stream_by_generating
from ghostkit.providers.registry import ProviderRegistry, registry, split_model

__all__ = [
    "Completion",
    "Diagnosis",
    "Ending",
    "Finished",
    "Message",
    "ModelInfo",
    "Provider",
    "ProviderRegistry",
    "Request",
    "Stream",
    "StreamEvent",
    "TextDelta",
    "TokenCount",
    "Usage",
    "UsageUpdate",
    "collect",
    "registry",
    "split_model",
    "stream_by_generating",
]
