"""Named, versioned prompt templates with declared variables; no prompt is written anywhere else.

A template is a text file: `name`, `version` and `variables` lines, then `=== system` and any number of `=== part`
blocks. The parts make up one user message, stable ones first, and are stored by hash. docs/prompt-layout.md says
what the shipped ones contain.
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


def _escape(value: Any) -> str:
    """Keep a value from opening or closing a tag: material stays material."""
    if isinstance(value, _Escaped):
        return value
    return str(value).replace("&", "&amp;").replace("<", "&lt;")


class _Escaped(str):
    """Text that needs no further escaping."""


def _attribute(value: Any) -> _Escaped:
    """A value inside a tag's attribute: on one line, without quotation marks that would end it."""
    return _Escaped(" ".join(_escape(value).split()).replace('"', "&quot;"))


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
        texts = [(role, self._compiled(text).render(variables).strip()) for role, text in template.blocks]
        system = tuple(text for role, text in texts if role == "system")
        user = tuple(text for role, text in texts if role == "part")
        messages = (Message(role="system", parts=system), Message(role="user", parts=user))
        return Prompt(template=template.label, messages=tuple(m for m in messages if m.parts))

    def _load(self, name: str) -> PromptTemplate:
        for folder in self._folders:
            path = folder / f"{name}.md"
            if path.is_file():
                template = parse_template(path.read_text(encoding="utf-8"), path.name)
                self._check_uses(template)
                return template
        raise UnknownName(f"There is no prompt template {name!r}.", fix=f"There is: {', '.join(self.names())}.")

    def _check_uses(self, template: PromptTemplate) -> None:
        from jinja2 import meta

        used: set[str] = set()
        for _, text in template.blocks:
            used |= meta.find_undeclared_variables(self._environment.parse(text))
        if used - template.variables:
            raise TemplateError(
                f"The template {template.name!r} uses {', '.join(sorted(used - template.variables))} "
                "without declaring it.",
                fix="Add it to the template's variables line.",
            )

    @functools.cached_property
    def _environment(self) -> jinja2.Environment:
        import jinja2

        environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(self._folders),
            undefined=jinja2.StrictUndefined,
            finalize=_escape,
            autoescape=False,
            keep_trailing_newline=False,
        )
        environment.filters["attribute"] = _attribute
        return environment

    @functools.cache  # noqa: B019 - one service lives as long as its book
    def _compiled(self, text: str) -> jinja2.Template:
        return self._environment.from_string(text)


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
        role, _, content = block.partition("\n")
        if role.strip() not in ("system", "part"):
            raise TemplateError(f"{where} has a block {role.strip()!r}.", fix="Blocks are '=== system' or '=== part'.")
        blocks.append((role.strip(), content))
    digest = hashlib.sha256(text.encode()).hexdigest()
    return PromptTemplate(name=name, version=version, variables=variables, blocks=tuple(blocks), digest=digest)
