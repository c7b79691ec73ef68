"""The faults that break an answer after its headers, or send something else in its place."""

from __future__ import annotations

import zlib
from collections.abc import Awaitable, Callable, Iterator

import anyio
import anyio.to_thread

from ghostkit.testing.simulator.delivery import Delivery, head, problem_of, send_reply
from ghostkit.testing.simulator.dialects import Reply, Script
from ghostkit.testing.simulator.dialects.base import Headers
from ghostkit.testing.simulator.rules import Fault

HTML = (
    b"<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body><h1>Welcome to the network</h1>"
    b"<p>Please sign in to go on.</p></body></html>\n"
)
GARBAGE = b'data: {"this is": no JSON, and it isn\'t even clo\n\n'
GARBAGE_LINE = b'{"this is": no JSON, and it isn\'t even clo\n'
_BLOCK = b"x" * 65536


def _fault(delivery: Delivery) -> Fault:
    assert delivery.fault is not None
    return delivery.fault


def _middle(delivery: Delivery) -> int:
    """How many pieces are said before the fault; at least one where there is one and `at` isn't 0."""
    fault, count = _fault(delivery), len(delivery.answer.pieces)
    if fault.after is not None:
        return min(fault.after, count)
    return min(max(int(count * fault.at), 1 if fault.at and count else 0), count)


async def _half(delivery: Delivery, script: Script) -> None:
    """Headers, the opening, and the pieces before the fault."""
    await delivery.send_head()
    body = delivery.body()
    await body.send(*script.opening)
    await delivery.send_pieces(script, body, 0, _middle(delivery))
    await body.send(*script.closing[: min(_fault(delivery).closing, len(script.closing) - 1)])


async def _hang(delivery: Delivery) -> bool:
    """Keep still for `seconds` (for ever, by default); then go on (True), or cut the connection."""
    seconds = _fault(delivery).seconds
    await anyio.sleep(float("inf") if seconds is None else seconds)
    return await _ends(delivery)


async def _ends(delivery: Delivery) -> bool:
    if _fault(delivery).then == "go_on":
        return True
    await _cut(delivery)
    return False


async def _cut(delivery: Delivery) -> None:
    if _fault(delivery).how == "reset":
        await delivery.connection.reset()
    else:
        delivery.connection.close()


# ── streams ───────────────────────────────────────────────────────────────────────────────────────────────


async def drop(delivery: Delivery, script: Script | None = None) -> None:
    await delivery.fired()
    await _cut(delivery)


async def stall_first(delivery: Delivery, script: Script) -> None:
    await delivery.fired()
    if await _hang(delivery):
        await delivery.send_head()
        await delivery.send_script(script)


async def cut_first(delivery: Delivery, script: Script) -> None:
    await delivery.send_head()
    await delivery.fired()
    await _cut(delivery)


async def cut_mid(delivery: Delivery, script: Script) -> None:
    await _half(delivery, script)
    await delivery.fired()
    await _cut(delivery)


async def silent_mid(delivery: Delivery, script: Script) -> None:
    await _half(delivery, script)
    await delivery.fired()
    if await _hang(delivery):
        await delivery.send_rest(script)


async def stall_mid(delivery: Delivery, script: Script) -> None:
    await _half(delivery, script)
    await delivery.fired()
    fault, body = _fault(delivery), delivery.body()
    until = float("inf") if fault.seconds is None else anyio.current_time() + fault.seconds
    while anyio.current_time() < until:
        await body.send(delivery.dialect.ping)
        await anyio.sleep(min(fault.ping_s, max(until - anyio.current_time(), 0)))
    if await _ends(delivery):
        await delivery.send_rest(script)


async def early_end(delivery: Delivery, script: Script) -> None:
    await _half(delivery, script)
    await delivery.fired()
    await delivery.body().end()


async def error_event(delivery: Delivery, script: Script) -> None:
    await _half(delivery, script)
    await delivery.fired()
    problem = problem_of(_fault(delivery), delivery.ask, f"req_{delivery.answer.id}")
    await delivery.body().end(*delivery.dialect.error_event(delivery.ask, delivery.answer, problem))


async def garbage(delivery: Delivery, script: Script) -> None:
    await _half(delivery, script)
    await delivery.fired()
    await delivery.body().send(GARBAGE_LINE if delivery.dialect.name == "ollama" else GARBAGE)
    await delivery.send_rest(script)


async def duplicate(delivery: Delivery, script: Script) -> None:
    await delivery.fired()
    await delivery.send_head()
    twice = Script(
        opening=[event for event in script.opening for _ in (1, 2)],
        delta=lambda number, text: script.delta(number, text) * 2,
        closing=[event for event in script.closing for _ in (1, 2)],
    )
    await delivery.send_script(twice)


async def drip(delivery: Delivery, script: Script) -> None:
    await delivery.fired()
    await delivery.send_head()
    events = [*script.opening, *(script.delta(at, text) for at, text in enumerate(delivery.answer.pieces))]
    body, gap = delivery.body(), 1 / _fault(delivery).bytes_per_s
    for byte in b"".join(events):
        await body.send(bytes((byte,)))
        await anyio.sleep(gap)
    await delivery.answered()
    for byte in b"".join(script.closing):
        await body.send(bytes((byte,)))
        await anyio.sleep(gap)
    await body.end()


def _endless(delivery: Delivery, script: Script | None) -> Iterator[bytes]:
    """An answer whose text is `bytes` long, in blocks; never held in memory."""
    marker = "\x00HERE\x00"
    if script is not None:
        whole = b"".join(script.opening) + script.delta(0, marker) + b"".join(script.closing)
    else:
        delivery.answer.pieces = [marker]
        whole = delivery.whole()
    before, _, after = whole.partition(b"\\u0000HERE\\u0000")
    yield before
    left = _fault(delivery).bytes
    while left > 0:
        yield _BLOCK[:left]
        left -= len(_BLOCK)
    yield after


async def huge(delivery: Delivery, script: Script | None = None) -> None:
    await delivery.fired()
    await _start_generated(delivery, script, [])
    body = delivery.body()
    for block in _endless(delivery, script):
        await body.send(block)
    await delivery.answered()
    await body.end()


async def gzip_bomb(delivery: Delivery, script: Script | None = None) -> None:
    await delivery.fired()
    blocks = _endless(delivery, script)
    packed = await anyio.to_thread.run_sync(_packed, blocks, abandon_on_cancel=True)
    await _start_generated(delivery, script, [("content-encoding", "gzip")])
    await delivery.answered()
    await delivery.body().end(packed)


def _packed(blocks: Iterator[bytes]) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    return b"".join([*(packer.compress(block) for block in blocks), packer.flush()])


async def _start_generated(delivery: Delivery, script: Script | None, extra: Headers) -> None:
    if script is not None:
        await delivery.send_head(extra)
        return
    close = delivery.pace.framing == "close"
    headers = [*delivery.headers, *extra]
    await delivery.connection.send(head(200, headers, "application/json", None, close=close))


async def html(delivery: Delivery, script: Script | None = None) -> None:
    await delivery.fired()
    reply = Reply(status=200, body=HTML, content_type="text/html; charset=utf-8")
    await send_reply(delivery.connection, reply, [])


# ── plain answers ─────────────────────────────────────────────────────────────────────────────────────────


async def _half_whole(delivery: Delivery, share: float | None = None) -> bytes:
    """A head with the full length, and only a part of the body; what is left of it."""
    whole = delivery.whole()
    share = _fault(delivery).at if share is None else share
    start = head(200, delivery.headers, "application/json", len(whole))
    middle = min(int(len(whole) * share), len(whole) - 1)
    await delivery.connection.send(start + whole[:middle])
    return whole[middle:]


async def plain_cut_first(delivery: Delivery) -> None:
    await _half_whole(delivery, 0)
    await delivery.fired()
    await _cut(delivery)


async def plain_cut_mid(delivery: Delivery) -> None:
    await _half_whole(delivery)
    await delivery.fired()
    await _cut(delivery)


async def plain_stall_first(delivery: Delivery) -> None:
    await delivery.fired()
    if await _hang(delivery):
        await delivery.send_whole(delivery.whole())


async def plain_stall(delivery: Delivery) -> None:
    rest = await _half_whole(delivery)
    await delivery.fired()
    if await _hang(delivery):
        await delivery.answered()
        await delivery.connection.send(rest)


async def plain_early_end(delivery: Delivery) -> None:
    delivery.answer.pieces = delivery.answer.pieces[: _middle(delivery)]
    delivery.answer.stop = "missing"
    delivery.said = len(delivery.answer.pieces)
    whole = delivery.whole()
    await delivery.fired()
    await send_reply(delivery.connection, Reply(status=200, body=whole), delivery.headers)


async def plain_error(delivery: Delivery) -> None:
    await delivery.fired()
    problem = problem_of(_fault(delivery), delivery.ask, f"req_{delivery.answer.id}")
    reply = delivery.dialect.plain_failure(delivery.ask, delivery.answer, problem)
    await send_reply(delivery.connection, reply, delivery.headers)


async def plain_garbage(delivery: Delivery) -> None:
    await delivery.fired()
    await send_reply(delivery.connection, Reply(status=200, body=GARBAGE_LINE), delivery.headers)


async def plain_duplicate(delivery: Delivery) -> None:
    await delivery.fired()
    await delivery.send_whole(delivery.whole() * 2)


async def plain_drip(delivery: Delivery) -> None:
    await delivery.fired()
    whole, gap = delivery.whole(), 1 / _fault(delivery).bytes_per_s
    await delivery.connection.send(head(200, delivery.headers, "application/json", len(whole)))
    for byte in whole[:-1]:
        await delivery.connection.send(bytes((byte,)))
        await anyio.sleep(gap)
    await delivery.answered()
    await delivery.connection.send(whole[-1:])


STREAM_FAULTS: dict[str, Callable[[Delivery, Script], Awaitable[None]]] = {
    "drop": drop,
    "stall_first": stall_first,
    "stall_mid": stall_mid,
    "silent_mid": silent_mid,
    "cut_first": cut_first,
    "cut_mid": cut_mid,
    "early_end": early_end,
    "error_event": error_event,
    "garbage": garbage,
    "duplicate": duplicate,
    "drip": drip,
    "huge": huge,
    "gzip_bomb": gzip_bomb,
    "html": html,
}
PLAIN_FAULTS: dict[str, Callable[[Delivery], Awaitable[None]]] = {
    "drop": drop,
    "stall_first": plain_stall_first,
    "stall_mid": plain_stall,
    "silent_mid": plain_stall,
    "cut_first": plain_cut_first,
    "cut_mid": plain_cut_mid,
    "early_end": plain_early_end,
    "error_event": plain_error,
    "garbage": plain_garbage,
    "duplicate": plain_duplicate,
    "drip": plain_drip,
    "huge": huge,
    "gzip_bomb": gzip_bomb,
    "html": html,
}
