"""Settings: precedence, two names for one value, bad values told in a sentence, keys never seen."""

from __future__ import annotations

import getpass
import os
import subprocess
import sys
import traceback
from pathlib import Path
from typing import Any

import pytest

from ghostkit.errors import InputError, UnknownName
from ghostkit.settings import Settings, get_settings, reset_settings, settings_table
from ghostkit.settings.model import shown, variables_by_field

ROOT = Path(__file__).parents[1]
CANARY = "sk-canary-4f9d2b7c1e8a6350"


@pytest.fixture(autouse=True)
def clean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """An empty working directory and none of our variables, whatever the machine has."""
    monkeypatch.chdir(tmp_path)
    for variables in variables_by_field().values():
        for variable in variables:
            monkeypatch.delenv(variable, raising=False)
    reset_settings()
    yield
    reset_settings()


def dotenv(text: str | bytes) -> None:
    Path(".env").write_bytes(text.encode() if isinstance(text, str) else text)


def row(name: str, settings: Settings | None = None) -> Any:
    return next(row for row in settings_table(settings) if row.name == name)


def test_defaults_are_the_documented_ones() -> None:
    settings = Settings()
    assert (settings.cache_backend, settings.redis_host, settings.redis_port) == ("memory", "localhost", 6379)
    assert settings.max_context_tokens == settings.max_context_window == 128_000
    assert (settings.reserved_response_tokens, settings.cache_expire_default) == (4096, 3600)
    assert (settings.enable_streaming, settings.stream_chunk_size) == (True, 10)
    assert (settings.enable_rag, settings.rag_mode) == (True, "hybrid")
    assert (settings.model, settings.projects, settings.budget_usd) == ("", Path("projects"), None)
    assert (settings.resume_policy, settings.flush_interval_s, settings.max_retries) == ("restart", 2.0, 3)
    assert settings.openai_api_key is None


def test_code_goes_before_environment_before_dotenv_before_default(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = [(Settings().stream_chunk_size, Settings().source_of("stream_chunk_size"))]
    dotenv("STREAM_CHUNK_SIZE=20\n")
    seen.append((Settings().stream_chunk_size, Settings().source_of("stream_chunk_size")))
    monkeypatch.setenv("STREAM_CHUNK_SIZE", "30")
    seen.append((Settings().stream_chunk_size, Settings().source_of("stream_chunk_size")))
    given = Settings(stream_chunk_size=40)
    seen.append((given.stream_chunk_size, given.source_of("stream_chunk_size")))
    assert seen == [(10, "default"), (20, ".env"), (30, "environment"), (40, "code")]


def test_every_variable_reaches_its_field_and_the_table_says_from_where() -> None:
    samples = {
        "GHOSTKIT_MODEL": "rehearsal:novelist", "GHOSTKIT_PROJECTS": "shelf", "GHOSTKIT_ACTOR": "Ines",
        "GHOSTKIT_BUDGET_USD": "2.5", "GHOSTKIT_RESUME_POLICY": "continue", "GHOSTKIT_FLUSH_INTERVAL_S": "0.5",
        "GHOSTKIT_MAX_RETRIES": "0", "GHOSTKIT_TIMEOUT_S": "9.0", "ENABLE_STREAMING": "false",
        "STREAM_CHUNK_SIZE": "11", "MAX_CONTEXT_TOKENS": "64000", "RESERVED_RESPONSE_TOKENS": "2048",
        "SLIDING_WINDOW_SIZE": "5", "ENABLE_RAG": "false", "RAG_MODE": "basic", "CACHE_BACKEND": "redis",
        "RAG_EMBEDDING_MODEL": "hashing", "RAG_TOP_K": "5", "RAG_SIMILARITY_THRESHOLD": "0.5", "RAG_PRESET": "guide",
        "CACHE_EXPIRE_DEFAULT": "60", "CACHE_DIR": "kept", "CACHE_MAX_SIZE": "7", "CACHE_MAX_MB": "3",
        "REDIS_HOST": "cache", "REDIS_PORT": "6380", "REDIS_URL": "rediss://cache:1/2", "TASK_BACKEND": "celery",
        "CELERY_BROKER_URL": "redis://cache:1/2", "CELERY_RESULT_BACKEND": "redis://cache:1/3",
        "GHOSTKIT_FALLBACK_MODELS": "gemini:a, ollama:b", "GHOSTKIT_BUDGET_PER_CALL_USD": "0.25",
        "GHOSTKIT_BUDGET_PER_DAY_USD": "12.0", "GHOSTKIT_FIRST_BYTE_TIMEOUT_S": "30.0",
        "GHOSTKIT_STALL_TIMEOUT_S": "90.0", "GHOSTKIT_MAX_CONCURRENCY": "4", "GHOSTKIT_REQUESTS_PER_MINUTE": "60",
        "GHOSTKIT_TOKENS_PER_MINUTE": "90000", "GHOSTKIT_REQUEST_SPACING_S": "0.2",
        "GHOSTKIT_PRICES": "ollama:x=0,0", "GHOSTKIT_STATE_DIR": "state",
        "GHOSTKIT_MODELS": "models",
        "GHOSTKIT_BREAKER_FAILURES": "3",
        "GHOSTKIT_BREAKER_COOL_DOWN_S": "15.0",
        "OPENAI_BASE_URL": "http://a/v1", "ANTHROPIC_BASE_URL": "http://b", "GOOGLE_GEMINI_BASE_URL": "http://c",
        "CO_API_URL": "http://d", "OPENROUTER_BASE_URL": "http://e", "OLLAMA_HOST": "http://f:1",
    }  # fmt: skip
    keys = {name[0]: CANARY for name in variables_by_field().values() if name[0].endswith("_API_KEY")}
    assert not samples.keys() ^ {name[0] for name in variables_by_field().values()} - keys.keys()
    settings = Settings(environment=samples | keys)
    table = {row.name: row for row in settings_table(settings)}
    assert len(table) == len(variables_by_field()) == len(samples) + len(keys)
    assert {name: table[name].value for name in samples} == samples
    assert {table[name].value for name in keys} == {"[redacted]"}
    assert {row.source for row in table.values()} == {"environment"}


@pytest.mark.parametrize("name", ["MAX_CONTEXT_TOKENS", "MAX_CONTEXT_WINDOW"])
def test_either_name_of_the_context_window_sets_the_one_value(name: str) -> None:
    settings = Settings(environment={name: "32000"})
    assert settings.max_context_tokens == settings.max_context_window == 32_000
    settings.max_context_window = 16_000
    assert settings.max_context_tokens == 16_000
    settings.max_context_tokens = 8_000
    assert settings.max_context_window == 8_000


def test_two_names_that_differ_in_one_place_are_told() -> None:
    with pytest.raises(InputError, match="MAX_CONTEXT_TOKENS is 1000 and MAX_CONTEXT_WINDOW is 2000 in the env"):
        Settings(environment={"MAX_CONTEXT_TOKENS": "1000", "MAX_CONTEXT_WINDOW": "2000"})
    dotenv("MAX_CONTEXT_TOKENS=1000\nMAX_CONTEXT_WINDOW=2000\n")
    with pytest.raises(InputError, match=r"two names of one setting"):
        Settings()
    with pytest.raises(InputError, match="max_context_tokens and max_context_window"):
        Settings(env_file=None, max_context_tokens=5000, max_context_window=6000)


def test_two_names_that_agree_or_stand_in_different_places_are_fine() -> None:
    both = {"MAX_CONTEXT_TOKENS": "9000", "MAX_CONTEXT_WINDOW": "9000"}
    assert Settings(environment=both).max_context_tokens == 9000
    dotenv("MAX_CONTEXT_TOKENS=9000\n")
    settings = Settings(environment={"MAX_CONTEXT_WINDOW": "7000"})
    assert (settings.max_context_tokens, settings.source_of("max_context_window")) == (7000, "environment")


@pytest.mark.parametrize(
    ("first", "second", "field"),
    [("GEMINI_API_KEY", "GOOGLE_API_KEY", "gemini_api_key"), ("COHERE_API_KEY", "CO_API_KEY", "cohere_api_key")],
)
def test_a_vendors_second_key_name_is_accepted_and_the_first_wins(first: str, second: str, field: str) -> None:
    assert Settings(environment={second: "second-key"}).secret(field) == "second-key"
    assert Settings(environment={first: "first-key", second: "second-key"}).secret(field) == "first-key"


def test_variables_without_our_names_are_not_taken() -> None:
    """A stray MODEL or ACTOR in the environment (CI has them) must not reach a field of the same name."""
    stray = {field.upper(): "stray" for field, names in variables_by_field().items() if field.upper() not in names}
    assert "MODEL" in stray
    assert Settings(environment=stray) == Settings(environment={})


def test_an_empty_variable_counts_as_not_given() -> None:
    dotenv("OPENAI_API_KEY=\nSTREAM_CHUNK_SIZE=  \nGHOSTKIT_BUDGET_USD=\n")
    settings = Settings(environment={"STREAM_CHUNK_SIZE": "", "CACHE_BACKEND": " "})
    assert settings.openai_api_key is None
    assert (settings.stream_chunk_size, settings.source_of("stream_chunk_size")) == (10, "default")
    assert settings.cache_backend == "memory"


BAD = [
    ("CACHE_BACKEND", "disk", "'memory', 'file', 'redis' or 'none'"),
    ("CACHE_MAX_SIZE", "0", "1 or more"),
    ("CACHE_MAX_MB", "many", "a whole number from 1"),
    ("REDIS_PORT", "70000", "a port from 1 to 65535"),
    ("REDIS_PORT", "six", "a port from 1 to 65535"),
    ("TASK_BACKEND", "cron", "'anyio', 'thread', 'celery' or 'rq'"),
    ("CELERY_BROKER_URL", "localhost", "an address like redis://"),
    ("MAX_CONTEXT_WINDOW", "-1", "a whole number from 1000"),
    ("MAX_CONTEXT_TOKENS", "1e5", "a whole number from 1000"),
    ("SLIDING_WINDOW_SIZE", "-1", "a whole number from 0"),
    ("ENABLE_STREAMING", "maybe", "true or false"),
    ("STREAM_CHUNK_SIZE", "0", "a whole number from 1"),
    ("CACHE_EXPIRE_DEFAULT", "0", "1 or more"),
    ("RAG_MODE", "magic", "'disabled', 'basic', 'hybrid' or 'full'"),
    ("GHOSTKIT_BUDGET_USD", "-1", "0 or more"),
    ("GHOSTKIT_BUDGET_USD", "nan", "0 or more"),
    ("GHOSTKIT_BUDGET_USD", "inf", "0 or more"),
    ("GHOSTKIT_RESUME_POLICY", "guess", "'restart' or 'continue'"),
    ("GHOSTKIT_FLUSH_INTERVAL_S", "2.5", "at most 2"),
    ("GHOSTKIT_FLUSH_INTERVAL_S", "0", "above 0"),
    ("GHOSTKIT_MAX_RETRIES", "21", "0 to 20"),
    ("GHOSTKIT_TIMEOUT_S", "soon", "above 0"),
    ("GHOSTKIT_ACTOR", "a\nb", "one line"),
    ("RESERVED_RESPONSE_TOKENS", "128000", ""),
]


@pytest.mark.parametrize(("name", "value", "must_be"), BAD)
def test_a_bad_value_is_one_sentence_with_its_variable_its_value_and_what_it_must_be(
    name: str, value: str, must_be: str
) -> None:
    with pytest.raises(InputError) as caught:
        Settings(environment={name: value})
    message = caught.value.message
    assert message.startswith(name)
    assert repr(value)[1:-1] in message
    assert must_be in message
    assert message.endswith(".")
    assert "\n" not in message
    assert caught.value.exit_code == 2
    assert "pydantic" not in "".join(traceback.format_exception(caught.value)).split("ghostkit.errors")[-1]


def test_a_bad_value_in_dotenv_says_so() -> None:
    dotenv("RAG_MODE=magic\n")
    with pytest.raises(InputError, match=r"RAG_MODE is 'magic' in \.env; .*Correct the line of RAG_MODE in \.env"):
        Settings()


def test_assignment_takes_effect_and_a_bad_one_changes_nothing() -> None:
    settings = get_settings()
    settings.enable_streaming = False
    assert get_settings().enable_streaming is False
    assert row("ENABLE_STREAMING").source == "code"
    with pytest.raises(InputError, match=r"stream_chunk_size is 0; it must be a whole number"):
        settings.stream_chunk_size = 0
    assert settings.stream_chunk_size == 10
    assert row("STREAM_CHUNK_SIZE").source == "default"


def test_an_assignment_that_contradicts_another_setting_changes_nothing() -> None:
    settings = Settings()
    with pytest.raises(InputError, match="RESERVED_RESPONSE_TOKENS is 4096"):
        settings.max_context_tokens = 4096
    assert (settings.max_context_tokens, settings.source_of("max_context_tokens")) == (128_000, "default")


def test_an_unknown_setting_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(UnknownName, match=r"'enable_steaming'.*Did you mean 'enable_streaming'"):
        Settings(enable_steaming=False)
    with pytest.raises(UnknownName, match="no setting called 'colour'"):
        Settings().colour = "red"  # type: ignore[attr-defined]


@pytest.mark.parametrize("bad", [f"{CANARY} x", f"{CANARY}\nx", f"{CANARY}\u00e9", " "])
def test_a_key_that_cannot_go_into_a_header_is_refused_and_never_quoted(bad: str) -> None:
    settings = Settings()
    if not bad.strip():
        settings.openai_api_key = bad  # type: ignore[assignment]
        assert settings.openai_api_key is None
        return
    with pytest.raises(InputError) as assigned:
        settings.openai_api_key = bad  # type: ignore[assignment]
    with pytest.raises(InputError) as given:
        Settings(environment={"OPENAI_API_KEY": bad})
    for caught in (assigned, given):
        told = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + str(caught.value.__dict__)
        assert CANARY not in told
        assert "[redacted]" in told
        assert caught.value.__context__ is None


def test_no_rendering_of_the_settings_shows_a_key_or_a_password_in_an_address() -> None:
    names = {names[0]: CANARY for field, names in variables_by_field().items() if field.endswith("_key")}
    addresses = {"CELERY_BROKER_URL": f"redis://me:{CANARY}@host/0", "CELERY_RESULT_BACKEND": f"redis://:{CANARY}@h/0"}
    settings = Settings(environment=names | addresses)
    assert settings.secret("openai_api_key") == CANARY
    shown = [repr(settings), str(settings), f"{settings}", repr(settings_table(settings))]
    shown += [str([row.as_dict() for row in settings_table(settings)]), repr(list(settings.__rich_repr__()))]
    for text in shown:
        assert "canary" not in text
        assert "[redacted]" in text
    dumped = settings.model_dump_json(include={"openai_api_key", "cohere_api_key"})
    assert "canary" not in dumped


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"STREAM_CHUNK_SIZE=\xff\xfe\n", r"isn't UTF-8 text \(line 1\)"),
        (b"A=1\nB=2\nRAG_MODE=\xe9\n", r"isn't UTF-8 text \(line 3\)"),
        (b"RAG_MODE basic\n", r"isn't NAME=value \(line 1\)"),
        (b"A=1\n\n# note\nOPENAI_API_KEY sk-canary\n", r"isn't NAME=value \(line 4\)"),
        (b"OPENAI_API_KEY\n", r"isn't NAME=value \(line 1\)"),
        (b"A='open\nB=2\n", r"isn't NAME=value \(line 1\)"),
        (b"RAG_MODE=ba\0sic\n", "zero byte"),
    ],
)
def test_a_dotenv_that_is_not_one_is_told_with_its_line_and_without_its_text(content: bytes, told: str) -> None:
    dotenv(content)
    with pytest.raises(InputError, match=told) as caught:
        Settings()
    assert "canary" not in str(caught.value)


def test_a_folder_called_dotenv_is_told() -> None:
    Path(".env").mkdir()
    with pytest.raises(InputError, match=r"The settings file \.env can't be read"):
        Settings()


def test_dotenv_is_read_from_the_working_directory_with_its_usual_forms() -> None:
    lines = [b"\xef\xbb\xbfSTREAM_CHUNK_SIZE=12", b"# mine", b"export RAG_MODE=basic", b"UNRELATED=1"]
    dotenv(b"\r\n".join([*lines, b'GHOSTKIT_ACTOR="Ines Calder"  # me', b""]))
    settings = get_settings()
    assert (settings.stream_chunk_size, settings.rag_mode, settings.actor) == (12, "basic", "Ines Calder")
    assert row("RAG_MODE").source == ".env"


def test_the_process_has_one_object_until_it_is_reset(monkeypatch: pytest.MonkeyPatch) -> None:
    first = get_settings()
    monkeypatch.setenv("RAG_MODE", "full")
    assert get_settings() is first
    assert first.rag_mode == "hybrid"
    reset_settings()
    assert get_settings().rag_mode == "full"


def test_a_bad_environment_is_told_at_every_call_not_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAG_MODE", "magic")
    for _ in range(2):
        with pytest.raises(InputError, match="RAG_MODE"):
            get_settings()


def test_the_actor_is_the_operating_systems_user_or_author(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(getpass, "getuser", lambda: "ines")
    assert Settings().actor == "ines"

    def nobody() -> str:
        raise KeyError("getpwuid(): uid not found: 4711")

    monkeypatch.setattr(getpass, "getuser", nobody)
    assert Settings().actor == "author"


def test_a_home_folder_is_expanded() -> None:
    assert Settings(environment={"GHOSTKIT_PROJECTS": "~/books"}).projects == Path.home() / "books"


def test_the_face_of_the_module_does_not_import_pydantic() -> None:
    code = (
        "import sys, ghostkit.settings as s;"
        "assert 'pydantic' not in sys.modules and 'dotenv' not in sys.modules, 'heavy import';"
        "s.get_settings(); assert 'pydantic' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env=os.environ | {"PYTHONPATH": str(ROOT)})


# The documents that ship beside the code


def example() -> dict[str, str]:
    """`.env.example` with its comment marks before assignments taken away."""
    found: dict[str, str] = {}
    for line in (ROOT / ".env.example").read_text("utf-8").splitlines():
        name, equals, value = line.removeprefix("# ").partition("=")
        if equals and name.isupper() and " " not in name:
            found[name] = value
    return found


def test_the_example_file_has_every_variable_and_the_real_defaults() -> None:
    names = {name for names in variables_by_field().values() for name in names}
    assert set(example()) == names
    for line in settings_table(Settings(environment={})):
        if line.name != "GHOSTKIT_ACTOR":
            assert example()[line.name] == line.value, line.name


def test_the_example_file_copied_as_it_is_changes_nothing() -> None:
    dotenv((ROOT / ".env.example").read_bytes())
    assert Settings() == Settings(env_file=None)


def test_the_example_file_with_every_line_switched_on_is_valid() -> None:
    both = {"MAX_CONTEXT_WINDOW", "GOOGLE_API_KEY", "CO_API_KEY"}
    dotenv("".join(f"{name}={value}\n" for name, value in example().items() if name not in both))
    assert Settings().max_context_tokens == 128_000


def test_every_line_of_the_example_has_its_comment() -> None:
    lines = (ROOT / ".env.example").read_text("utf-8").splitlines()
    for number, line in enumerate(lines):
        if line.removeprefix("# ").partition("=")[0].isupper():
            above = lines[number - 1]
            assert above.startswith("# "), line


def test_the_conda_environments_are_valid_and_bring_what_the_project_needs() -> None:
    yaml = pytest.importorskip("yaml")
    text = (ROOT / "environment.yml").read_text("utf-8")
    cpu = yaml.safe_load(text)
    assert cpu["name"] == "ghostkit"
    assert any(str(item).startswith("python") for item in cpu["dependencies"])
    assert any("faiss-cpu" in str(item) for item in cpu["dependencies"])
    assert not any("faiss-gpu" in str(item) for item in cpu["dependencies"])
    commented = text.split("# --- GPU", 1)[1].splitlines()[1:]
    gpu = yaml.safe_load("\n".join(line.removeprefix("# ").removeprefix("#") for line in commented))
    assert any("faiss-gpu" in str(item) for item in gpu["dependencies"])
    assert not any("faiss-cpu" in str(item) for item in gpu["dependencies"])


@pytest.mark.parametrize("address", ["redis://:Zx9/kq@host:1", "redis://me:Zx9#kq@host", "http://Zx9@kq@host/v1"])
def test_a_password_is_masked_also_where_it_was_not_written_as_an_address_wants_it(address: str) -> None:
    assert not any(piece in shown(address) for piece in ("Zx9", "kq"))
    assert shown(address).startswith(f"{address.partition('//')[0]}//[redacted]@host")


@pytest.mark.parametrize("value", ["127.0.0.1:8000/v1", "htp://a/v1", "http://", "http://a:99999/v1", "http://a b/v1"])
def test_a_base_url_that_leads_nowhere_is_told_before_anything_is_sent(value: str) -> None:
    with pytest.raises(InputError, match=r"OPENAI_BASE_URL is .* it must be an address like https://host/v1"):
        Settings(env_file=None, environment={"OPENAI_BASE_URL": value})


def test_a_base_url_copied_with_its_quotation_marks_is_taken() -> None:
    settings = Settings(env_file=None, environment={"OPENAI_BASE_URL": '"http://a/v1"'})
    assert settings.openai_base_url == "http://a/v1"
