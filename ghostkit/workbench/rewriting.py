"""Write sections anew in a run: background, lease, budget, progress, Ctrl-C and resume are those of any run."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Sequence
from itertools import takewhile
from typing import TYPE_CHECKING, Any

import anyio

from ghostkit.book.styles import style_named
from ghostkit.errors import InputError, UnknownName
from ghostkit.events import EventType
from ghostkit.generation import StepResult
from ghostkit.ledger import Proposal, Slot, in_thread
from ghostkit.ledger.acts import decided, proposed
from ghostkit.ports import Spawner
from ghostkit.providers import Ending
from ghostkit.workbench.limits import checked_limits
from ghostkit.workbench.run import Run
from ghostkit.workbench.run_state import RunState
from ghostkit.workbench.session import Session
from ghostkit.workbench.spawning import find_spawner
from ghostkit.writing.executor import Executor
from ghostkit.writing.plan import SECTION, Goal, Node
from ghostkit.writing.revising import (
    Draw,
    Reviser,
    Wish,
    accepted_in,
    check_wish,
    proposal_of,
    why_not_at_once,
)
from ghostkit.writing.writer import BookWriter

if TYPE_CHECKING:
    from ghostkit.workbench.book import Book


def start_rewrite(
    book: Book,
    sections: Sequence[str],
    *,
    note: str,
    variants: int,
    accept: bool,
    stale: bool = False,
    model: str | None,
    parallel: int,
    budget_usd: float | None,
    spawner: Spawner | None,
) -> Run:
    """Begin writing `sections` (ids) anew; while the same is going on, that run is given."""
    wish = Wish(
        sections=tuple(sections), note=check_wish(note, variants, accept), variants=variants, accept=accept, stale=stale
    )
    goal, text = Goal(sections=wish.sections), described(book, wish)
    active = book.active_run
    if active is not None and (active.goal, active.goal_text) == (goal, text):
        return active
    limit = checked_limits(parallel, budget_usd)
    place = find_spawner(spawner)
    run = Run(
        book, id="r-" + secrets.token_hex(6), goal=goal, goal_text=text, model=book.choose_model(model),
        state=RunState.PENDING,
    )  # fmt: skip
    return book.launch(run, RewriteSession(book, run, wish, parallel=parallel, budget_usd=limit), place)


def described(book: Book, wish: Wish) -> str:
    """The wish in words; two runs with the same words and sections are after the same thing."""
    if not wish.sections:
        return "the summaries that are out of date"
    numbers = [f"{c.number}.{s.number}" for c, s in book.value.sections() if s.id in wish.sections]
    shown = ", ".join(numbers if len(numbers) <= 6 else [*numbers[:5], f"… ({len(numbers)} sections)"])
    drawn = f"{wish.variants} re-writes" if wish.variants > 1 else "a re-write"
    taken = ", taken at once" if wish.accept else ""
    return f"{drawn} of {shown}{taken}" + (f": “{wish.note}”" if wish.note else "")


def wanted_sections(book: Book, place: str | Iterable[str] | None) -> tuple[str, ...]:
    """Section ids in reading order: of `2.3`, of chapter `2`, of several such, or (None) of everything written."""
    value = book.value
    if place is None:
        asked = [section for _, section in value.sections() if _can_be_rewritten(book, section.id)]
        if not asked:
            raise InputError("Nothing of the book is written yet.", fix="Write it first: `ghostkit write`.")
        return tuple(section.id for section in asked)
    wanted: list[str] = []
    for one in [place] if isinstance(place, str) else place:
        if one.isdecimal():
            found = [s.id for s in book.chapter(int(one)).value.sections]
            written = [id for id in found if _can_be_rewritten(book, id)]
            if not written:
                raise InputError(f"Nothing of chapter {one} is written yet.", fix="Write it first: `ghostkit write`.")
            wanted += written
            continue
        section = book.section(one)
        if not _can_be_rewritten(book, section.id):
            raise InputError(
                f"Section {section.number} is not written yet, so it can't be written anew.",
                fix="Write it first: `ghostkit write`.",
            )
        wanted.append(section.id)
    return tuple(section.id for _, section in value.sections() if section.id in wanted)


def _can_be_rewritten(book: Book, section_id: str) -> bool:
    return book.manuscript.head(section_id, SECTION) is not None


class RewriteSession(Session):
    """One run of re-writes."""

    def __init__(self, book: Book, run: Run, wish: Wish, *, parallel: int, budget_usd: float | None) -> None:
        cache = book.services.cache(book.folder)
        super().__init__(book, run, parallel=parallel, budget_usd=budget_usd, cache=cache)
        self.wish = wish
        self._begun = False

    async def _write(self) -> None:
        manuscript = self.book.manuscript
        style = await in_thread(style_named, manuscript.book.style, manuscript.folder)
        writer = await in_thread(
            BookWriter,
            manuscript,
            self.service,
            model=self.run.model,
            style=style,
            goal=self.run.goal,
            context=self.book.context_source(),
            rag=self.book.rag,
            measures=self.book.services.measures,
        )
        await writer.prepare()
        taken = await in_thread(self._taken_earlier)
        meter = self.run.progress_meter
        meter.sections_total = len(self.wish.sections) * self.wish.variants
        meter.sections_before = len(taken)
        work = _Work(self, writer, Reviser(writer, self.wish))
        executor = Executor(
            work.run_node, self._nodes, lambda node: node.object_id in taken, limit=self.parallel, gate=self.run.gate
        )
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._beside, self._beat, tasks.cancel_scope)
            tasks.start_soon(self._beside, self._flush, tasks.cancel_scope)
            await self._execute(executor)
            if self.wish.stale and self._whole and self._error is None:
                await self._beside(work.remake_the_rest, tasks.cancel_scope)
            tasks.cancel_scope.cancel()
        if self._error is not None:
            raise self._error

    def _nodes(self) -> Iterator[Node]:
        """One draw after the other of a section; one section after the other where each is taken at once."""
        if self._begun:
            return
        self._begun = True
        before: frozenset[str] = frozenset()
        for place, section_id in enumerate(self.wish.sections):
            if not (self.wish.accept or self.wish.stale):
                before = frozenset()
            for number in range(self.wish.variants):
                node = Node(object_id=section_id, kind=f"rewrite_{number}", needs=before, order=(place, number))
                yield node
                before = frozenset({node.name})

    def _taken_earlier(self) -> frozenset[str]:
        """Sections that an unfinished run for the very same has written anew already, and that were taken."""
        if not self.wish.accept:
            return frozenset()
        earlier = [run for run in self.book.ledger.runs() if run.id != self.run.id]
        same = takewhile(
            lambda run: (
                run.state != str(RunState.DONE)
                and run.goal.get("text") == self.run.goal_text
                and tuple(run.goal.get("sections", ())) == self.wish.sections
            ),
            reversed(earlier),
        )
        return accepted_in(self.book.ledger, self.wish.sections, frozenset(run.id for run in same))

    def ended_early(self, what: str, step: StepResult) -> None:
        """Note how the first text that did not come out whole ended."""
        self._stopped_by = self._stopped_by or f"The {what} ended as {step.ending}."
        self._whole = False

    def _what_stopped_it(self) -> str:
        return self._stopped_by or "A re-write did not come out whole."


class _Work:
    """Carries out the nodes of a re-writing run."""

    def __init__(self, session: RewriteSession, writer: BookWriter, reviser: Reviser) -> None:
        self.session = session
        self.book = session.book
        self.writer = writer
        self.reviser = reviser
        self._draws: dict[str, list[Draw]] = {}
        self._remade: set[tuple[str, str, str]] = set()

    async def run_node(self, node: Node) -> bool:
        """One draw; True if its text is there, from now or from before."""
        try:
            return await self._draw(node.object_id, node.order[1])
        except UnknownName:
            if any(section.id == node.object_id for _, section in self.book.value.sections()):
                raise
            return True  # a person took it out of the book meanwhile

    async def _draw(self, section_id: str, number: int) -> bool:
        draws = self._draws.get(section_id)
        if draws is None:
            if self.session.wish.stale and not await self._remake(section_id):
                return False
            await self.writer.look_at_what_is_read(section_id)
            draws = self._draws[section_id] = await self.reviser.draws(section_id)
        draw, run = draws[number], self.session.run
        place = self.book.section(section_id).number
        if draw.state == "there":
            run.progress_meter.sections_before += 1
        else:
            step = await self.session.service.run_step(draw.spec, lambda piece: run.add_text(section_id, piece))
            if step.ending is not Ending.COMPLETE:
                self.session.ended_early(f"re-write of {place}", step)
                self._tell(section_id, place, "failed" if step.ending is Ending.ERROR else "stopped")
                if step.error is not None:
                    raise step.error
                return False
            words = len(step.text.split())
            run.progress_meter.section_done(section_id, words)
            self._tell(section_id, place, "complete", words)
        await self._propose(draw.spec.slot, new=draw.state != "there")
        return True

    async def remake_the_rest(self) -> None:
        """Summaries that are out of date once the sections are as they are to be."""
        await self._remake(None)

    async def _remake(self, before: str | None) -> bool:
        """Make the summaries again that a section reads (all, without one); False if one did not come out whole."""
        while (found := await in_thread(self.reviser.stale_summary, before, self._remade)) is not None:
            slot = found.spec.slot
            self._remade.add(self.reviser.key_of(found.spec))
            if found.answered is not None and found.spec.base_id is not None:
                base, earlier = found.spec.base_id, found.answered.id
                ledger, who = self.book.ledger, self.session.who
                await in_thread(ledger.move_head, slot.object_id, slot.kind, earlier, who, base_id=base)
            else:
                step = await self.session.service.run_step(found.spec)
                if step.ending is not Ending.COMPLETE:
                    self.session.ended_early(slot.kind.replace("_", " "), step)
                    if step.error is not None:
                        raise step.error
                    return False
            await self.writer.bring_in(slot.object_id, slot.kind)
        return True

    async def _propose(self, slot: Slot, *, new: bool) -> None:
        proposal = await in_thread(proposal_of, self.book.ledger, slot)
        if proposal is None:
            return
        if new:
            await self.session.service.emit(proposed(proposal))
        if self.session.wish.accept:
            await self._take(proposal)

    async def _take(self, proposal: Proposal) -> None:
        """Make it the book's text, unless that needs somebody's word; then it goes on waiting."""
        manuscript = self.book.manuscript
        # A person may have saved the section's file while it was drawn.
        await self.writer.look_at_what_is_read(proposal.revision.object_id)
        if await in_thread(why_not_at_once, manuscript, proposal):
            return
        await in_thread(self.book.ledger.accept, proposal.id, self.session.who)
        await self.session.service.emit(decided(EventType.PROPOSAL_ACCEPTED, proposal))
        await self.writer.bring_in(proposal.revision.object_id)

    def _tell(self, section_id: str, number: str, status: str, words: int = 0) -> None:
        title = self.book.section(section_id).title
        data: dict[str, Any] = {"section": section_id, "number": number, "title": title, "status": status}
        data["words"] = words
        self.session.run.tell("section", data)
