"""What writing would ask for and cost, and the exact messages where they can be known. Nothing is sent or recorded.

The plan is the writer's own, laid over an *imagined* book: what is not planned or written yet is stood in for by
filler of the usual length, so that prompts which can't be known are at least as long as they will be.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from ghostkit.book.model import Section, Style
from ghostkit.errors import ProviderError
from ghostkit.generation import GenerationOptions, GenerationService, PromptService, StepSpec
from ghostkit.ledger import Origin, Revision, Slot, Who, in_thread, text_hash
from ghostkit.ports import ContextSource, FoundContext
from ghostkit.providers import Message, ModelInfo, ProviderRegistry, Request, registry
from ghostkit.providers.estimating import estimate_count, teach
from ghostkit.providers.prices import with_set_prices
from ghostkit.rag.config import RAGConfig
from ghostkit.writing import adoption, plan
from ghostkit.writing.imagined import STAND_IN, filler, imagined
from ghostkit.writing.manuscript import Manuscript, find_section
from ghostkit.writing.material import CHAPTER_SUMMARY_WORDS, GLOSSARY_TERMS, NOTHING, SPAN_SUMMARY_WORDS, Sources
from ghostkit.writing.plan import Goal, Node, nodes_for
from ghostkit.writing.retrieval.evidence import query_for
from ghostkit.writing.window import window_before
from ghostkit.writing.writer import sources_for

TOKENS_A_WORD: Mapping[str, float] = {"en": 1.35}
OTHER_TOKENS_A_WORD = 2.2
"""Until sections of this book say better."""
CHARACTERS_A_WORD = 6
TOKENS_OF_A_WORD = 2.5
"""Of filler, by `estimate_tokens`."""
UNSURE = (0.5, 1.2)
"""An estimate may be off by so much, for the two ends of the cost; measured on three briefs against their books."""
_CALLS = (plan.OUTLINE, plan.CHARACTERS, plan.CHAPTER_OUTLINE, plan.SECTION, *plan.SUMMARIES, plan.GLOSSARY)


@dataclass(frozen=True, kw_only=True)
class PlannedCall:
    """One call to come. `number` is `2.3` for a section, `2` for a chapter's text, empty for the book's.

    `known` says that its messages can be rendered now, `counted` that the provider counted them; `output_tokens` is
    what the settings ask for, `max_tokens` the most it can be.
    """

    slot: str
    kind: str
    number: str
    title: str
    known: bool
    counted: bool
    input_tokens: int
    output_tokens: int
    max_tokens: int


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """What a run would do. Costs are USD without retries, None where the price is unknown.

    `low_usd` is for short prompts and texts no longer than asked, `high_usd` for answers that all run to their limit.
    """

    goal: str
    model: str
    calls: tuple[PlannedCall, ...]
    low_usd: float | None
    high_usd: float | None
    output_basis: str

    @property
    def sections(self) -> tuple[PlannedCall, ...]:
        return tuple(call for call in self.calls if call.kind == plan.SECTION)

    @property
    def input_tokens(self) -> int:
        return sum(call.input_tokens for call in self.calls)

    @property
    def output_tokens(self) -> int:
        return sum(call.output_tokens for call in self.calls)

    @property
    def counted(self) -> bool:
        """Were all prompts counted by the provider?"""
        return all(call.counted for call in self.calls)

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        by_kind = {kind: sum(call.kind == kind for call in self.calls) for kind in _CALLS}
        return {
            "goal": self.goal,
            "model": self.model,
            "calls": len(self.calls),
            "calls_by_kind": {kind: number for kind, number in by_kind.items() if number},
            "tokens": {
                "input": self.input_tokens,
                "input_source": "counted" if self.counted else "estimated",
                "output": self.output_tokens,
                "output_source": self.output_basis,
                "output_most": sum(call.max_tokens for call in self.calls),
            },
            "cost_usd": {"low": self.low_usd, "high": self.high_usd},
            "sections": [{"number": c.number, "title": c.title, "prompt_known": c.known} for c in self.sections],
        }


@dataclass(frozen=True, kw_only=True)
class Preview:
    """The request of one section as it would be sent now; without messages, `why` says what stands before it."""

    section: str
    title: str
    why: str = ""
    needs: str = ""
    """Which kind of text must be there first: a step's kind, or empty."""
    messages: tuple[Message, ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)
    fingerprint: str = ""

    @property
    def known(self) -> bool:
        return bool(self.messages)

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready; messages as in a receipt's request."""
        return {
            "section": self.section,
            "title": self.title,
            "known": self.known,
            "why": self.why,
            "messages": [{"role": message.role, "parts": list(message.parts)} for message in self.messages],
            "parameters": dict(self.parameters),
            "fingerprint": self.fingerprint,
        }


async def forecast(
    manuscript: Manuscript,
    *,
    model: str,
    goal: Goal,
    style: Style,
    options: Callable[[], GenerationOptions] = GenerationOptions,
    prompts: PromptService | None = None,
    providers: ProviderRegistry = registry,
    context: ContextSource | None = None,
    rag: RAGConfig | None = None,
) -> Forecast:
    """The calls that a run of `goal` with `model` (`provider:model`) would make, in reading order.

    `context` finds what sections read besides, where that can be known already; elsewhere as much is assumed as `rag`
    lets them have.

    :raises UnknownName: no such model.
    """
    service = _service(manuscript, options, prompts, providers)
    try:
        provider, bare = await service.ready(model)
        outlook = _Outlook(manuscript, goal, sources_for(manuscript, service, model, style, rag), context, rag)
        calls = await _Counter(service, model, outlook).calls()
        info = with_set_prices(provider.info(bare))
    finally:
        await service.aclose()
    low, high = cost(info, calls)
    return Forecast(
        goal=goal.describe(manuscript.book),
        model=f"{info.provider}:{info.model}",
        calls=calls,
        low_usd=low,
        high_usd=high,
        output_basis=outlook.basis,
    )


async def preview(
    manuscript: Manuscript,
    number: str,
    *,
    model: str,
    goal: Goal,
    style: Style,
    options: Callable[[], GenerationOptions] = GenerationOptions,
    prompts: PromptService | None = None,
    providers: ProviderRegistry = registry,
    context: ContextSource | None = None,
    rag: RAGConfig | None = None,
) -> Preview:
    """The exact messages for the section called `number`, if a run of `goal` would send them and they can be known.

    :raises UnknownName: no such section or model.
    """
    service = _service(manuscript, options, prompts, providers)
    try:
        outlook = _Outlook(manuscript, goal, sources_for(manuscript, service, model, style, rag), context, rag)
        return await _previewed(service, outlook, model, number)
    finally:
        await service.aclose()


async def _previewed(service: GenerationService, outlook: _Outlook, model: str, number: str) -> Preview:
    chapter, section = find_section(outlook.book, number)
    where = f"{chapter.number}.{section.number}"
    node = next((n for n in outlook.nodes if n.kind == plan.SECTION and n.object_id == section.id), None)
    if node is None or node.name in outlook.done:
        return Preview(section=where, title=section.title, why=_why_not_asked(outlook, section, where))
    missing = outlook.missing(node)
    if missing is not None:
        return Preview(section=where, title=section.title, why=outlook.told(missing), needs=missing.kind)
    provider, bare = service.provider_for(model)
    request = await _request(service, outlook, node, bare)
    info = with_set_prices(provider.info(bare))
    return Preview(
        section=where,
        title=section.title,
        messages=request.messages,
        parameters={"max_tokens": request.max_tokens, **request.parameters},
        fingerprint=request.fingerprint(info.provider, info.base_url),
    )


def _why_not_asked(outlook: _Outlook, section: Section, where: str) -> str:
    if section.content:
        return f"Section {where} is written already, so nothing would be sent for it; its receipt shows what was."
    if section.locked:
        return f"Section {where} is locked, so nothing would be sent for it."
    return f"Section {where} is no part of what this run would write."


def _service(
    manuscript: Manuscript,
    options: Callable[[], GenerationOptions],
    prompts: PromptService | None,
    providers: ProviderRegistry,
) -> GenerationService:
    """Only for its prompts and providers: nothing of it that sends or records is called."""
    return GenerationService(ledger=manuscript.ledger, who=Who(), prompts=prompts, providers=providers, options=options)


async def _request(service: GenerationService, outlook: _Outlook, node: Node, bare_model: str) -> Request:
    found = await outlook.retrieved(node)
    made = outlook.sources.material(node, found)
    spec = StepSpec(
        slot=Slot(object_id=node.object_id, kind=node.kind),
        model="",
        prompt=service.prompts.render(made.template, **made.variables),
        max_tokens=made.max_tokens,
        parameters={"temperature": outlook.book.settings.temperature},
        check=lambda text: adoption.check(node.kind, text),
    )
    messages = await service.messages_for(spec)
    return Request(model=bare_model, messages=messages, max_tokens=made.max_tokens, parameters=spec.parameters)


class _Outlook:
    """The imagined book and its plan: what is done, and what each node's prompt is made from."""

    def __init__(
        self,
        manuscript: Manuscript,
        goal: Goal,
        sources: Sources,
        context: ContextSource | None = None,
        rag: RAGConfig | None = None,
    ) -> None:
        self.manuscript = manuscript
        self._context = context
        self._rag = rag or RAGConfig()
        self.real = manuscript.book
        self.book = imagined(self.real, cast_is_known=manuscript.head(self.real.id, plan.CHARACTERS) is not None)
        self._real_sections = {s.id for _, s in self.real.sections()}
        self._places = {section.id: (chapter, section) for chapter, section in self.book.sections()}
        self.sources = replace(sources, book=lambda: self.book, place=self._places.__getitem__, head=self._head)
        self.nodes = [
            node
            for node in nodes_for(self.book, goal, sources.window_size, summaries=sources.summaries)
            if node.kind in _CALLS
        ]
        self.done = {node.name for node in self.nodes if self._is_done(node)}
        self._by_name = {node.name: node for node in self.nodes}
        self.tokens_a_word, self.basis = self._tokens_a_word()

    def _is_done(self, node: Node) -> bool:
        """As `BookWriter.is_done` answers it."""
        if node.kind == plan.SECTION and node.object_id in self._real_sections:
            if self.manuscript.section(node.object_id)[1].locked:
                return True
        elif node.kind == plan.CHAPTER_OUTLINE and any(
            c.id == node.object_id and c.sections for c in self.real.chapters
        ):
            return True
        return self.manuscript.has_text(node.object_id, node.kind)

    def to_do(self) -> Iterator[Node]:
        return (node for node in sorted(self.nodes, key=lambda n: n.order) if node.name not in self.done)

    def missing(self, node: Node) -> Node | None:
        """The first thing that must be there before this node's prompt can be known; None if nothing must."""
        waiting = [self._by_name[name] for name in node.needs if name not in self.done and name in self._by_name]
        first = min(waiting, key=lambda n: n.order, default=None)
        if first is None or (first.kind == plan.SECTION and first.object_id in self._real_sections):
            return first
        return self.missing(first) or first  # nothing of it is there yet: where it all begins is what helps

    def told(self, missing: Node) -> str:
        """Which text must be there first, in a sentence."""
        number, _ = self.named(missing)
        what = {
            plan.OUTLINE: "The book must be outlined",
            plan.CHARACTERS: "The book's people must be there",
            plan.CHAPTER_OUTLINE: f"Chapter {number} must be outlined",
            plan.SECTION: f"Section {number} must be written",
            plan.CHAPTER_SUMMARY: f"Chapter {number} must be summed up",
        }.get(missing.kind, f"The story up to chapter {number} must be written and summed up")
        return f"{what} first, because it is part of the prompt."

    def named(self, node: Node) -> tuple[str, str]:
        """The number and title of a node's object."""
        for chapter in self.book.chapters:
            if chapter.id == node.object_id:
                return str(chapter.number), chapter.title
            for section in chapter.sections:
                if section.id == node.object_id:
                    return f"{chapter.number}.{section.number}", section.title
        return "", self.book.title

    def _head(self, object_id: str, kind: str) -> Revision | None:
        """The text there is; for one that the plan is still to make, filler of the length that is asked for."""
        name = f"{kind}:{object_id}"
        head = self.manuscript.head(object_id, kind)
        if head is not None or name in self.done or name not in self._by_name:
            return head
        text = filler(self._words(self._by_name[name]))
        return Revision(
            id=0, object_id=object_id, kind=kind, base_id=None, author="", origin=Origin.GENERATED, text=text,
            text_hash=text_hash(text), created_at=datetime.now(UTC), attempt_id=None, model="",
        )  # fmt: skip

    async def retrieved(self, node: Node) -> Mapping[str, str]:
        """What is found for a section whose prompt can be known already."""
        if self._context is None or node.kind != plan.SECTION or node.object_id not in self._real_sections:
            return NOTHING
        slot = str(Slot(object_id=node.object_id, kind=node.kind))
        wants = getattr(self._context, "wants", None)
        if wants is not None and not await in_thread(wants, slot):
            return NOTHING
        _, section = self.manuscript.section(node.object_id)
        found = await self._context.context_for(slot, query_for(section), self.sources.room_for_retrieved(node))
        return found.passages if isinstance(found, FoundContext) else found

    def assumed(self, node: Node) -> Mapping[str, str]:
        """Filler as long as what will be found for a section, where nothing can be found yet."""
        if self._context is None or node.kind != plan.SECTION:
            return NOTHING
        chapter, _ = self._places[node.object_id]
        window = window_before(chapter.number, size=self.sources.window_size, lag=self.book.settings.continuity_lag)
        if not window.summed_up:
            return NOTHING
        room = self.sources.room_for_retrieved(node)
        words = min(self._rag.top_k * self._rag.chunk_size // CHARACTERS_A_WORD, int(room / TOKENS_OF_A_WORD))
        return {"": filler(words)} if words > 0 else NOTHING

    def _tokens_a_word(self) -> tuple[float, str]:
        """From this book's own sections where there are any, else from its language."""
        tokens = words = 0
        for _, section in list(self.real.sections())[-200:]:
            head = self.manuscript.head(section.id, plan.SECTION)
            if head is None or head.attempt_id is None:
                continue
            attempts = self.manuscript.ledger.attempts(Slot(object_id=section.id, kind=plan.SECTION))
            tokens += sum(a.output_tokens for a in attempts if a.id == head.attempt_id)
            words += section.word_count
            if words > 5000:
                break
        if tokens and words:
            return tokens / words, "the words asked for, at this book's own tokens a word"
        rate = TOKENS_A_WORD.get(self.real.language.split("-")[0].lower(), OTHER_TOKENS_A_WORD)
        return rate, f"the words asked for, at {rate:g} tokens a word"

    def expected_output(self, node: Node, most: int) -> int:
        """Tokens of an answer as long as it is asked for."""
        return min(round(self._words(node) * self.tokens_a_word), most)

    def _words(self, node: Node) -> int:
        settings = self.book.settings
        return {
            plan.OUTLINE: 60 + 55 * (len(self.real.chapters) or settings.chapters),
            plan.CHARACTERS: 400,
            plan.CHAPTER_OUTLINE: 50 * settings.sections,
            plan.SECTION: settings.words,
            plan.CHAPTER_SUMMARY: CHAPTER_SUMMARY_WORDS,
            plan.GLOSSARY: GLOSSARY_TERMS * 20,
        }.get(node.kind, SPAN_SUMMARY_WORDS)


class _Counter:
    """Counts tokens: by the provider where the messages are known, else by an estimate that its counts correct."""

    def __init__(self, service: GenerationService, model: str, outlook: _Outlook) -> None:
        self._service = service
        self._provider, self._bare = service.provider_for(model)
        self._outlook = outlook
        self._counted = self._estimated = 0

    async def calls(self) -> tuple[PlannedCall, ...]:
        teach(await in_thread(self._service.ledger.reported_usage))
        nodes = list(self._outlook.to_do())
        known = {node.name for node in nodes if self._outlook.missing(node) is None}
        counted = {node.name: await self._count(node) for node in nodes if node.name in known}
        # Known prompts first: their count gives the rate for the others.
        estimated = {node.name: await in_thread(self._estimate, node) for node in nodes if node.name not in known}
        figures = counted | estimated
        return tuple(self._call(node, node.name in known, figures[node.name]) for node in nodes)

    def _call(self, node: Node, known: bool, figures: tuple[int, bool, int]) -> PlannedCall:
        tokens, counted, most = figures
        number, title = self._outlook.named(node)
        return PlannedCall(
            slot=str(Slot(object_id=node.object_id, kind=node.kind)),
            kind=node.kind,
            number=number,
            title=title if known or not title.startswith(STAND_IN) else "",
            known=known,
            counted=counted,
            input_tokens=tokens,
            output_tokens=self._outlook.expected_output(node, most),
            max_tokens=most,
        )

    async def _count(self, node: Node) -> tuple[int, bool, int]:
        request = await _request(self._service, self._outlook, node, self._bare)
        estimate = estimate_count(request, self._provider.name).tokens
        try:
            counted = await self._provider.count_tokens(request)
        except ProviderError:  # it can't be reached: no reason to give no forecast
            return round(estimate * self._correction), False, request.max_tokens
        if counted.exact:
            self._counted += counted.tokens
            self._estimated += estimate
        return counted.tokens, counted.exact, request.max_tokens

    def _estimate(self, node: Node) -> tuple[int, bool, int]:
        made = self._outlook.sources.material(node, self._outlook.assumed(node))
        prompt = self._service.prompts.render(made.template, **made.variables)
        request = Request(model=self._bare, messages=prompt.messages, max_tokens=made.max_tokens)
        estimate = estimate_count(request, self._provider.name).tokens
        return round(estimate * self._correction), False, made.max_tokens

    @property
    def _correction(self) -> float:
        """How far off the estimates were of what the provider counted."""
        return self._counted / self._estimated if self._estimated else 1.0


def cost(info: ModelInfo, calls: tuple[PlannedCall, ...]) -> tuple[float | None, float | None]:
    """The least and the most that the calls can cost in USD; None where the price is unknown."""
    asked, answered = info.input_usd_per_million, info.output_usd_per_million
    if asked is None or answered is None:
        return None, None
    least, most = UNSURE
    low = sum(c.input_tokens * (1 if c.counted else least) * asked + c.output_tokens * least * answered for c in calls)
    high = sum(c.input_tokens * (1 if c.counted else most) * asked + c.max_tokens * answered for c in calls)
    return low / 1e6, high / 1e6
