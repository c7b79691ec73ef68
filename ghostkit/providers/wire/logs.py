"""What SDKs and HTTP libraries log at DEBUG holds headers and answers whole: their records are redacted first."""

from __future__ import annotations

import logging
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
    for name in list(logging.root.manager.loggerDict):
        if name.partition(".")[0] in _LIBRARIES:
            logging.getLogger(name).addFilter(_redacting)  # once, however often it is added
