"""One prompt to several models at once: the first answer, all of them, or the best."""

from ghostkit.generation.fanout.asking import MODES, Mode, checked_models, fan_out
from ghostkit.generation.fanout.judging import Judgement, Score
from ghostkit.generation.fanout.result import FanOut, ModelResult

__all__ = ["MODES", "FanOut", "Judgement", "Mode", "ModelResult", "Score", "checked_models", "fan_out"]
