"""One vendor at a simulator that writes slowly, our adapter and our service before it, a bare socket beside them."""

from __future__ import annotations

import json
import os
import secrets
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import anyio
import anyio.to_thread

from ghostkit.generation import GenerationOptions, GenerationService
from ghostkit.ledger import SqliteLedger, Who
from ghostkit.providers import Message, ProviderRegistry, Request, registry
from ghostkit.providers.resilience import Gates
from ghostkit.testing.simulator import Simulator

VENDORS: Final = ("openai", "openai-responses", "anthropic", "gemini", "cohere", "openrouter", "ollama")
KEY: Final = "sk-closing-" + "k" * 24
PROMPT: Final = "Tell me about a ferry."
SLOW: Final[dict[str, Any]] = {"reply": {"tokens": 4000}, "pace": {"tokens_per_s": 400}}
FAST: Final[dict[str, Any]] = {"match": {"model": "fast*"}, "reply": {"tokens": 3}, "pace": {"first_token_s": 0.06}}
LONGEST_S: Final = 5.0


@dataclass
class Scene:
    """`service` has no other provider than `provider`, so both are left in the same way."""

    simulator: Simulator
    vendor: str
    provider: Any
    service: GenerationService

    def request(self) -> Request:
        """Known to the simulator by an attempt id of its own."""
        messages = (Message(role="user", parts=(PROMPT,)),)
        return Request(model="slow", messages=messages, max_tokens=8000, attempt_id="a-" + secrets.token_hex(8))

    async def begin(self) -> None:
        """New rules, and nothing remembered; the client is made, and a connection opened and left free."""
        await anyio.to_thread.run_sync(self.simulator.set_rules, [FAST, SLOW])
        await self.service.generate(f"{self.vendor}:fast", PROMPT)
        await anyio.to_thread.run_sync(self.simulator.reset)
        await anyio.to_thread.run_sync(self.simulator.set_rules, [FAST, SLOW])

    async def closings(self, count: int) -> dict[str, float]:
        """When each of `count` answers was seen to be left, by attempt; fewer if no more come within seconds."""
        until = time.monotonic() + LONGEST_S
        while True:
            lines = await anyio.to_thread.run_sync(self.simulator.closings)
            found = {line["attempt_id"]: float(line["monotonic"]) for line in lines if line["during"] == "answer"}
            if len(found) >= count or time.monotonic() > until:
                return found
            await anyio.sleep(0.01)


@asynccontextmanager
async def scene_of(simulator: Simulator, vendor: str) -> AsyncIterator[Scene]:
    provider = registry.create_provider(vendor, {"api_key": KEY, "base_url": simulator.url(vendor)})
    providers = ProviderRegistry()
    providers.register_provider(vendor, lambda: provider)
    ledger = SqliteLedger(None)
    ledger.acquire_lease({})
    service = GenerationService(
        ledger=ledger, who=Who(actor="closing", ghostkit_version="0"), providers=providers, gates=Gates(),
        options=lambda: GenerationOptions(max_retries=0),
    )  # fmt: skip
    try:
        yield Scene(simulator, vendor, provider, service)
    finally:
        with anyio.CancelScope(shield=True):
            await service.aclose()
        ledger.release_lease()
        ledger.close()


async def bare_socket(scene: Scene, busy_s: float = 0.0) -> tuple[str, float]:
    """Ask, hear two pieces, close: what no library can be faster than.

    With `busy_s` it goes on computing for so long, as a library does that tidies up: on a machine with other work
    the simulator is only given a processor once this process leaves its own.
    """
    where = urlsplit(scene.simulator.url("openai"))
    attempt = "a-" + secrets.token_hex(8)
    body = json.dumps({"model": "slow", "stream": True, "messages": [{"role": "user", "content": PROMPT}]}).encode()
    head = (
        f"POST {where.path}/chat/completions HTTP/1.1\r\nHost: {where.netloc}\r\nAuthorization: Bearer {KEY}\r\n"
        f"Idempotency-Key: {attempt}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    sock = socket.create_connection((where.hostname or "", where.port or 80))
    sock.setblocking(False)
    sock.send(head.encode() + body)
    came = b""
    while came.count(b'"content":" w') < 2:
        await anyio.wait_readable(sock)
        came += sock.recv(65536)
    left_at = time.monotonic()
    sock.close()
    while time.monotonic() < left_at + busy_s:
        pass
    return attempt, left_at


def open_sockets(simulator: Simulator) -> int:
    """How many connections to the simulator this process holds that are not closed; -1 where the system can't say."""
    try:
        with open("/proc/net/tcp", encoding="ascii") as table:
            rows = [line.split() for line in table.readlines()[1:]]
        mine = {os.readlink(f"/proc/self/fd/{name}") for name in os.listdir("/proc/self/fd") if _is_open(name)}
    except OSError:
        return -1
    there = f":{simulator.port:04X}"
    return sum(row[2].endswith(there) and f"socket:[{row[9]}]" in mine for row in rows)


def _is_open(name: str) -> bool:
    return os.path.lexists(f"/proc/self/fd/{name}")
