"""Which model a book is written with, and when a person must say."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ghostkit.errors import ModelChoiceNeeded
from ghostkit.ledger import Origin
from ghostkit.providers import ProviderRegistry, registry, split_model
from ghostkit.providers.replay import recorded_models
from ghostkit.settings import get_settings

if TYPE_CHECKING:
    from ghostkit.workbench.book import Book

DEFAULT_MODEL = "rehearsal"


def choose_model(book: Book, model: str | None) -> str:
    """The model to write with: given, else the book's, else the setting's, else the embedded rehearsal.

    Rehearsal is never slipped into a book that holds real words: then `ModelChoiceNeeded` names the choices. A
    model that is given becomes the book's, if it had none.
    """
    chosen = model or book.value.settings.model or get_settings().model
    providers = book.services.providers
    if not chosen:
        book.look_for_edits()  # words of a person may stand in a file that nobody has read yet
        real = _real_words(book)
        if real:
            raise ModelChoiceNeeded(
                f"This book holds {real}, and no model is chosen to go on with.",
                fix="Name one: rehearsal (an offline stand-in), or provider:model; there is "
                f"{', '.join(providers.list_providers())}.",
            )
        chosen = DEFAULT_MODEL
    full = check_model(chosen, providers)
    if model and not book.value.settings.model:
        book.manuscript.change_structure(lambda value: replace(value, settings=replace(value.settings, model=full)))
    return full


def check_model(name: str, providers: ProviderRegistry = registry) -> str:
    """`provider:model` with the model filled in; raises `UnknownName` for what doesn't exist."""
    provider_name, model = split_model(name)
    info = providers.create_provider(provider_name).info(model)
    return f"{info.provider}:{info.model}"


def is_cached(book: Book, model: str, use_cache: bool | None) -> bool:
    """Are equal answers of this model taken from the cache? As asked; else as a setting asks; else where it pays.

    The embedded rehearsal's answers cost nothing to have again, and a rehearsal that answers from memory rehearses
    nothing: what streams, can be stopped and is counted should be the real thing. A replay is a memory already.
    """
    if use_cache is not None:
        return use_cache
    if get_settings().source_of("cache_backend") != "default":
        return True
    provider_name, bare = split_model(model)
    if provider_name == "replay":
        return False
    return not book.services.providers.create_provider(provider_name).info(bare).pretends


def _real_words(book: Book) -> str:
    """What in the book is not rehearsal's, in words; empty if all of it is."""
    for head in book.manuscript.heads():
        if head.kind == "section" and head.origin is Origin.HUMAN:
            return "words of a person"
        if head.kind == "section" and head.model and not _rehearsed(head.model):
            return f"text by {head.model}"
    return ""


def _rehearsed(model: str) -> bool:
    """Rehearsal's own, or a replay of nothing but rehearsals."""
    return all(split_model(name)[0] == "rehearsal" for name in recorded_models(model))
