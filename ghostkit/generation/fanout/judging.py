"""Which of several answers is the best: by a function's number, or by another model's word."""

from __future__ import annotations

import inspect
import json
import math
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from numbers import Real

from ghostkit.errors import BadRequest, BudgetExceeded, GhostkitError, InputError, ProviderError
from ghostkit.generation.escaping import Escaped, escape
from ghostkit.generation.fanout.result import ModelResult
from ghostkit.generation.service import GenerationService
from ghostkit.generation.spec import StepSpec
from ghostkit.ledger import Slot, in_thread, text_hash
from ghostkit.providers import Ending, Message, Usage

Score = Callable[[str], float | Awaitable[float]]
"""Gives a text a number; the highest is the best, and of two alike the one whose model was named first."""
JUDGE_TOKENS = 1024
CRITERIA = "It does what was asked: completely, correctly and in good words. Length alone is no merit."
_OBJECT = re.compile(r"\{[^{}]*\}")
_ALONE = re.compile(r"^\W*(\d{1,3})\W*$")


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """What a judge model said, and what asking it cost. `best` is None where it gave no usable verdict."""

    model: str
    best: str | None = None
    """The model whose answer it took."""
    reason: str = ""
    text: str = ""
    """Its answer, word for word."""
    usage: Usage
    cost_usd: float = 0.0
    attempt_id: str = ""
    error: GhostkitError | None = None

    @property
    def sentence(self) -> str:
        if self.best is None:
            return f"{self.model} gave no verdict: {self.error.message if self.error else self.text[:200]}"
        return f"{self.model} took {self.best}" + (f": {self.reason}" if self.reason else ".")


async def scored(results: Sequence[ModelResult], score: Score) -> list[ModelResult]:
    """The results with the scores of the whole answers, the best marked; asked one after the other, in order."""
    found: list[ModelResult] = []
    for one in results:
        found.append(replace(one, score=await _score(one, score, results)) if one.is_complete else one)
    best = max((one.score for one in found if one.score is not None), default=None)
    place = next((at for at, one in enumerate(found) if one.score is not None and one.score == best), None)
    return [replace(one, won=at == place) for at, one in enumerate(found)]


async def _score(one: ModelResult, score: Score, results: Sequence[ModelResult]) -> float:
    try:
        number = score(one.text)
        if inspect.isawaitable(number):
            number = await number
    except GhostkitError:
        raise
    except Exception as error:
        raise InputError(
            f"The scoring function failed on the answer of {one.model}: {type(error).__name__}: {error}.",
            fix="The answers are in the error's `results`; mend the function and score them.",
            results=tuple(results),
        ) from error
    if isinstance(number, bool) or not isinstance(number, Real) or math.isnan(number):
        raise InputError(
            f"The scoring function gave {number!r} for the answer of {one.model}.",
            fix="It must give a number, the higher the better; the answers are in the error's `results`.",
            results=tuple(results),
        )
    return float(number)


async def judged(
    service: GenerationService,
    results: Sequence[ModelResult],
    *,
    judge: str,
    asked: Sequence[Message],
    criteria: str = "",
    template: str = "judge",
) -> tuple[list[ModelResult], Judgement | None]:
    """The results with the one marked that `judge` took; one whole answer wins without a judge, none does not."""
    whole = [one for one in results if one.is_complete]
    if len(whole) <= 1:
        return [replace(one, won=one.is_complete) for one in results], None
    verdict = await _verdict(service, _spec(service, whole, judge, asked, criteria or CRITERIA, template), whole)
    return [replace(one, won=verdict.best == one.model and one in whole) for one in results], verdict


def _spec(
    service: GenerationService,
    whole: Sequence[ModelResult],
    judge: str,
    asked: Sequence[Message],
    criteria: str,
    template: str,
) -> StepSpec:
    """The judge doesn't learn which model wrote which answer: they are numbered in the models' order."""
    answers = [
        Escaped(f'<answer number="{number}">\n{escape(one.text)}\n</answer>') for number, one in enumerate(whole, 1)
    ]
    texts = [message.text for message in asked]
    inputs = {f"answer {number}": text_hash(one.text) for number, one in enumerate(whole, 1)}
    first = whole[0].slot
    return StepSpec(
        # A text of its own, found again when the same answers are compared again, and only then.
        slot=Slot(object_id=first.object_id, kind=f"judgement-{text_hash(json.dumps(inputs))[:12]}"),
        model=judge,
        prompt=service.prompts.render(template, asked=texts, answers=answers, count=len(whole), criteria=criteria),
        max_tokens=JUDGE_TOKENS,
        alone=True,
        inputs=inputs,
        check=lambda text: _check(text, len(whole), judge),
    )


async def _verdict(service: GenerationService, spec: StepSpec, whole: Sequence[ModelResult]) -> Judgement:
    try:
        step = await service.run_step(spec)
    except (ProviderError, InputError, BudgetExceeded) as refused:
        return Judgement(model=spec.model, usage=Usage(), error=refused)
    best, reason = read_verdict(step.text, len(whole)) if step.ending is Ending.COMPLETE else (None, "")
    error: GhostkitError | None = step.error
    if best is None and error is None:
        message = f"{spec.model} did not finish its verdict (it ended as {step.ending})."
        error = BadRequest(message, fix="Choose another judge; the answers are kept.")
    attempts = await in_thread(service.ledger.attempts, spec.slot)
    return Judgement(
        model=spec.model,
        best=None if best is None else whole[best - 1].model,
        reason=reason,
        text=step.text,
        usage=step.usage,
        cost_usd=sum(one.cost_usd for one in attempts),
        attempt_id=attempts[-1].id if attempts else "",
        error=error,
    )


def _check(text: str, answers: int, judge: str) -> None:
    if read_verdict(text, answers)[0] is None:
        raise BadRequest(
            f"{judge} named none of the {answers} answers as the best.",
            fix="Choose another judge, or give a scoring function; the answers are kept.",
        )


def read_verdict(text: str, answers: int) -> tuple[int | None, str]:
    """The number of the best answer (from 1) and the reason, from JSON anywhere in `text` or a number alone."""
    for found in _OBJECT.findall(text):
        try:
            verdict = json.loads(found)
        except ValueError:
            continue
        best = verdict.get("best")
        best = int(best) if isinstance(best, str) and best.strip().isdigit() else best
        if isinstance(best, int) and not isinstance(best, bool) and 1 <= best <= answers:
            return best, " ".join(str(verdict.get("reason") or "").split())
    alone = _ALONE.match(text.strip())
    if alone and 1 <= int(alone[1]) <= answers:
        return int(alone[1]), ""
    return None, ""
