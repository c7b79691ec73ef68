from __future__ import annotations

from importlib.metadata import EntryPoint

import pytest

from ghostkit.errors import ExportError, InputError, UnknownName
from ghostkit.export import Document, Exporter, ExporterRegistry, exporters
from ghostkit.export import registry as registry_module

from .books import make_document


class Shout:
    name = "shout"
    extension = "txt"
    media_type = "text/plain"

    def render(self, document: Document) -> bytes:
        return document.meta.title.upper().encode()


class Wordless:
    name = "wordless"


def test_the_formats_that_ship_are_listed_and_work() -> None:
    assert {"epub", "html", "markdown"} <= set(exporters.list_formats())
    for name, extension in (("epub", "epub"), ("html", "html"), ("markdown", "md")):
        exporter = exporters.get(name)
        assert isinstance(exporter, Exporter)
        assert (exporter.name, exporter.extension) == (name, extension)
        assert exporter.render(make_document())


def test_a_registered_format_is_listed_and_used() -> None:
    registry = ExporterRegistry()
    registry.register_exporter("shout", Shout)
    assert "shout" in registry.list_formats()
    assert "shout" not in exporters.list_formats()
    assert registry.get("shout").render(make_document()) == b"THE SALT ROAD"


def test_an_unknown_format_is_told_with_those_there_are() -> None:
    with pytest.raises(UnknownName, match=r"no export format called 'pdff'.*epub, html, markdown"):
        exporters.get("pdff")


def _plugin(monkeypatch: pytest.MonkeyPatch, value: str) -> ExporterRegistry:
    entry = EntryPoint("mine", value, registry_module.GROUP)
    monkeypatch.setattr(registry_module, "entry_points", lambda *, group: [entry] if group == entry.group else [])
    return ExporterRegistry()


def test_a_plugin_from_another_package_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    registry = _plugin(monkeypatch, f"{__name__}:Shout")
    assert registry.list_formats() == ["epub", "html", "markdown", "mine"]
    assert registry.get("mine").render(make_document()) == b"THE SALT ROAD"


@pytest.mark.parametrize(
    "value", ["no_such_package_here:X", f"{__name__}:NoSuchClass", f"{__name__}:fail", "this is not valid"]
)
def test_a_plugin_that_does_not_load_is_one_clear_error_for_those_who_ask(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    registry = _plugin(monkeypatch, value)
    assert "mine" in registry.list_formats()
    assert registry.get("html").name == "html"
    with pytest.raises(ExportError, match="The exporter 'mine' could not be loaded: "):
        registry.get("mine")


def test_a_plugin_that_is_no_exporter_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ExportError, match="'mine' lacks"):
        _plugin(monkeypatch, f"{__name__}:Wordless").get("mine")


@pytest.mark.parametrize("name", ["", " x"])
def test_a_format_needs_a_name(name: str) -> None:
    with pytest.raises(InputError):
        ExporterRegistry().register_exporter(name, Shout)


def fail() -> None:
    raise RuntimeError("broken on purpose")
