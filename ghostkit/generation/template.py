"""A prompt template as read from its file: its header, its blocks, what it includes, and whether all of it fits.

A template is a text file: `name`, `version` and `variables` lines, then `=== system` and any number of `=== part`
blocks. The parts make up one user message, stable ones first, and are stored by hash. `=== each NAME` makes a part
of every item of a list variable, or one of a text. `{% include "_system.md" %}` takes in a file that several share.

A book's own version must use every variable that the shipped one uses; a `drops:` line in its header (in an included
file: a comment, `{#- drops: NAME -#}`) names those it leaves out knowingly.
"""

from __future__ import annotations

import difflib
import functools
import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ghostkit.errors import TemplateError

if TYPE_CHECKING:
    import jinja2

_HEADER = ("name", "version", "variables", "drops")
_FIX = "It starts with name:, version: and variables: lines."
_NOTED = re.compile(r"\{#-?\s*(?P<fields>(?:\w+:[^#;-]*;?\s*)+?)-?#\}\n?")
_VERSION_LINE = re.compile(r"(?m)^version:.*$")
_DROPS_LINE = re.compile(r"(?m)^drops:.*\n")

Include = Callable[[str], tuple[str, str]]
"""The name of an included file → (its text, where it lies); raises `KeyError` if there is none."""


@dataclass(frozen=True, kw_only=True)
class Block:
    """`role` is system, part or each; `text` its source, or for each the variable; `line` where that starts."""

    role: str
    text: str
    line: int


@dataclass(frozen=True, kw_only=True)
class PromptTemplate:
    """`digest` is the SHA-256 (hex) of the file's text and of what it includes; `uses` are the variables in both.

    `accepts` are those that may be given: the shipped template's too, where a book's own leaves some out.
    """

    name: str
    version: int
    variables: frozenset[str]
    blocks: tuple[Block, ...]
    digest: str
    includes: tuple[tuple[str, str], ...] = ()
    uses: frozenset[str] = frozenset()
    drops: frozenset[str] = frozenset()
    accepts: frozenset[str] = frozenset()
    text: str = ""
    where: str = ""

    @property
    def label(self) -> str:
        return f"{self.name}@{self.version}:{self.digest[:8]}"


def read_template(name: str, text: str, where: str, include: Include) -> PromptTemplate:
    """Read a template file's text; `where` names the file in errors.

    Raises:
        TemplateError: one sentence with file and line.
    """
    fields, body_line = _header(text, where)
    blocks = tuple(_blocks(text, body_line, where))
    if fields["name"] != name:
        raise _wrong(where, 1, f"it is called {fields['name']!r}, but the file is that of {name!r}", _FIX)
    includes: dict[str, str] = {}
    used = {block.text for block in blocks if block.role == "each"}
    dropped = set(fields.get("drops", "").split())
    for block in blocks:
        if block.role != "each":
            used |= _used(block.text, where, block.line, include, includes)
    for source in includes.values():
        dropped |= noted(source)["drops"]
    variables = frozenset(fields["variables"].split())
    if used - variables:
        raise _wrong(
            where, _line_of(text, used - variables), f"it uses {_names(used - variables)} without declaring it",
            "Add it to the template's variables line, if it is one of them.",
        )  # fmt: skip
    return PromptTemplate(
        name=name,
        version=int(fields["version"]),
        variables=variables,
        blocks=blocks,
        digest=_digest(text, includes),
        includes=tuple(sorted(includes.items())),
        uses=frozenset(used),
        drops=frozenset(dropped),
        accepts=variables,
        text=text,
        where=where,
    )


def measured_by(own: PromptTemplate, shipped: PromptTemplate, edited: Iterable[str] = ()) -> PromptTemplate:
    """A book's `own` template, once it fits what the writing gives it; `edited` are the files of it that are own.

    Raises:
        TemplateError: it declares what nothing gives, or leaves out what the shipped one uses without saying so.
    """
    unknown = own.variables - shipped.variables
    if unknown:
        near = difflib.get_close_matches(min(unknown), shipped.variables, n=1)
        raise _wrong(
            own.where, _line_of(own.text, unknown),
            f"it declares {_names(unknown)}, which nothing gives" + (f"; did you mean {near[0]!r}?" if near else ""),
            f"There is: {_names(shipped.variables)}.",
        )  # fmt: skip
    missing = dropped_by(own, shipped) - own.drops
    if missing:
        where = next(iter(edited), own.where)
        raise TemplateError(
            f"{where} drops {_names(missing)}, which the template {own.name!r} needs.",
            fix="Put {{ … }} of it back, or say that you mean it: --allow-drop, or a drops: line in the file.",
            dropped=sorted(missing),
        )
    return replace(own, accepts=own.variables | shipped.variables)


def dropped_by(own: PromptTemplate, shipped: PromptTemplate) -> frozenset[str]:
    """The variables that `shipped` uses and `own` doesn't."""
    return shipped.uses - own.uses


# ── the parts of a file ───────────────────────────────────────────────────────────────────────────────────────


def _header(text: str, where: str) -> tuple[dict[str, str], int]:
    """Its fields, and the line on which the blocks begin."""
    fields: dict[str, str] = {}
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith("==="):
            break
        name, colon, value = line.partition(":")
        if line.strip() and (not colon or name not in _HEADER):
            raise _wrong(where, number, f"{line.strip()[:60]!r} is no line of a prompt template's header", _FIX)
        if line.strip():
            fields[name] = value.strip()
    for name in ("name", "version", "variables"):
        if name not in fields:
            raise _wrong(where, 1, f"it is not a prompt template: its {name}: line is missing", _FIX)
    if not fields["version"].isdecimal() or not 0 < int(fields["version"]) < 1_000_000:
        at = next(n for n, line in enumerate(text.split("\n"), 1) if line.startswith("version:"))
        raise _wrong(where, at, f"its version is {fields['version'][:20]!r}, which is no whole number from 1", _FIX)
    return fields, number


def _blocks(text: str, first: int, where: str) -> Iterable[Block]:
    lines = text.split("\n")
    starts = [number for number, line in enumerate(lines, 1) if number >= first and line.startswith("===")]
    if not starts:
        raise _wrong(where, first, "it has no block", "Blocks are '=== system', '=== part' or '=== each NAME'.")
    for start, end in zip(starts, [*starts[1:], len(lines) + 1], strict=True):
        role, _, variable = lines[start - 1].removeprefix("===").strip().partition(" ")
        if role not in ("system", "part", "each") or bool(variable) != (role == "each"):
            raise _wrong(
                where, start, f"it has a block {f'{role} {variable}'.strip()!r}",
                "Blocks are '=== system', '=== part' or '=== each NAME'.",
            )  # fmt: skip
        yield Block(role=role, text=variable.strip() or "\n".join(lines[start : end - 1]), line=start + 1)


def noted(include: str) -> dict[str, Any]:
    """What the comment at the head of an included file says: its `version`, and what it `drops`."""
    found = _NOTED.match(include)
    fields = dict(part.split(":", 1) for part in found["fields"].split(";") if ":" in part) if found else {}
    fields = {name.strip(): value.strip() for name, value in fields.items()}
    version = fields.get("version", "1")
    return {
        "version": int(version) if version.isdecimal() and len(version) < 7 else 1,
        "drops": set(fields.get("drops", "").split()),
    }


def with_version(text: str, version: int, drops: Iterable[str], *, included: bool) -> str:
    """The text of a template, or of an included file, that says this version and these drops."""
    said = " ".join(sorted(drops))
    if included:
        fields = f"version: {version}" + (f"; drops: {said}" if said else "")
        return f"{{#- {fields} -#}}\n" + _NOTED.sub("", text, count=1)
    head, blocks, body = text.partition("\n===")
    head = _DROPS_LINE.sub("", head + "\n").rstrip("\n")
    line = f"version: {version}"
    head = _VERSION_LINE.sub(line, head, count=1) if _VERSION_LINE.search(head) else f"{line}\n{head}"
    return head + (f"\ndrops: {said}" if said else "") + blocks + body


# ── Jinja ─────────────────────────────────────────────────────────────────────────────────────────────────────


def check_include(text: str, where: str) -> None:
    """Raises `TemplateError` if an included file can't be read."""
    _parsed(text, where, 1)


def _used(text: str, where: str, line: int, include: Include, found: dict[str, str]) -> set[str]:
    """The variables that a piece of source uses, with those of what it includes; these are added to `found`."""
    variables, names = _parsed(text, where, line)
    used = set(variables)
    for name in names:
        if name is None or not re.fullmatch(r"[\w.-]+", name):
            raise _wrong(where, line, "it includes a file by what is no plain name", "Include a file such as _book.md.")
        if name in found:
            continue
        try:
            source, lies = include(name)
        except KeyError:
            raise _wrong(
                where, line + _offset(text, name), f"it includes {name!r}, which isn't there",
                "Put the file beside the template, or take the include out.",
            ) from None  # fmt: skip
        found[name] = source
        used |= _used(source, lies, 1, include, found)
    return used


def _parsed(text: str, where: str, line: int) -> tuple[frozenset[str], tuple[str | None, ...]]:
    from jinja2 import TemplateSyntaxError

    try:
        return _facts(text)
    except TemplateSyntaxError as error:
        raise _wrong(where, line + error.lineno - 1, error.message or "bad syntax", _BRACES) from error


_BRACES = "Correct its {{ … }} and {% … %}."


@functools.lru_cache(maxsize=512)
def _facts(text: str) -> tuple[frozenset[str], tuple[str | None, ...]]:
    from jinja2 import meta

    tree = environment(()).parse(text)
    environment(()).compile(tree)  # a filter that isn't there is only found here
    tree = environment(()).parse(text)
    return frozenset(meta.find_undeclared_variables(tree)), tuple(meta.find_referenced_templates(tree))


@functools.lru_cache(maxsize=16)
def environment(includes: tuple[tuple[str, str], ...]) -> jinja2.Environment:
    """Where templates that include these files are compiled. A book may come from anybody: hence the sandbox."""
    import jinja2
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    from ghostkit.generation.escaping import attribute, escape

    made = ImmutableSandboxedEnvironment(
        loader=jinja2.DictLoader(dict(includes)),
        undefined=jinja2.StrictUndefined,
        finalize=escape,
        autoescape=False,
        keep_trailing_newline=False,
        auto_reload=False,
    )
    made.filters["attribute"] = attribute
    return made


@functools.lru_cache(maxsize=256)
def _compiled(includes: tuple[tuple[str, str], ...], text: str) -> jinja2.Template:
    return environment(includes).from_string(text)


def fill_in(template: PromptTemplate, block: Block, variables: Mapping[str, Any]) -> str:
    """The text of one block; raises `TemplateError` where the template asks something impossible of a value."""
    try:
        return _compiled(template.includes, block.text).render(variables).strip()
    except TemplateError:
        raise
    except Exception as error:  # whatever a person's template does to a value, their file is what is wrong
        what = getattr(error, "message", None) or str(error) or type(error).__name__
        raise _wrong(template.where, block.line, f"it can't be filled in: {what}", _BRACES) from error


# ── saying what is wrong ──────────────────────────────────────────────────────────────────────────────────────


def _wrong(where: str, line: int, what: str, fix: str) -> TemplateError:
    end = "" if what.endswith("?") else "."
    return TemplateError(f"{where}, line {line}: {what.rstrip('.')}{end}", fix=fix, path=where, line=line)


def _names(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))


def _line_of(text: str, names: Iterable[str]) -> int:
    """The first line that says one of the names."""
    pattern = re.compile(r"\b(?:" + "|".join(map(re.escape, sorted(names))) + r")\b")
    return next((n for n, line in enumerate(text.split("\n"), 1) if pattern.search(line)), 1)


def _offset(text: str, name: str) -> int:
    return text[: max(text.find(name), 0)].count("\n")


def _digest(text: str, includes: Mapping[str, str]) -> str:
    parts = [text, *(f"{name}\n{source}" for name, source in sorted(includes.items()))]
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()
