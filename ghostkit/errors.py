"""Every error ghostkit raises on purpose.

    GhostkitError                     exit 1
    ├── InputError                    exit 2   something you gave is not usable
    │   ├── UnknownName                        a model, section, template, style or format that isn't there
    │   ├── TemplateError                      a template and its variables don't fit
    │   ├── ContextTooLong                     prompt and answer don't fit the model's window
    │   ├── ModelChoiceNeeded                  real words in the book and no model chosen
    │   └── BriefError                         an empty, oversized or binary brief
    ├── BookError
    │   ├── BookNotFound
    │   ├── BookDamaged                        book.json or another file can't be read as it should
    │   ├── StorageError                       the disk or folder refuses (full, read-only, I/O error)
    │   ├── DependedOn                         other texts were made from what is to be deleted
    │   └── IllegalTransition                  a state change the table does not have
    ├── LedgerError
    │   ├── LedgerDamaged
    │   ├── LedgerTooNew
    │   ├── LeaseHeld                 exit 4   another runner has the book
    │   └── LeaseLost                          this runner was replaced
    ├── ProviderError                          .kind says how a call failed, .retryable whether to try again
    │   ├── AuthError                          kind "auth"
    │   ├── RateLimited                        kind "rate"
    │   ├── Overloaded                         kind "overloaded"
    │   ├── ProviderTimeout                    kind "timeout"
    │   ├── ServerError                        kind "server"
    │   ├── ContentRefused                     kind "content"
    │   ├── QuotaExceeded                      kind "quota"
    │   ├── BadRequest                         kind "bad_request"
    │   └── StreamTruncated                    the stream ended without its terminal event
    ├── IncompleteEnding              exit 3   an answer ended as length, truncated, refused or cancelled
    ├── BudgetExceeded                exit 3   the next call could cost more than what is left
    ├── ExportError
    └── NoEventLoop                            nothing to run in the background with

`message` says what happened to which thing; `fix` says what to do next; further facts are attributes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar


class GhostkitError(Exception):
    """Base of the tree; catch this to catch everything ghostkit raises on purpose."""

    code: ClassVar[str] = "error"
    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, fix: str = "", **facts: Any) -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix
        for name, value in facts.items():
            setattr(self, name, value)

    def __str__(self) -> str:
        return f"{self.message} {self.fix}".strip()

    def as_dict(self) -> dict[str, str]:
        """The shape the command line prints with `--json`."""
        return {"code": self.code, "message": self.message, "fix": self.fix}


class InputError(GhostkitError):
    code = "bad_input"
    exit_code = 2


class UnknownName(InputError):
    code = "unknown_name"


class TemplateError(InputError):
    code = "template"


class ContextTooLong(InputError):
    code = "context_too_long"


class BriefError(InputError):
    code = "brief"


class ModelChoiceNeeded(InputError):
    code = "model_choice_needed"


class BookError(GhostkitError):
    code = "book"


class BookNotFound(BookError):
    code = "book_not_found"


class BookDamaged(BookError):
    code = "book_damaged"


class StorageError(BookError):
    code = "storage"


class DependedOn(BookError):
    """`readers` are the numbers of the sections that were made from it."""

    code = "depended_on"


class IllegalTransition(BookError):
    code = "illegal_transition"


class LedgerError(GhostkitError):
    code = "ledger"


class LedgerDamaged(LedgerError):
    code = "ledger_damaged"


class LedgerTooNew(LedgerError):
    code = "ledger_too_new"


class LeaseHeld(LedgerError):
    """Another runner has the book; `holder` describes it."""

    code = "held"
    exit_code = 4


class LeaseLost(LedgerError):
    code = "lease_lost"


class ProviderError(GhostkitError):
    """A call to a model failed.

    `partial` is the text received before the failure, `retry_after_s` what the vendor asked for.
    """

    code = "provider"
    kind: ClassVar[str] = "server"
    retryable: ClassVar[bool] = False

    def __init__(
        self,
        message: str,
        *,
        fix: str = "",
        retry_after_s: float | None = None,
        partial: str = "",
        **facts: Any,
    ) -> None:
        super().__init__(message, fix=fix, **facts)
        self.retry_after_s = retry_after_s
        self.partial = partial


class AuthError(ProviderError):
    code = kind = "auth"


class RateLimited(ProviderError):
    code = kind = "rate"
    retryable = True


class Overloaded(ProviderError):
    code = kind = "overloaded"
    retryable = True


class ProviderTimeout(ProviderError):
    code = kind = "timeout"
    retryable = True


class ServerError(ProviderError):
    code = kind = "server"
    retryable = True


class ContentRefused(ProviderError):
    code = kind = "content"


class QuotaExceeded(ProviderError):
    code = kind = "quota"


class BadRequest(ProviderError):
    code = kind = "bad_request"


class StreamTruncated(ProviderError):
    """The stream closed without a terminal event: what came is not an answer."""

    code = "truncated"
    kind = "server"


class IncompleteEnding(GhostkitError):
    """`ending` names how the answer ended; the text is kept in the ledger."""

    code = "incomplete"
    exit_code = 3


class BudgetExceeded(GhostkitError):
    code = "budget"
    exit_code = 3


class ExportError(GhostkitError):
    code = "export"


class NoEventLoop(GhostkitError):
    code = "no_event_loop"


@contextmanager
def storage_errors(path: Path | str, doing: str) -> Iterator[None]:
    """Turn an `OSError` on `path` into one clear `StorageError`; the one mapping point for disk trouble."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise StorageError(
            f"Could not {doing} {path}: {reason}.",
            fix="Nothing already written was lost; make room or fix the folder's permissions, then go on.",
            path=str(path),
            errno=error.errno,
        ) from error
