"""OpenAI's Responses."""

from __future__ import annotations

from ..contract import WireContract


class TestContract(WireContract):
    name = "openai-responses"
