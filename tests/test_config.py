"""Every configuration row: code before environment before `.env` before default, and at the next call."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ghostkit import config
from ghostkit.cache import CacheManager, cache_for
from ghostkit.errors import InputError, UnknownName
from ghostkit.settings import Settings, get_settings, reset_settings
from ghostkit.settings.model import variables_by_field
from ghostkit.workbench.services import options_from_settings


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


ROWS: list[tuple[str, Any, list[tuple[str, Any]]]] = [
    # variable, default, and three other values as text with what they mean
    ("CACHE_BACKEND", "memory", [("file", "file"), ("redis", "redis"), ("none", "none")]),
    ("CACHE_DIR", None, [("one", Path("one")), ("two", Path("two")), ("three", Path("three"))]),
    ("CACHE_MAX_SIZE", 1000, [("1", 1), ("2", 2), ("3", 3)]),
    ("CACHE_MAX_MB", 256, [("1", 1), ("2", 2), ("3", 3)]),
    ("CACHE_EXPIRE_DEFAULT", 3600, [("60", 60), ("7200", 7200), ("86400", 86400)]),
    ("REDIS_HOST", "localhost", [("a", "a"), ("b", "b"), ("c", "c")]),
    ("REDIS_PORT", 6379, [("1", 1), ("2", 2), ("3", 3)]),
    ("REDIS_URL", None, [(u, u) for u in ("redis://a", "rediss://b:1/2", "unix:///c")]),
    ("TASK_BACKEND", "anyio", [("thread", "thread"), ("celery", "celery"), ("rq", "rq")]),
    ("CELERY_BROKER_URL", "redis://localhost:6379/0", [(u, u) for u in ("redis://a", "redis://b", "amqp://c")]),
    ("CELERY_RESULT_BACKEND", "redis://localhost:6379/0", [(u, u) for u in ("redis://a", "redis://b", "redis://c")]),
    ("MAX_CONTEXT_TOKENS", 128_000, [("8000", 8000), ("16000", 16000), ("32000", 32000)]),
    ("MAX_CONTEXT_WINDOW", 128_000, [("8000", 8000), ("16000", 16000), ("32000", 32000)]),
    ("SLIDING_WINDOW_SIZE", 3, [("1", 1), ("5", 5), ("7", 7)]),
    ("ENABLE_STREAMING", True, [("false", False), ("true", True), ("0", False)]),
    ("STREAM_CHUNK_SIZE", 10, [("1", 1), ("20", 20), ("30", 30)]),
    ("RESERVED_RESPONSE_TOKENS", 4096, [("100", 100), ("200", 200), ("300", 300)]),
    ("ENABLE_RAG", True, [("false", False), ("true", True), ("no", False)]),
    ("RAG_MODE", "hybrid", [("disabled", "disabled"), ("basic", "basic"), ("full", "full")]),
    ("RAG_EMBEDDING_MODEL", "auto", [(u, u) for u in ("hashing", "onnx:a", "openai:b")]),
    ("RAG_TOP_K", 10, [("1", 1), ("5", 5), ("20", 20)]),
    ("RAG_SIMILARITY_THRESHOLD", None, [("0.1", 0.1), ("0.5", 0.5), ("-1", -1.0)]),
    ("RAG_PRESET", "architecture", [(u, u) for u in ("guide", "architecture", "guide")]),
    *((name, None, [(u, u) for u in ("http://a/v1", "https://b", "http://c:1")]) for name in (
        "OPENAI_BASE_URL", "ANTHROPIC_BASE_URL", "GOOGLE_GEMINI_BASE_URL", "CO_API_URL", "OPENROUTER_BASE_URL",
    )),
    ("OLLAMA_HOST", "http://127.0.0.1:11434", [(h, h) for h in ("a:1", ":2", "https://c")]),
]  # fmt: skip
KEYS = ["OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY", "COHERE_API_KEY", "OPENROUTER_API_KEY"]


@pytest.mark.parametrize(("name", "default", "values"), ROWS, ids=[row[0] for row in ROWS])
def test_code_goes_before_environment_before_dotenv_before_default(
    name: str, default: Any, values: list[tuple[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    (in_file, file_value), (in_environment, environment_value), (_, code_value) = values
    field = next(field for field, names in variables_by_field().items() if name in names)
    assert (getattr(config, name), get_settings().source_of(field)) == (default, "default")
    Path(".env").write_text(f"{name}={in_file}\n", "utf-8")
    reset_settings()
    assert (getattr(config, name), get_settings().source_of(field)) == (file_value, ".env")
    monkeypatch.setenv(name, in_environment)
    reset_settings()
    assert (getattr(config, name), get_settings().source_of(field)) == (environment_value, "environment")
    setattr(config, name, code_value)
    assert (getattr(config, name), get_settings().source_of(field)) == (code_value, "code")
    assert getattr(get_settings(), field) == code_value
    delattr(config, name)
    assert (getattr(config, name), get_settings().source_of(field)) == (environment_value, "environment")
    assert getattr(Settings(**{field: code_value}), field) == code_value  # what a constructor is given goes first


@pytest.mark.parametrize("name", KEYS)
def test_keys_have_the_same_precedence_and_are_not_shown(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    field, seen = name.lower(), []
    assert getattr(config, name) is None
    Path(".env").write_text(f"{name}=from-the-file\n", "utf-8")
    reset_settings()
    seen.append(get_settings().secret(field))
    monkeypatch.setenv(name, "from-the-environment")
    reset_settings()
    seen.append(get_settings().secret(field))
    setattr(config, name, "from-code")
    seen.append(get_settings().secret(field))
    assert seen == ["from-the-file", "from-the-environment", "from-code"]
    assert "from-code" not in repr(getattr(config, name))


def test_the_rows_are_all_there_are() -> None:
    ours = {name for names in variables_by_field().values() for name in names}
    tested = {row[0] for row in ROWS} | set(KEYS) | {"GOOGLE_API_KEY", "CO_API_KEY"}
    assert {name for name in ours if not name.startswith("GHOSTKIT_")} == tested
    assert set(dir(config)) == ours


def test_the_guides_settings_can_be_assigned_as_in_the_guide() -> None:
    config.CACHE_BACKEND = "redis"
    config.REDIS_HOST = "127.0.0.1"
    config.REDIS_PORT = 6380
    cache = cache_for()
    assert cache is not None
    assert (cache.name, getattr(cache.backend, "address", "")) == ("redis", "127.0.0.1:6380")
    config.CACHE_EXPIRE_DEFAULT = 3600
    config.MAX_CONTEXT_TOKENS = 128000
    config.RESERVED_RESPONSE_TOKENS = 4096
    config.ENABLE_STREAMING = True
    options = options_from_settings()
    assert (options.max_context_tokens, options.reserved_response_tokens, options.streaming) == (128000, 4096, True)


def test_a_value_assigned_takes_effect_at_the_next_call() -> None:
    assert options_from_settings().streaming is True
    config.ENABLE_STREAMING = False
    config.STREAM_CHUNK_SIZE = 40
    config.MAX_CONTEXT_WINDOW = 9000
    config.SLIDING_WINDOW_SIZE = 5
    options = options_from_settings()
    assert (options.streaming, options.chunk_characters, options.max_context_tokens) == (False, 40, 9000)
    assert options.sliding_window_size == 5
    config.CACHE_BACKEND = "file"
    manager = cache_for()
    assert manager is not None
    assert manager.name == "file"
    config.CACHE_BACKEND = "none"
    assert cache_for() is None


def test_what_a_constructor_is_given_goes_before_the_settings() -> None:
    config.CACHE_BACKEND = "file"
    config.CACHE_EXPIRE_DEFAULT = 1
    now = 0.0
    cache = CacheManager(backend="memory", expire_s=10, clock=lambda: now)
    cache.put_text("generations", "a", "x")
    now = 5.0
    assert cache.get_text("generations", "a") == "x"


def test_a_wrong_name_or_value_is_one_sentence_and_changes_nothing() -> None:
    with pytest.raises(UnknownName, match=r"no setting called 'CACHE_BACKENDS'\. Did you mean CACHE_BACKEND\?"):
        config.CACHE_BACKENDS = "file"  # type: ignore[attr-defined]
    with pytest.raises(UnknownName, match=r"no setting called 'cache_backend'\. Did you mean CACHE_BACKEND\?"):
        config.cache_backend  # noqa: B018
    with pytest.raises(InputError, match=r"cache_backend is 'disk'; it must be 'memory', 'file', 'redis' or 'none'"):
        config.CACHE_BACKEND = "disk"
    assert config.CACHE_BACKEND == "memory"
    assert not hasattr(config, "COLOUR")
    with pytest.raises(AttributeError):
        config._private  # noqa: B018
    with pytest.raises(UnknownName):
        del config.COLOUR
