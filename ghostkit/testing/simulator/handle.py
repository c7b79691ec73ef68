"""A simulator in a process of its own, held by the test that started it."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ghostkit.errors import InputError

Rules = Sequence[Mapping[str, Any]]
KEY = "simulator-key"


class Simulator:
    """A running simulator. Its methods talk to it over loopback and block; in async code call them in a thread."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self._process = process
        self._lock = threading.Lock()
        self._line: http.client.HTTPConnection | None = None
        self.port = port

    @property
    def pid(self) -> int:
        return self._process.pid

    def url(self, vendor: str) -> str:
        """The base URL for a vendor's SDK: `openai`, `openai-responses`, `anthropic`, `gemini`, `cohere`, …

        :raises InputError: there is no such vendor.
        """
        from ghostkit.testing.simulator.routes import BASES

        if vendor not in BASES:
            raise InputError(f"The simulator has no vendor {vendor!r}.", fix=f"It has: {', '.join(BASES)}.")
        return f"http://127.0.0.1:{self.port}{BASES[vendor]}"

    def environment(self) -> dict[str, str]:
        """The variables that send all six SDKs here, with keys that mean nothing."""
        return {
            "OPENAI_BASE_URL": self.url("openai"),
            "ANTHROPIC_BASE_URL": self.url("anthropic"),
            "GOOGLE_GEMINI_BASE_URL": self.url("gemini"),
            "CO_API_URL": self.url("cohere"),
            "OPENROUTER_BASE_URL": self.url("openrouter"),
            "OLLAMA_HOST": self.url("ollama"),
            "OPENAI_API_KEY": KEY,
            "ANTHROPIC_API_KEY": KEY,
            "GEMINI_API_KEY": KEY,
            "CO_API_KEY": KEY,
            "COHERE_API_KEY": KEY,
            "OPENROUTER_API_KEY": KEY,
        }

    def set_rules(self, rules: Rules) -> None:
        """Replace all rules; their counters begin anew.

        :raises InputError: a rule is wrong.
        """
        self._ask("PUT", "rules", json.dumps(list(rules)).encode())

    def reset(self) -> None:
        """The rules it started with, and nothing remembered: bill, requests, closings, limits, prompt cache."""
        self._ask("POST", "reset")

    def bill(self) -> list[dict[str, Any]]:
        """The lines since the start or the last reset."""
        return list(self._ask("GET", "bill"))

    def faults(self) -> list[dict[str, Any]]:
        """The bill's lines about faults that fired; `said` is the text that was sent before."""
        return [line for line in self.bill() if line["event"] == "fault"]

    def requests(self) -> list[dict[str, Any]]:
        """What was asked: method, path, headers (without keys), body. The last 1,000."""
        return list(self._ask("GET", "requests"))

    def closings(self) -> list[dict[str, Any]]:
        """When clients closed: `monotonic` (this machine's `time.monotonic()`), `attempt_id`, `path`, `during`
        ("answer": before it was whole; "idle": after it)."""
        return list(self._ask("GET", "closings"))

    def stop(self) -> None:
        """End the process and wait for it."""
        if self._line is not None:
            self._line.close()
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def _ask(self, method: str, act: str, body: bytes | None = None) -> Any:
        with self._lock:
            for attempt in (1, 2):
                line = self._line or http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
                self._line = line
                try:
                    line.request(method, f"/_simulator/{act}", body)
                    response = line.getresponse()
                    status, answer = response.status, json.loads(response.read())
                    break
                except (http.client.HTTPException, ConnectionError):
                    line.close()
                    self._line = None
                    if attempt == 2:
                        raise
        if status >= 400:
            raise InputError(answer["message"], fix=answer["fix"])
        return answer


@contextmanager
def running_simulator(
    rules: Rules = (), *, bill: str | os.PathLike[str] | None = None, port: int = 0
) -> Iterator[Simulator]:
    """Start a simulator in a process of its own; it ends with the context, or with this process.

    :raises InputError: a rule is wrong, or the port is in use.
    """
    with tempfile.TemporaryDirectory(prefix="ghostkit-simulator-") as folder:
        simulator = _start(list(rules), bill, port, Path(folder))
        try:
            yield simulator
        finally:
            simulator.stop()


def _start(rules: list[Mapping[str, Any]], bill: str | os.PathLike[str] | None, port: int, folder: Path) -> Simulator:
    command = [sys.executable, "-m", "ghostkit.testing.simulator", "--until-stdin-closes", "--port", str(port)]
    if rules:
        (folder / "rules.json").write_text(json.dumps(rules), "utf-8")
        command += ["--rules", str(folder / "rules.json")]
    if bill is not None:
        command += ["--bill", os.fspath(bill)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GHOSTKIT_")}
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
    with open(folder / "errors", "w+b") as errors:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, env=environment
        )
        assert process.stdout is not None
        first = process.stdout.readline()
        if not first:
            Simulator(process, 0).stop()
            errors.seek(0)
            said = errors.read().decode("utf-8", "replace").strip().removeprefix("Error: ")
            raise InputError(f"The simulator didn't start. {said}")
    return Simulator(process, int(json.loads(first)["port"]))
