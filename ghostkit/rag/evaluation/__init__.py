"""How good a search is, on collections that people have judged: BEIR folders in, scores out."""

from ghostkit.rag.evaluation.collection import Collection, read_collection
from ghostkit.rag.evaluation.measures import MEASURES, MeasuredRun, measure
from ghostkit.rag.evaluation.trial import RETRIEVERS, Trial

__all__ = ["MEASURES", "RETRIEVERS", "Collection", "MeasuredRun", "Trial", "measure", "read_collection"]
