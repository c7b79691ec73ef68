"""`Settings`: every value a user can set, with its names, unit, bounds and default."""

from __future__ import annotations

import difflib
import getpass
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, SecretStr, ValidationError
from pydantic.functional_validators import AfterValidator, BeforeValidator
from pydantic_core import ErrorDetails

from ghostkit.errors import InputError, UnknownName
from ghostkit.settings.layers import by_field, read_env_file

Source = Literal["code", "environment", ".env", "default"]
MASK: Final = "[redacted]"
_PRICE_ENTRY = re.compile(r"[^\s=;:]+:[^\s=;]+\s*=\s*\d+(\.\d+)?(\s*,\s*\d+(\.\d+)?){1,3}", re.ASCII)
_CREDENTIALS_IN_URL = re.compile(r"(?<=://)\S*@")
"""Up to the last @: a password may hold what should have been written otherwise."""


def _setting(default: Any, *variables: str, must_be: str, about: str, unit: str = "", **bounds: Any) -> Any:
    """A field read from `variables`; `must_be` completes the sentence "it must be …"."""
    extra: dict[str, Any] = {"variables": list(variables), "must_be": must_be, "unit": unit}
    made: dict[str, Any] = {"default_factory": default} if callable(default) else {"default": default}
    return Field(**made, description=about, json_schema_extra=extra, **bounds)


def _key(vendor: str, *variables: str) -> Any:
    return _setting(
        None,
        *variables,
        must_be="one line of plain characters without spaces",
        about=f"key for {vendor}; without it only this provider is off",
    )


def _base_url(vendor: str, variable: str, default: str) -> Any:
    return _setting(
        None, variable, must_be="an address like https://host/v1, or empty",
        about=f"where requests to {vendor} go; empty means {default}",
    )  # fmt: skip


def _none_when_empty(value: Any) -> Any:
    return None if isinstance(value, str) and not value.strip() else value


def _printable(value: SecretStr | None) -> SecretStr | None:
    """A key goes into a request header, which takes printable ASCII only; pasted ones bring line ends along."""
    if value is None:
        return None
    text = value.get_secret_value().strip()
    if not text or not all("!" <= character <= "~" for character in text):
        raise ValueError("not a key")
    return SecretStr(text)


def _one_line(value: str) -> str:
    if any(ord(character) < 32 for character in value):
        raise ValueError("has control characters")
    return value.strip()


def _url(value: str) -> str:
    if "://" not in value or value.startswith("://"):
        raise ValueError("no scheme")
    return _one_line(value)


def _web_url(value: str) -> str:
    """Where HTTP requests go; quotation marks from a copied line of `.env` are taken off."""
    value = _url(value.strip().strip("\"'"))
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or " " in value:
        raise ValueError("no web address")
    _ = parts.port  # raises ValueError for what is no port
    return value


def _price_list(value: str) -> str:
    """Entries of a model's name (`*` stands for any characters), `=`, and two to four prices."""
    for entry in filter(None, map(str.strip, value.split(";"))):
        if not _PRICE_ENTRY.fullmatch(entry):
            raise ValueError("not a price")
    return value


def _folder(value: Path) -> Path:
    if "\0" in str(value):
        raise ValueError("zero byte")
    return value.expanduser()


def operating_system_user() -> str:
    """The name the operating system knows the user by, or "author" where it knows none (bare containers)."""
    try:
        return getpass.getuser().strip() or "author"
    except (OSError, KeyError, ImportError):
        return "author"


Key = Annotated[SecretStr | None, BeforeValidator(_none_when_empty), AfterValidator(_printable)]
Line = Annotated[str, AfterValidator(_one_line)]
Url = Annotated[str, AfterValidator(_url)]
WebUrl = Annotated[str, AfterValidator(_web_url)]
Prices = Annotated[str, AfterValidator(_one_line), AfterValidator(_price_list)]
Folder = Annotated[Path, AfterValidator(_folder)]
OrNone = BeforeValidator(_none_when_empty)
OptionalUrl = Annotated[Url | None, OrNone]
OptionalWebUrl = Annotated[WebUrl | None, OrNone]


class Settings(BaseModel):
    """One object with every setting; assign to a field at run time and the next call obeys it.

    `env_file` (None: no file) and `environment` are for tests and embedders. Raises `InputError` that names the
    variable, its value and what it must be, at construction and at assignment; the old value then stays.
    """

    model_config = ConfigDict(
        validate_assignment=True,
        extra="forbid",
        allow_inf_nan=False,
        str_strip_whitespace=True,
        hide_input_in_errors=True,
    )

    model: Line = _setting(
        "", "GHOSTKIT_MODEL", must_be="provider:model, or empty", max_length=200,
        about="the model that writes; empty means not chosen",
    )  # fmt: skip
    projects: Folder = _setting(
        Path("projects"), "GHOSTKIT_PROJECTS", must_be="a folder's path", about="where books are kept"
    )
    actor: Line = _setting(
        operating_system_user, "GHOSTKIT_ACTOR", must_be="a name of 1 to 200 characters on one line",
        min_length=1, max_length=200, about="whose name stands in receipts and revisions",
    )  # fmt: skip
    fallback_models: Line = _setting(
        "", "GHOSTKIT_FALLBACK_MODELS", must_be="names like provider:model, separated by commas, or empty",
        max_length=2000,
        about="asked in this order when the model that writes can't answer: no key, no quota, down or too busy",
    )  # fmt: skip
    budget_usd: Annotated[float | None, OrNone] = _setting(
        None, "GHOSTKIT_BUDGET_USD", unit="USD", must_be="a number of dollars, 0 or more, or empty for no limit",
        ge=0, about="most that one run may spend; empty means no limit",
    )  # fmt: skip
    budget_per_call_usd: Annotated[float | None, OrNone] = _setting(
        None, "GHOSTKIT_BUDGET_PER_CALL_USD", unit="USD", ge=0,
        must_be="a number of dollars, 0 or more, or empty for no limit",
        about="most that one call may cost; empty means no limit",
    )  # fmt: skip
    budget_per_day_usd: Annotated[float | None, OrNone] = _setting(
        None, "GHOSTKIT_BUDGET_PER_DAY_USD", unit="USD", ge=0,
        must_be="a number of dollars, 0 or more, or empty for no limit",
        about="most that you may spend in a day (UTC), all books together; empty means no limit",
    )  # fmt: skip
    prices: Prices = _setting(
        "", "GHOSTKIT_PRICES", unit="USD per million tokens", max_length=10_000,
        must_be="prices like openai:my-model=0.5,1.5, separated by semicolons, or empty",
        about="what a model costs where ghostkit doesn't know it or you pay another price: input, output and, "
        "if they differ, tokens read from and written to the vendor's cache",
    )  # fmt: skip
    state_dir: Annotated[Folder | None, OrNone] = _setting(
        None, "GHOSTKIT_STATE_DIR", must_be="a folder's path, or empty",
        about="where the day's spending is kept; empty means ghostkit/ in the user's folder for such state",
    )  # fmt: skip
    models_dir: Annotated[Folder | None, OrNone] = _setting(
        None, "GHOSTKIT_MODELS", must_be="a folder's path, or empty",
        about="where `ghostkit models fetch` keeps models; empty means ghostkit/models/ in the user's folder for data",
    )  # fmt: skip
    resume_policy: Literal["restart", "continue"] = _setting(
        "restart", "GHOSTKIT_RESUME_POLICY", must_be="'restart' or 'continue'",
        about="what happens to a text that was cut off: written anew, or continued from where it stopped",
    )  # fmt: skip
    flush_interval_s: float = _setting(
        2.0, "GHOSTKIT_FLUSH_INTERVAL_S", unit="seconds", must_be="a number above 0 and at most 2", gt=0, le=2,
        about="how often the partial text of a stream is made durable",
    )  # fmt: skip
    max_retries: int = _setting(
        3, "GHOSTKIT_MAX_RETRIES", unit="retries", must_be="a whole number from 0 to 20", ge=0, le=20,
        about="further tries after a call that may be tried again",
    )  # fmt: skip
    timeout_s: float = _setting(
        120.0, "GHOSTKIT_TIMEOUT_S", unit="seconds", must_be="a number above 0 and at most 86400", gt=0, le=86400,
        about="longest wait for the next byte of an answer",
    )  # fmt: skip
    first_byte_timeout_s: Annotated[float | None, OrNone] = _setting(
        None, "GHOSTKIT_FIRST_BYTE_TIMEOUT_S", unit="seconds", gt=0, le=86400,
        must_be="a number above 0 and at most 86400, or empty",
        about="longest wait for an answer to begin; empty means GHOSTKIT_TIMEOUT_S",
    )  # fmt: skip
    stall_timeout_s: Annotated[float | None, OrNone] = _setting(
        None, "GHOSTKIT_STALL_TIMEOUT_S", unit="seconds", gt=0, le=86400,
        must_be="a number above 0 and at most 86400, or empty",
        about="longest wait for text or thought while the vendor only keeps the line open; "
        "empty means three times GHOSTKIT_TIMEOUT_S",
    )  # fmt: skip
    max_concurrency: int = _setting(
        8, "GHOSTKIT_MAX_CONCURRENCY", unit="calls", must_be="a whole number from 1 to 1000", ge=1, le=1000,
        about="most calls to one model at a time; a vendor that says it is too much makes it less for a while",
    )  # fmt: skip
    requests_per_minute: Annotated[int | None, OrNone] = _setting(
        None, "GHOSTKIT_REQUESTS_PER_MINUTE", unit="requests", must_be="a whole number, 1 or more, or empty", ge=1,
        about="most requests to one model in a minute; empty means what the vendor's headers say",
    )  # fmt: skip
    tokens_per_minute: Annotated[int | None, OrNone] = _setting(
        None, "GHOSTKIT_TOKENS_PER_MINUTE", unit="tokens", must_be="a whole number, 1 or more, or empty", ge=1,
        about="most tokens to and from one model in a minute; empty means what the vendor's headers say",
    )  # fmt: skip
    request_spacing_s: float = _setting(
        0.1, "GHOSTKIT_REQUEST_SPACING_S", unit="seconds", must_be="a number from 0 to 3600", ge=0, le=3600,
        about="least time between two requests to one vendor's service; local models are not spaced",
    )  # fmt: skip
    breaker_failures: int = _setting(
        5, "GHOSTKIT_BREAKER_FAILURES", unit="failures", must_be="a whole number from 0 to 1000", ge=0, le=1000,
        about="failures in a row after which a model is left alone for a while; 0 means never",
    )  # fmt: skip
    breaker_cool_down_s: float = _setting(
        30.0, "GHOSTKIT_BREAKER_COOL_DOWN_S", unit="seconds", must_be="a number above 0 and at most 86400",
        gt=0, le=86400, about="how long it is left alone before one call tries it again",
    )  # fmt: skip

    enable_streaming: bool = _setting(
        True, "ENABLE_STREAMING", must_be="true or false", about="show text while it is written"
    )
    stream_chunk_size: int = _setting(
        10, "STREAM_CHUNK_SIZE", unit="characters", must_be="a whole number from 1 to 100000", ge=1, le=100_000,
        about="text is handed on in pieces of at least this length; the first piece comes at once",
    )  # fmt: skip
    max_context_tokens: int = _setting(
        128_000, "MAX_CONTEXT_TOKENS", "MAX_CONTEXT_WINDOW", unit="tokens", ge=1_000, le=100_000_000,
        must_be="a whole number from 1000 to 100000000",
        about="the context window: prompt and answer together; a model's own smaller limit goes before it",
    )  # fmt: skip
    reserved_response_tokens: int = _setting(
        4096, "RESERVED_RESPONSE_TOKENS", unit="tokens", must_be="a whole number, 1 or more", ge=1,
        about="kept free for the answer; must be below MAX_CONTEXT_TOKENS",
    )  # fmt: skip
    sliding_window_size: int = _setting(
        3, "SLIDING_WINDOW_SIZE", unit="chapters each side", must_be="a whole number from 0 to 1000",
        ge=0, le=1000, about="how many neighbouring chapters a section's context may draw on in full",
    )  # fmt: skip
    enable_rag: bool = _setting(
        True, "ENABLE_RAG", must_be="true or false", about="retrieve passages for what is written"
    )
    rag_mode: Literal["disabled", "basic", "hybrid", "full"] = _setting(
        "hybrid", "RAG_MODE", must_be="'disabled', 'basic', 'hybrid' or 'full'",
        about="the window alone; with summaries; and with passages found by meaning and words; these re-ranked, too",
    )  # fmt: skip

    rag_embedding_model: Line = _setting(
        "auto", "RAG_EMBEDDING_MODEL", must_be="auto, hashing, onnx:NAME, sentence-transformers:NAME or vendor:model",
        min_length=1, max_length=300, about="what passages are found by meaning with; auto never asks a vendor",
    )  # fmt: skip
    rag_top_k: int = _setting(
        10, "RAG_TOP_K", unit="passages", must_be="a whole number from 1 to 1000", ge=1, le=1000,
        about="most passages that are found for a section",
    )  # fmt: skip
    rag_similarity_threshold: Annotated[float | None, OrNone] = _setting(
        None, "RAG_SIMILARITY_THRESHOLD", must_be="a number from -1 to 1, or empty", ge=-1, le=1,
        about="least cosine of a passage found by meaning; empty means the embedding model's own",
    )  # fmt: skip
    rag_preset: Literal["architecture", "guide"] = _setting(
        "architecture", "RAG_PRESET", must_be="'architecture' or 'guide'",
        about="how a window that is too small is shared: core, passages, summaries 40/30/30 or 40/40/20",
    )  # fmt: skip

    cache_backend: Literal["memory", "file", "redis", "none"] = _setting(
        "memory", "CACHE_BACKEND", must_be="'memory', 'file', 'redis' or 'none'", about="where answers are cached"
    )
    cache_dir: Annotated[Folder | None, OrNone] = _setting(
        None, "CACHE_DIR", must_be="a folder's path, or empty",
        about="used by CACHE_BACKEND=file; empty means each book's own cache/",
    )  # fmt: skip
    cache_max_size: int = _setting(
        1000, "CACHE_MAX_SIZE", unit="entries of each kind", must_be="a whole number, 1 or more", ge=1,
        about="most that CACHE_BACKEND=memory keeps",
    )  # fmt: skip
    cache_max_mb: int = _setting(
        256, "CACHE_MAX_MB", unit="MB of each kind", must_be="a whole number from 1 to 1000000", ge=1, le=1_000_000,
        about="most that CACHE_BACKEND=file keeps in a folder",
    )  # fmt: skip
    cache_expire_default: int = _setting(
        3600, "CACHE_EXPIRE_DEFAULT", unit="seconds", must_be="a whole number of seconds, 1 or more", ge=1,
        about="how long a cached answer is good for",
    )  # fmt: skip
    redis_host: Line = _setting(
        "localhost", "REDIS_HOST", must_be="a host's name", min_length=1, about="used by CACHE_BACKEND=redis"
    )
    redis_port: int = _setting(
        6379, "REDIS_PORT", must_be="a port from 1 to 65535", ge=1, le=65535, about="used by CACHE_BACKEND=redis"
    )
    redis_url: OptionalUrl = _setting(
        None, "REDIS_URL", must_be="an address like rediss://name:password@host:6379/0, or empty",
        about="used by CACHE_BACKEND=redis instead of REDIS_HOST and REDIS_PORT, for a password, TLS or a number",
    )  # fmt: skip
    task_backend: Literal["anyio", "thread", "celery", "rq"] = _setting(
        "anyio", "TASK_BACKEND", must_be="'anyio', 'thread', 'celery' or 'rq'", about="where background work runs"
    )
    celery_broker_url: Url = _setting(
        "redis://localhost:6379/0", "CELERY_BROKER_URL", must_be="an address like redis://host:6379/0",
        about="used by TASK_BACKEND=celery",
    )  # fmt: skip
    celery_result_backend: Url = _setting(
        "redis://localhost:6379/0", "CELERY_RESULT_BACKEND", must_be="an address like redis://host:6379/0",
        about="used by TASK_BACKEND=celery",
    )  # fmt: skip

    openai_api_key: Key = _key("OpenAI", "OPENAI_API_KEY")
    anthropic_api_key: Key = _key("Anthropic", "ANTHROPIC_API_KEY")
    gemini_api_key: Key = _key("Google Gemini", "GEMINI_API_KEY", "GOOGLE_API_KEY")
    cohere_api_key: Key = _key("Cohere", "COHERE_API_KEY", "CO_API_KEY")
    openrouter_api_key: Key = _key("OpenRouter", "OPENROUTER_API_KEY")
    openai_base_url: OptionalWebUrl = _base_url("OpenAI", "OPENAI_BASE_URL", "https://api.openai.com/v1")
    anthropic_base_url: OptionalWebUrl = _base_url("Anthropic", "ANTHROPIC_BASE_URL", "https://api.anthropic.com")
    gemini_base_url: OptionalWebUrl = _base_url(
        "Google Gemini", "GOOGLE_GEMINI_BASE_URL", "https://generativelanguage.googleapis.com"
    )
    cohere_base_url: OptionalWebUrl = _base_url("Cohere", "CO_API_URL", "https://api.cohere.com")
    openrouter_base_url: OptionalWebUrl = _base_url("OpenRouter", "OPENROUTER_BASE_URL", "https://openrouter.ai/api/v1")
    ollama_host: Line = _setting(
        "http://127.0.0.1:11434", "OLLAMA_HOST", must_be="an address like http://127.0.0.1:11434", min_length=1,
        about="where Ollama listens",
    )  # fmt: skip

    _origins: dict[str, tuple[Source, str]] = PrivateAttr(default_factory=dict)

    def __init__(
        self,
        *,
        env_file: Path | str | None = ".env",
        environment: Mapping[str, str] | None = None,
        **values: Any,
    ) -> None:
        names = variables_by_field()
        origins: dict[str, tuple[Source, str]] = {}
        merged: dict[str, Any] = {}
        layers: list[tuple[Source, dict[str, tuple[str, str]]]] = []
        if env_file is not None:
            layers.append((".env", by_field(read_env_file(env_file), names, f"in {env_file}")))
        surroundings = os.environ if environment is None else environment
        layers.append(("environment", by_field(surroundings, names, "in the environment")))
        for source, layer in layers:
            for field, (variable, text) in layer.items():
                merged[field], origins[field] = text, (source, variable)
        for field, value in _from_code(values).items():
            merged[field], origins[field] = value, ("code", field)
        problem: InputError | None = None
        try:
            super().__init__(**merged)
        except ValidationError as error:
            problem = _explain(error.errors(include_context=False), origins)
        if problem is not None:
            # Raised out here because pydantic's error, which quotes values, would otherwise hang on as its context.
            raise problem
        self._origins = origins
        self._check_together()

    def __setattr__(self, name: str, value: Any) -> None:
        if name.startswith("_"):
            super().__setattr__(name, value)
            return
        field = _field_named(name)
        before, problem = getattr(self, field), None
        try:
            super().__setattr__(field, value)
        except ValidationError as error:
            problem = _explain(error.errors(include_context=False), {field: ("code", name)})
        if problem is not None:
            raise problem
        origin = self._origins.get(field)
        self._origins[field] = ("code", name)
        try:
            self._check_together()
        except InputError:
            self.__dict__[field] = before
            self._origins.pop(field)
            if origin is not None:
                self._origins[field] = origin
            raise

    def read_again(self, name: str) -> None:
        """Take `name` from the environment or `.env` as they are now, unless code assigned it. Reads a file."""
        field = _field_named(name)
        if self.source_of(field) == "code":
            return
        fresh = type(self)()
        if getattr(fresh, field) != getattr(self, field):
            self.__dict__[field] = getattr(fresh, field)
            self._origins.pop(field, None)
            if field in fresh._origins:
                self._origins[field] = fresh._origins[field]

    def take_back(self, name: str) -> None:
        """Undo what code assigned: the environment, `.env` or the default decide again."""
        field, fresh = _field_named(name), type(self)()
        self.__dict__[field] = getattr(fresh, field)
        self._origins.pop(field, None)
        if field in fresh._origins:
            self._origins[field] = fresh._origins[field]

    @property
    def max_context_window(self) -> int:
        """The other name of `max_context_tokens`; assigning to either sets the one value."""
        return self.max_context_tokens

    def source_of(self, field: str) -> Source:
        """Where the value of `field` came from: code, environment, .env or default."""
        return self._origins.get(_field_named(field), ("default", ""))[0]

    def variable_of(self, field: str) -> str:
        """The name under which the value of `field` was found: a variable's, or code's; empty for a default."""
        return self._origins.get(_field_named(field), ("default", ""))[1]

    def secret(self, field: str) -> str | None:
        """The plain text of a key, for the adapter that sends it; None when it is not set."""
        value = getattr(self, _field_named(field))
        return value.get_secret_value() if isinstance(value, SecretStr) else None

    def _check_together(self) -> None:
        if self.reserved_response_tokens >= self.max_context_tokens:
            raise InputError(
                f"RESERVED_RESPONSE_TOKENS is {self.reserved_response_tokens} and leaves nothing of"
                f" MAX_CONTEXT_TOKENS, which is {self.max_context_tokens}.",
                fix="Make the reserve smaller or the window larger.",
            )

    def __repr_args__(self) -> list[tuple[str | None, Any]]:
        return [(field, _Shown(shown(getattr(self, field)))) for field in type(self).model_fields]


class _Shown(str):
    """Text whose repr is itself."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self) or "''"


def shown(value: Any) -> str:
    """A setting's value as text, without what must not be seen."""
    if isinstance(value, SecretStr):
        return MASK
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else _CREDENTIALS_IN_URL.sub(f"{MASK}@", str(value))


def variables_by_field() -> dict[str, tuple[str, ...]]:
    """Field → the names of its environment variables, the preferred one first."""
    return {name: tuple(_extra(name)["variables"]) for name in Settings.model_fields}


def _extra(field: str) -> dict[str, Any]:
    extra = Settings.model_fields[field].json_schema_extra
    assert isinstance(extra, dict)
    return extra


_OTHER_NAMES: Final = {"max_context_window": "max_context_tokens"}


def _field_named(name: str) -> str:
    field = _OTHER_NAMES.get(name, name)
    if field in Settings.model_fields:
        return field
    near = difflib.get_close_matches(name, [*Settings.model_fields, *_OTHER_NAMES], n=1)
    fix = f"Did you mean {near[0]!r}?" if near else "`ghostkit settings` lists them."
    raise UnknownName(f"There is no setting called {name!r}.", fix=fix)


def _from_code(values: Mapping[str, Any]) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for name, value in values.items():
        field = _field_named(name)
        if field in given and given[field] != value:
            raise InputError(
                f"max_context_tokens and max_context_window are two names of one setting, but {given[field]!r}"
                f" and {value!r} were given.",
                fix="Give one of them.",
            )
        given[field] = value
    return given


def _quoted(value: Any) -> str:
    """A value as it stands in a sentence: text in quotes, short, without credentials."""
    text = repr(shown(value)) if isinstance(value, str) else _CREDENTIALS_IN_URL.sub(f"{MASK}@", str(value))
    return text if len(text) <= 60 else text[:56] + "…" + text[-1]


def _explain(errors: list[ErrorDetails], origins: Mapping[str, tuple[Source, str]]) -> InputError:
    """One sentence about the first bad value: which variable, what it was, what it must be."""
    field = str(errors[0]["loc"][0])
    source, name = origins[field]
    secret = field.endswith("_key")
    was = MASK if secret else _quoted(errors[0]["input"])
    where = {"code": "", "environment": " in the environment", ".env": " in .env", "default": ""}[source]
    fix = {
        "environment": f"Correct or unset {name}.",
        ".env": f"Correct the line of {name} in .env.",
        "code": "Give another value; the one before still holds.",
        "default": "",
    }[source]
    return InputError(
        f"{name} is {was}{where}; it must be {_extra(field)['must_be']}.", fix=fix, setting=name, source=source
    )
