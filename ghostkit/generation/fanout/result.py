"""What came of a fan-out: one row a model, as values, as a table, as safe HTML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any, Literal

from ghostkit.errors import GhostkitError, IncompleteEnding
from ghostkit.ledger import Slot
from ghostkit.providers import Ending, Usage

if TYPE_CHECKING:
    import polars

    from ghostkit.generation.fanout.judging import Judgement

CostSource = Literal["vendor", "reported", "estimated", "unknown", "free", "none"]
"""Where a cost is from: the vendor said it; its token counts at known prices; our estimate of the tokens at known
prices; no known prices; a model that costs nothing; or none, since nothing was sent."""
_SHOWN_CHARACTERS = 600


@dataclass(frozen=True, kw_only=True)
class ModelResult:
    """One model's answer, or what there is of it. Costs and tokens are those of all its attempts together.

    `attempts` is 0 for a model that was never asked: another was quicker, or its turn hadn't come.
    """

    model: str
    slot: Slot
    text: str = ""
    ending: Ending = Ending.CANCELLED
    error: GhostkitError | None = None
    first_token_ms: float | None = None
    total_ms: float | None = None
    usage: Usage = field(default_factory=Usage)
    cost_usd: float = 0.0
    cost_source: CostSource = "none"
    attempts: int = 0
    attempt_id: str = ""
    """Its last attempt in the ledger, whose receipt says what was sent."""
    served_by: str = ""
    score: float | None = None
    won: bool = False

    @property
    def is_complete(self) -> bool:
        return self.ending is Ending.COMPLETE

    def row(self) -> dict[str, Any]:
        """JSON-ready, the columns of `FanOut.frame`."""
        error = self.error
        return {
            "model": self.model,
            "text": self.text,
            "ending": str(self.ending),
            "error": None if error is None else str(getattr(error, "kind", error.code)),
            "reason": None if error is None else error.message,
            "first_token_ms": self.first_token_ms,
            "total_ms": self.total_ms,
            "input_tokens": self.usage.input_tokens,
            "output_tokens": self.usage.output_tokens,
            "tokens_source": self.usage.source,
            "cost_usd": self.cost_usd,
            "cost_source": self.cost_source,
            "attempts": self.attempts,
            "score": self.score,
            "won": self.won,
        }


@dataclass(frozen=True, kw_only=True)
class FanOut:
    """`results` stand in the order of the models. `winner` is None with `all`, and where nobody answered whole."""

    mode: str
    results: tuple[ModelResult, ...]
    judgement: Judgement | None = None

    @property
    def winner(self) -> ModelResult | None:
        return next((one for one in self.results if one.won), None)

    @property
    def text(self) -> str:
        """The winner's; raises what stood in the way where there is none."""
        winner = self.winner
        if winner is None:
            raise self.problem()
        return winner.text

    @property
    def cost_usd(self) -> float:
        """Of everybody, the stopped ones and the judge too."""
        return sum(one.cost_usd for one in self.results) + (self.judgement.cost_usd if self.judgement else 0.0)

    def problem(self) -> GhostkitError:
        """Why there is no winner."""
        if self.judgement is not None and self.judgement.error is not None:
            return self.judgement.error
        failed = [one for one in self.results if one.error is not None]
        if self.mode == "all" and all(one.is_complete for one in self.results):
            return IncompleteEnding("All models answered, and none was to win.", fix="Read `.results`.")
        if len(failed) == 1 and failed[0].error is not None and not any(one.text for one in self.results):
            return failed[0].error
        ends = ", ".join(f"{one.model}: {_how(one)}" for one in self.results if not one.is_complete)
        whole = sum(one.is_complete for one in self.results)
        return IncompleteEnding(
            f"{whole or 'None'} of {len(self.results)} models answered whole ({ends}).",
            fix="What came is kept; try again, or choose other models.",
            results=self.results,
        )

    def frame(self) -> polars.DataFrame:
        """One row a model, in order; `error` is the error's kind, `reason` its sentence, times in milliseconds."""
        import polars as pl

        types: Mapping[str, Any] = {
            "model": pl.String, "text": pl.String, "ending": pl.String, "error": pl.String, "reason": pl.String,
            "first_token_ms": pl.Float64, "total_ms": pl.Float64, "input_tokens": pl.Int64,
            "output_tokens": pl.Int64, "tokens_source": pl.String, "cost_usd": pl.Float64,
            "cost_source": pl.String, "attempts": pl.Int64, "score": pl.Float64, "won": pl.Boolean,
        }  # fmt: skip
        return pl.DataFrame([one.row() for one in self.results], schema=types)

    def __repr__(self) -> str:
        won = f"{self.winner.model} won" if self.winner else f"{sum(r.is_complete for r in self.results)} whole"
        return f"<FanOut {self.mode}: {len(self.results)} models, {won}, ${self.cost_usd:.4f}>"

    def _repr_html_(self) -> str:
        heads = ("model", "ending", "first token", "total", "tokens", "cost", "text")
        rows = "".join(_html_row(one) for one in self.results)
        verdict = f"<p>{escape(self.judgement.sentence)}</p>" if self.judgement else ""
        return f"<table><tr>{''.join(f'<th>{h}</th>' for h in heads)}</tr>{rows}</table>{verdict}"


def _how(one: ModelResult) -> str:
    if not one.attempts and one.error is None:
        return "not asked"
    return str(getattr(one.error, "kind", one.error.code)) if one.error is not None else str(one.ending)


def _html_row(one: ModelResult) -> str:
    text = one.text if len(one.text) <= _SHOWN_CHARACTERS else one.text[:_SHOWN_CHARACTERS] + "…"
    ending = f"{one.ending}: {one.error.message}" if one.error is not None else str(one.ending)
    cells = (
        f"{one.model} ★" if one.won else one.model,
        ending,
        _milliseconds(one.first_token_ms),
        _milliseconds(one.total_ms),
        f"{one.usage.input_tokens:,} + {one.usage.output_tokens:,}",
        f"${one.cost_usd:.4f} ({one.cost_source})",
        text,
    )
    return f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>"


def _milliseconds(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f} ms"
