"""English ways to bring in what has to be said. {x} is the sentence, {bare} the same without its full stop."""

from __future__ import annotations

from typing import Final

FRAMES: Final[dict[str, tuple[str, ...]]] = {
    # A fact, said by somebody in the scene.
    "spoken": (
        "“{bare},” {Q} said, and set the {thing} straight.",
        "“{bare},” {Q} said. “That was so before {matter}, and before {who}.”",
        "{Q} said it without looking up from the {thing}: “{x}”",
        "“{bare},” {P} said, as one reads from a {worn} notice.",
        "“Remember one thing,” {Q} said by {fixture}, {busy}. “{x}”",
        "{P} had it by heart, like the price of {food}: “{x}”",
        "“{bare},” said {who}, who had been listening from {fixture}.",
        "“Ask anybody,” {Q} said, and pointed at {fixture} with the {thing}. “{x}”",
        "{Q} tapped it out on the {worn} {box}, word for word. “{x}”",
        "“{bare},” {Q} said, the way other people say grace, over {food}.",
        "{P} repeated it to {who}, for the sake of order: “{x}”",
        "“{bare},” {P} said, “and {matter} will not alter it.”",
        "“It is written up by {fixture},” {Q} said, “in {color} paint: {x}”",
        "“{bare},” {Q} said, and let {span} go by before saying anything else.",
        "“One more time,” {P} said, one hand on the {worn} {thing}. “{x}”",
        "“{bare},” {Q} said over the {drink}, and waited to be contradicted.",
    ),
    # A fact, standing somewhere or known to everybody.
    "known": (
        "It was painted over {fixture} in {color} letters: {x}",
        "Everybody knew it, down to {who}: {x}",
        "On the underside of the {worn} {thing} somebody had written it out in full: {x}",
        "One thing was certain, and it was of no use at all against {matter}: {x}",
        "The {made} plate on {fixture} said so. {x}",
        "As {who} liked to put it, {busy}: {x}",
        "There was no arguing with it, any more than with a {weather}: {x}",
        "{P} went over what was known, beginning furthest from {matter}: {x}",
        "Under the {thing} lay a card with {n} lines on it, and the first was plain. {x}",
        "It had been so for {n} years, and {who} would say it to anybody. {x}",
        "{P} turned it over by {fixture} as one turns a {color} coin: {x}",
        "Of everything said by {fixture} that day, one thing stayed: {x}",
        "It stood in the {worn} notebook, between {n} and {n2}: {x}",
        "{P} had read it on {fixture} often enough to stop seeing it: {x}",
    ),
    # Something that happens.
    "event": (
        "{x} It was over in {span}.",
        "It happened between {sound} and {sound2}. {x}",
        "{x} Nobody by {fixture} looked round.",
        "{x} The only witness was {who}, {busy}.",
        "Set down without the {weather} and the {smell}, it was this. {x}",
        "Afterwards nobody could say what the {worn} {thing} had had to do with it. {x}",
        "{x} The {thing} stood there through all of it.",
        "It began at {fixture} and took {span}. {x}",
        "{x} Then there was {sound}, and nothing else to say about it.",
        "What came next had little to do with {matter} or {fixture}. {x}",
        "{x} It smelled of {smell}, as such things do.",
        "By {fixture}, {hour}, it came to the point. {x}",
        "{x} The light, all this while, was {light}.",
        "This much could have been sworn to before {who}, {busy} or not. {x}",
        "{x} All of it fitted in the time it took to pour the {drink}.",
        "{x} That was the {n} minutes everybody later argued about.",
    ),
    "naming": (
        "There was talk of {names} as well, over the {food}.",
        "{Who} had a word to say about {names}, and said it by {fixture}.",
        "On the {box} somebody had scratched {names}, and left off the year.",
    ),
}
