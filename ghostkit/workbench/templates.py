"""`book.templates`: the prompt templates of one book: those that ship, and its own versions in `templates/`."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ghostkit.book import read_text, write_atomic
from ghostkit.book.files import normalise_newlines
from ghostkit.errors import GhostkitError, TemplateError, UnknownName, storage_errors
from ghostkit.generation import PromptService
from ghostkit.generation.prompts import SHIPPED
from ghostkit.generation.template import noted, with_version
from ghostkit.workbench.styles import record_edit

if TYPE_CHECKING:
    from ghostkit.workbench.book import Book

_VERSION = re.compile(r"(?m)^version:[ \t]*(\d+)")


@dataclass(frozen=True, kw_only=True)
class ListedTemplate:
    """One row of the list of templates. `origin` is "shipped", "changed" (this book's version) or "unused".

    `label` is what receipts say; empty for a file that others include. `history` are the earlier versions kept.
    """

    name: str
    version: int
    origin: str
    label: str = ""
    variables: tuple[str, ...] = ()
    drops: tuple[str, ...] = ()
    history: tuple[int, ...] = ()
    problem: str = ""


class Templates:
    """The prompt templates a book is written with. An edit counts from the next run on."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._folder = book.folder.templates

    def names(self) -> tuple[str, ...]:
        """The templates, then the files that several of them include (`_book`, `_system`)."""
        shipped = PromptService()
        return (*shipped.names(), *shipped.includes())

    def list(self) -> tuple[ListedTemplate, ...]:
        prompts = self._prompts()
        known = self.names()
        unused = sorted(path.stem for path in self._own_files() if path.stem not in known)
        return (
            *(self._listed(name, prompts) for name in known),
            *(self._unused(name, known) for name in unused),
        )

    def get(self, name: str) -> ListedTemplate:
        self._check_known(name)
        return self._listed(name, self._prompts())

    def text(self, name: str) -> str:
        """The text of a template as it counts now; of an earlier version with `name@version`."""
        name, _, version = name.partition("@")
        self._check_known(name)
        if not version:
            return read_text(self._own(name) if self._own(name).is_file() else SHIPPED / f"{name}.md")
        kept = dict(self._kept(name))
        if version.isdecimal() and int(version) in kept:
            return read_text(kept[int(version)])
        if version == str(self._version(name)):
            return self.text(name)
        there = ", ".join(f"{name}@{number}" for number in [*kept, self._version(name)])
        raise UnknownName(f"There is no version {version!r} of the template {name!r}.", fix=f"There is: {there}.")

    def shipped(self, name: str) -> str:
        """The text that ships."""
        self._check_known(name)
        return read_text(SHIPPED / f"{name}.md")

    def diff(self, name: str) -> str:
        """What this book's version (or an earlier one, `name@version`) has otherwise than the shipped one."""
        bare = name.partition("@")[0]
        lines = difflib.unified_diff(
            self.shipped(bare).splitlines(), self.text(name).splitlines(), f"{bare} (shipped)", name, lineterm=""
        )
        return "\n".join(lines)

    def edit(self, name: str, text: str, *, allow_drop: bool = False) -> ListedTemplate:
        """Make `text` this book's version of a template, under the next version number; the one before is kept.

        `allow_drop` lets it leave out variables that the shipped one uses; its header then says which.

        Raises:
            TemplateError: it can't be read, uses what nothing gives or drops what is needed; with file and line.
        """
        self._check_known(name)
        before = self.text(name)
        included = name.startswith("_")
        text = normalise_newlines(text).strip("\n") + "\n"
        if self._bare(text, included) == self._bare(before, included):
            return self.get(name)
        version = max([self._version(name), *self._versions_kept(name)]) + 1
        checked = self._checked(name, text, version, allow_drop)
        self._keep(name, before)
        write_atomic(self._own(name), checked.encode(), "book")
        self._record(name, checked)
        return self.get(name)

    def reset(self, name: str) -> bool:
        """Go back to the shipped template, keeping this book's version in the history; False if it had none."""
        self._check_known(name)
        path = self._own(name)
        if not path.is_file():
            return False
        self._keep(name, read_text(path))
        with storage_errors(path, "remove"):
            path.unlink()
        self._record(name, "")
        return True

    def history(self, name: str) -> tuple[tuple[int, Path], ...]:
        """The earlier versions kept, oldest first: number and file."""
        self._check_known(name)
        return tuple(self._kept(name))

    # ── inside ────────────────────────────────────────────────────────────────────────────────────────────

    def _prompts(self, **drafts: str) -> PromptService:
        return PromptService([self._folder], {f"{name}.md": text for name, text in drafts.items()})

    def _checked(self, name: str, text: str, version: int, allow_drop: bool) -> str:
        """The text to be stored, once it fits."""
        included = name.startswith("_")
        drops = _drops(text, included)
        while True:
            draft = with_version(text, version, drops, included=included)
            try:
                self._prompts(**{name: draft}).check(None if included else [name])
            except TemplateError as error:
                dropped = set(getattr(error, "dropped", ()))
                if not allow_drop or not dropped - drops:
                    raise
                drops |= dropped
            else:
                return draft

    def _bare(self, text: str, included: bool) -> str:
        """The text without what editing writes into it."""
        return with_version(text, 1, _drops(text, included), included=included)

    def _listed(self, name: str, prompts: PromptService) -> ListedTemplate:
        origin = "changed" if self._own(name).is_file() else "shipped"
        history = self._versions_kept(name)
        row = ListedTemplate(name=name, version=0, origin=origin, history=history)
        try:
            text = self.text(name)
            if name.startswith("_"):
                prompts.check_include(name)
                drops = tuple(sorted(_drops(text, True)))
                return ListedTemplate(
                    name=name, version=self._version(name), origin=origin, drops=drops, history=history
                )
            template = prompts.template(name)
        except GhostkitError as error:
            return ListedTemplate(**{**vars(row), "problem": error.message})
        return ListedTemplate(
            name=name,
            version=template.version,
            origin=origin,
            label=template.label,
            variables=tuple(sorted(template.variables)),
            drops=tuple(sorted(template.drops)),
            history=history,
        )

    def _unused(self, name: str, known: tuple[str, ...]) -> ListedTemplate:
        near = difflib.get_close_matches(name, known, n=1)
        problem = f"No prompt is made from {name}.md" + (f"; did you mean {near[0]}.md?" if near else ".")
        return ListedTemplate(name=name, version=0, origin="unused", problem=problem)

    def _check_known(self, name: str) -> None:
        names = self.names()
        if name not in names:
            near = difflib.get_close_matches(name, names, n=1)
            raise UnknownName(
                f"There is no prompt template {name!r}" + (f"; did you mean {near[0]!r}?" if near else "."),
                fix=f"There is: {', '.join(names)}.",
            )

    def _own(self, name: str) -> Path:
        return self._folder / f"{name}.md"

    def _own_files(self) -> tuple[Path, ...]:
        return tuple(self._folder.glob("[!.]*.md")) if self._folder.is_dir() else ()

    def _version(self, name: str) -> int:
        """The version that the text in force says it is."""
        text = self.text(name)
        if name.startswith("_"):
            return int(noted(text)["version"])
        found = _VERSION.search(text)
        return int(found[1]) if found and len(found[1]) < 7 else 1

    def _versions_kept(self, name: str) -> tuple[int, ...]:
        return tuple(number for number, _ in self._kept(name))

    def _kept(self, name: str) -> Iterator[tuple[int, Path]]:
        """Earlier versions by number; of two with one number (a hand edit) the later one comes last."""
        found = []
        for path in (self._folder / "history").glob(f"{name}@*.md"):
            number = re.fullmatch(re.escape(name) + r"@(\d{1,6})(?:-\d+)?", path.stem)
            if number:
                found.append((int(number[1]), len(path.stem), path))
        for version, _, path in sorted(found):
            yield version, path

    def _keep(self, name: str, text: str) -> None:
        """Put a text that is about to be replaced into the history, unless it is there."""
        version = self._version(name)
        if any(read_text(path) == text for number, path in self._kept(name) if number == version):
            return
        again = sum(number == version for number in self._versions_kept(name))
        file = f"{name}@{version}" + (f"-{again + 1}" if again else "")
        write_atomic(self._folder / "history" / f"{file}.md", text.encode(), "book")

    def _record(self, name: str, text: str) -> None:
        record_edit(self._book, "template", f"templates/{name}.md", text)

    def __iter__(self) -> Iterator[ListedTemplate]:
        return iter(self.list())

    def __repr__(self) -> str:
        changed = [row.name for row in self.list() if row.origin == "changed"]
        return f"<Templates: {len(self.names())}, this book's own: {', '.join(changed) or 'none'}>"

    def _repr_html_(self) -> str:
        from ghostkit.workbench.pages import table_html

        rows = [(row.name, str(row.version or ""), row.origin, row.problem or row.label) for row in self.list()]
        return table_html(("template", "version", "from", ""), rows)


def _drops(text: str, included: bool) -> set[str]:
    if included:
        return set(noted(text)["drops"])
    head = text.partition("\n===")[0]
    line = next((line for line in head.splitlines() if line.startswith("drops:")), "")
    return set(line.removeprefix("drops:").split())
