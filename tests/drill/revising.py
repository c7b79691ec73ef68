"""The drill's acts on revisions: re-writes drawn, accepted, rejected, taken at once; an editor's proposal; a judgement;
heads and a checkpoint restored; a text purged. Each act asks first whether it has been done."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ghostkit import Book
    from ghostkit.workbench.revisions import Version

COLDER, WARMER = "Colder, and with less weather.", "Warmer."
EDITORS = "An editor would say it in one sentence."


async def revise(book: Book) -> None:
    """Everything, as far as it isn't done; the book's own text is what it was at the end."""
    await accept_and_go_back(book)
    await reject_and_purge(book)
    hear_an_editor(book)


async def accept_and_go_back(book: Book) -> None:
    """3.1 is written anew, the new text is accepted and completes the book; then the first text comes back."""
    first = history(book, "3.1")[0]
    drawn = noted(book, "3.1", COLDER)
    if drawn is None:
        await book.rewrite("3.1", note=COLDER)
        drawn = noted(book, "3.1", COLDER)
    assert drawn is not None, "a re-write that came to its end left no proposal"
    if drawn.state == "open":
        book.accept(drawn.id)
    if state_of(book, "3.1", drawn.id) == "current":
        await book.write()
        book.section("3.1").restore(first.id)
    await book.write()


async def reject_and_purge(book: Book) -> None:
    """A re-write of 3.2 is put aside and then forgotten for good."""
    drawn = noted(book, "3.2", WARMER)
    if drawn is None:
        await book.rewrite("3.2", note=WARMER)
        drawn = noted(book, "3.2", WARMER)
    assert drawn is not None, "a re-write that came to its end left no proposal"
    if drawn.state == "open":
        book.reject(drawn.id, note="too warm")
    book.purge("3.2", drawn.id, "the drill wants it gone")
    if book.section("3.2").revision(drawn.id).text:
        raise SystemExit("LOST: a purged text is still there")


def hear_an_editor(book: Book) -> None:
    """Somebody proposes another text for 3.3, which goes on waiting; and 3.4 is said to be fine as it is."""
    head = book.ledger.head(book.section("3.3").id, "section")
    assert head is not None
    if not any(version.source == "editor" for version in history(book, "3.3")):
        book.ledger.add_proposal(head.object_id, "section", EDITORS, book.who(), base_id=head.id, source="editor")
    judged = book.ledger.judged_inputs().get((book.section("3.4").id, "section"))
    if judged is not None and judged.by != "judgement":  # without a text there is nothing to say; that is found later
        book.ledger.judge(judged.revision_id, judged.inputs, book.who(), "read, and fine")


def history(book: Book, number: str) -> list[Version]:
    return book.section(number).history()


def noted(book: Book, number: str, note: str) -> Version | None:
    """The text that was drawn for a note, whatever has become of it."""
    return next((version for version in history(book, number) if version.note == note), None)


def state_of(book: Book, number: str, revision: int) -> str:
    return book.section(number).revision(revision).state
