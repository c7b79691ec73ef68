"""Ollama."""

from __future__ import annotations

from ..contract import WireContract


class TestContract(WireContract):
    name = "ollama"
    can_refuse = False
