"""`fan_out`: one prompt, or one step of a book, to several models."""

from __future__ import annotations

import math
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any, Final, Literal, get_args

import anyio

from ghostkit.errors import InputError, UnknownName
from ghostkit.generation.fanout.collecting import result_of
from ghostkit.generation.fanout.contest import Contest, OnPiece
from ghostkit.generation.fanout.judging import Score, judged, scored
from ghostkit.generation.fanout.result import FanOut
from ghostkit.generation.prompts import Prompt
from ghostkit.generation.service import GenerationService
from ghostkit.generation.spec import StepSpec
from ghostkit.ledger import Slot, in_thread
from ghostkit.providers import Message, Request
from ghostkit.providers.adapters.parameters import read_parameters

Mode = Literal["first", "all", "best"]
MODES: Final[tuple[Mode, ...]] = get_args(Mode)


async def fan_out(
    service: GenerationService,
    prompt: str | StepSpec,
    models: Sequence[str],
    *,
    mode: Mode = "first",
    score: Score | None = None,
    judge: str | None = None,
    criteria: str = "",
    judge_template: str = "judge",
    hedge_after_s: float | None = None,
    stop_on_error: bool = False,
    first_variant: int | None = None,
    max_tokens: int = 2048,
    on_piece: OnPiece | None = None,
    stopping: anyio.Event | None = None,
    **parameters: Any,
) -> FanOut:
    """Send one prompt to every model of `models`; every call is an attempt of its own in the service's ledger.

    `first` takes the first whole answer and stops the others at once; what they had cost by then is recorded as an
    estimate. `all` waits for everyone (with `stop_on_error` the first failure stops the rest). `best` waits, then
    takes the answer with the highest `score`, or the one that the model `judge` names by `criteria`.

    With `hedge_after_s` (seconds, mode `first`) the next model is only asked after that long without an answer, or
    at once when one before has failed. Setting `stopping` stops everybody; what came is in the result.

    A prompt's answers are texts of their own. A `StepSpec`'s answers are further variants of its text, from
    `first_variant` (else the next free one): asked again from the same one, what is done is not paid for again.

    Raises:
        InputError: models, mode and judge don't fit together; nothing has been sent.
    """
    checked_models(models)
    _check_mode(mode, score, judge, hedge_after_s)
    for name in (*models, *filter(None, (judge,))):
        await service.ready(name)
    if judge is not None:
        service.prompts.template(judge_template)
    specs = await _specs(service, prompt, models, max_tokens, parameters, first_variant)
    contest = Contest(
        service,
        specs,
        first_wins=mode == "first",
        stop_on_error=stop_on_error,
        hedge_after_s=hedge_after_s,
        on_piece=on_piece,
    )
    await contest.run(stopping)
    results = [await result_of(service, one, won=one is contest.winner) for one in contest.contestants]
    fanned = FanOut(mode=mode, results=tuple(results))
    if mode != "best":
        return fanned

    async def choose() -> FanOut:
        if score is not None:
            return replace(fanned, results=tuple(await scored(results, score)))
        assert judge is not None
        chosen, judgement = await judged(
            service,
            results,
            judge=judge,
            asked=specs[0].prompt.messages,
            criteria=criteria,
            template=judge_template,
        )
        return replace(fanned, results=tuple(chosen), judgement=judgement)

    return await _unless_stopped(stopping, choose) or fanned


async def _unless_stopped(stop: anyio.Event | None, work: Callable[[], Awaitable[FanOut]]) -> FanOut | None:
    """What `work` gives; None if `stop` was set before it had."""
    done: list[FanOut] = []
    errors: list[Exception] = []

    async def watch(scope: anyio.CancelScope) -> None:
        if stop is not None:
            await stop.wait()
            scope.cancel()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(watch, tasks.cancel_scope)
        try:
            done.append(await work())
        except Exception as error:  # it leaves by hand, so that it isn't wrapped in an exception group
            errors.append(error)
        tasks.cancel_scope.cancel()
    if errors:
        raise errors[0]
    return done[0] if done else None


def checked_models(models: Sequence[str]) -> Sequence[str]:
    """The models; raises `InputError` for fewer than two, or for one named twice."""
    if isinstance(models, str) or len(models) < 2:
        raise InputError("A fan-out needs two models or more.", fix="Name each of them, or send a plain prompt to one.")
    twice = next((name for at, name in enumerate(models) if name in models[:at]), None)
    if twice is not None:
        raise InputError(f"The model {twice} is named twice.", fix="Name each model once.")
    return models


def _check_mode(mode: str, score: Score | None, judge: str | None, hedge_after_s: float | None) -> None:
    if mode not in MODES:
        raise UnknownName(f"There is no mode {mode!r}.", fix=f"There is: {', '.join(MODES)}.")
    if mode == "best" and (score is None) == (judge is None):
        given = "neither was" if score is None else "both were"
        raise InputError(
            f"The best answer is found by a scoring function or by a judge model, and {given} given.",
            fix="Give one of the two.",
        )
    if mode != "best" and (score is not None or judge is not None):
        raise InputError(f"A judge or a score has no part in the mode {mode!r}.", fix="Choose the mode 'best'.")
    if hedge_after_s is None:
        return
    if mode != "first":
        raise InputError(
            f"In the mode {mode!r} every model is asked, so none can be held back.",
            fix="Hedge in the mode 'first', or leave it away.",
        )
    if isinstance(hedge_after_s, bool) or not isinstance(hedge_after_s, int | float) or not hedge_after_s >= 0:
        raise InputError(f"hedge_after_s is {hedge_after_s!r}.", fix="Give seconds, 0 or more.")
    if math.isinf(hedge_after_s):
        raise InputError("hedge_after_s is without end.", fix="Give seconds, 0 or more.")


async def _specs(
    service: GenerationService,
    prompt: str | StepSpec,
    models: Sequence[str],
    max_tokens: int,
    parameters: dict[str, Any],
    first_variant: int | None,
) -> list[StepSpec]:
    if isinstance(prompt, StepSpec):
        slot = prompt.slot
        first = first_variant if first_variant is not None else await _next_variant(service, slot)
        return [
            replace(
                prompt,
                model=model,
                slot=replace(slot, variant=first + place),
                alone=True,
                stream_id=f"{prompt.stream_id}-{place + 1}" if prompt.stream_id else "",
            )
            for place, model in enumerate(models)
        ]
    if not isinstance(prompt, str) or not prompt.strip():
        raise InputError("The prompt is empty.", fix="Say what you want to read.")
    messages = (Message(role="user", parts=(prompt,)),)
    read_parameters(Request(model="", messages=messages, max_tokens=max_tokens, parameters=parameters))
    # Texts that belong nowhere are not variants of each other: as such they would wait for somebody to accept one.
    name = "free-" + secrets.token_hex(6)
    return [
        StepSpec(
            slot=Slot(object_id=f"{name}-{place}", kind="text"),
            model=model,
            prompt=Prompt(template="", messages=messages),
            max_tokens=max_tokens,
            parameters=parameters,
            alone=True,
        )
        for place, model in enumerate(models, 1)
    ]


async def _next_variant(service: GenerationService, slot: Slot) -> int:
    attempts = await in_thread(service.ledger.attempts_of, slot.object_id, slot.kind)
    return max((one.slot.variant for one in attempts), default=0) + 1
