from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from ghostkit.errors import InputError
from ghostkit.export.moment import export_moment, timestamp


def test_the_books_own_time_is_told_in_whole_seconds_of_utc() -> None:
    there = datetime(2026, 11, 20, 1, 2, 3, 999_999, tzinfo=timezone(timedelta(hours=3)))
    assert timestamp(export_moment(there)) == "2026-11-19T22:02:03Z"
    assert timestamp(export_moment(datetime(2026, 11, 20, 1, 2, 3))) == "2026-11-20T01:02:03Z"


@pytest.mark.parametrize(("given", "told"), [("0", "1970-01-01T00:00:00Z"), ("1767225600", "2026-01-01T00:00:00Z")])
def test_source_date_epoch_outweighs_it(monkeypatch: pytest.MonkeyPatch, given: str, told: str) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", given)
    assert timestamp(export_moment(datetime.now(UTC))) == told


def test_an_empty_source_date_epoch_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "")
    assert timestamp(export_moment(datetime(2026, 1, 1, tzinfo=UTC))) == "2026-01-01T00:00:00Z"


@pytest.mark.parametrize("given", ["x", "-1", "1.5", "1e9", " 1", "٣", "9" * 30, "253402300800"])
def test_anything_else_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", given)
    with pytest.raises(InputError, match="SOURCE_DATE_EPOCH"):
        export_moment(datetime.now(UTC))
