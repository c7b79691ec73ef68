"""Scripted failures: which call fails, and how.

A script is rules joined by `;`, each `match=action` or `match=action@n`. `match` is a slot (globs allowed), a kind
of task, or `*`. With `@n` only the n-th call that matches fails, without it every one does. Rules count for
themselves; the first that fires decides.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Final

from ghostkit.errors import (
    AuthError,
    BadRequest,
    ContentRefused,
    InputError,
    Overloaded,
    ProviderError,
    ProviderTimeout,
    QuotaExceeded,
    RateLimited,
    ServerError,
)

_ERRORS: Final[dict[str, type[ProviderError]]] = {
    "auth": AuthError,
    "rate": RateLimited,
    "overloaded": Overloaded,
    "timeout": ProviderTimeout,
    "server": ServerError,
    "content": ContentRefused,
    "quota": QuotaExceeded,
    "bad_request": BadRequest,
}
ENDINGS: Final = ("cut", "length", "refuse", "empty", "garbage", "stall")
ACTIONS: Final = (*_ERRORS, *ENDINGS)
RETRY_AFTER_S: Final = 0.05


@dataclass
class _Rule:
    match: str
    action: str
    only: int
    seen: int = field(default=0)

    def fires(self, slot: str, kind: str) -> bool:
        if self.match not in ("*", kind) and not fnmatchcase(slot, self.match):
            return False
        self.seen += 1
        return self.only in (0, self.seen)


class Script:
    """The failures of one provider; `fired` lists what happened, for tests that must see it."""

    def __init__(self, text: str) -> None:
        self._rules = [_rule(entry) for entry in (part.strip() for part in text.split(";")) if entry]
        self.fired: list[tuple[str, str]] = []

    def action_for(self, slot: str, kind: str) -> str:
        """The action for this call, or an empty string. Every rule counts the call, whichever fires."""
        actions = [rule.action for rule in self._rules if rule.fires(slot, kind)]
        if not actions:
            return ""
        self.fired.append((slot, actions[0]))
        return actions[0]


def raise_if_error(action: str, slot: str) -> None:
    """Raise the error that `action` names, if it names one.

    :raises ProviderError: the scripted failure.
    """
    error = _ERRORS.get(action)
    if error is None:
        return
    raise error(
        f"The rehearsal failed {slot or 'this call'} as scripted ({action}).",
        fix="Take the rule out of GHOSTKIT_REHEARSAL_FAULTS to have it answer.",
        retry_after_s=RETRY_AFTER_S if action in ("rate", "overloaded") else None,
    )


def _rule(entry: str) -> _Rule:
    match, separator, rest = entry.rpartition("=")
    action, at, number = rest.partition("@")
    if not separator or not match.strip():
        raise InputError(
            f"The fault rule {entry!r} has no match=action in it.", fix="Write for example section=rate@2."
        )
    if action.strip() not in ACTIONS:
        raise InputError(
            f"The fault rule {entry!r} asks for {action.strip()!r}, which is no action.",
            fix=f"There is: {', '.join(ACTIONS)}.",
        )
    if at and (not number.strip().isdigit() or int(number) == 0):
        raise InputError(
            f"The fault rule {entry!r} wants call {number.strip()!r}, which is no number from 1.",
            fix="Write @1 for the first matching call.",
        )
    return _Rule(match.strip(), action.strip(), int(number) if at else 0)
