"""Answers heard again: from the ledger of an earlier run, with no network."""

from ghostkit.providers.replay.address import Address, read_address, recorded_models
from ghostkit.providers.replay.answers import Answers
from ghostkit.providers.replay.provider import ReplayProvider
from ghostkit.providers.replay.recording import Recorded, Recording, Reply

__all__ = ["Address", "Answers", "Recorded", "Recording", "ReplayProvider", "Reply", "read_address", "recorded_models"]
