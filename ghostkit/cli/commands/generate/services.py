"""The generation service of a prompt that belongs to no book: a ledger in memory, the settings as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ghostkit.generation import GenerationOptions, GenerationService


def chosen(model: str | None) -> str:
    """The full name of the model given, else of the setting's, else of the embedded rehearsal."""
    from ghostkit.workbench.facade import chosen as chosen_beside_any_book

    return chosen_beside_any_book(model)


def service_for(streaming: bool | None) -> GenerationService:
    from dataclasses import replace

    from ghostkit import __version__
    from ghostkit.generation import Budget, GenerationService
    from ghostkit.ledger import SqliteLedger, Who
    from ghostkit.settings import get_settings
    from ghostkit.workbench.limits import checked_limits
    from ghostkit.workbench.services import options_from_settings

    def options() -> GenerationOptions:
        now = options_from_settings()
        return now if streaming is None else replace(now, streaming=streaming)

    ledger = SqliteLedger(None)
    ledger.acquire_lease({"goal": "a prompt"})
    who = Who(actor=get_settings().actor, ghostkit_version=__version__)
    return GenerationService(ledger=ledger, who=who, budget=Budget(checked_limits(1, None)), options=options)
