"""Checkers from outside for what the exporters make."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

EpubCheck = Callable[[bytes], dict[str, Any]]


@pytest.fixture(scope="session")
def epubcheck(tmp_path_factory: pytest.TempPathFactory, require: Callable[[str, object, str], None]) -> EpubCheck:
    """Run the real EPUBCheck on an EPUB's bytes; gives its JSON report."""
    command, java = shutil.which("epubcheck"), shutil.which("java")
    require("java", command and java, "EPUBCheck is not installed (Debian: epubcheck and a Java runtime)")
    # Debian's command is the jar itself, run by the kernel's binfmt, which containers often lack.
    jar = Path(str(command)).resolve()
    quick = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"]
    program = [str(java), *quick, "-jar", str(jar)] if jar.suffix == ".jar" else [str(command)]
    folder = tmp_path_factory.mktemp("epubcheck")

    def check(data: bytes) -> dict[str, Any]:
        book, report = folder / "book.epub", folder / "report.json"
        book.write_bytes(data)
        report.unlink(missing_ok=True)
        ended = subprocess.run([*program, str(book), "--json", str(report)], capture_output=True, timeout=120)
        assert report.exists(), ended.stderr.decode()
        result: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
        return result

    return check


@pytest.fixture(autouse=True)
def _no_build_date(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
