"""Named, versioned prompt templates with declared variables; no prompt is written anywhere else.

`generation/template.py` says what a template is. What is sent as a part of its own (`=== each NAME`) is stored once,
however many prompts hold it, and can be told apart by its hash (`part_hash`).
docs/prompt-layout.md says what the shipped ones contain.
"""

from __future__ import annotations

import difflib
import functools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ghostkit.book.files import read_text_or_none
from ghostkit.errors import TemplateError, UnknownName
from ghostkit.generation.escaping import Escaped, escape, part_hash, part_text, unescape
from ghostkit.generation.template import Block, PromptTemplate, check_include, fill_in, measured_by, read_template
from ghostkit.providers.contract import Message

__all__ = [
    "SHIPPED",
    "Escaped",
    "Prompt",
    "PromptService",
    "PromptTemplate",
    "escape",
    "part_hash",
    "part_text",
    "unescape",
]

SHIPPED: Final = Path(__file__).with_name("templates")
# The blocks that differ from section to section; docs/prompt-layout.md has their order.
_OF_THIS_TEXT: Final = re.compile(r"^<(?:retrieved|chapter|chapter_plan|material|profile|current_text|task)[ >]", re.M)
# For a trial: what can be reckoned with, and what is a list.
_NUMBERS: Final = ("chapters", "sections", "words", "number", "limit")
_LISTS: Final = ("story", "manuscript", "material")


@dataclass(frozen=True, kw_only=True)
class Prompt:
    """A rendered template, ready to send."""

    template: str
    messages: tuple[Message, ...]


class PromptService:
    """Finds templates by name (in `folders` first, then the shipped ones) and renders them.

    A template is read once and stays what it was: a file that changes meanwhile is seen by the next service.
    `drafts` are texts, by file name, that are tried as if they lay in the first of `folders`.
    """

    def __init__(self, folders: Sequence[Path] = (), drafts: Mapping[str, str] | None = None) -> None:
        self._folders = tuple(folders)
        self._drafts = dict(drafts or {})
        self._templates: dict[str, PromptTemplate] = {}
        self._sources: dict[str, tuple[str, str, bool] | None] = {}

    def names(self) -> list[str]:
        """Every template there is."""
        found = {path.stem for folder in self._all_folders() for path in folder.glob("[!_.]*.md")}
        return sorted(found)

    def includes(self) -> list[str]:
        """The files that shipped templates share, such as `_book`."""
        return sorted(path.stem for path in SHIPPED.glob("_*.md"))

    def template(self, name: str) -> PromptTemplate:
        if name not in self._templates:
            self._templates[name] = self._load(name)
        return self._templates[name]

    def check(self, names: Sequence[str] | None = None) -> None:
        """Read every template (or those named) that differs from the shipped one, and try it.

        So a mistake is told before anything is sent, and not half-way through a book.

        Raises:
            TemplateError: one sentence with file and line.
        """
        if not self._drafts and not any(folder.is_dir() and any(folder.glob("*.md")) for folder in self._folders):
            return
        for name in self.includes() if names is None else ():
            self.check_include(name)
        for name in PromptService().names() if names is None else names:
            template = self.template(name)
            if self._edited(template):
                self.render(name, **{variable: _trial(variable) for variable in template.accepts})

    def check_include(self, name: str) -> None:
        """Raises `TemplateError` if an included file that is not the shipped one can't be read."""
        source = self._source(f"{name}.md")
        if source is not None and source[2]:
            check_include(source[0], source[1])

    def render(self, template_name: str, **variables: Any) -> Prompt:
        """Fill a template in; a missing or unknown variable is a `TemplateError`, never a silent blank."""
        template = self.template(template_name)
        _check_variables(template, variables)
        texts = [rendered for block in template.blocks for rendered in _rendered(template, block, variables)]
        system = tuple(text for role, text in texts if role == "system")
        user = tuple(text for role, text in texts if role == "part" and text)
        messages = (
            Message(role="system", parts=system, stable=len(system)),
            Message(role="user", parts=user, stable=stable_parts(user)),
        )
        return Prompt(template=template.label, messages=tuple(m for m in messages if m.parts))

    def _load(self, name: str) -> PromptTemplate:
        source = self._source(f"{name}.md")
        if source is None or name.startswith("_"):
            names = self.names()
            near = difflib.get_close_matches(name, names, n=1)
            raise UnknownName(
                f"There is no prompt template {name!r}" + (f"; did you mean {near[0]!r}?" if near else "."),
                fix=f"There is: {', '.join(names)}.",
            )
        template = read_template(name, source[0], source[1], self._include)
        edited = self._edited(template)
        if not edited or not (SHIPPED / f"{name}.md").is_file():
            return template
        return measured_by(template, _shipped(name), edited)

    def _edited(self, template: PromptTemplate) -> list[str]:
        """Where those files of a template lie that are not the shipped ones."""
        sources = [self._source(f"{template.name}.md"), *(self._source(name) for name, _ in template.includes)]
        return [source[1] for source in sources if source is not None and source[2]]

    def _include(self, name: str) -> tuple[str, str]:
        source = self._source(name)
        if source is None:
            raise KeyError(name)
        return source[:2]

    def _source(self, file: str) -> tuple[str, str, bool] | None:
        """(text, where, whether it is not the shipped one) of a file, as it was when first asked for."""
        if file not in self._sources:
            self._sources[file] = self._find(file)
        return self._sources[file]

    def _find(self, file: str) -> tuple[str, str, bool] | None:
        if file in self._drafts:
            return self._drafts[file], str(self._folders[0] / file) if self._folders else file, True
        for folder in self._all_folders():
            text = read_text_or_none(folder / file) if _is_plain(file) else None
            if text is not None:
                own = folder != SHIPPED
                return text, str(folder / file) if own else file, own
        return None

    def _all_folders(self) -> tuple[Path, ...]:
        return (*self._folders, SHIPPED)


def stable_parts(parts: Sequence[str]) -> int:
    """How many of a prompt's first parts come before what is asked of this one text alone."""
    for place, part in enumerate(parts):
        if _OF_THIS_TEXT.search(part):
            return place
    return 0


@functools.cache
def _shipped(name: str) -> PromptTemplate:
    return PromptService().template(name)


def _is_plain(file: str) -> bool:
    return bool(file) and "\0" not in file and len(file) < 200 and Path(file).name == file


def _trial(variable: str) -> Any:
    if variable in _NUMBERS:
        return 1
    return ["text"] if variable in _LISTS else "text"


def _rendered(template: PromptTemplate, block: Block, variables: Mapping[str, Any]) -> list[tuple[str, str]]:
    if block.role == "each":
        given = variables[block.text]
        items = given if isinstance(given, list | tuple) else [given]
        return [("part", part_text(item)) for item in items]
    return [(block.role, fill_in(template, block, variables))]


def _check_variables(template: PromptTemplate, variables: Mapping[str, Any]) -> None:
    missing = sorted(template.variables - set(variables))
    unknown = sorted(set(variables) - template.accepts)
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
