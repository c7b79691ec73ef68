"""One document tree, out to Markdown, HTML and EPUB; a plugin adds formats through `exporters`."""

from ghostkit.export.registry import Exporter, ExporterRegistry, exporters
from ghostkit.export.service import Exported, export_document, export_document_async
from ghostkit.export.tree import (
    REHEARSAL_NOTE,
    ChapterNode,
    Document,
    Metadata,
    Note,
    SectionNode,
    build_document,
)

__all__ = [
    "REHEARSAL_NOTE",
    "ChapterNode",
    "Document",
    "Exported",
    "Exporter",
    "ExporterRegistry",
    "Metadata",
    "Note",
    "SectionNode",
    "build_document",
    "export_document",
    "export_document_async",
    "exporters",
]
