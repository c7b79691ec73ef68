"""The program: its first line, its end, and what it says when it can't start."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from ghostkit.errors import InputError
from ghostkit.testing.simulator import Simulator, running_simulator

COMMAND = [sys.executable, "-m", "ghostkit.testing.simulator"]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_it_prints_its_port_and_ends_quietly(ending: signal.Signals) -> None:
    with subprocess.Popen(COMMAND, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        port = json.loads(process.stdout.readline())["port"]
        with socket.create_connection(("127.0.0.1", port)):
            process.send_signal(ending)
            out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (0, "", "")


def test_help_has_examples() -> None:
    said = run("--help")
    assert said.returncode == 0
    assert "--rules rules.json" in said.stdout
    assert "OPENAI_BASE_URL=" in said.stdout


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "can't be read: No such file or directory."),
        ("[{]", "is not JSON"),
        ('[{}, {"fault": {"kind": "cut_mdi"}}]', "Rule 2 of"),
    ],
)
def test_a_rule_file_that_is_of_no_use(tmp_path: Path, text: str | None, words: str) -> None:
    path = tmp_path / "rules.json"
    if text is not None:
        path.write_text(text)
    said = run("--rules", str(path))
    assert (said.returncode, said.stdout) == (2, "")
    assert words in said.stderr
    assert str(path) in said.stderr
    assert said.stderr.count("\n") == 1


def test_a_port_in_use(simulator: Simulator) -> None:
    said = run("--port", str(simulator.port))
    assert said.returncode == 2
    assert f"can't listen on port {simulator.port}: Address already in use." in said.stderr
    with pytest.raises(InputError, match="didn't start"), running_simulator(port=simulator.port):
        pass


def test_it_ends_with_the_process_that_started_it() -> None:
    code = (
        "import os; from ghostkit.testing.simulator import running_simulator\n"
        "with running_simulator() as simulator: print(simulator.pid, flush=True); os._exit(0)"
    )
    started = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    pid = int(started.stdout)
    for _ in range(500):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        import time

        time.sleep(0.01)
    pytest.fail("the simulator outlived its starter")


def test_the_environment_sends_all_six_sdks_here(simulator: Simulator) -> None:
    variables = simulator.environment()
    here = f"http://127.0.0.1:{simulator.port}"
    assert {value for name, value in variables.items() if not name.endswith("_KEY")} == {
        f"{here}/openai/v1",
        f"{here}/anthropic",
        f"{here}/gemini",
        f"{here}/cohere",
        f"{here}/openrouter/api/v1",
        f"{here}/ollama",
    }


def test_an_unknown_vendor(simulator: Simulator) -> None:
    with pytest.raises(InputError, match="no vendor 'acme'"):
        simulator.url("acme")


def test_importing_it_brings_no_sdk_and_no_parser() -> None:
    code = (
        "import sys, ghostkit.testing.simulator.command as c; "
        "print([m for m in ('openai', 'anthropic', 'cohere', 'google.genai', 'httpx', 'h11') if m in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert said.stdout.strip() == "[]"
