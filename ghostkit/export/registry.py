"""Find an exporter by format: built in, registered in code, or an entry point of `ghostkit.exporters`."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Protocol, runtime_checkable

from ghostkit.errors import ExportError, GhostkitError, InputError, UnknownName
from ghostkit.export.tree import Document

GROUP = "ghostkit.exporters"
_BUILT_IN = {
    "epub": "ghostkit.export.epub:EpubExporter",
    "html": "ghostkit.export.html:HtmlExporter",
    "markdown": "ghostkit.export.markdown:MarkdownExporter",
}


@runtime_checkable
class Exporter(Protocol):
    """`extension` comes without its dot. The same document renders to the same bytes."""

    @property
    def name(self) -> str: ...

    @property
    def extension(self) -> str: ...

    @property
    def media_type(self) -> str: ...

    def render(self, document: Document) -> bytes: ...


Factory = Callable[[], Any]


class ExporterRegistry:
    """A plugin that fails to load harms only those who ask for it."""

    def __init__(self) -> None:
        self._registered: dict[str, Factory] = {}

    def register_exporter(self, name: str, factory: Factory) -> None:
        """Add or replace an exporter class (or any callable that makes one) under `name`."""
        if not name or name != name.strip():
            raise InputError(f"{name!r} can't name an export format.", fix="Use a short name such as 'docx'.")
        self._registered[name] = factory

    def list_formats(self) -> list[str]:
        """Names that `get` knows, sorted; loads none of them."""
        return sorted({*self._registered, *_BUILT_IN, *self._entry_points()})

    def get(self, name: str) -> Exporter:
        """The exporter for `name`.

        Raises `UnknownName` when there is none, `ExportError` when its plugin doesn't load.
        """
        factory = self._registered.get(name)
        try:
            exporter = factory() if factory else self._entry_point(name).load()()
        except GhostkitError:
            raise
        except Exception as error:
            raise ExportError(
                f"The exporter {name!r} could not be loaded: {type(error).__name__}: {error}.",
                fix="Reinstall its package, or choose another format.",
            ) from error
        if not isinstance(exporter, Exporter):
            raise ExportError(
                f"The exporter {name!r} lacks name, extension, media_type or render.",
                fix="Ask its author to follow ghostkit.export.Exporter, or choose another format.",
            )
        return exporter

    def _entry_point(self, name: str) -> EntryPoint:
        found = self._entry_points().get(name)
        if found is None and name in _BUILT_IN:
            found = EntryPoint(name, _BUILT_IN[name], GROUP)
        if found is None:
            there = ", ".join(self.list_formats())
            raise UnknownName(f"There is no export format called {name!r}.", fix=f"There is: {there}.")
        return found

    def _entry_points(self) -> dict[str, EntryPoint]:
        return {entry.name: entry for entry in entry_points(group=GROUP)}


exporters = ExporterRegistry()
"""The process's own registry; `exporters.register_exporter` is all a notebook needs to add a format."""
