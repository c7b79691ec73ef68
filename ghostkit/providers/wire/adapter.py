"""The base of every adapter over an SDK: clients by event loop, streams that close, errors that keep no keys."""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, ClassVar, TypeVar

import anyio
import anyio.to_thread
from anyio.lowlevel import RunVar
from pydantic import SecretStr

from ghostkit.errors import AuthError, GhostkitError, ProviderError, ServerError, UnknownName, Unreachable
from ghostkit.events import protect
from ghostkit.providers.contract import (
    Completion,
    Diagnosis,
    ModelInfo,
    Request,
    Timeouts,
    TokenCount,
    public_address,
)
from ghostkit.providers.keychain import forget_keychain
from ghostkit.providers.keys import how_to_give, key_of, vendor_named, vendor_of
from ghostkit.providers.loading import loading
from ghostkit.providers.prices import model_facts
from ghostkit.providers.registry import is_installed
from ghostkit.providers.wire.addresses import BASE_URL, base_url_words, follow_environment, is_wrong_address
from ghostkit.providers.wire.bare import bare
from ghostkit.providers.wire.call import WireCall, watched_by
from ghostkit.providers.wire.dry_run import dry_run
from ghostkit.providers.wire.errors import ErrorTable, VendorWords, network_error, quoted, unreadable
from ghostkit.providers.wire.http import Flavour, http_client, proxy_for
from ghostkit.providers.wire.logs import redact_logs
from ghostkit.providers.wire.reading import Reader, VendorError
from ghostkit.providers.wire.stream import CLOSING_S, WireStream
from ghostkit.settings import get_settings
from ghostkit.settings.model import shown

CHECKING = Timeouts(connect_s=5.0, first_byte_s=15.0, idle_s=15.0)
"""For questions that any service answers at once."""
Answer = TypeVar("Answer")
Failure = TypeVar("Failure", bound=GhostkitError)


@dataclass(frozen=True, kw_only=True)
class _Made:
    """The SDK's client with the key it was made with, and the setting as it was then (None: the keyring's)."""

    client: Any
    http: Any
    key: SecretStr
    setting: SecretStr | None
    before: _Made | None = None
    """The one with another key, which answers may still be coming by."""


class VendorProvider(ABC):
    """One vendor over its SDK. Arguments left None come from the settings and the keyring."""

    name: ClassVar[str]
    table: ClassVar[ErrorTable]
    package: ClassVar[str]
    """What must be installed; `extra` is the part of ghostkit that brings it."""
    extra: ClassVar[str]
    default_base_url: ClassVar[str]
    flavour: ClassVar[Flavour] = "httpx2"
    needs_key: ClassVar[bool] = True
    examples: ClassVar[tuple[str, ...]] = ()
    """Two or three of its models, for who names none."""
    sample: ClassVar[str] = ""
    """A stream of its events, read once before the first call: see `dry_run`."""

    def __init__(self, *, api_key: str | None = None, base_url: str | None = None) -> None:
        self._given_key = SecretStr(api_key) if api_key else None
        self._given_base_url = base_url
        self.base_url = self._address()
        self._clients: RunVar[_Made | None] = RunVar(f"ghostkit client of {self.name}")
        self._key_doubted = False

    def __repr__(self) -> str:
        return f"{type(self).__name__}(base_url={public_address(self.base_url)!r})"

    # ── what an adapter supplies ──────────────────────────────────────────────────────────────────────────

    @abstractmethod
    async def validate(self) -> Diagnosis: ...

    @abstractmethod
    async def count_tokens(self, request: Request) -> TokenCount: ...

    @abstractmethod
    def _base_url_set(self) -> str | None:
        """The base URL in the settings."""

    @abstractmethod
    def _new_client(self, key: str, http: Any) -> Any:
        """The SDK's client, without retries of its own; called in a thread, where there is no event loop."""

    @abstractmethod
    async def _open(self, client: Any, request: Request) -> Any:
        """Send `request`; the SDK's stream, an async iterable with `close` or `aclose`."""

    @abstractmethod
    def _reader(self, request: Request) -> Reader: ...

    @abstractmethod
    async def _complete(self, client: Any, request: Request) -> Completion:
        """The whole answer by one call; its ending is TRUNCATED where the vendor gives none."""

    @abstractmethod
    def _words_of(self, error: BaseException) -> VendorWords | None:
        """The vendor's words, if `error` is one of the SDK's for an answer with an error in it."""

    def longest_billed(self, request: Request) -> int:
        """The most output tokens that the answer may be billed for; adapters that give room to think add it."""
        return request.max_tokens

    # ── what all share ────────────────────────────────────────────────────────────────────────────────────

    def info(self, model: str) -> ModelInfo:
        """What is known of `model`; whether the vendor has it, only the vendor says.

        :raises UnknownName: no model is named.
        """
        facts = model_facts(self.name, self.named(model))
        return replace(facts.as_info(base_url=self.base_url), keeps_deadlines=True)

    def named(self, model: str) -> str:
        """`model`, if there is a name in it."""
        if model:
            return model
        examples = " or ".join(f"{self.name}:{example}" for example in self.examples)
        raise UnknownName(f"{self.name} has no model of its own choice.", fix=f"Name one, for example {examples}.")

    def stream(self, request: Request) -> WireStream:
        """The answer as it comes; leaving the context closes the socket."""
        return WireStream(self, request)

    async def generate(self, request: Request) -> Completion:
        """The whole answer by one call."""
        return await self.asked(
            lambda client: self._complete(client, request), self._new_call(request), model=request.model
        )

    async def asked(self, ask: Callable[[Any], Awaitable[Answer]], call: WireCall, *, model: str = "") -> Answer:
        """What `ask` gets out of the SDK's client; whatever fails is raised as one of our errors."""
        problem: BaseException
        try:
            with watched_by(call):
                return await ask(await self.client())
        except GhostkitError as error:
            problem = self.addressed(bare(error))
        except Exception as error:
            problem = self.translated(error, call, model)
        except BaseException as stop:
            problem = bare(stop)
        raise problem  # out here, so that the SDK's error, which knows the key, does not hang on as its context

    async def diagnosed(self, ask: Callable[[Any], Awaitable[object]]) -> Diagnosis:
        """Whether `ask`, which must cost nothing, gets an answer."""
        call = WireCall(timeouts=CHECKING)
        try:
            await self.asked(ask, call)
        except GhostkitError as error:
            return Diagnosis(ok=False, message=error.message, fix=error.fix)
        keyed = " and accepts the key" if self.needs_key else ""
        return Diagnosis(ok=True, message=f"{self.table.vendor} answers at {call.host}{keyed}.")

    def has_moved(self) -> bool:
        """Whether another base URL was set since this was made; then another is to be made in its place."""
        return self._address() != self.base_url

    def _address(self) -> str:
        if self._given_base_url:
            return self._given_base_url.rstrip("/")
        follow_environment(self.name)
        return (self._base_url_set() or self.default_base_url).rstrip("/")

    async def client(self) -> Any:
        """The SDK's client of this event loop, made when first asked for.

        :raises AuthError: there is no key.
        :raises ProviderError: the SDK is not installed.
        """
        made = self._clients.get(None)
        if made is None or self._key_doubted or made.setting is not self._key_setting():
            # In a thread: importing an SDK, asking a keyring and reading certificates take up to a second.
            fresh = await anyio.to_thread.run_sync(self._make, made)
            first = self._clients.get(None)
            if first is not made and first is not None:
                if fresh.http is not first.http:
                    await fresh.http.aclose()
                return first.client
            self._clients.set(fresh)
            return fresh.client
        return made.client

    def _make(self, made: _Made | None) -> _Made:
        """A client with the key as it is now; `made`, if that has it."""
        self._check_installed()
        self._read_key_again()
        key = SecretStr(self._key())  # no local holds it plainly: tracebacks may show locals
        if made is not None and made.key == key:
            return replace(made, setting=self._key_setting())
        with loading():
            http = http_client(self.base_url, self.flavour)
            client = self._new_client(key.get_secret_value(), http)
            dry_run(self)
        redact_logs()
        return _Made(client=client, http=http, key=key, setting=self._key_setting(), before=made)

    def _key_setting(self) -> SecretStr | None:
        vendor = vendor_of(self.name)
        return getattr(get_settings(), vendor.field) if vendor is not None and self._given_key is None else None

    def _read_key_again(self) -> None:
        """A key that was refused, or missing, is likely to have been set anew since: no kernel need be restarted."""
        vendor = vendor_of(self.name)
        if vendor is not None and self._given_key is None:
            get_settings().read_again(vendor.field)
            if self._key_doubted:
                forget_keychain()
        self._key_doubted = False

    def _key(self) -> str:
        key = self._given_key.get_secret_value() if self._given_key else key_of(self.name)
        if key:
            protect(key)
            return key
        if not self.needs_key:
            return "none"
        vendor = vendor_named(self.name)
        raise AuthError(
            f"There is no key for {self.table.vendor}.",
            fix=f"{how_to_give(vendor)} A server of your own that needs none takes any word.",
            rejected=True,
        )

    def _check_installed(self) -> None:
        if not is_installed(self.package):
            raise ProviderError(
                f"The provider {self.name!r} needs the package {self.package}, which is not installed.",
                fix=f"pip install 'ghostkit[{self.extra}]'",
                rejected=True,
            )
        try:
            importlib.import_module(self.package)
        except Exception as error:  # half an installation, or packages that don't fit together
            said = quoted(f"{type(error).__name__}: {error}")
            raise ProviderError(
                f"The package {self.package} is installed and can't be loaded: {said}",
                fix=f"pip install --upgrade --force-reinstall 'ghostkit[{self.extra}]'",
                rejected=True,
            ) from None

    def _new_call(self, request: Request) -> WireCall:
        self.named(request.model)
        return WireCall(attempt_id=request.attempt_id, timeouts=request.timeouts)

    def translated(self, error: Exception, call: WireCall, model: str, *, in_stream: bool = False) -> ProviderError:
        """Any error of SDK or network as one of ours, which keeps nothing of it."""
        problem = self._as_ours(error, call, model, in_stream)
        if isinstance(problem, Unreachable) and not problem.status and (proxy := proxy_for(self.base_url)):
            problem.fix = f"The way there is through the proxy {shown(proxy)}: is it the right one? {problem.fix}"
        return self.addressed(problem)

    def addressed(self, problem: Failure) -> Failure:
        """One of our errors that says which base URL is to be looked at, where that is not the vendor's own.

        After a key was refused the next call looks for another.
        """
        self._key_doubted = self._key_doubted or isinstance(problem, AuthError)
        if self.base_url != self.default_base_url:
            problem.fix = problem.fix.replace(BASE_URL, base_url_words(self.name, self.base_url))
        return problem

    def _as_ours(self, error: Exception, call: WireCall, model: str, in_stream: bool) -> ProviderError:
        if isinstance(error, ProviderError):
            return bare(error)
        words = error.words if isinstance(error, VendorError) else self._words_of(error)
        if words is not None:
            if self.base_url != self.default_base_url and is_wrong_address(words, model):
                return self._nothing_there(words, call)
            begun = in_stream or 200 <= call.status < 300
            return self.table.error_for(words, call, model=model, in_stream=begun)
        vendor = self.table.vendor
        known = network_error(error, call, vendor=vendor) or unreadable(error, call, vendor=vendor)
        if known is not None:
            return known
        return ServerError(
            f"{vendor} failed in a way that ghostkit doesn't know ({type(error).__name__}: {quoted(str(error))})",
            fix="Try again; if it stays, choose another model.",
            retryable=False,
        )

    def _nothing_there(self, words: VendorWords, call: WireCall) -> ProviderError:
        said = quoted(words.message)
        return Unreachable(
            f"{call.host} has nothing for {self.table.vendor} at that address ({words.status})"
            f"{f': {said}' if said else '.'}",
            fix=f"Correct {BASE_URL}: {self.table.vendor}'s own is {self.default_base_url}.",
            rejected=True,
            retryable=False,
            status=words.status,
            host=call.host,
        )

    async def aclose(self) -> None:
        """Close the client of this event loop."""
        made = self._clients.get(None)
        if made is not None:
            self._clients.set(None)
        while made is not None:
            with suppress(Exception), anyio.move_on_after(CLOSING_S, shield=True):
                await made.http.aclose()
            made = made.before
