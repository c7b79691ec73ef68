"""Ollama by its own `/api/chat`, which says more than its imitation of OpenAI: windows, thinking, what is missing.

Source: https://docs.ollama.com/api and `api/types.go` of its server.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from ghostkit.errors import (
    AuthError,
    BadRequest,
    ContextTooLong,
    ModelNotFound,
    Overloaded,
    ProviderError,
    QuotaExceeded,
    Unreachable,
)
from ghostkit.providers.adapters.ollama_host import DEFAULT, answers_here, base_url_of
from ghostkit.providers.adapters.ollama_reading import OllamaReader, PullState, completion_from
from ghostkit.providers.adapters.ollama_wire import OllamaClient, OllamaRefusal
from ghostkit.providers.adapters.parameters import ROOM_TO_THINK, Parameters, Reasoning, read_parameters
from ghostkit.providers.contract import Completion, Diagnosis, ModelInfo, Request, TokenCount
from ghostkit.providers.estimating import estimate_count, estimate_range
from ghostkit.providers.wire import ErrorTable, Reader, VendorProvider, VendorWords, WireCall
from ghostkit.providers.wire.adapter import CHECKING
from ghostkit.providers.wire.call import current_call, watched_by
from ghostkit.settings import get_settings

LEAST_WINDOW: Final = 4_096


class OllamaProvider(VendorProvider):
    """`ollama:MODEL`, with or without a tag: `ollama:llama3.2`, `ollama:qwen3:8b`."""

    name = "ollama"
    package = "httpx2"
    extra = "ollama"
    default_base_url = DEFAULT
    needs_key = False
    examples = ("llama3.2", "qwen3:8b", "gemma3:4b")
    table = ErrorTable(
        vendor="Ollama",
        provider="ollama",
        phrases={
            "usage limit": QuotaExceeded, "server busy": Overloaded, "does not support": BadRequest,
            "try pulling it first": ModelNotFound, "longer than the context": BadRequest,
            "exceeds the available context": BadRequest,
        },
    )  # fmt: skip

    def __init__(self, *, api_key: str | None = None, base_url: str | None = None) -> None:
        super().__init__(api_key=api_key, base_url=base_url)
        self._shown: dict[str, dict[str, Any]] = {}

    def info(self, model: str) -> ModelInfo:
        """With the model's own window once `/api/show` was asked for it."""
        known = super().info(model)
        window = self._window(model) or known.context_window
        local = answers_here(self.base_url, model)
        return replace(known, context_window=window, max_output=window, local=local)

    async def validate(self) -> Diagnosis:
        """Says which models are there."""
        found: list[str] = []

        async def look(client: OllamaClient) -> None:
            found.extend(await client.models())

        diagnosis = await self.diagnosed(look)
        if not diagnosis.ok:
            return diagnosis
        if not found:
            fix = "`ollama pull llama3.2` fetches one."
            return Diagnosis(ok=False, message=f"Ollama runs at {self.base_url} and has no model yet.", fix=fix)
        named = ", ".join(found[:8]) + (", …" if len(found) > 8 else "")
        return Diagnosis(ok=True, message=f"Ollama runs at {self.base_url} and has {named}.")

    async def count_tokens(self, request: Request) -> TokenCount:
        """An estimate: Ollama counts nothing before it writes."""
        return estimate_count(request, self.name)

    def longest_billed(self, request: Request) -> int:
        asked = read_parameters(request)
        own = asked.own_limit("num_predict", within="options")
        return request.max_tokens + ROOM_TO_THINK[_level(request.model, asked.reasoning)] if own is None else own

    async def show(self, model: str) -> dict[str, Any]:
        """What Ollama says of a model, asked once: `model_info`, `capabilities` …

        :raises ModelNotFound: it has not been fetched.
        """
        if model not in self._shown:
            self._shown[model] = await self.asked(
                lambda client: client.show(model), WireCall(timeouts=CHECKING), model=model
            )
        return self._shown[model]

    async def pull(self, model: str, told: Callable[[PullState], None] = lambda state: None) -> None:
        """Fetch a model, or join in where it is being fetched already; `told` hears how far it is.

        :raises ProviderError: it can't be fetched, the library having none of that name for example.
        """

        async def fetch(client: OllamaClient) -> None:
            lines = await client.pull(model)
            try:
                async for line in lines:
                    told(PullState.read(line))
            finally:
                await lines.aclose()

        try:
            await self.asked(fetch, WireCall(), model=model)
        except ModelNotFound as error:
            error.fix = "Check its name at https://ollama.com/library."
            raise

    def _window(self, model: str) -> int | None:
        facts = self._shown.get(model, {}).get("model_info") or {}
        return next((size for name, size in facts.items() if name.endswith(".context_length")), None)

    def _address(self) -> str:
        return base_url_of(super()._address())

    def _base_url_set(self) -> str | None:
        return get_settings().ollama_host

    def _new_client(self, key: str, http: Any) -> OllamaClient:
        return OllamaClient(http, self.base_url, key if self._given_key else None)

    async def _open(self, client: OllamaClient, request: Request) -> Any:
        return await client.chat_stream(await self._body(client, request))

    def _reader(self, request: Request) -> Reader:
        return OllamaReader()

    async def _complete(self, client: OllamaClient, request: Request) -> Completion:
        return completion_from(await client.chat(await self._body(client, request)), self.table.vendor)

    def _words_of(self, error: BaseException) -> VendorWords | None:
        return VendorWords(status=error.status, message=error.message) if isinstance(error, OllamaRefusal) else None

    def translated(self, error: Exception, call: WireCall, model: str, *, in_stream: bool = False) -> ProviderError:
        """Says what to type: both things that go wrong first are mended by one command."""
        problem = super().translated(error, call, model, in_stream=in_stream)
        if isinstance(problem, ModelNotFound):
            problem.args = (f"Ollama at {self.base_url} has no model {model!r}.",)
            problem.message = problem.args[0]
            problem.fix = f"`ollama pull {model}` fetches it; if that is under way, wait until it is done."
        elif isinstance(problem, AuthError):  # ghostkit keeps no key for it
            problem.fix = "Sign in there with `ollama signin`, or check OLLAMA_HOST and what stands in front of it."
        elif isinstance(problem, Unreachable) and not problem.status and answers_here(self.base_url):
            problem.fix = "Start it with `ollama serve` (or its app), or set OLLAMA_HOST to where it runs."
        return problem

    async def _body(self, client: OllamaClient, request: Request) -> dict[str, Any]:
        asked = read_parameters(request)
        options: dict[str, Any] = {
            "num_predict": self.longest_billed(request),
            "num_ctx": await self._room(client, request),
            "temperature": asked.temperature,
            "top_p": asked.top_p,
            "seed": asked.seed,
            "stop": list(asked.stop) or None,
        }
        body: dict[str, Any] = {
            "model": request.model,
            "messages": [{"role": message.role, "content": message.text} for message in request.messages],
            "format": dict(asked.json_schema) if asked.json_schema is not None else None,
            "think": await self._think(client, request, asked),
            "truncate": False,  # else a prompt that is too long loses its beginning, and nothing says so
            "shift": False,
            **{name: value for name, value in asked.extra.items() if name != "options"},
        }
        given = asked.extra.get("options") or {}
        body["options"] = {name: value for name, value in {**options, **given}.items() if value is not None}
        return {name: value for name, value in body.items() if value is not None}

    async def _room(self, client: OllamaClient, request: Request) -> int:
        """The window that prompt and answer need, in few sizes: for another one Ollama loads the model anew.

        :raises ContextTooLong: the model has no such window.
        """
        fewest, likely, most_likely = estimate_range(request, self.name)
        needed = most_likely + self.longest_billed(request)
        size = LEAST_WINDOW
        while size < needed:
            size *= 2
        if size == LEAST_WINDOW:
            return size
        await self._ask_once(client, request.model)
        most = self._window(request.model)
        if most is not None and fewest >= most:
            raise ContextTooLong(
                f"The prompt has about {likely:,} tokens, and {request.model} reads no more than {most:,}.",
                fix="Shorten the brief or the plan, or choose a model with a larger window.",
            )
        return min(size, most or size)

    async def _think(self, client: OllamaClient, request: Request, asked: Parameters) -> bool | str | None:
        """A level for those that know levels, yes or no for others; nothing where there is no thinking."""
        known = await self._ask_once(client, request.model)
        if "thinking" not in (known.get("capabilities") or ()):
            return None
        level = _level(request.model, asked.reasoning)
        return level if _knows_levels(request.model) else level != "none"

    async def _ask_once(self, client: OllamaClient, model: str) -> dict[str, Any]:
        """What `/api/show` says; nothing where only a part of Ollama's API is there."""
        if model not in self._shown:
            asking, outer = WireCall(timeouts=CHECKING), current_call()
            try:
                with watched_by(asking):  # an exchange of its own, beside the one for the answer
                    self._shown[model] = await client.show(model)
            except OllamaRefusal as refusal:
                if refusal.status == 404 and model in refusal.message:
                    raise
                return {}
            finally:
                if outer is not None:
                    outer.host = asking.host
        return self._shown[model]


def _knows_levels(model: str) -> bool:
    return "gpt-oss" in model


def _level(model: str, asked: Reasoning | None) -> Reasoning:
    """As the other adapters: nobody thinks unasked who can do without."""
    if asked in (None, "none"):
        return "low" if _knows_levels(model) else "none"
    return asked
