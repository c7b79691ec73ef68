"""OpenAI's chat, and what compatible servers make of it."""

from __future__ import annotations

from ..contract import WireContract


class TestContract(WireContract):
    name = "openai"
