"""A request goes in, a text with a receipt comes out."""

from ghostkit.generation.budget import Budget
from ghostkit.generation.caching import FileUnder
from ghostkit.generation.languages import language_name, language_tag
from ghostkit.generation.options import GenerationOptions
from ghostkit.generation.pieces import TextPieces, complete_text
from ghostkit.generation.prompts import Prompt, PromptService, PromptTemplate
from ghostkit.generation.service import GenerationService
from ghostkit.generation.spec import StepResult, StepSpec
from ghostkit.generation.streams import LiveStream, StreamManager

__all__ = [
    "Budget",
    "FileUnder",
    "GenerationOptions",
    "GenerationService",
    "LiveStream",
    "Prompt",
    "PromptService",
    "PromptTemplate",
    "StepResult",
    "StepSpec",
    "StreamManager",
    "TextPieces",
    "complete_text",
    "language_name",
    "language_tag",
]
