"""The command line: `ghostkit`, or `python -m ghostkit`."""

from ghostkit.cli.entry import main, program

__all__ = ["main", "program"]
