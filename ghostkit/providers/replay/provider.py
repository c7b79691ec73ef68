"""The provider `replay`: the contract, kept by a recording."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass, replace
from typing import Final

from anyio import to_thread

from ghostkit.errors import GhostkitError, NotRecorded, UnknownName
from ghostkit.providers.contract import (
    Completion,
    Diagnosis,
    ModelInfo,
    Provider,
    Request,
    Stream,
    TokenCount,
    collect,
)
from ghostkit.providers.registry import ProviderRegistry, registry, split_model
from ghostkit.providers.replay.address import Address, read_address, recorded_models
from ghostkit.providers.replay.answers import Answers
from ghostkit.providers.replay.recording import Recording
from ghostkit.providers.replay.stream import ReplayContext, ReplayStream

OpenRecording = Callable[[str], Recording]
"""Path → the recording that lies there; raises `UnknownName` where there is none."""
CONTEXT_WINDOW: Final = 1_000_000
MAX_OUTPUT: Final = 128_000
_CHARACTERS_A_TOKEN: Final = 4


@dataclass(frozen=True, kw_only=True)
class _Playing:
    """One recording as one address asks for it."""

    address: Address
    answers: Answers
    info: ModelInfo


class ReplayProvider:
    """`replay:PATH` answers each request as it was answered when PATH was recorded; nothing is sent or paid.

    Matched is what was asked: messages, `max_tokens`, parameters; whoever was asked. A request that isn't recorded
    is an error (`NotRecorded`), or goes to the model named by `?else=` or `otherwise`. `path` is the recording of a
    bare `replay`; `pace` is that of addresses that name none.
    """

    name = "replay"

    def __init__(
        self,
        *,
        open_recording: OpenRecording,
        path: str = "",
        otherwise: str = "",
        pace: float = 0.0,
        providers: ProviderRegistry = registry,
    ) -> None:
        self._open_recording = open_recording
        self._default = Address(path=path, otherwise=otherwise, pace=pace)
        self._providers = providers
        self._playing: dict[str, _Playing] = {}
        self._others: dict[str, Provider] = {}

    def info(self, model: str) -> ModelInfo:
        """`.model` names the recorded models too (`?of=…`), so that receipts do; the window is theirs.

        Raises:
            UnknownName: there is no recording.
        """
        return self._play(model).info

    async def validate(self) -> Diagnosis:
        """Well without a path of its own; with one, whether it can be read."""
        if not self._default.path:
            return Diagnosis(ok=True, message="replay answers from a recording; nothing is sent.")
        try:
            found = await to_thread.run_sync(self._play, "")
        except GhostkitError as error:
            return Diagnosis(ok=False, message=error.message, fix=error.fix)
        return Diagnosis(ok=True, message=f"replay:{found.address} answers from a recording; nothing is sent.")

    def stream(self, request: Request) -> AbstractAsyncContextManager[Stream]:
        """The recorded answer, or, where there is none and the address says so, another model's.

        :raises NotRecorded: nothing was recorded for it.
        """
        return ReplayContext(request, self._opened)

    async def generate(self, request: Request) -> Completion:
        return await collect(self, request)

    async def count_tokens(self, request: Request) -> TokenCount:
        """The recorded count, which is exact if a vendor reported it; else an estimate."""
        playing = self._play(request.model)
        try:
            reply = await to_thread.run_sync(lambda: playing.answers.find(request, count=False))
        except NotRecorded:
            if playing.address.otherwise:
                other, asked = self._other(playing.address, request)
                return await other.count_tokens(asked)
            characters = sum(len(message.text) for message in request.messages)
            return TokenCount(tokens=characters // _CHARACTERS_A_TOKEN + 1, exact=False)
        return TokenCount(tokens=reply.usage.input_tokens, exact=reply.usage.source == "reported")

    async def aclose(self) -> None:
        """Close the models that stood in."""
        others = list(self._others.values())
        self._others.clear()
        for other in others:
            await other.aclose()

    async def _opened(self, request: Request, exits: AsyncExitStack) -> Stream:
        playing = self._play(request.model)
        try:
            reply = await to_thread.run_sync(playing.answers.find, request)
        except NotRecorded:
            if not playing.address.otherwise:
                raise
            other, asked = self._other(playing.address, request)
            return await exits.enter_async_context(other.stream(asked))
        return ReplayStream(reply, playing.address.pace)

    def _other(self, address: Address, request: Request) -> tuple[Provider, Request]:
        name, bare = split_model(address.otherwise)
        if name not in self._others:
            self._others[name] = self._providers.create_provider(name)
        return self._others[name], replace(request, model=bare)

    # ── recordings ────────────────────────────────────────────────────────────────────────────────────────────

    def _play(self, model: str) -> _Playing:
        if model not in self._playing:
            address = self._address(model)
            recording = self._open_recording(address.path)
            named = replace(address, of=address.of or tuple(recording.models()))
            self._playing[model] = _Playing(
                address=address,
                answers=Answers(recording, address.path, address.of),
                info=self._info(named),
            )
        return self._playing[model]

    def _address(self, model: str) -> Address:
        address = read_address(model) if model else self._default
        if not address.path:
            raise UnknownName(
                "A replay needs a recording.", fix="Name a book's folder or a ledger, such as replay:projects/salt."
            )
        return replace(
            address,
            otherwise=address.otherwise or self._default.otherwise,
            pace=address.pace or self._default.pace,
        )

    def _info(self, address: Address) -> ModelInfo:
        """Prices and address are those of the model that stands in, since it may be asked."""
        own = recorded_models(f"{self.name}:{replace(address, otherwise='')}")
        recorded = [info for info in map(self._info_of, own) if info is not None]
        plain = ModelInfo(
            provider=self.name,
            model=str(address),
            context_window=min((info.context_window for info in recorded), default=CONTEXT_WINDOW),
            max_output=max((info.max_output for info in recorded), default=MAX_OUTPUT),
            native_streaming=True,
            input_usd_per_million=0.0,
            output_usd_per_million=0.0,
            pretends=any(info.pretends for info in recorded),
            local=True,
        )
        if not address.otherwise:
            return plain
        name, bare = split_model(address.otherwise)
        other = self._providers.create_provider(name).info(bare)
        return replace(
            other,
            provider=self.name,
            model=str(address),
            context_window=min(plain.context_window, other.context_window),
            pretends=plain.pretends or other.pretends,
        )

    def _info_of(self, model: str) -> ModelInfo | None:
        """What is known of a recorded model; None where its provider isn't there any more."""
        try:
            name, bare = split_model(model)
            return None if name == self.name else self._providers.create_provider(name).info(bare)
        except GhostkitError:
            return None
