"""The settings as rows, for a listing."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from ghostkit.settings.model import Settings, shown, variables_by_field


@dataclass(frozen=True, kw_only=True)
class SettingRow:
    """One setting: `name` and `also` are its variables, `field` its name in code, `value` masked text."""

    name: str
    value: str
    source: str
    unit: str
    description: str
    field: str
    also: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self) | {"also": list(self.also)}


def rows(settings: Settings) -> list[SettingRow]:
    """One row a setting, in the order of their declaration."""
    return [_row(settings, field, variables) for field, variables in variables_by_field().items()]


def _row(settings: Settings, field: str, variables: tuple[str, ...]) -> SettingRow:
    info = Settings.model_fields[field]
    extra = info.json_schema_extra
    unit = str(extra.get("unit", "")) if isinstance(extra, dict) else ""
    return SettingRow(
        name=variables[0],
        also=variables[1:],
        value=shown(getattr(settings, field)),
        source=settings.source_of(field),
        unit=unit,
        description=info.description or "",
        field=field,
    )
