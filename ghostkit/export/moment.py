"""The time an export carries: the book's own, or SOURCE_DATE_EPOCH where a build must be repeatable."""

from __future__ import annotations

import os
from datetime import UTC, datetime

from ghostkit.errors import InputError

VARIABLE = "SOURCE_DATE_EPOCH"


def export_moment(modified: datetime) -> datetime:
    """`modified` in whole seconds of UTC, unless SOURCE_DATE_EPOCH says otherwise.

    Raises `InputError` when that is set to anything but whole seconds of the years 1970 to 9999.
    Source: https://reproducible-builds.org/specs/source-date-epoch/
    """
    given = os.environ.get(VARIABLE, "")
    if not given:
        moment = modified if modified.tzinfo else modified.replace(tzinfo=UTC)
        return moment.astimezone(UTC).replace(microsecond=0)
    try:
        if not (given.isascii() and given.isdigit()):
            raise ValueError(given)
        return datetime.fromtimestamp(int(given), UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise InputError(
            f"{VARIABLE} is {given[:40]!r}, which is not a number of seconds since 1970.",
            fix=f"Set it to whole seconds, such as 1767225600, or unset it (unset {VARIABLE}).",
        ) from error


def timestamp(moment: datetime) -> str:
    """`2026-01-01T00:00:00Z`, the form EPUB asks for."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
