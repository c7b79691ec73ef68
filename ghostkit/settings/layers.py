"""Where raw values come from: the environment and a `.env` file, each a plain mapping of names to text."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

from ghostkit.errors import InputError


def read_env_file(path: Path | str) -> dict[str, str]:
    """The values of a `.env` file; none if there is no such file.

    Raises `InputError` for a file that can't be read, isn't UTF-8 or has a line that is not NAME=value: a
    half-understood file would start a run with the wrong model or without its budget.
    """
    try:
        data = Path(path).read_bytes()
    except FileNotFoundError:
        return {}
    except OSError as error:
        reason = error.strerror or str(error)
        raise _unusable(path, f"can't be read ({reason})", "Fix its permissions or move it away.") from None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise _unusable(path, f"isn't UTF-8 text (line {line})", "Save it as UTF-8.") from None
    if "\0" in text:
        raise _unusable(path, "holds a zero byte, so it is no text file", "Write it again as plain text.")
    _check_lines(path, text)
    return _values(text)


def _check_lines(path: Path | str, text: str) -> None:
    from dotenv.parser import parse_stream

    for binding in parse_stream(io.StringIO(text)):
        # The line itself is not quoted: it may be a key with the equals sign forgotten.
        if binding.error or (binding.key is not None and binding.value is None):
            line = binding.original.line + binding.original.string[:1].count("\n")
            raise _unusable(path, f"has a line that isn't NAME=value (line {line})", "Correct that line.")


def _values(text: str) -> dict[str, str]:
    from dotenv import dotenv_values

    return {name: value for name, value in dotenv_values(stream=io.StringIO(text)).items() if value is not None}


def _unusable(path: Path | str, what: str, fix: str) -> InputError:
    return InputError(f"The settings file {path} {what}.", fix=fix, path=str(path))


def by_field(values: Mapping[str, str], names: Mapping[str, tuple[str, ...]], where: str) -> dict[str, tuple[str, str]]:
    """Field → (variable, text) for every field one of whose names has a non-empty value.

    An empty value counts as not given, so a copied `.env.example` changes nothing. Where a setting has two
    names, the first goes before the second; for those in `MUST_AGREE` two different values are an error.
    """
    found: dict[str, tuple[str, str]] = {}
    for field, variables in names.items():
        given = [(name, values[name].strip()) for name in variables if values.get(name, "").strip()]
        if not given:
            continue
        if field in MUST_AGREE and len({text for _, text in given}) > 1:
            (one, first), (other, second) = given[:2]
            raise InputError(
                f"{one} is {first} and {other} is {second} {where}, but they are two names of one setting.",
                fix="Remove one of them.",
            )
        found[field] = given[0]
    return found


MUST_AGREE = frozenset({"max_context_tokens"})
"""Settings whose two names are ghostkit's own. A vendor's two key names may differ: other programs read them too."""
