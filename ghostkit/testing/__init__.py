"""Public test doubles; nothing shipped imports them."""

from ghostkit.testing.scripted import ScriptedProvider

__all__ = ["ScriptedProvider"]
