"""Which recorded answer a request gets."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ghostkit.errors import NotRecorded
from ghostkit.providers.contract import Ending, Request
from ghostkit.providers.replay.recording import Recorded, Recording, Reply, request_digest

_SHOWN = 60


@dataclass(frozen=True, kw_only=True)
class _Known:
    """One recorded answer under one digest. `skip`: so much of it was there when it was asked to be gone on with."""

    number: int
    slot: str
    model: str
    whole: bool
    skip: int = 0


class Answers:
    """Finds the answer to a request; from any thread. `of` names the models whose answers count, all without any.

    The same request, in what is sent, gets the answer that was recorded for the same text (slot); else for the same
    kind of text and variant; else any. Of several the one goes first that was given least often, then the oldest:
    so a request that occurs several times is answered in order. Whole answers go before those cut at their length or
    refused.
    """

    def __init__(self, recording: Recording, name: str, of: Sequence[str] = ()) -> None:
        self._recording = recording
        self._name = name
        self._of = frozenset(of)
        self._lock = threading.Lock()
        self._seen: set[int] = set()
        self._requests: list[tuple[Recorded, frozenset[int]]] = []
        self._known: defaultdict[str, list[_Known]] = defaultdict(list)
        self._given: Counter[int] = Counter()

    def find(self, request: Request, *, count: bool = True) -> Reply:
        """The answer; with `count` it counts as given.

        Raises:
            NotRecorded: nothing was recorded for it; says what comes nearest.
        """
        with self._lock:
            found = self._found(request)
            if found is None:
                self._learn()  # it may have been written since
                found = self._found(request)
            if found is None:
                raise self._not_recorded(request)
            known, reply = found
            if count:
                self._given[known.number] += 1
        return reply

    def _found(self, request: Request) -> tuple[_Known, Reply] | None:
        messages = [(message.role, message.text) for message in request.messages]
        parameters = {"max_tokens": request.max_tokens, **request.parameters}
        for known in self._ranked(self._known.get(request_digest(parameters, messages), ()), request.slot):
            reply = self._recording.reply(known.number)
            if reply is not None:
                return known, _from(reply, known.skip)
        begun = _begun(messages)
        if begun is None:
            return None
        at, left = begun
        # To be gone on with from where this run was stopped: the recorded answer goes on from there as well.
        for known in self._ranked(self._known.get(request_digest(parameters, messages[:at]), ()), request.slot):
            reply = self._recording.reply(known.number)
            if reply is not None and reply.text.startswith(left):
                return known, _from(reply, len(left))
        return None

    def _ranked(self, candidates: Sequence[_Known], slot: str) -> list[_Known]:
        alike = slot.partition("/")[2]

        def rank(one: _Known) -> tuple[bool, int, int, int]:
            place = 0 if one.slot == slot else 1 if one.slot.partition("/")[2] == alike else 2
            return (not one.whole, place, self._given[one.number], one.number)

        return sorted(candidates, key=rank)

    def _learn(self) -> None:
        """Take in what the recording has by now."""
        for recorded in self._recording.requests(self._seen):
            self._seen.add(recorded.number)
            if self._of and recorded.model not in self._of:
                continue
            self._add(recorded)
            parts = frozenset(hash(part) for _, of in recorded.messages for part in of)
            self._requests.append((recorded, parts))

    def _add(self, recorded: Recorded) -> None:
        messages = [(role, "\n\n".join(parts)) for role, parts in recorded.messages]
        begun = _begun(messages)
        skip = 0
        if begun is not None:
            at, left = begun
            reply = self._recording.reply(recorded.number)
            if reply is not None and reply.text.startswith(left):
                # It was gone on with after a break. A run without the break asks only what came before that.
                skip = len(left)
                self._keep(recorded, messages[:at], 0)
        self._keep(recorded, messages, skip)

    def _keep(self, recorded: Recorded, messages: Sequence[tuple[str, str]], skip: int) -> None:
        whole = recorded.ending is Ending.COMPLETE
        known = _Known(number=recorded.number, slot=recorded.slot, model=recorded.model, whole=whole, skip=skip)
        self._known[request_digest(recorded.parameters, messages)].append(known)

    # ── what is not there ─────────────────────────────────────────────────────────────────────────────────────

    def _not_recorded(self, request: Request) -> NotRecorded:
        words = " ".join(request.messages[-1].text.split()) if request.messages else ""
        begins = words if len(words) <= _SHOWN else words[:_SHOWN].rstrip() + "…"
        # A prompt beside any book has a place that nobody has seen.
        what = "this prompt" if not request.slot or request.slot.startswith("free-") else request.slot
        asked = f"the request for {what} ({begins!r})"
        if not self._requests:
            whose = f" of {', '.join(sorted(self._of))}" if self._of else ""
            said = f"The recording {self._name} holds no answer{whose} at all, so none to {asked}."
            return NotRecorded(said, fix="Record the run first, or name a model to ask with ?else=provider:model.")
        nearest, same = self._nearest(request)
        near = ""
        if same:
            near = f"; the nearest that it has is for {nearest.slot}, {_difference(nearest, request, same)}"
        return NotRecorded(
            f"The recording {self._name} has no answer to {asked}{near}.",
            fix="Record the run again, or name a model to ask for what is missing with ?else=provider:model.",
            nearest=nearest.slot,
        )

    def _nearest(self, request: Request) -> tuple[Recorded, float]:
        """The recorded request that shares most parts with this one, and which share of them it does."""
        asked = frozenset(hash(part) for message in request.messages for part in message.parts)
        kind = request.slot.split("/")[1:2]

        def nearness(one: tuple[Recorded, frozenset[int]]) -> tuple[float, bool, bool, int]:
            recorded, parts = one
            shared = len(asked & parts) / max(len(asked | parts), 1)
            return (shared, recorded.slot == request.slot, recorded.slot.split("/")[1:2] == kind, -recorded.number)

        found = max(self._requests, key=nearness)
        return found[0], nearness(found)[0]


def _difference(recorded: Recorded, request: Request, shared: float) -> str:
    parameters = {"max_tokens": request.max_tokens, **request.parameters}
    if [(role, "\n\n".join(parts)) for role, parts in recorded.messages] == [
        (m.role, m.text) for m in request.messages
    ]:
        names = sorted(parameters.keys() | recorded.parameters.keys())
        other = [name for name in names if parameters.get(name) != recorded.parameters.get(name)]
        return f"whose {' and '.join(other) or 'parameters'} differ"
    return f"whose messages share {shared:.0%} of their parts with these"


def _begun(messages: Sequence[tuple[str, str]]) -> tuple[int, str] | None:
    """Where the last message of the assistant stands, and its text; None where there is none."""
    for at in range(len(messages) - 1, -1, -1):
        if messages[at][0] == "assistant":
            return at, messages[at][1]
    return None


def _from(reply: Reply, skip: int) -> Reply:
    return replace(reply, text=reply.text[skip:]) if skip else reply
