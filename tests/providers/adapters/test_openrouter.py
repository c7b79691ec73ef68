"""OpenRouter."""

from __future__ import annotations

from ..contract import WireContract


class TestContract(WireContract):
    name = "openrouter"
