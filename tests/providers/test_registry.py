"""A provider that isn't there: what may have been meant is said first."""

from __future__ import annotations

import pytest

from ghostkit.errors import UnknownName
from ghostkit.providers.registry import registry


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ("OPENAI", "Did you mean 'openai'?"),
        ("antropic", "Did you mean 'anthropic'?"),
        ("google", "Did you mean 'gemini'?"),
        ("openai/gpt-4o", "Did you mean openai:gpt-4o?"),
        ("gpt-4o", "If that is a model's name: openai:gpt-4o."),
        ("claude-opus-4-5", "If that is a model's name: anthropic:claude-opus-4-5."),
        ("zzz", "There is: anthropic, cohere,"),
    ],
)
def test_a_near_miss_is_named(asked: str, says: str) -> None:
    with pytest.raises(UnknownName) as caught:
        registry.create_provider(asked)
    assert caught.value.fix.startswith(says)
    assert "rehearsal" in caught.value.fix
