"""Who can write here: every provider with its state, told without a connection; and a check of each that asks it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import anyio
import anyio.to_thread

from ghostkit.errors import GhostkitError, UnknownName
from ghostkit.events.redaction import redact_text
from ghostkit.providers.contract import Diagnosis, Provider, public_address
from ghostkit.providers.key_shapes import key_problem
from ghostkit.providers.keys import KeySource, how_to_give, key_of, vendor_of, where_from
from ghostkit.providers.registry import Factory, is_installed, registry
from ghostkit.settings import get_settings
from ghostkit.settings.model import shown

State = Literal["ready", "no key", "not installed", "broken"]


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One provider. `ok` is what a check found, else whether it has what it needs.

    `configured` says that somebody means to use it, so that its failing a check is a failure; prices are USD per
    million tokens of its default model, None where unknown or where it has no default.
    """

    name: str
    state: State
    ok: bool
    message: str = ""
    fix: str = ""
    checked: bool = False
    configured: bool = False
    key_from: KeySource = "none"
    key_name: str = ""
    model: str = ""
    base_url: str = ""
    local: bool = False
    context_window: int | None = None
    max_output: int | None = None
    input_usd_per_million: float | None = None
    output_usd_per_million: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self)


def roster(names: Sequence[str] = ()) -> list[Entry]:
    """One entry a provider (of `names`, if given), without asking anybody.

    Raises `UnknownName` for a name that no provider has, `InputError` for settings that can't be used.
    """
    get_settings()
    there = registry.list_providers()
    for name in names:
        if name not in there:
            raise UnknownName(f"There is no provider called {redact_text(name)!r}.", fix=registry.instead_of(name))
    entries = [entry_of(name) for name in there if not names or name in names]
    return [replace(entry, configured=True) for entry in entries] if names else entries


def entry_of(name: str) -> Entry:
    """What is known of one provider; a plugin that fails is that plugin's entry, never an error."""
    try:
        factory = registry.factory(name)
    except GhostkitError as error:
        return Entry(name=name, state="broken", ok=False, configured=True, message=error.message, fix=error.fix)
    package, extra = getattr(factory, "package", ""), getattr(factory, "extra", "")
    if package and not is_installed(package):
        fix = f"pip install 'ghostkit[{extra}]'"
        return Entry(name=name, state="not installed", ok=False, message=f"{package} is not installed.", fix=fix)
    vendor = vendor_of(name)
    source, variable = where_from(name)
    if vendor is not None and source == "none":
        return Entry(name=name, state="no key", ok=False, message="There is no key.", fix=how_to_give(vendor))
    entry = Entry(name=name, state="ready", ok=True, key_from=source, key_name=variable, configured=_is_meant(name))
    if vendor is not None:
        message, fix = key_problem(vendor, key_of(name) or "") or (_key_words(source, variable), "")
        entry = replace(entry, message=message, fix=fix)
    elif name == "ollama":
        asks = "`ghostkit providers --check` asks whether it runs."
        entry = replace(entry, message=f"At {shown(get_settings().ollama_host)}; {asks}")
    return _with_model(entry, factory)


def _is_meant(name: str) -> bool:
    """A service on this machine is only meant to be used if its address was set; the others by their key."""
    return name != "ollama" or get_settings().source_of("ollama_host") != "default"


def _key_words(source: KeySource, variable: str) -> str:
    if source in ("keyring", "code"):
        return f"key from {'the keyring' if source == 'keyring' else 'code'}"
    return f"key from {variable} ({source})"


def _with_model(entry: Entry, factory: Factory) -> Entry:
    """With the default model, where there is one."""
    try:
        provider = factory()
        entry = replace(entry, base_url=public_address(str(getattr(provider, "base_url", ""))))
        info = provider.info("")
    except GhostkitError:
        return entry  # many have no default model: one has to be named
    except Exception as error:
        defect = _defect(error)
        return replace(entry, state="broken", ok=False, configured=True, message=defect.message, fix=defect.fix)
    return replace(
        entry,
        model=f"{info.provider}:{info.model}",
        base_url=info.base_url or entry.base_url,
        local=info.local or info.pretends,
        context_window=info.context_window,
        max_output=info.max_output,
        input_usd_per_million=info.input_usd_per_million,
        output_usd_per_million=info.output_usd_per_million,
    )


async def check_all(
    entries: Sequence[Entry], patience_s: float, on_done: Callable[[Entry], None] | None = None
) -> list[Entry]:
    """Every entry that is ready, asked at once, each within `patience_s`; `on_done` is told as each is through."""
    found = {entry.name: entry for entry in entries}

    async def check(entry: Entry) -> None:
        found[entry.name] = await check_one(entry, patience_s)
        if on_done is not None:
            on_done(found[entry.name])

    async with anyio.create_task_group() as tasks:
        for entry in entries:
            if entry.state == "ready":
                tasks.start_soon(check, entry)
    return [found[entry.name] for entry in entries]


async def check_one(entry: Entry, patience_s: float) -> Entry:
    """What the provider itself says, without paying for a generation; never raises."""
    provider: Provider | None = None
    try:
        with anyio.fail_after(patience_s):
            # In a thread: building one may import an SDK, and a slow one must not hold the others up.
            provider = await anyio.to_thread.run_sync(registry.create_provider, entry.name, abandon_on_cancel=True)
            diagnosis = await provider.validate()
    except GhostkitError as error:
        diagnosis = Diagnosis(ok=False, message=error.message, fix=error.fix)
    except TimeoutError:
        fix = "Check the network and the base URL, then try again."
        diagnosis = Diagnosis(ok=False, message=f"There was no answer within {patience_s:g} s.", fix=fix)
    except Exception as error:  # a plugin's defect is that plugin's row
        diagnosis = _defect(error)
    finally:
        await _close(provider)
    message, fix = redact_text(diagnosis.message), redact_text(diagnosis.fix)
    if not diagnosis.ok and entry.fix:  # the key looks wrong, and that is the likeliest reason
        fix = f"{entry.message} {entry.fix}"
    return replace(entry, checked=True, ok=diagnosis.ok, message=message, fix=fix)


async def _close(provider: Provider | None) -> None:
    if provider is None:
        return
    with anyio.move_on_after(2.0, shield=True):
        try:
            await provider.aclose()
        except Exception:  # it has said what it had to say
            return


def _defect(error: Exception) -> Diagnosis:
    said = redact_text(" ".join(str(error).split())[:300])
    message = f"It failed in a way it should not: {type(error).__name__}{': ' + said if said else ''}"
    fix = "This is a defect of that provider; upgrade its package."
    return Diagnosis(ok=False, message=f"{message.rstrip('.')}.", fix=fix)
