"""The command itself: its options, and which of the two ways it goes."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from ghostkit.cli.commands.generate.given import checked_choice, parameters_of, prompt_text
from ghostkit.cli.commands.generate.one import ask_one
from ghostkit.cli.options import json_option
from ghostkit.cli.terminal import is_terminal

_REASONING = click.Choice(["none", "low", "medium", "high"])


@click.command(short_help="Send one prompt to a model, or to several at once.")
@click.argument("prompt")
@click.option(
    "--model", "models", metavar="PROVIDER:MODEL", multiple=True, help="The model; given again: several at once."
)
@click.option(
    "--mode", type=click.Choice(["first", "all", "best"]), help="Of several: the first whole answer (the default), …"
)
@click.option("--judge", metavar="PROVIDER:MODEL", help="The model that says which answer is the best (--mode best).")
@click.option("--criteria", metavar="TEXT", default="", help="What it is to judge by.")
@click.option(
    "--hedge-after", metavar="SECONDS", type=click.FloatRange(min=0), help="Ask the next model only after so long."
)
@click.option("--max-tokens", type=click.IntRange(min=1), default=2048, show_default=True, help="Longest answer.")
@click.option(
    "--schema", metavar="FILE", type=click.Path(path_type=Path), help="A JSON schema the answer must keep to."
)
@click.option("--temperature", type=click.FloatRange(min=0, max=2), help="How freely words are drawn.")
@click.option("--top-p", type=click.FloatRange(min=0, max=1), help="Draw from the likeliest words only.")
@click.option("--seed", type=int, help="Draw alike each time, where the model can.")
@click.option("--stop", multiple=True, metavar="TEXT", help="End the answer before this text; may be given again.")
@click.option("--reasoning", type=_REASONING, help="How long to think before answering, where the model can.")
@click.option("--stream/--no-stream", "streaming", default=None, help="As it comes (a terminal's default), or whole.")
@json_option
def generate(
    prompt: str,
    models: tuple[str, ...],
    mode: str | None,
    judge: str | None,
    criteria: str,
    hedge_after: float | None,
    max_tokens: int,
    schema: Path | None,
    streaming: bool | None,
    as_json: bool,
    **sampling: Any,
) -> None:
    """Send PROMPT to a model and print the answer; with - as PROMPT it is read from stdin.

    Ends with 0 only for a complete answer, 3 for one that was cut, refused or stopped. With several models 0 says
    that there is a winner (with --mode all: that all answered whole, 3 that some did), 1 that nobody answered whole.

    \b
    Examples:
      ghostkit generate "Describe a dead sea in two sentences."
      ghostkit generate - --model rehearsal:teacher < question.txt
      ghostkit generate "A title for a book about salt" --no-stream --json
      ghostkit generate "A title" --model openai:gpt-5.4 --model ollama:mistral
    """
    checked_choice(models, mode, judge, criteria, hedge_after)
    text = prompt_text(prompt)
    parameters = parameters_of(schema, sampling)
    live = (streaming if streaming is not None else is_terminal(sys.stdout)) and not as_json
    if len(models) < 2:
        ask_one(text, next(iter(models), None), max_tokens, parameters, streaming, live=live, as_json=as_json)
        return
    from ghostkit.cli.commands.generate.several import ask_several

    ask_several(
        text,
        models,
        {
            "mode": mode or "first",
            "judge": judge,
            "criteria": criteria,
            "hedge_after_s": hedge_after,
            "max_tokens": max_tokens,
            **parameters,
        },
        streaming,
        live=live and is_terminal(sys.stdout),
        as_json=as_json,
    )
