"""Carry one run out: lease, recovery, hand edits, plan, end. Whatever happens, the ledger says how it ended."""

from __future__ import annotations

import traceback
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import anyio

from ghostkit import __version__
from ghostkit.book.checkpoints import CheckpointManager
from ghostkit.book.status import SectionStatus
from ghostkit.book.styles import style_named
from ghostkit.cache import CacheManager
from ghostkit.errors import BookDamaged, BudgetExceeded, GhostkitError, StorageError
from ghostkit.events import Event, EventType
from ghostkit.generation import Budget, GenerationOptions, GenerationService
from ghostkit.ledger import RunRecord, Slot, Who, in_thread
from ghostkit.rag.config import RAGMode
from ghostkit.settings import get_settings
from ghostkit.workbench.filing import file_under
from ghostkit.workbench.run import Run, failure
from ghostkit.workbench.run_state import RunState
from ghostkit.writing import plan
from ghostkit.writing.checkpoint_handler import CheckpointHandler
from ghostkit.writing.executor import Executor
from ghostkit.writing.plan import Node, nodes_for
from ghostkit.writing.structure_acts import StructureActs
from ghostkit.writing.writer import BookWriter, NodeResult

if TYPE_CHECKING:
    from ghostkit.workbench.book import Book

HEARTBEAT_S = 15.0
WRAP_UP_S = 15.0


class Session:
    """One run on one book."""

    def __init__(
        self,
        book: Book,
        run: Run,
        *,
        parallel: int,
        budget_usd: float | None,
        export: Sequence[str] = (),
        cache: CacheManager | None = None,
        streaming: bool | None = None,
    ) -> None:
        self.book = book
        self.run = run
        self.parallel = parallel
        self.export = tuple(export)
        self._streaming = streaming
        self.who = Who(actor=get_settings().actor, run_id=run.id, ghostkit_version=__version__)
        self.service = GenerationService(
            ledger=book.ledger,
            who=self.who,
            events=book.events,
            prompts=book.services.prompts([book.folder.templates]),
            providers=book.services.providers,
            streams=book.streams,
            budget=Budget(budget_usd),
            options=book.services.options if streaming is None else self._options,
            cache=cache,
            file_under=file_under(book.manuscript),
        )
        self._seen_structure = -1
        self._whole = False
        self._stopped_by = ""
        self._error: Exception | None = None

    def _options(self) -> GenerationOptions:
        """The settings as they are now, but for what this run was told."""
        return replace(self.book.services.options(), streaming=bool(self._streaming))

    async def work(self) -> None:
        """The background task. Never raises: how it ended is in the run and in the ledger."""
        error: BaseException | None = None
        with anyio.CancelScope() as scope:
            self.run.enter(scope)
            try:
                await self._with_lease()
            except anyio.get_cancelled_exc_class():
                # From outside (Ctrl-C, a closing loop) as from cancel(): the end is recorded in `_record_end`.
                self.run.end(RunState.CANCELLED, "stopped")
                raise
            except OSError as caught:
                error = StorageError(
                    f"Could not write: {caught.strerror or caught}.",
                    fix="Nothing recorded was lost; make room or mend the disk, then go on.",
                )
            except Exception as caught:
                error = caught
        if not self.run.done:
            self._end(error)

    def _end(self, error: BaseException | None) -> None:
        if error is None:
            ended = RunState.DONE if self._whole else RunState.INCOMPLETE
            self.run.end(ended, "" if self._whole else self._what_stopped_it())
        elif isinstance(error, BudgetExceeded):
            self.run.end(RunState.INCOMPLETE, error.message, error)
        else:
            self.run.end(RunState.FAILED, failure(error), error)

    async def _with_lease(self) -> None:
        await self.book.wait_for_turn(self.run)
        await in_thread(self.book.ledger.acquire_lease, {"goal": self.run.goal_text, "run": self.run.id})
        try:
            await self._recorded()
        finally:
            with anyio.move_on_after(WRAP_UP_S, shield=True):
                await self.service.aclose()
                await in_thread(self.book.ledger.release_lease)

    async def _recorded(self) -> None:
        self.run.started_at = datetime.now(UTC)
        self.run.progress_meter.begin()
        doubtful = await in_thread(self.book.ledger.recover, self.who)
        await self._record_start()
        self.run.move(RunState.RUNNING)
        state, reason, error = RunState.CANCELLED, "stopped", None
        try:
            for attempt in doubtful:
                data = {"slot": str(attempt.slot), "attempt": attempt.id, "most_usd": attempt.cost_ceiling_usd}
                await self.service.emit(Event(type=EventType.GENERATION_IN_DOUBT, data=data, source="ledger"))
            await in_thread(self.service.prompts.check)
            await in_thread(self._catch_up)
            async with self.book.paying_embeddings(self.service.budget, self.who):
                await self._write()
            for format in self.export if self._whole else ():
                await self.book.export(format)
            state, reason = (RunState.DONE, "") if self._whole else (RunState.INCOMPLETE, self._what_stopped_it())
        except Exception as caught:
            error = caught
            state = RunState.INCOMPLETE if isinstance(caught, BudgetExceeded) else RunState.FAILED
            reason = failure(caught)
            raise
        finally:
            with anyio.move_on_after(WRAP_UP_S, shield=True):
                await self._record_end(state, reason, error)

    async def _record_start(self) -> None:
        book, run = self.book.value, self.run
        record = RunRecord(
            id=run.id,
            goal={"text": run.goal_text, "until": run.goal.until, "chapters": run.goal.chapters,
                  "sections": run.goal.sections, "outline_only": run.goal.outline_only},
            state="running",
            model=run.model,
            actor=self.who.actor,
            started_at=run.started_at or datetime.now(UTC),
            ended_at=None,
            reason="",
        )  # fmt: skip
        started = Event(
            type=EventType.BOOK_STARTED,
            data={"book": book.id, "title": book.title, "chapters": len(book.chapters) or book.settings.chapters},
            source="workbench",
            run_id=run.id,
            key=f"book_started:{book.id}",
        )
        begun = Event(
            type=EventType.RUN_STARTED,
            data={"goal": run.goal_text, "model": run.model},
            source="workbench",
            run_id=run.id,
        )
        await in_thread(self.book.ledger.start_run, record, self.who, [started, begun])
        for event in (started, begun):
            await self.service.emit(event)

    async def _record_end(self, state: RunState, reason: str, error: BaseException | None) -> None:
        ended = Event(
            type=EventType.RUN_ENDED,
            data={"state": str(state), "reason": reason},
            source="workbench",
            run_id=self.run.id,
        )
        events = [*self._trouble(state, reason, error), ended]
        await in_thread(self.book.ledger.end_run, self.run.id, str(state), reason, self.who, events)
        for event in events:
            await self.service.emit(event)
        self.run.ended_at = datetime.now(UTC)

    def _trouble(self, state: RunState, reason: str, error: BaseException | None) -> list[Event]:
        if state is not RunState.FAILED or error is None:
            return []
        where = "".join(traceback.format_exception(error)) if not isinstance(error, GhostkitError) else ""
        from ghostkit.events import redact

        data = {"where": "run", "error": type(error).__name__, "reason": redact(reason), "traceback": redact(where)}
        failed = {"book": self.book.value.id, "reason": redact(reason)}
        return [
            Event(type=EventType.ERROR_OCCURRED, data=data, source="workbench", run_id=self.run.id),
            Event(type=EventType.BOOK_FAILED, data=failed, source="workbench", run_id=self.run.id),
        ]

    # ── the writing itself ────────────────────────────────────────────────────────────────────────────────

    def _catch_up(self) -> None:
        """Take up what other processes did since the book was opened, and finish what one of them could not."""
        manuscript = self.book.manuscript
        if not StructureActs(manuscript, self.who).finish():
            manuscript.reload()

    async def _write(self) -> None:
        manuscript = self.book.manuscript
        checkpoints = CheckpointHandler(
            manuscript, CheckpointManager(manuscript.folder.checkpoints), self.who, self.book.events
        )
        style = await in_thread(style_named, manuscript.book.style, manuscript.folder)
        writer = await in_thread(  # it reads what every file was when last seen
            BookWriter,
            manuscript,
            self.service,
            model=self.run.model,
            style=style,
            goal=self.run.goal,
            on_text=self.run.add_text,
            on_node=self._on_node,
            context=self.book.context_source(),
            rag=self.book.rag,
            measures=self.book.services.measures,
        )
        self.book.events.subscribe(EventType.CHAPTER_COMPLETED, checkpoints)
        try:
            await writer.prepare()
            self._count(before=True)
            await self._resume_from(checkpoints)
            executor = Executor(
                writer.run_node, self._more_nodes, writer.is_done, limit=self.parallel, gate=self.run.gate
            )
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._beside, self._beat, tasks.cancel_scope)
                tasks.start_soon(self._beside, self._flush, tasks.cancel_scope)
                await self._execute(executor)
                tasks.cancel_scope.cancel()
            if self._error is not None:
                raise self._error
        finally:
            self.book.events.unsubscribe(EventType.CHAPTER_COMPLETED, checkpoints)

    async def _execute(self, executor: Executor) -> None:
        """Run the plan; its error is kept instead of raised, so that no exception group is made of it."""
        try:
            self._whole = await executor.run()
        except Exception as error:
            self._error = self._error or error

    async def _beside(self, work: Callable[[], Awaitable[None]], scope: anyio.CancelScope) -> None:
        """Keep `work` going beside the plan; what goes wrong with it stops the plan and is told like its own."""
        try:
            await work()
        except Exception as error:
            self._error = self._error or error
            scope.cancel()

    async def _resume_from(self, checkpoints: CheckpointHandler) -> None:
        for event in await in_thread(checkpoints.catch_up):
            await self.service.emit(event)
        manager = CheckpointManager(self.book.manuscript.folder.checkpoints)
        names = await in_thread(manager.list)
        if not names:
            return
        type, data = EventType.CHECKPOINT_LOADED, {"path": "checkpoints/checkpoint_latest.json", "steps_done": 0}
        try:
            snapshot = await in_thread(checkpoints.load_checkpoint)
            data["steps_done"] = snapshot.get("steps_done", 0)
        except BookDamaged as error:  # the book itself is whole: that its snapshots aren't is told, and no more
            type = EventType.ERROR_OCCURRED
            data = {"where": "checkpoints", "error": error.code, "reason": error.message}
        event = Event(type=type, data=data, source="checkpoints", run_id=self.run.id)
        for fresh in await in_thread(self.book.ledger.record, [event], self.who):
            await self.service.emit(fresh)

    def _more_nodes(self) -> Iterator[Node]:
        manuscript = self.book.manuscript
        if manuscript.structure_version == self._seen_structure:
            return iter(())
        self._seen_structure = manuscript.structure_version
        self._count(before=False)
        size = self.service.options().sliding_window_size
        summaries = self.book.rag.mode is not RAGMode.DISABLED
        return nodes_for(manuscript.book, self.run.goal, size, summaries=summaries)

    def _count(self, *, before: bool) -> None:
        """Bring the meter up to the structure known now; chapters not outlined yet count with the sections asked."""
        book, goal, meter = self.book.value, self.run.goal, self.run.progress_meter
        total = there = 0
        for chapter in book.chapters:
            if chapter.sections:
                wanted = [s for s in chapter.sections if goal.wants_section(chapter, s)]
                total += len(wanted)
                there += sum(bool(s.content) for s in wanted)
            elif goal.wants_chapter(chapter):
                total += book.settings.sections
        meter.sections_total = total or None
        if before:
            meter.sections_before = there

    def _on_node(self, node: Node, result: NodeResult) -> None:
        if not result.whole and result.step is not None and not self._stopped_by:
            what = node.kind.replace("_", " ")
            number = next((f" of chapter {c.number}" for c in self.book.value.chapters if c.id == node.object_id), "")
            self._stopped_by = f"The {what}{number} ended as {result.step.ending}."
        if node.kind != plan.SECTION:
            return
        chapter, section = self.book.manuscript.section(node.object_id)
        if result.whole:
            self.run.progress_meter.section_done(section.id, section.word_count)
        self.run.tell(
            "section",
            {
                "section": section.id,
                "number": f"{chapter.number}.{section.number}",
                "title": section.title,
                "status": str(section.status),
            },
        )

    async def _beat(self) -> None:
        while True:
            await anyio.sleep(HEARTBEAT_S)
            await in_thread(self.book.ledger.heartbeat)

    async def _flush(self) -> None:
        while True:
            await anyio.sleep(self.book.services.options().flush_interval_s / 2)
            await self.service.flush_stalled()

    def _what_stopped_it(self) -> str:
        for chapter, section in self.book.value.sections():
            if section.status is SectionStatus.STOPPED and self.run.goal.wants_section(chapter, section):
                attempts = self.book.ledger.attempts(Slot(object_id=section.id, kind=plan.SECTION))
                how = f"ended as {attempts[-1].state}" if attempts else "did not come out whole"
                return f"Section {chapter.number}.{section.number} ({section.title}) {how}."
        return self._stopped_by or "A text did not come out whole."
