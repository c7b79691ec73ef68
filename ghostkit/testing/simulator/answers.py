"""What the simulator says: a rule's text, the rehearsal's, or an instance of the schema asked for."""

from __future__ import annotations

import hashlib
import json
import time
import uuid
from functools import lru_cache
from itertools import islice

import anyio.to_thread

from ghostkit.providers.contract import Message, Request
from ghostkit.providers.rehearsal import RehearsalProvider
from ghostkit.providers.rehearsal.tokens import count_tokens, split_tokens
from ghostkit.testing.simulator.asks import Answer, Ask, Stop, Tokens
from ghostkit.testing.simulator.rules import Fault, ReplyRule

ROOM = 4096
"""Tokens of an answer to a request that sets no limit."""
THOUGHTS = "What is asked for comes first. Then how long it may be, and what must not be missing from it."
REFUSAL = "I'm sorry, I can't help with that."
KEPT_TEXTS = 256
NOT_JSON = "Certainly! Here is what you asked for, more or less: {chapters: eight, or so"
_CACHE_FROM, _CACHE_STEP = 1024, 128
_author = RehearsalProvider(bill="", faults="", tokens_per_s=0, first_token_s=0, jitter=0, price="0,0")


def input_tokens(ask: Ask) -> int:
    """The tokens of the messages; three more for each, as chat templates add some."""
    around = 0 if ask.target.kind == "embed" else 3
    return sum(count_tokens(text) + around for _, text in ask.messages)


async def compose(ask: Ask, reply: ReplyRule | None, fault: Fault | None, cache: PromptCache) -> Answer:
    """The whole answer to `ask`."""
    kind = fault.kind if fault else ""
    pieces, stop, stop_sequence = await _pieces(ask, reply, fault)
    thoughts = _thoughts(ask, reply)
    used = _used(ask, reply, pieces, thoughts, cache)
    return Answer(
        id=uuid.uuid4().hex,
        model=ask.model,
        created=int(time.time()),
        pieces=pieces,
        thoughts=thoughts,
        stop=stop,
        usage=None if kind == "no_usage" else used,
        stop_sequence=stop_sequence,
        refusal=REFUSAL if fault is not None and kind == "refuse" and fault.form == "said" else "",
        stamped=bool(reply and reply.stamps),
        shows_thoughts=bool(reply and reply.reasoning),
    )


async def _pieces(ask: Ask, reply: ReplyRule | None, fault: Fault | None) -> tuple[list[str], Stop, str | None]:
    kind = fault.kind if fault else ""
    if kind == "empty":
        return [], "stop", None
    if kind == "not_json":
        return split_tokens(NOT_JSON), "stop", None
    tokens, found = await _tokens(ask, reply)
    if fault is not None and kind == "refuse":
        return tokens[: 0 if fault.form == "said" else fault.after or 0], "refused", None
    room = ROOM if ask.max_tokens is None else ask.max_tokens
    if reply is not None and ask.max_tokens is None:
        room = len(tokens)
    if len(tokens) > room:
        return tokens[:room], "length", None
    if kind == "length":
        return tokens[: max(1, len(tokens) * 3 // 5)], "length", None
    return tokens, "stop", found


async def _tokens(ask: Ask, reply: ReplyRule | None) -> tuple[list[str], str | None]:
    """The tokens of the answer, and the stop sequence that ended it."""
    if reply is not None and reply.tokens is not None:
        return _counted(reply.tokens), None
    text = reply.text if reply is not None and reply.text is not None else await _own_text(ask)
    text, found = _stopped(text, ask.stop)
    return split_tokens(text), found


@lru_cache(maxsize=4)
def _counted(tokens: int) -> list[str]:
    """Words that count themselves, so that a missing or doubled one is seen. The list is shared: never change it."""
    return [f" w{number}" for number in range(tokens)]


def _stopped(text: str, stops: list[str]) -> tuple[str, str | None]:
    """The text up to the first stop sequence in it, and which one that was."""
    found = [(place, stop) for stop in stops if stop and (place := text.find(stop)) >= 0]
    if not found:
        return text, None
    place, stop = min(found)
    return text[:place], stop


async def _own_text(ask: Ask) -> str:
    """The rehearsal's text; written in a thread, because a new one takes milliseconds."""
    schema = json.dumps(ask.schema, sort_keys=True) if ask.schema is not None else ""
    room = ROOM if ask.max_tokens is None else ask.max_tokens
    key = (tuple(ask.messages), room, schema, ask.json_mode)
    if key not in _texts:
        if len(_texts) >= KEPT_TEXTS:
            _texts.pop(next(iter(_texts)))
        _texts[key] = await anyio.to_thread.run_sync(_written, *key)
    return _texts[key]


_Key = tuple[tuple[tuple[str, str], ...], int, str, bool]
_texts: dict[_Key, str] = {}


def _written(messages: tuple[tuple[str, str], ...], room: int, schema: str, json_mode: bool) -> str:
    from ghostkit.providers.rehearsal.reading import read_prompt
    from ghostkit.testing.simulator.schema_instances import instance_of

    said = tuple(Message(role=role, parts=(text,)) for role, text in messages)  # type: ignore[arg-type]
    request = Request(
        model="novelist", messages=said, max_tokens=max(room, 1), parameters=_draw(messages[-1][1] if messages else "")
    )
    if (schema or json_mode) and read_prompt(request).kind == "text":
        made = instance_of(json.loads(schema), schema) if schema else {"answer": "amber harbour lantern"}
        return json.dumps(made, ensure_ascii=False)
    return _author.text_for(request)


def _draw(prompt: str) -> dict[str, int]:
    """The number of the draw: what is wished for otherwise comes out otherwise, though few formats have a seed."""
    _, wished, after = prompt.rpartition("<wish>")
    return {"seed": int(hashlib.sha256(after.encode()).hexdigest()[:8], 16)} if wished else {}


def _thoughts(ask: Ask, reply: ReplyRule | None) -> list[str]:
    if reply is not None and reply.reasoning is not None:
        return split_tokens(reply.reasoning)
    return split_tokens(THOUGHTS) if ask.thinks else []


def _used(ask: Ask, reply: ReplyRule | None, pieces: list[str], thoughts: list[str], cache: PromptCache) -> Tokens:
    asked = input_tokens(ask)
    cached, written = cache.use(ask, asked)
    used = Tokens(
        input=asked,
        output=len(pieces) + len(thoughts),
        cached=cached,
        cache_write=written,
        reasoning=len(thoughts),
    )
    said = reply.usage if reply is not None else None
    if said is None:
        return used
    return Tokens(
        input=used.input if said.input is None else said.input,
        output=used.output if said.output is None else said.output,
        cached=used.cached if said.cached is None else said.cached,
        cache_write=used.cache_write if said.cache_write is None else said.cache_write,
        reasoning=used.reasoning if said.reasoning is None else said.reasoning,
        cost_usd=said.cost_usd,
    )


class PromptCache:
    """Which beginnings of prompts a vendor would hold: the marked ones at Anthropic, any long one elsewhere."""

    def __init__(self) -> None:
        self._prompts: dict[tuple[str, str], list[str]] = {}
        self._marked: set[tuple[str, str, str]] = set()

    def use(self, ask: Ask, asked: int) -> tuple[int, int]:
        """(tokens read from the cache, tokens put into it) of a prompt that has `asked` tokens."""
        if ask.vendor == "ollama":
            return 0, 0
        return self._by_marks(ask) if ask.vendor == "anthropic" else (self._by_beginning(ask, asked), 0)

    def _by_marks(self, ask: Ask) -> tuple[int, int]:
        marks = [mark for mark in ask.marks if count_tokens(mark) >= _CACHE_FROM]
        held = [mark for mark in marks if (ask.vendor, ask.model, mark) in self._marked]
        self._marked.update((ask.vendor, ask.model, mark) for mark in marks)
        read = max((count_tokens(mark) for mark in held), default=0)
        return read, max((count_tokens(mark) for mark in marks), default=0) - read

    def _by_beginning(self, ask: Ask, asked: int) -> int:
        if asked < _CACHE_FROM:
            return 0
        prompt = ask.prompt
        known = self._prompts.setdefault((ask.vendor, ask.model), [])
        shared = max((_shared(prompt, other) for other in islice(known, 16)), default=0)
        known.insert(0, prompt)
        del known[16:]
        tokens = count_tokens(prompt[:shared])
        return tokens // _CACHE_STEP * _CACHE_STEP if tokens >= _CACHE_FROM else 0


def _shared(first: str, second: str) -> int:
    """How many characters two texts begin with in common."""
    low, high = 0, min(len(first), len(second))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if first[:middle] == second[:middle] else (low, middle - 1)
    return low
