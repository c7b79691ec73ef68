"""Named, versioned prompt templates with declared variables; no prompt is written anywhere else.

A template is a text file: `name`, `version` and `variables` lines, then `=== system` and any number of `=== part`
blocks. The parts make up one user message, stable ones first, and are stored by hash. `=== each NAME` makes a part
of every item of a list variable, or one of a text: what is sent as a part of its own is stored once, however many
prompts hold it, and can be told apart by its hash (`part_hash`).
docs/prompt-layout.md says what the shipped ones contain.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ghostkit.errors import TemplateError, UnknownName
from ghostkit.providers.contract import Message

if TYPE_CHECKING:
    import jinja2

SHIPPED = Path(__file__).with_name("templates")


@dataclass(frozen=True, kw_only=True)
class PromptTemplate:
    """One template as read from its file; `digest` is the SHA-256 (hex) of the file's text."""

    name: str
    version: int
    variables: frozenset[str]
    blocks: tuple[tuple[str, str], ...]
    digest: str

    @property
    def label(self) -> str:
        return f"{self.name}@{self.version}:{self.digest[:8]}"


@dataclass(frozen=True, kw_only=True)
class Prompt:
    """A rendered template, ready to send."""

    template: str
    messages: tuple[Message, ...]


class Escaped(str):
    """Text that needs no further escaping."""

    __slots__ = ()


def escape(value: Any) -> str:
    """Keep a value from opening or closing a tag: material stays material."""
    if isinstance(value, Escaped):
        return value
    return str(value).replace("&", "&amp;").replace("<", "&lt;")


def unescape(text: str) -> str:
    """Undo `escape`."""
    return text.replace("&lt;", "<").replace("&amp;", "&") if "&" in text else text


def part_text(value: str) -> str:
    """What `=== each` sends and stores of a text."""
    return escape(value).strip()


def part_hash(value: str) -> str:
    """SHA-256 (hex) by which the ledger knows the part that `=== each` makes of a text."""
    return hashlib.sha256(part_text(value).encode()).hexdigest()


def _attribute(value: Any) -> Escaped:
    """A value inside a tag's attribute: on one line, without quotation marks that would end it."""
    return Escaped(" ".join(escape(value).split()).replace('"', "&quot;"))


class PromptService:
    """Finds templates by name (in `folders` first, then the shipped ones) and renders them."""

    def __init__(self, folders: Sequence[Path] = ()) -> None:
        self._folders = (*folders, SHIPPED)
        self._templates: dict[str, PromptTemplate] = {}

    def names(self) -> list[str]:
        found = {path.stem for folder in self._folders if folder.is_dir() for path in folder.glob("[!_]*.md")}
        return sorted(found)

    def template(self, name: str) -> PromptTemplate:
        if name not in self._templates:
            self._templates[name] = self._load(name)
        return self._templates[name]

    def render(self, template_name: str, **variables: Any) -> Prompt:
        """Fill a template in; a missing or unknown variable is a `TemplateError`, never a silent blank."""
        template = self.template(template_name)
        _check_variables(template, variables)
        texts = [rendered for block in template.blocks for rendered in self._rendered(block, variables)]
        system = tuple(text for role, text in texts if role == "system")
        user = tuple(text for role, text in texts if role == "part" and text)
        messages = (Message(role="system", parts=system), Message(role="user", parts=user))
        return Prompt(template=template.label, messages=tuple(m for m in messages if m.parts))

    def _rendered(self, block: tuple[str, str], variables: Mapping[str, Any]) -> list[tuple[str, str]]:
        role, text = block
        if role == "each":
            given = variables[text]
            return [("part", part_text(item)) for item in ([given] if isinstance(given, str) else given)]
        return [(role, _compiled(self._folders, text).render(variables).strip())]

    def _load(self, name: str) -> PromptTemplate:
        for folder in self._folders:
            path = folder / f"{name}.md"
            if path.is_file():
                return _checked_template(path.read_text(encoding="utf-8"), path.name, self._folders)
        raise UnknownName(f"There is no prompt template {name!r}.", fix=f"There is: {', '.join(self.names())}.")


# Shared by all services, since compiling a template takes longer than filling it in; bounded, since services go.


@functools.lru_cache(maxsize=16)
def _environment(folders: tuple[Path, ...]) -> jinja2.Environment:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folders),
        undefined=jinja2.StrictUndefined,
        finalize=escape,
        autoescape=False,
        keep_trailing_newline=False,
    )
    environment.filters["attribute"] = _attribute
    return environment


@functools.lru_cache(maxsize=256)
def _checked_template(text: str, where: str, folders: tuple[Path, ...]) -> PromptTemplate:
    template = parse_template(text, where)
    _check_uses(template, folders)
    return template


def _check_uses(template: PromptTemplate, folders: tuple[Path, ...]) -> None:
    from jinja2 import TemplateSyntaxError, meta

    used: set[str] = set()
    for role, text in template.blocks:
        if role == "each":
            used.add(text)
            continue
        try:
            used |= meta.find_undeclared_variables(_environment(folders).parse(text))
        except TemplateSyntaxError as error:
            raise TemplateError(
                f"The template {template.name!r} can't be read: {error.message}.",
                fix="Correct its {{ … }} and {% … %}.",
            ) from error
    if used - template.variables:
        raise TemplateError(
            f"The template {template.name!r} uses {', '.join(sorted(used - template.variables))} without declaring it.",
            fix="Add it to the template's variables line.",
        )


@functools.lru_cache(maxsize=256)
def _compiled(folders: tuple[Path, ...], text: str) -> jinja2.Template:
    return _environment(folders).from_string(text)


def _check_variables(template: PromptTemplate, variables: Mapping[str, Any]) -> None:
    missing = sorted(template.variables - set(variables))
    unknown = sorted(set(variables) - template.variables)
    if missing:
        raise TemplateError(
            f"The template {template.name!r} needs {', '.join(missing)}, which was not given.",
            fix=f"It declares: {', '.join(sorted(template.variables))}.",
        )
    if unknown:
        raise TemplateError(
            f"The template {template.name!r} has no variable {', '.join(unknown)}.",
            fix=f"It declares: {', '.join(sorted(template.variables))}.",
        )


def parse_template(text: str, where: str) -> PromptTemplate:
    """Read a template file's text; `where` names it in errors."""
    head, _, body = text.partition("\n===")
    fields = dict(line.split(":", 1) for line in head.splitlines() if ":" in line)
    try:
        name, version = fields["name"].strip(), int(fields["version"])
        variables = frozenset(fields["variables"].split())
    except (KeyError, ValueError) as error:
        raise TemplateError(
            f"{where} is not a prompt template ({error}).", fix="It starts with name:, version: and variables: lines."
        ) from None
    blocks = []
    for block in ("\n===" + body).split("\n===")[1:]:
        head, _, content = block.partition("\n")
        role, _, variable = head.strip().partition(" ")
        if role not in ("system", "part", "each") or bool(variable) != (role == "each"):
            raise TemplateError(
                f"{where} has a block {head.strip()!r}.", fix="Blocks are '=== system', '=== part' or '=== each NAME'."
            )
        blocks.append((role, variable.strip() or content))
    digest = hashlib.sha256(text.encode()).hexdigest()
    return PromptTemplate(name=name, version=version, variables=variables, blocks=tuple(blocks), digest=digest)
