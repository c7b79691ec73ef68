"""Stub."""

from __future__ import annotations
from typing import Any


class Approximate:
    kind: str = ""
    recall: float = 0.0
    parameters: dict[str, int] = {}


def kind_for(n: int, limits: Any) -> tuple[str, str]:
    return "flat", ""


def build(kind: str, part: Any, limits: Any) -> Any: ...
