"""A whole use of ghostkit with canaries for keys: books written and failed, every command, every vendor's errors."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import os
import stat
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
import keyring
import pytest
from click.testing import CliRunner

import ghostkit
from ghostkit import sync
from ghostkit.cache import reset_caches
from ghostkit.cli import program
from ghostkit.errors import GhostkitError, ProviderError
from ghostkit.events import ErrorHandler, Event, EventType, LoggingHandler
from ghostkit.generation.replaying import export_recording
from ghostkit.providers import Message, Provider, Request, keychain, registry
from ghostkit.providers.keys import VENDORS, vendor_of
from ghostkit.settings import get_settings, reset_settings
from ghostkit.settings.model import variables_by_field
from tests.security import keyring_double
from tests.security.canaries import Canary, new_canaries
from tests.security.echo import MODES, PATHS, base_url, environment

WAYS = ("environment", ".env", "keyring", "code")
FULLY = ("environment",)
"""In this way every fault is met; in the others, which differ only in where the key is read, a few of them."""
MODELS = {
    "openai": "gpt-5", "openai-responses": "gpt-5", "anthropic": "claude-sonnet-5-5", "gemini": "gemini-3-pro",
    "cohere": "command-a-03-2025", "openrouter": "openai/gpt-5",
}  # fmt: skip
BRIEF = "# The Salt Pans\n\nIlse counts the pans twice."
REPOSITORY = Path(__file__).resolve().parents[2]
_PROGRAM = """
import json, pathlib, sys
from ghostkit.settings import get_settings
keys, seen, arguments = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3:]
for name, key in json.loads(keys.read_text()).items():
    setattr(get_settings(), name, key)
import psutil
seen.write_text(json.dumps([psutil.Process().cmdline(), psutil.Process().parent().cmdline()]))
from ghostkit.cli import program
program.main(arguments)
"""


def adapters() -> list[str]:
    """The vendors' providers that are here and whose SDKs are."""
    found = []
    for name in PATHS:
        with contextlib.suppress(GhostkitError):
            registry.factory(name)
            found.append(name)
    return found


@dataclass
class World:
    """What is left of one use of ghostkit, by place; `seen` was looked at while the keys were still set."""

    way: str
    folder: Path
    canaries: dict[str, Canary] = field(default_factory=new_canaries, repr=False)
    subjects: dict[str, Any] = field(default_factory=dict, repr=False)
    _code_keys: Path = field(init=False)

    def __post_init__(self) -> None:
        (self.folder / "private").mkdir(parents=True)
        self._code_keys = self.folder / "private" / "in-code.json"
        self._code_keys.write_text("{}")

    # ── setting the keys ──────────────────────────────────────────────────────────────────────────────────

    @contextlib.contextmanager
    def entered(self, echo: str) -> Iterator[None]:
        """With the keys set in this world's way, and every vendor's address the echo's."""
        before = keyring.get_keyring()
        with pytest.MonkeyPatch.context() as patch:
            for name in {name for names in variables_by_field().values() for name in names} & set(os.environ):
                patch.delenv(name)
            for name, value in environment(echo, "401").items():
                patch.setenv(name, value)
            for name, value in {"GHOSTKIT_MAX_RETRIES": "0", "GHOSTKIT_REQUEST_SPACING_S": "0", "CACHE_BACKEND": "file",
                                "GHOSTKIT_BREAKER_FAILURES": "0", "GHOSTKIT_TIMEOUT_S": "20",
                                "GHOSTKIT_STATE_DIR": str(self.folder / "state"),
                                keyring_double.VARIABLE: str(self.folder / "private" / "keychain.json"),
                                "PYTHON_KEYRING_BACKEND": "tests.security.keyring_double.Keyring"}.items():  # fmt: skip
                patch.setenv(name, value)
            (self.folder / "tmp").mkdir()
            patch.setattr(tempfile, "tempdir", str(self.folder / "tmp"))
            patch.chdir(self.folder)
            keyring.set_keyring(keyring_double.Keyring())
            self._forget()
            self._set_keys(patch)
            try:
                yield
            finally:
                keyring.set_keyring(before)
                (self.folder / ".env").unlink(missing_ok=True)
        self._forget()

    def _forget(self) -> None:
        keychain.forget_keychain()
        reset_settings()
        reset_caches()

    def _set_keys(self, patch: pytest.MonkeyPatch) -> None:
        keys = {vendor.name: self.canaries[vendor.name].key for vendor in VENDORS}
        if self.way == "environment":
            for vendor in VENDORS:
                patch.setenv(vendor.variables[0], keys[vendor.name])
        elif self.way == ".env":
            lines = [f"{vendor.variables[0]}={keys[vendor.name]}" for vendor in VENDORS]
            (self.folder / ".env").write_text("\n".join(lines) + "\n")
        elif self.way == "keyring":
            told = [self.cli("keys", "set", vendor.name, given=keys[vendor.name]) for vendor in VENDORS]
            self.subjects["keys set"] = "\n".join(told)
        else:
            for vendor in VENDORS:
                setattr(get_settings(), vendor.field, keys[vendor.name])
            self._code_keys.write_text(json.dumps({vendor.field: keys[vendor.name] for vendor in VENDORS}))

    # ── using it ──────────────────────────────────────────────────────────────────────────────────────────

    def cli(self, *arguments: object, given: str | None = None) -> str:
        """What a command says on stdout and stderr, in this process."""
        ran = CliRunner().invoke(program, [str(argument) for argument in arguments], input=given)
        return f"{ran.exit_code}\n{ran.stdout}\n{ran.stderr}\n{ran.exception!r}"

    def process(self, name: str, *arguments: object) -> str:
        """The same of a process of its own; its arguments and its parent's are kept under `name`."""
        seen = self.folder / f"{name}.json"
        ran = subprocess.run(
            [sys.executable, "-c", _PROGRAM, str(self._code_keys), str(seen), *map(str, arguments)],
            env={**os.environ, "PYTHONPATH": str(REPOSITORY), "TMPDIR": str(self.folder / "tmp")},
            capture_output=True, text=True, timeout=60, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        self.subjects[f"arguments of {name}"] = seen.read_text()
        return f"{ran.returncode}\n{ran.stdout}\n{ran.stderr}\n{ran!r}"

    def build(self, echo: str, simulator: Any) -> None:
        """Use everything once, and keep what is left of it."""
        screen, log = io.StringIO(), io.StringIO()
        handler = logging.StreamHandler(log)
        root, level = logging.getLogger(), logging.getLogger().level
        root.addHandler(handler)
        root.setLevel(logging.DEBUG)
        try:
            with (
                warnings.catch_warnings(record=True) as warned,
                contextlib.redirect_stdout(screen),
                contextlib.redirect_stderr(screen),
            ):
                warnings.simplefilter("always")
                warnings.warn("a canary's world", stacklevel=1)
                print("a canary's world")
                self._ask_every_vendor(echo)
                self._write_books(simulator)
                self._run_commands()
                self._crash()
                self._log_every_event()
                self._keep_in_memory()
                self._record(simulator)
        finally:
            root.removeHandler(handler)
            root.setLevel(level)
        self.subjects |= {
            "warnings": [str(one) for one in warned],
            "stdout and stderr of this process": screen.getvalue(),
            "logging at its most talkative": log.getvalue(),
        }

    def _ask_every_vendor(self, echo: str) -> None:
        errors: list[BaseException] = []
        providers: list[Provider] = []
        clients: list[Any] = []
        said: list[str] = []

        async def ask_all() -> None:
            for name in adapters():
                for mode in MODES if self.way in FULLY else ("401", "stall"):
                    provider = self._provider(name, base_url(echo, mode, name))
                    providers.append(provider)
                    if mode == "stall":
                        await _stopped(provider, name, errors)
                    else:
                        await _asked(provider, name, errors)
                        said.append(repr(await provider.validate()) if mode in ("401", "garbage") else "")
                    clients.append(await provider.client())  # type: ignore[attr-defined]
                    await provider.aclose()

        anyio.run(ask_all)
        first = {type(error): error for error in reversed(errors)}  # one of each kind, where looking is slow
        self.subjects["an error of each kind"] = list(first.values())
        self.subjects |= {"errors": errors, "provider objects": providers, "clients": clients, "diagnoses": said}

    def _provider(self, name: str, address: str) -> Provider:
        given = {"base_url": address}
        vendor = vendor_of(name)
        if self.way == "code" and vendor is not None:
            given["api_key"] = self.canaries[vendor.name].key
        return registry.create_provider(name, given)

    def _write_books(self, simulator: Any) -> None:
        path = self.folder / "book"
        book = sync.Book.create(path, brief=BRIEF, chapters=1, sections=1, words=50)
        failed: list[BaseException] = []
        for name in adapters():
            try:
                book.write(model=f"{name}:{MODELS[name]}")
            except GhostkitError as error:
                failed.append(error)
        runs = [f"{run!r} {vars(run)!r}" for run in book.live.runs]
        self.subjects |= {"errors of runs": failed, "runs": runs}
        model = "openai:gpt-5"
        with self._openai_at(simulator.url("openai")):
            book.write(model=model)
            self.subjects["fan-out"] = self._fan_out(model)
        self.subjects["views"] = [repr(book.live), book.live._repr_html_(), book.live.runs[-1].frame]
        book.live.close()
        for kind in ("markdown", "html", "epub"):
            self.subjects[f"export {kind}"] = sync.Book.open(path).export(kind).path
        self.subjects["book"] = path

    @contextlib.contextmanager
    def _openai_at(self, address: str) -> Iterator[None]:
        """With OpenAI's address changed in the way that its key is set in; settings made in code are not forgotten."""
        if self.way == "code":
            before, get_settings().openai_base_url = get_settings().openai_base_url, address
            yield
            get_settings().openai_base_url = before
            return
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("OPENAI_BASE_URL", address)
            reset_settings()
            yield
        reset_settings()

    def _fan_out(self, model: str) -> str:
        others = [f"{name}:{MODELS[name]}" for name in adapters() if name != "openai"][:2]
        result = sync.fan_out("Say something.", [model, *others, "rehearsal:novelist"], mode="all")
        return f"{result!r}\n{result.frame().write_json()}"

    def _run_commands(self) -> None:
        path = self.folder / "book"
        commands = {
            "settings": ("settings",), "settings --json": ("settings", "--json"), "keys list": ("keys", "list"),
            "keys list --json": ("keys", "list", "--json"), "providers": ("providers",),
            "providers --check": ("providers", "--check", *adapters()),
            "providers --check --json": ("providers", "--check", "--json", *adapters()),
            "doctor": ("doctor",), "doctor PATH --json": ("doctor", path, "--json"), "status": ("status", path),
            "status --json": ("status", path, "--json"), "stats --json": ("stats", path, "--json"),
            "events": ("events", path, "--all"), "events --json": ("events", path, "--all", "--json"),
            "receipt --prompt": ("receipt", path, "1.1", "--prompt"),
            "receipt --json": ("receipt", path, "1.1", "--json"),
            "outbound": ("outbound", path), "outbound --json": ("outbound", path, "--json"),
            "cache list": ("cache", path, "list"), "checkpoints": ("checkpoints", path),
            "history": ("history", path, "1.1"),
            "a key given as a word": ("write", path, f"--{self.canaries['cohere'].key}"),
            "a key set by argument": ("keys", "set", "cohere", self.canaries["cohere"].key),
        }  # fmt: skip
        with self._spied_children():
            for name, arguments in commands.items():
                self.subjects[name] = self.cli(*arguments)
        failing = (adapters() or ["rehearsal"])[0]
        model = f"{failing}:{MODELS.get(failing, '')}"
        asked = ("generate", "Say something.", "--model", model)
        self.subjects["a failing process"] = self.process("generate", *asked)
        self.subjects["a failing command --json"] = self.cli(*asked, "--json")

    @contextlib.contextmanager
    def _spied_children(self) -> Iterator[None]:
        """What `fc-list`, which `doctor` starts, is given for an environment."""
        spy, seen = self.folder / "bin" / "fc-list", self.folder / "children.txt"
        spy.parent.mkdir(exist_ok=True)
        spy.write_text(f"#!/bin/sh\nenv >> '{seen}'\necho a font\n")
        spy.chmod(spy.stat().st_mode | stat.S_IXUSR)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("PATH", str(spy.parent), prepend=os.pathsep)
            yield
        self.subjects["environment of child processes"] = [seen]

    def _crash(self) -> None:
        """A defect whose message holds keys."""
        every = " and ".join(canary.key for canary in self.canaries.values())

        def broken() -> Provider:
            raise RuntimeError(f"a defect with {every}")

        registry.register_provider("crashing", broken)
        try:
            told = self.cli("generate", "Say something.", "--model", "crashing:x")
        finally:
            registry._registered.pop("crashing")
        self.subjects |= {"what a crash says": told, "crash files": sorted((self.folder / "tmp").glob("crash-*"))}

    def _log_every_event(self) -> None:
        """What the log makes of an event whose data is full of keys, for every type of event there is."""
        path = self.folder / "private" / "every-event.jsonl"
        for handler in (LoggingHandler(path), ErrorHandler(path.with_name("every-failure.jsonl"))):
            for kind in EventType:
                for canary in self.canaries.values():
                    error = ProviderError(f"{canary.vendor} said {canary.key}")
                    data = {"reason": f"not accepted: {canary.key}", "headers": [["x-api-key", canary.key]],
                            "deep": {"list": [{"any name": canary.key}], "bytes": canary.key.encode()},
                            canary.key: 1, "exception": error}  # fmt: skip
                    handler.handle(Event(type=kind, data=data, source="test"))
            assert handler.flush()
        self.subjects["log of every event"] = [path, path.with_name("every-failure.jsonl")]

    def _keep_in_memory(self) -> None:
        """Answers and failures with a cache in this process's memory."""
        cache = ghostkit.initialize_cache("memory")
        assert cache is not None
        for name in ("rehearsal:novelist", *(f"{name}:{MODELS[name]}" for name in adapters())):
            with contextlib.suppress(GhostkitError):
                sync.generate_with_cache("Say something.", "greeting:1", model=name, use_cache=True)
        self.subjects["memory cache"] = [repr(vars(cache)), repr(vars(cache.backend)), repr(cache.stats())]

    def _record(self, simulator: Any) -> None:
        """What the simulator noted down, and a recording of the book."""
        simulator.set_rules([{"nth": 1, "fault": {"kind": "status", "status": 401, "message": "no"}}])
        self.subjects["simulator"] = {"bill": simulator.bill(), "requests": simulator.requests()}
        simulator.reset()
        export_recording(self.folder / "book", self.folder / "recording.jsonl")
        replayed = sync.fan_out("Say something.", [f"replay:{self.folder / 'book'}", "rehearsal:novelist"], mode="all")
        self.subjects["recording"] = [self.folder / "recording.jsonl"]
        self.subjects["a replay"] = repr(replayed) + replayed.frame().write_json()


def request_to(name: str) -> Request:
    message = Message(role="user", parts=("Say something.",))
    return Request(model=MODELS[name], messages=(message,), max_tokens=50, attempt_id="a-1")


async def _asked(provider: Provider, name: str, errors: list[BaseException]) -> None:
    """Every kind of question, each of which fails here."""

    async def streamed() -> None:
        async with provider.stream(request_to(name)) as stream:
            async for _ in stream:
                pass

    for ask in (streamed, lambda: provider.generate(request_to(name)), lambda: provider.count_tokens(request_to(name))):
        try:
            await ask()
        except Exception as error:
            errors.append(error)


async def _stopped(provider: Provider, name: str, errors: list[BaseException]) -> None:
    """What goes up when a call is cancelled in the middle of its wait."""

    async def streamed() -> None:
        async with provider.stream(request_to(name)):
            pass

    for ask in (streamed, lambda: provider.generate(request_to(name))):
        with anyio.move_on_after(0.1):
            try:
                await ask()
            except anyio.get_cancelled_exc_class() as error:
                errors.append(error)
                raise
