"""Export a live book, and record that it was."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ghostkit import __version__, faults
from ghostkit.errors import InputError, storage_errors
from ghostkit.events import Event, EventType
from ghostkit.ledger import in_thread
from ghostkit.providers import split_model
from ghostkit.providers.replay import recorded_models

if TYPE_CHECKING:
    from ghostkit.export import Exported
    from ghostkit.workbench.book import Book


async def export_book(book: Book, format: str, out: Path | None) -> Exported:
    """Write the book as `format` to `out`, or to the project's `exports/`; the event commits after the file."""
    from ghostkit.export import build_document, export_document_async, exporters

    exporter = exporters.get(format)
    default = book.folder.exports / f"book.{exporter.extension.lstrip('.')}"
    value = book.value
    document = build_document(
        value,
        rehearsal=_holds_rehearsal(book),
        identifier=value.id,
        modified=_modified(value.updated_at),
        generator=f"ghostkit {__version__}",
    )
    exported = await export_document_async(document, format, out or default, fallback_dir=book.folder.exports)
    event = Event(
        type=EventType.BOOK_EXPORTED,
        data={
            "book": value.id,
            "format": exported.format,
            "path": str(exported.path),
            "bytes": exported.bytes,
            "sha256": exported.sha256,
        },
        source="export",
    )
    with storage_errors(book.folder.ledger, "record the export in"):
        faults.point("export.before_commit")
    fresh = await in_thread(book.ledger.record, [event], book.who())
    faults.point("export.after_commit")
    for one in fresh:
        await book.events.emit_async(one)
    return exported


def _holds_rehearsal(book: Book) -> bool:
    sections = (head for head in book.manuscript.heads() if head.kind == "section")
    models = {name for head in sections if head.model for name in recorded_models(head.model)}
    return any(split_model(name)[0] == "rehearsal" for name in models)


def _modified(when: datetime | None) -> datetime:
    """`SOURCE_DATE_EPOCH` where it is set, for exports that are the same byte for byte."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "").strip()
    if not epoch:
        return when or datetime.now(UTC)
    try:
        return datetime.fromtimestamp(int(epoch), UTC)
    except (ValueError, OverflowError, OSError):
        raise InputError(
            f"SOURCE_DATE_EPOCH is {epoch!r}.", fix="It must be a whole number of seconds since 1970, or unset."
        ) from None
