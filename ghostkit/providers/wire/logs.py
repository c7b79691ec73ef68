"""What SDKs and HTTP libraries log at DEBUG holds headers and answers whole: their records are redacted first."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from ghostkit.events.redaction import redact_text

_LIBRARIES: Final = frozenset(
    {"anthropic", "cohere", "google_genai", "httpcore", "httpcore2", "httpx", "httpx2", "openai"}
)


class _Redacting(logging.Filter):
    """Runs only for records that some handler wants, so it costs nothing at the usual levels."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Lets every record through, without secrets."""
        record.msg, record.args = redact_text(record.getMessage()), ()
        return True


_redacting = _Redacting()


def redact_logs() -> None:
    """See to the loggers that these libraries have by now; a filter does not reach the loggers below its own."""
    for logger in _loggers():
        logger.addFilter(_redacting)  # once, however often it is added


@contextmanager
def unheard() -> Iterator[None]:
    """What these loggers are told in this thread is nobody's business."""
    here, loggers = threading.get_ident(), _loggers()

    def elsewhere(record: logging.LogRecord) -> bool:
        return record.thread != here

    for logger in loggers:
        logger.addFilter(elsewhere)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeFilter(elsewhere)


def _loggers() -> list[logging.Logger]:
    names = [name for name in list(logging.root.manager.loggerDict) if name.partition(".")[0] in _LIBRARIES]
    return [logging.getLogger(name) for name in names]
