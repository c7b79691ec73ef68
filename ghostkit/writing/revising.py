"""Write sections anew: other texts for what is there, which wait as proposals until a person decides.

A *draw* is one answer to one request: the prompt that would write the section today, the text it has, what a person
asks for, and a seed of its own. A draw that was answered is never asked for again: its request tells it from others.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Final, Literal

from ghostkit.errors import InputError
from ghostkit.generation import StepSpec
from ghostkit.generation.prompts import Prompt, PromptService
from ghostkit.ledger import Attempt, AttemptState, Ledger, Origin, Proposal, ProposalState, Revision, Slot, in_thread
from ghostkit.ports import FoundContext
from ghostkit.providers import Message, Request
from ghostkit.writing.manuscript import Manuscript
from ghostkit.writing.plan import SECTION, Node
from ghostkit.writing.retrieval.evidence import RETRIEVAL_KEY
from ghostkit.writing.spans import locked_block, missing_spans
from ghostkit.writing.staleness import stale
from ghostkit.writing.writer import BookWriter

MOST_VARIANTS: Final = 20
LONGEST_NOTE: Final = 4000
_SEEDS: Final = 1000
"""Draws of one note have seeds of their own, so many to each."""

_TASK: Final = re.compile(r"^<task ", re.MULTILINE)

DrawState = Literal["there", "unfinished", "new"]


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What somebody asked for. `sections` are ids in the order in which they are to be written."""

    sections: tuple[str, ...]
    note: str = ""
    variants: int = 1
    accept: bool = False
    stale: bool = False
    """Make summaries that are out of date again, too, before the sections that read them and at the end."""


@dataclass(frozen=True, kw_only=True)
class Draw:
    """One answer to come, or that came: `there` waits as a proposal, `unfinished` is gone on with."""

    spec: StepSpec
    state: DrawState


@dataclass(frozen=True, kw_only=True)
class Made:
    """A variant that exists: its number and seed, the requests it was asked with, and what became of it."""

    variant: int
    seed: int
    fingerprints: frozenset[str]
    answered: bool
    waits: bool


def check_wish(note: str, variants: int, accept: bool) -> str:
    """The note, tidied; raises `InputError` for what can't be asked."""
    if not 1 <= variants <= MOST_VARIANTS:
        raise InputError(f"{variants} variants of a section can't be asked for.", fix=f"Ask for 1 to {MOST_VARIANTS}.")
    if accept and variants > 1:
        raise InputError(
            f"Of {variants} variants none can be taken at once.",
            fix="Ask for one, or look at them and accept the one you like.",
        )
    if len(note) > LONGEST_NOTE:
        raise InputError(f"The note has {len(note):,} characters; {LONGEST_NOTE:,} is the most.", fix="Say it shorter.")
    return note.strip()


def seed_of(note: str, number: int) -> int:
    """The seed of the `number`-th draw (from 1) for a note: another one for every note."""
    return (zlib.crc32(note.encode()) % 2_000_000 + 1) * _SEEDS + number if note else number


def rewriting_prompt(prompts: PromptService, plain: Prompt, current: str, note: str, locked: Sequence[str]) -> Prompt:
    """The prompt that writes a section, with its text before the task and what is wanted at the task's end."""
    wanted = prompts.render("rewrite", note=note, locked=locked_block(locked), there=bool(current))
    there = prompts.render("current_text", current=current) if current else None
    *before, last = plain.messages
    material, task = _parted(last.parts)
    closed = task and task[-1].endswith("</task>")
    ends = task[-1:] if closed else []
    parts = [*material, *(_user_parts(there) if there else ()), *task[: len(task) - len(ends)]]
    parts += [*_user_parts(wanted), *ends]
    labels = [plain.template, there.template if there else "", wanted.template]
    message = Message(role=last.role, parts=tuple(parts))
    return Prompt(template="+".join(filter(None, labels)), messages=(*before, message))


def _parted(parts: Sequence[str]) -> tuple[list[str], list[str]]:
    """The parts before the task, and those from its tag on; a part that holds both is cut in two."""
    for place, part in enumerate(parts):
        found = _TASK.search(part)
        if found:
            begun = part[: found.start()].rstrip()
            return [*parts[:place], *([begun] if begun else [])], [part[found.start() :], *parts[place + 1 :]]
    return list(parts), []


def _user_parts(prompt: Prompt) -> tuple[str, ...]:
    return tuple(part for message in prompt.messages if message.role == "user" for part in message.parts)


@dataclass(frozen=True, kw_only=True)
class Remake:
    """A derived text to be made again: by a step, or by going back to the answer that this very request had."""

    spec: StepSpec
    answered: Revision | None = None


class Reviser:
    """Knows which draws a wish calls for; `writer` gives the step that would write a section today."""

    def __init__(self, writer: BookWriter, wish: Wish) -> None:
        self.manuscript = writer.manuscript
        self.service = writer.service
        self.wish = wish
        self._writer = writer

    async def draws(self, section_id: str) -> list[Draw]:
        """The draws for one section as things are now, those that are there already among them."""
        node = Node(object_id=section_id, kind=SECTION)
        return await in_thread(self._draws, node, await self._writer.retrieved(node))

    def _draws(self, node: Node, context: FoundContext) -> list[Draw]:
        section_id = node.object_id
        head = self.manuscript.ledger.head(section_id, SECTION)
        made = variants_of(self.manuscript.ledger, section_id)
        fresh = count(max((one.variant for one in made.values()), default=0) + 1)
        found: list[Draw] = []
        for spec in self._candidates(node, head, context):
            known = made.get(int(spec.parameters["seed"]))
            if known is None:
                found.append(Draw(spec=_in_slot(spec, section_id, next(fresh)), state="new"))
            elif self._fingerprint(spec) in known.fingerprints and (known.waits or not known.answered):
                state: DrawState = "there" if known.answered else "unfinished"
                found.append(Draw(spec=_in_slot(spec, section_id, known.variant), state=state))
            # Else it was drawn for another request, or decided: its number is used up.
            if len(found) == self.wish.variants:
                return found
        raise AssertionError("there are always more seeds")

    def _candidates(self, node: Node, head: Revision | None, context: FoundContext) -> Iterator[StepSpec]:
        """The same request with one seed after the other."""
        _, section = self.manuscript.section(node.object_id)
        plain = self._writer.spec_for(node, found=context)
        prompt = rewriting_prompt(
            self.service.prompts, plain.prompt, head.text.strip("\n") if head else "", self.wish.note,
            section.locked_spans,
        )  # fmt: skip
        for number in count(1):
            yield replace(
                plain,
                prompt=prompt,
                parameters={**plain.parameters, "seed": seed_of(self.wish.note, number)},
                started_events=[event for event in plain.started_events if (event.key or "").startswith(RETRIEVAL_KEY)],
                done_events=None,
                base_id=head.id if head else None,
                note=self.wish.note,
            )

    # ── what is derived ───────────────────────────────────────────────────────────────────────────────────

    def stale_summary(self, before: str | None, done: Collection[tuple[str, str, str]]) -> Remake | None:
        """The first summary that is out of date and no person's; with `before`, of the chapters before that section.

        `done` are those made again already, as (object id, kind, fingerprint).
        """
        chapters = [c.number for c, s in self.manuscript.book.sections() if s.id == before]
        for text in stale(self.manuscript, self._writer.sources).derived:
            if text.edited_by_human or (chapters and int(text.number or 0) >= chapters[0]):
                continue
            remake = self._remake(Node(object_id=text.object_id, kind=text.kind))
            if self.key_of(remake.spec) not in done:
                return remake
        return None

    def key_of(self, spec: StepSpec) -> tuple[str, str, str]:
        """Tells one request for a derived text from another."""
        return spec.slot.object_id, spec.slot.kind, self._fingerprint(spec)

    def _remake(self, node: Node) -> Remake:
        """In a slot of its own; one that was begun for this request is gone on with."""
        ledger = self.manuscript.ledger
        head = ledger.head(node.object_id, node.kind)
        plain = self._writer.spec_for(node)
        wanted = self._fingerprint(plain)
        attempts = ledger.attempts_of(node.object_id, node.kind)
        same = [attempt for attempt in attempts if attempt.fingerprint == wanted]
        begun = next((a.slot.variant for a in same if a.slot.variant and a.state is not AttemptState.COMPLETE), None)
        fresh = max((attempt.slot.variant for attempt in attempts), default=0) + 1
        answered = {attempt.id for attempt in same if attempt.state is AttemptState.COMPLETE}
        history = ledger.history(node.object_id, node.kind) if answered else []
        there = next((r for r in history if r.attempt_id in answered and not r.purged), None)
        slot = Slot(object_id=node.object_id, kind=node.kind, variant=begun or fresh)
        spec = replace(plain, slot=slot, base_id=head.id if head else None, becomes_head=True)
        return Remake(spec=spec, answered=there if head is None or there is None or there.id != head.id else None)

    def _fingerprint(self, spec: StepSpec) -> str:
        provider, model = self.service.provider_for(spec.model)
        info = provider.info(model)
        return request_for(spec, model).fingerprint(info.provider, info.base_url)


def request_for(spec: StepSpec, bare_model: str) -> Request:
    """What is sent for a step from its beginning."""
    return Request(
        model=bare_model, messages=spec.prompt.messages, max_tokens=spec.max_tokens, parameters=spec.parameters
    )


def variants_of(ledger: Ledger, section_id: str) -> Mapping[int, Made]:
    """Every variant of a section that was ever asked for, by its seed."""
    attempts: dict[int, list[Attempt]] = {}
    for attempt in ledger.attempts_of(section_id, SECTION):
        if attempt.slot.variant:
            attempts.setdefault(attempt.slot.variant, []).append(attempt)
    if not attempts:
        return {}
    waiting = {proposal.revision.attempt_id for proposal in ledger.proposals("open", section_id)}
    found = {}
    for variant, tried in attempts.items():
        seed = ledger.request(tried[0].id)["parameters"].get("seed")
        found[seed if isinstance(seed, int) else -variant] = Made(
            variant=variant,
            seed=seed if isinstance(seed, int) else -variant,
            fingerprints=frozenset(attempt.fingerprint for attempt in tried),
            answered=tried[-1].state is AttemptState.COMPLETE,
            waits=any(attempt.id in waiting for attempt in tried),
        )
    return found


def why_not_at_once(manuscript: Manuscript, proposal: Proposal) -> str:
    """Why a new text may not replace the section's without somebody's word; empty if it may."""
    head = manuscript.ledger.head(proposal.revision.object_id, proposal.revision.kind)
    _, section = manuscript.section(proposal.revision.object_id)
    if head is not None and head.origin is Origin.HUMAN:
        return "its text is a person's"
    if section.locked:
        return "it is locked"
    if missing_spans(proposal.revision.text, section.locked_spans):
        return "the new text lacks a locked passage"
    if (head.id if head else None) != proposal.revision.base_id:
        return "its text has changed meanwhile"
    return ""


def proposal_of(ledger: Ledger, slot: Slot) -> Proposal | None:
    """What waits (or waited) of a variant's answer."""
    done = [attempt.id for attempt in ledger.attempts(slot) if attempt.state is AttemptState.COMPLETE]
    every = ledger.proposals(None, slot.object_id)
    return next((p for p in every if done and p.revision.attempt_id == done[-1]), None)


def accepted_in(ledger: Ledger, section_ids: Iterable[str], runs: frozenset[str]) -> frozenset[str]:
    """Those sections whose text is a re-write that one of `runs` made and took."""
    found = set()
    for section_id in section_ids:
        head = ledger.head(section_id, SECTION)
        if head is None or head.attempt_id is None:
            continue
        accepted = any(
            p.id == head.id and p.state is ProposalState.ACCEPTED for p in ledger.proposals(None, section_id)
        )
        by = next((a.run_id for a in ledger.attempts_of(section_id, SECTION) if a.id == head.attempt_id), "")
        if accepted and by in runs:
            found.add(section_id)
    return frozenset(found)


def _in_slot(spec: StepSpec, section_id: str, variant: int) -> StepSpec:
    return replace(spec, slot=Slot(object_id=section_id, kind=SECTION, variant=variant))
