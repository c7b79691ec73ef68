"""What was given on the command line: checked, read, and put into the names that a request has for it."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ghostkit.errors import InputError, storage_errors

LONGEST_PROMPT = 2_000_000
LONGEST_SCHEMA = 1_000_000


def checked_choice(
    models: Sequence[str], mode: str | None, judge: str | None, criteria: str, hedge_after: float | None
) -> None:
    """Raises `InputError` where models, mode and judge don't fit together."""
    if len(models) < 2:
        options = {"--mode": mode, "--judge": judge, "--criteria": criteria, "--hedge-after": hedge_after}
        for option, value in options.items():
            if value not in (None, ""):
                raise InputError(f"{option} needs two models or more.", fix="Give --model once for each of them.")
        return
    twice = next((name for at, name in enumerate(models) if name in models[:at]), None)
    if twice is not None:
        raise InputError(f"The model {twice} is named twice.", fix="Give each --model once.")
    if mode == "best" and judge is None:
        raise InputError("The best answer needs somebody to choose it.", fix="Name a model with --judge.")
    if mode != "best" and (judge is not None or criteria):
        raise InputError(f"There is nothing to judge with --mode {mode or 'first'}.", fix="Give --mode best.")
    if mode in ("all", "best") and hedge_after is not None:
        raise InputError(
            f"With --mode {mode} every model is asked, so none can be held back.", fix="Leave --hedge-after away."
        )


def prompt_text(given: str) -> str:
    """The prompt, from stdin for `-`."""
    text = given
    if given == "-":
        data = sys.stdin.buffer.read(LONGEST_PROMPT + 1) if sys.stdin is not None else b""
        if len(data) > LONGEST_PROMPT:
            raise InputError("The prompt is over 2 MB.", fix="Give a shorter one.")
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise InputError("The prompt on stdin is not UTF-8 text.", fix="Save it as UTF-8 and try again.") from None
    if not text.strip():
        raise InputError("The prompt is empty.", fix="Say what you want to read.")
    return text


def parameters_of(schema: Path | None, sampling: Mapping[str, Any]) -> dict[str, Any]:
    """The request's further parameters; what wasn't given is left to the model."""
    found = {name: value for name, value in sampling.items() if value not in (None, ())}
    if "stop" in found:
        found["stop"] = list(found["stop"])
    if schema is not None:
        found["json_schema"] = read_schema(schema)
    return found


def read_schema(path: Path) -> dict[str, Any]:
    """The JSON schema in a file; raises `InputError` where there is none."""
    if not path.is_file():
        raise InputError(f"There is no file {path}.", fix="Give the path of a JSON schema.")
    with storage_errors(path, "read"), open(path, "rb") as file:
        data = file.read(LONGEST_SCHEMA + 1)
    if len(data) > LONGEST_SCHEMA:
        raise InputError(f"The schema in {path} is over 1 MB.", fix="Give a smaller one.")
    try:
        schema = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        what = " ".join(str(error).split())
        raise InputError(f"{path} is not JSON ({what[:120]}).", fix="Give a JSON schema, in UTF-8.") from None
    if not isinstance(schema, dict):
        raise InputError(f"{path} holds no JSON schema.", fix='It must be a JSON object, such as {"type": "object"}.')
    return schema
