"""A person's own words for a section, given in Python or from an editor: taken in as an edit of its file would be."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ghostkit.book.files import write_atomic
from ghostkit.book.model import Section
from ghostkit.book.rendering.prose import parse_section, render_section
from ghostkit.book.status import SectionStatus
from ghostkit.events import Event
from ghostkit.ledger import Who
from ghostkit.writing.absorbing import Absorber
from ghostkit.writing.manuscript import Manuscript
from ghostkit.writing.plan import SECTION
from ghostkit.writing.tracked_files import FileKeeper, chapter_files, section_file
from ghostkit.writing.worddiff import counts, word_diff


@dataclass(frozen=True, kw_only=True)
class Edited:
    """What became of an edit.

    `words_in` came and `words_out` went. `proposal` is set where the section had changed since the text was taken
    to be edited: it then waits for a decision. With `later` a run is writing the section and takes the edit in.
    `unlocked` are locked passages whose words the person removed.
    """

    section: str
    number: str
    changed: bool = False
    words_in: int = 0
    words_out: int = 0
    words: int = 0
    proposal: int | None = None
    later: bool = False
    unlocked: tuple[str, ...] = ()


def edit(
    manuscript: Manuscript, who: Who, section_id: str, text: str, base_id: int | None = None
) -> tuple[Edited, list[Event]]:
    """Make `text` the section's; a first line `## Title` renames it. `base_id` is the revision it was made from.

    Call it with the manuscript's lock held.
    """
    absorber = Absorber(manuscript, who)
    files = FileKeeper(manuscript, absorber)
    files.take_in(lambda m: [section_file(m, *m.section(section_id))])
    chapter, before = manuscript.section(section_id)
    number = f"{chapter.number}.{before.number}"
    title, body = parse_section(text)
    went, came = counts(word_diff(before.content, body))
    told = Edited(section=section_id, number=number, words_in=came, words_out=went, words=len(body.split()))
    if body == before.content and title in (None, "", before.title):
        return told, absorber.taken
    file = section_file(manuscript, chapter, before)
    if before.status is SectionStatus.WRITING:
        changed = Section(id=before.id, number=before.number, title=title or before.title, content=body)
        write_atomic(file.path, render_section(changed).encode(), "section")
        return _with(told, later=True), absorber.taken
    head = manuscript.ledger.head(section_id, SECTION)
    if base_id is not None and head is not None and head.id != base_id:
        proposal = manuscript.ledger.add_proposal(
            section_id, SECTION, body, who, base_id=base_id, source="editor", note="edited while the section changed"
        )
        return _with(told, proposal=proposal.id), absorber.taken
    absorber(file, text)
    files.derive(lambda m: chapter_files(m, m.chapter(chapter.id)))
    _, after = manuscript.section(section_id)
    unlocked = tuple(span for span in before.locked_spans if span not in after.locked_spans)
    return _with(told, changed=True, unlocked=unlocked), absorber.taken


def _with(told: Edited, **facts: object) -> Edited:
    return replace(told, **{"changed": True, **facts})  # type: ignore[arg-type]
