"""Every error ghostkit raises on purpose.

    GhostkitError                     exit 1
    ├── InputError                    exit 2   something you gave is not usable
    │   ├── UnknownName                        a model, section, template, style or format that isn't there
    │   ├── TemplateError                      a template and its variables don't fit
    │   ├── ContextTooLong                     prompt and answer don't fit the model's window
    │   ├── ModelChoiceNeeded                  real words in the book and no model chosen
    │   ├── ConfigError                        a setting of retrieval that can't be (a ValueError too)
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
    │   │   └── CircuitOpen                    too many failures in a row: nothing is sent for a while
    │   ├── ProviderTimeout                    kind "timeout"
    │   ├── ServerError                        kind "server"
    │   │   ├── Unreachable                    no connection: refused, no such host, TLS, or cut off before an answer
    │   │   └── BadAnswer                      what came is no answer of that vendor's: HTML, garbage, far too much
    │   ├── ContentRefused                     kind "content"
    │   ├── QuotaExceeded                      kind "quota"
    │   ├── BadRequest                         kind "bad_request"
    │   │   └── ModelNotFound                  the vendor has no such model, or not for this key
    │   ├── NotRecorded                        a replay that has no answer to this request
    │   └── StreamTruncated                    the stream ended without its terminal event
    ├── IncompleteEnding              exit 3   an answer ended as length, truncated, refused or cancelled
    ├── BudgetExceeded                exit 3   the next call could cost more than what is left
    ├── EmbedderError                          an embedder that isn't there, or can't be loaded
    ├── ExportError
    ├── KeyringError                           the system's keyring can't keep or remove a key
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


class ConfigError(InputError, ValueError):
    code = "config"


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

    `partial` is the text received before the failure, `retry_after_s` what the vendor asked for. `rejected` says that
    the vendor turned the request away, or never had it: nothing is billed. `limits` is what its headers said.
    """

    code = "provider"
    kind: ClassVar[str] = "server"
    retryable: bool = False

    def __init__(
        self,
        message: str,
        *,
        fix: str = "",
        retry_after_s: float | None = None,
        partial: str = "",
        retryable: bool | None = None,
        rejected: bool = False,
        status: int | None = None,
        request_id: str = "",
        limits: Any = None,
        **facts: Any,
    ) -> None:
        super().__init__(message, fix=fix, **facts)
        self.retry_after_s = retry_after_s
        self.partial = partial
        if retryable is not None:
            self.retryable = retryable
        self.rejected = rejected
        self.status = status
        self.request_id = request_id
        self.limits = limits


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


class CircuitOpen(Overloaded):
    """Not sent: the calls before it failed, and it is not yet time to try again (`retry_after_s`)."""

    code = "circuit_open"
    retryable = False


class Unreachable(ServerError):
    code = "unreachable"


class BadAnswer(ServerError):
    """What came is not an answer in the vendor's format."""

    code = "bad_answer"
    retryable = False


class ContentRefused(ProviderError):
    code = kind = "content"


class QuotaExceeded(ProviderError):
    code = kind = "quota"


class BadRequest(ProviderError):
    code = kind = "bad_request"


class ModelNotFound(BadRequest):
    code = "model_not_found"


class NotRecorded(ProviderError):
    """A strict replay was asked something that its recording has no answer to."""

    code = "not_recorded"
    kind = "bad_request"


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


class EmbedderError(GhostkitError):
    code = "embedder"


class ExportError(GhostkitError):
    code = "export"


class KeyringError(GhostkitError):
    code = "keyring"


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
