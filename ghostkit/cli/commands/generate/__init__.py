"""`ghostkit generate`: one prompt beside any book, to one model or to several."""

from ghostkit.cli.commands.generate.command import generate

__all__ = ["generate"]
