"""The command line: `ghostkit`, or `python -m ghostkit`."""

from ghostkit.cli.program import main, program

__all__ = ["main", "program"]
