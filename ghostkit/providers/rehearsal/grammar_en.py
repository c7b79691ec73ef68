"""English, for stories (a first, small form)."""

from __future__ import annotations

from typing import Final

WORDS: Final[dict[str, tuple[str, ...]]] = {
    "thing": ("cup", "coat", "lamp", "rope", "ledger", "knife", "ladder", "window", "box", "kettle", "basket", "key",
              "bucket", "bench", "stove", "latch", "blanket", "candle", "chain", "barrel", "drawer", "shelf"),
    "sound": ("a hinge", "a dog", "a cart", "somebody coughing", "a loose board", "water in a pipe", "a gull",
              "a bell", "footsteps", "a door"),
    "time": ("before seven", "at noon", "after dark", "an hour before light", "late in the day", "in the dead hour",
             "by the second bell", "on the stroke of four"),
    "n": ("three", "four", "five", "six", "seven", "nine", "eleven", "twelve", "fourteen", "thirty"),
}  # fmt: skip
DECKS: Final[dict[str, tuple[str, ...]]] = {
    "open": ("{P} came to {place} {time}, with the {thing} under one arm.",
             "At {place}, {time}, the {thing} was still where it had been left, and {sound} was all there was to hear."),
    "look": ("Beyond the {thing} there was {sound}, and then nothing.",
             "Somebody had set {n} of them beside the {thing}."),
    "do": ("{P} moved the {thing} aside and counted to {n}.", "{P} tried the {thing} and listened for {sound}.",
           "With the {thing} out of the way {he} could see {o}.", "{P} put {o} down beside the {thing}."),
    "talk": ("“There were {n} of them by the {thing},” said {Q}.\n“And you left the {thing2} there?” said {P}.",
             "“Leave the {thing} alone,” said {P}.\n“I have left {n} alone already,” said {Q}."),
    "end": ("{P} picked up the {thing}, shut the door on {sound}, and went.",
            "Then {P} took {o} in both hands and carried it past the {thing}."),
}  # fmt: skip
