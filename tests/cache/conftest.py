"""A real Redis of this session's own, on a free port of this machine."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Require


class RedisServer:
    """`start` and `stop` as a test likes; nothing is saved, so a start is with nothing in it."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        self.port = _free_port()
        self.url = f"unix://{folder}/redis.sock"
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder)]
        command += ["--unixsocket", f"{self.folder}/redis.sock", "--save", "", "--appendonly", "no", *self._options]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 10
        while not self._answers():
            assert self._process.poll() is None, "redis-server ended at once"
            assert time.monotonic() < deadline, "redis-server does not answer"
            time.sleep(0.01)

    def _answers(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1) as asking:
            asking.sendall(b"PING\r\n")
            return asking.recv(5) in (b"+PONG", b"-NOAU")
        return False

    def stop(self) -> None:
        """At once, as a crash would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.fixture(scope="session")
def redis_folder(require: Require) -> Iterator[Path]:
    """A short path: the name of a Unix socket has room for a hundred characters."""
    require("redis", shutil.which("redis-server"), "no redis-server")
    with tempfile.TemporaryDirectory(prefix="gk-redis-") as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def redis_server(redis_folder: Path) -> Iterator[RedisServer]:
    """Shared: each test takes a namespace of its own."""
    server = RedisServer(redis_folder)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def own_redis(redis_folder: Path) -> Iterator[RedisServer]:
    """One that a test may stop."""
    with tempfile.TemporaryDirectory(prefix="own-", dir=redis_folder) as folder:
        server = RedisServer(Path(folder))
        server.start()
        yield server
        server.stop()
