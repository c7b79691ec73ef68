"""Keys: where they come from, in which order, what a broken keyring does, and what is wrong with a pasted one."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends import fail, null

from ghostkit.errors import AuthError, KeyringError, UnknownName
from ghostkit.events.redaction import redact_text
from ghostkit.providers import keychain, registry
from ghostkit.providers.key_shapes import hint, key_problem
from ghostkit.providers.keys import VENDORS, key_of, vendor_named, vendor_of, where_from
from ghostkit.settings import Settings, get_settings, reset_settings

KEY = "sk-proj-Zt81kQw0pLm93xVbN5rT"


class FakeKeyring(KeyringBackend):
    """Kept in memory; `broken` is what every call raises."""

    priority = 1.0  # type: ignore[assignment]
    name = "a keyring of the test's own"

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}
        self.broken: Exception | None = None
        self.reads = 0

    def get_password(self, service: str, username: str) -> str | None:
        self.reads += 1
        if self.broken is not None:
            raise self.broken
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        if self.broken is not None:
            raise self.broken
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


@pytest.fixture
def fake() -> Iterator[FakeKeyring]:
    before, made = keyring.get_keyring(), FakeKeyring()
    keyring.set_keyring(made)
    keychain.forget_keychain()
    yield made
    keyring.set_keyring(before)
    keychain.forget_keychain()


def use(backend: KeyringBackend) -> None:
    keyring.set_keyring(backend)
    keychain.forget_keychain()


def test_every_key_setting_has_its_vendor_and_the_same_variables() -> None:
    from ghostkit.settings.model import variables_by_field

    by_field = {vendor.field: vendor.variables for vendor in VENDORS}
    assert by_field == {f: v for f, v in variables_by_field().items() if f.endswith("_api_key")}
    fields = Settings.model_fields
    assert all(vendor.base_url_field in fields for vendor in VENDORS)


@pytest.mark.parametrize("vendor", VENDORS, ids=lambda vendor: vendor.name)
def test_a_key_comes_from_code_environment_env_file_and_keyring_in_this_order(
    vendor: Any, fake: FakeKeyring, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    variable = vendor.variables[-1]
    assert (key_of(vendor.name), where_from(vendor.name)) == (None, ("none", ""))
    keychain.write_keychain(vendor.name, "from-the-keyring-1")
    assert (key_of(vendor.name), where_from(vendor.name)) == ("from-the-keyring-1", ("keyring", vendor.name))
    (tmp_path / ".env").write_text(f"{variable}=from-the-file-12\n")
    reset_settings()
    assert (key_of(vendor.name), where_from(vendor.name)) == ("from-the-file-12", (".env", variable))
    monkeypatch.setenv(variable, "from-the-surroundings")
    reset_settings()
    assert (key_of(vendor.name), where_from(vendor.name)) == ("from-the-surroundings", ("environment", variable))
    setattr(get_settings(), vendor.field, "from-the-code-123")
    assert (key_of(vendor.name), where_from(vendor.name)) == ("from-the-code-123", ("code", vendor.field))


def test_the_responses_provider_uses_the_key_of_its_vendor(fake: FakeKeyring) -> None:
    fake.kept["ghostkit", "openai"] = KEY
    assert key_of("openai-responses") == KEY
    assert vendor_of("ollama") is None
    assert key_of("ollama") is None
    assert where_from("rehearsal") == ("none", "")


def test_a_key_that_was_read_never_comes_out_again(fake: FakeKeyring) -> None:
    odd = "Kq7vTz.19~plain_words_of-no-vendor"
    assert odd in redact_text(f"it said {odd} here")
    fake.kept["ghostkit", "cohere"] = odd
    assert key_of("cohere") == odd
    assert odd not in redact_text(f"it said {odd} here")


def test_without_a_key_the_error_says_how_to_give_one(fake: FakeKeyring) -> None:
    with pytest.raises(AuthError, match="There is no key for Cohere") as caught:
        registry.create_provider("cohere")._key()  # type: ignore[attr-defined]
    assert "COHERE_API_KEY" in caught.value.fix
    assert "ghostkit keys set cohere" in caught.value.fix
    assert "https://dashboard.cohere.com/api-keys" in caught.value.fix
    assert caught.value.rejected
    with pytest.raises(UnknownName, match="rehearsal"):
        vendor_named("rehearsal")


def test_a_found_key_is_asked_for_once_a_minute_and_a_missing_one_each_time(
    fake: FakeKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert key_of("openai") is None
    assert key_of("openai") is None
    assert fake.reads == 2
    fake.kept["ghostkit", "openai"] = KEY  # set in another process
    assert key_of("openai") == key_of("openai") == KEY
    assert fake.reads == 3
    fake.kept["ghostkit", "openai"] = KEY + "2"
    now = keychain.time.monotonic()
    monkeypatch.setattr(keychain.time, "monotonic", lambda: now + keychain.REMEMBERED_S)
    assert key_of("openai") == KEY + "2"


@pytest.mark.parametrize("backend", [fail.Keyring, null.Keyring])
def test_no_backend_reads_as_no_key_and_is_told_when_one_is_to_be_kept(
    backend: type[KeyringBackend], fake: FakeKeyring
) -> None:
    use(backend())
    assert key_of("openai") is None
    with pytest.raises(KeyringError, match="no keyring that can keep") as caught:
        keychain.write_keychain("openai", KEY)
    assert ".env" in caught.value.fix
    with pytest.raises(KeyringError):
        keychain.remove_keychain("openai")


def test_without_the_package_reading_goes_on_and_keeping_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    keychain.forget_keychain()
    monkeypatch.setitem(sys.modules, "keyring", None)
    assert key_of("openai") is None
    assert not keychain.has_keychain()
    with pytest.raises(KeyringError, match="not installed") as caught:
        keychain.write_keychain("openai", KEY)
    assert "pip install 'ghostkit[keyring]'" in caught.value.fix


def test_a_broken_backend_reads_as_no_key_and_its_error_never_holds_the_key(fake: FakeKeyring) -> None:
    fake.broken = RuntimeError(f"dbus refused to keep {KEY}")
    assert key_of("openai") is None
    with pytest.raises(KeyringError, match="dbus refused") as caught:
        keychain.write_keychain("openai", KEY)
    error = caught.value
    assert KEY not in str(error)
    assert error.__context__ is None
    assert error.__cause__ is None
    assert KEY not in "".join(traceback.format_exception(error))


def test_a_backend_that_keeps_nothing_is_noticed(fake: FakeKeyring, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fake, "set_password", lambda *_: None)
    with pytest.raises(KeyringError, match="kept nothing"):
        keychain.write_keychain("openai", KEY)


def test_removing_says_whether_there_was_one(fake: FakeKeyring) -> None:
    assert not keychain.remove_keychain("openai")
    keychain.write_keychain("openai", KEY)
    assert key_of("openai") == KEY
    assert keychain.remove_keychain("openai")
    assert key_of("openai") is None


WRONG = {
    "": "empty",
    f"Bearer {KEY}": "Bearer",
    f"Authorization: Bearer {KEY}": "Bearer",
    f"OPENAI_API_KEY={KEY}": "line of .env",
    f"export OPENAI_API_KEY={KEY}": "line of .env",
    f'"{KEY}"': "quotation marks",
    f"“{KEY}”": "quotation marks",
    f"'{KEY}": "quotation marks",
    f"{KEY}\n{KEY}": "more than one line",
    "sk-proj-...9aB2": "shortened form",
    "sk-••••••9aB2": "shortened form",
    f"{KEY[:9]} {KEY[9:]}": "space inside",
    f"{KEY}é": "characters in it that no key has",
    "your-api-key-here": "placeholder",
    "sk-xxxxxxxxxxxx": "placeholder",
    "sk-1": "too short",
    "sk-ant-api03-Zt81kQw0pLm93xVbN5rT": "key for Anthropic, not for OpenAI",
    "sk-or-v1-Zt81kQw0pLm93xVbN5rT": "key for OpenRouter, not for OpenAI",
    "AIzaSyZt81kQw0pLm93xVbN5rT": "key for Google Gemini, not for OpenAI",
}


@pytest.mark.parametrize("text", WRONG)
def test_what_is_wrong_with_a_key_is_said_without_quoting_it(text: str) -> None:
    problem = key_problem(vendor_named("openai"), text)
    assert problem is not None
    assert WRONG[text] in problem[0]
    assert problem[1]
    assert KEY[10:] not in " ".join(problem)


@pytest.mark.parametrize(
    ("provider", "key"),
    [
        ("openai", KEY),
        ("openai", "any-40-characters-of-some-other-kind"),
        ("anthropic", "sk-ant-api03-Zt81kQw0pLm93xVbN5rT"),
        ("gemini", "AIzaSyZt81kQw0pLm93xVbN5rT"),
        ("gemini", "AQ.Ab8RN6Zt81kQw0pLm93xVbN5rT"),
        ("cohere", "Zt81kQw0pLm93xVbN5rTZt81kQw0pLm93xVbN5rT"),
        ("openrouter", "sk-or-v1-Zt81kQw0pLm93xVbN5rT"),
    ],
)
def test_nothing_is_found_wrong_with_a_good_key(provider: str, key: str) -> None:
    assert key_problem(vendor_named(provider), f" {key}\n") is None


def test_at_an_address_of_ones_own_any_vendors_key_may_be_right() -> None:
    anthropic = "sk-ant-api03-Zt81kQw0pLm93xVbN5rT"
    assert key_problem(vendor_named("openai"), anthropic) is not None
    get_settings().openai_base_url = "https://gateway.example/v1"
    assert key_problem(vendor_named("openai"), anthropic) is None
    assert key_problem(vendor_named("openai"), f"Bearer {anthropic}") is not None


def test_a_hint_shows_four_characters_at_most_and_none_of_a_short_key() -> None:
    assert hint("0123456789abcdefghij") == "…ghij"
    assert hint("0123456789abcdefghi") == "…"
