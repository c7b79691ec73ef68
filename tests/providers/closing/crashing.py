"""A stream in a process that is killed: `python -m tests.providers.closing.crashing VENDOR URL`.

The kernel takes back a dead process's memory before it closes its sockets, so a process that has little dies sooner.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import Final

import anyio

from ghostkit.testing.simulator import Simulator

WAITED_S: Final = 5.0
_BARE: Final = """
import json, os, socket, sys
from urllib.parse import urlsplit
where = urlsplit(sys.argv[2])
body = json.dumps({"model": "slow", "stream": True, "messages": [{"role": "user", "content": "Go."}]}).encode()
head = f"POST {where.path}/chat/completions HTTP/1.1\\r\\nHost: {where.netloc}\\r\\nAuthorization: Bearer sk-k\\r\\n"
line = socket.create_connection((where.hostname, where.port))
line.sendall(f"{head}Content-Type: application/json\\r\\nContent-Length: {len(body)}\\r\\n\\r\\n".encode() + body)
held = [bytes(4000) for _ in range(256 * int(os.environ.get("HELD_MB", 0)))]
came = b""
while came.count(b'"content":" w') < 2:
    came += line.recv(65536)
print("reading", flush=True)
while True:
    line.recv(65536)
"""
OURS: Final = (sys.executable, "-m", "tests.providers.closing.crashing")
BARE: Final = (sys.executable, "-S", "-c", _BARE)
"""The same with nothing but a socket."""


async def read(vendor: str, url: str) -> None:
    from ghostkit.providers import Message, Request, TextDelta, registry

    provider = registry.create_provider(vendor, {"api_key": "sk-crash", "base_url": url})
    request = Request(model="slow", messages=(Message(role="user", parts=("Go.",)),), max_tokens=8000)
    pieces = 0
    async with provider.stream(request) as stream:
        async for event in stream:
            pieces += isinstance(event, TextDelta)
            if pieces == 2:
                print("reading", flush=True)


def crash(
    simulator: Simulator, vendor: str, program: tuple[str, ...] = OURS, held_mb: int = 0
) -> tuple[float | None, int]:
    """Seconds from the killing of a process that reads a stream until its socket was seen to close, None for never;
    and the memory it had, in MB (0 where the system doesn't say). A bare one holds `held_mb` besides its own.
    """
    simulator.reset()
    simulator.set_rules([{"reply": {"tokens": 4000}, "pace": {"tokens_per_s": 50}}])
    command = [*program, vendor, simulator.url(vendor)]
    environment = {**os.environ, "HELD_MB": str(held_mb)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "reading\n", f"{vendor} didn't answer"
        memory = _memory_mb(process.pid)
        killed_at = time.monotonic()
        process.kill()
    while time.monotonic() < killed_at + WAITED_S:
        for line in simulator.closings():
            if line["during"] == "answer":
                return float(line["monotonic"]) - killed_at, memory
        time.sleep(0.01)
    return None, memory


def _memory_mb(pid: int) -> int:
    try:
        with open(f"/proc/{pid}/statm", encoding="ascii") as pages:
            return int(pages.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024**2
    except OSError:
        return 0


if __name__ == "__main__":
    anyio.run(read, sys.argv[1], sys.argv[2])
