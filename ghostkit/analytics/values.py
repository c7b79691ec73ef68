"""Values out of JSON that may be anything."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, Final

_NOTHING: Final[Mapping[str, Any]] = {}
_LARGEST: Final = 2**63 - 1
_encode: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def as_mapping(value: Any) -> Mapping[str, Any]:
    """Empty for anything else."""
    return value if isinstance(value, dict) else _NOTHING


def as_text(data: Mapping[str, Any], name: str) -> str:
    """Empty for null; other values as JSON has them."""
    value = data.get(name)
    if type(value) is str:  # as nearly always; these are called a million times for a long book
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False)


def as_whole(data: Mapping[str, Any], name: str) -> int | None:
    value = data.get(name)
    if value is None or (type(value) is int and -_LARGEST <= value <= _LARGEST):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if isinstance(value, float) and not value.is_integer():
        return None
    return int(value) if abs(value) <= _LARGEST else None


def as_real(data: Mapping[str, Any], name: str) -> float | None:
    value = data.get(name)
    if value is None or (type(value) is float and math.isfinite(value)):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        real = float(value)
    except OverflowError:
        return None
    return real if math.isfinite(real) else None


def as_flag(data: Mapping[str, Any], name: str) -> bool | None:
    value = data.get(name)
    return value if isinstance(value, bool) else None


def compact(value: Any) -> str | None:
    """As JSON text; None for null."""
    return None if value is None else _encode(value)


def split_slot(slot: str) -> tuple[str, str]:
    """Object and kind of `object/kind/variant`."""
    object, _, rest = slot.partition("/")
    return object, rest.partition("/")[0]
