"""What every test gets: no network, no settings of the machine, asyncio and trio; and `require` for optional parts."""

from __future__ import annotations

import ipaddress
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ghostkit import faults
from ghostkit.cache import reset_caches
from ghostkit.providers import registry
from ghostkit.providers.estimating import calibration
from ghostkit.providers.resilience import gates
from ghostkit.settings import reset_settings
from ghostkit.settings.model import variables_by_field

from .desk import Desk

REQUIRED = frozenset(filter(None, os.environ.get("GHOSTKIT_REQUIRE", "").replace(" ", "").split(",")))

Require = Callable[[str, object, str], None]
"""(part, whether it is there, why it may be missing)"""


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="session")
def require() -> Require:
    """`require("java", shutil.which("java"), "no Java runtime")`: skip with the reason unless the part is there.

    Where the environment's GHOSTKIT_REQUIRE (a comma list) names the part, its absence is a failure.
    """

    def check(part: str, found: object, reason: str) -> None:
        if found:
            return
        if part in REQUIRED:
            pytest.fail(f"GHOSTKIT_REQUIRE asks for {part}: {reason}")
        pytest.skip(f"{part}: {reason}")

    return check


LONGEST = (
    "tests/drill/test_kill",
    "tests/drill/",
    "tests/security/",
    "tests/providers/matrix/",
    "tests/providers/test_replay",
    "tests/hosts/",
    "tests/notebooks/",
    "tests/export/test_epub",
    "tests/widgets/",
)
"""These files begin first, so that no worker is left with one of them at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def rank(item: pytest.Item) -> int:
        return next((at for at, part in enumerate(LONGEST) if part in item.nodeid), len(LONGEST))

    items.sort(key=rank)


def _is_local(address: Any) -> bool:
    if isinstance(address, str | bytes):  # a Unix socket
        return True
    host = str(address[0])
    if host in ("", "localhost"):
        return True
    try:
        return ipaddress.ip_address(host.split("%")[0]).is_loopback
    except ValueError:
        return False


@pytest.fixture(scope="session", autouse=True)
def _no_network() -> Iterator[None]:
    """Connections to anything but this machine fail at once, whatever library asks."""
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex

    def checked(method: Callable[[socket.socket, Any], Any]) -> Callable[[socket.socket, Any], Any]:
        def call(self: socket.socket, address: Any) -> Any:
            if not _is_local(address):
                raise OSError(f"a test tried to reach {address!r}; the network is off in tests")
            return method(self, address)

        return call

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", checked(connect))
        patch.setattr(socket.socket, "connect_ex", checked(connect_ex))
        yield


@pytest.fixture(autouse=True)
def _isolated(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """None of the machine's settings or keys, no `.env`, no fault plan, and no provider left by another test."""
    ours = {name for names in variables_by_field().values() for name in names}
    for name in os.environ:
        if name in ours or (name.startswith("GHOSTKIT_") and name != "GHOSTKIT_REQUIRE"):
            monkeypatch.delenv(name)
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.getbasetemp() / "state"))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    if Path(".env").exists():
        monkeypatch.chdir(tmp_path_factory.mktemp("no-env"))
    registered = dict(registry._registered)
    reset_settings()
    reset_caches()
    gates.clear()
    calibration.forget()
    yield
    reset_settings()
    reset_caches()
    faults.load({})
    registry._registered.clear()
    registry._registered.update(registered)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """Books with a scripted provider, on a disk that need not sync; closed at the end."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
    made = Desk(tmp_path)
    yield made
    made.leave()


@pytest.fixture
def fault() -> Callable[[str], None]:
    """`fault("lease.before_release:1:eio")`: plan a fault in this process, for the rest of the test."""
    return lambda plan: faults.load({"GHOSTKIT_FAULT": plan})
