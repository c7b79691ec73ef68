"""English phrases of outlines and characters."""

from __future__ import annotations

from typing import Final

# What a scene is about, in the present tense of outlines; {A} leads, {B} is with them, {o} is a thing.
SCENES: Final = (
    "{A} asks {B} about {o} and gets half an answer.",
    "{A} counts what is left, {B} counts it again, and the numbers do not agree.",
    "{B} offers {A} a bargain over {o}, and {A} takes the part that costs least.",
    "{A} finds {o} where {B} had said there was nothing.",
    "{B} tells {A} to turn back, and {A} asks what turning back would cost.",
    "{A} catches {B} in a small lie and keeps it for later.",
    "{A} waits for {B}, who comes late and from the wrong side.",
    "{B} wants to see {o}, and {A} shows it without letting go of it.",
    "{A} shares a meal with {B} and disagrees about who owes whom.",
    "{A} mends {o} while {B} explains why it broke.",
    "{B} asks {A} for a promise, and {A} gives a smaller one.",
    "{A} hides {o} from {B} and is seen doing it.",
    "{A} is questioned beside {B}, and only one of them answers.",
    "{A} follows {B} at a distance and learns where {B} goes.",
    "{B} hands {A} a debt in writing, and {A} reads it twice.",
    "{A} gives {o} away to be let through, and {B} notices the price.",
    "{A} waits out the weather with {B}, and {o} lies between them.",
    "{B} mistakes {A} for somebody else and does not take it back.",
    "{A} has to choose between {o} and the road, and {B} watches the choice.",
    "{A} tells {B} the truth about one thing only.",
    "{B} names a price, and {A} pays in something other than money.",
    "{A} carries {o} a long way with {B} and never says a word.",
    "{A} is refused at a door that {B} then opens.",
    "{B} leaves before it is light, and {A} finds {o} in the empty place.",
    "{A} checks the account again and finds {B} in it.",
    "{A} asks for help for the first time, and {B} makes it easy.",
    "{B} breaks {o} on purpose, and {A} sweeps it up.",
    "{A} hears the same news as {B} and acts on the other half of it.",
    "{A} goes back for {o} and finds {B} already there.",
    "{B} draws a map for {A} and leaves one thing off it.",
    "{A} keeps watch while {B} sleeps badly.",
    "{A} returns {o} to {B}, who says it was never lost.",
)
ALONE: Final = (
    "{A} is alone with {o} and decides what to do about it.",
    "{A} goes over the ground again and finds what was missed.",
    "{A} waits for the count to come right and moves first.",
    "{A} looks for {o} and finds something else in its place.",
    "{A} writes the account of the day and leaves one line open.",
    "{A} carries {o} farther than was agreed.",
)
CHAPTERS: Final = (
    "{A} comes to {place}, where {B} already waits.",
    "At {place} {A} learns what {B} has been keeping back.",
    "{A} crosses the path of {B} at {place}, and neither goes on as planned.",
    "{place} puts a price on things, and {A} has to pay it before {B} does.",
    "{A} wants to be through {place} by evening; {B} sees to it that this takes longer.",
    "What was agreed with {B} stops holding at {place}, and {A} makes new terms.",
    "{A} leaves {place} with less than was brought there, and {B} knows why.",
    "At {place} {A} stops asking {B} and starts looking.",
    "{B} asks {A} to stay at {place}, for reasons that are almost good.",
    "{A} settles with {B} at {place}, and the account does not come out even.",
)
CHAPTERS_ALONE: Final = (
    "{A} comes to {place} and finds nobody to ask.",
    "At {place} {A} has to decide without advice.",
    "{A} leaves {place} by a way that was not planned.",
)
TITLES: Final = (
    "{Noun} at {place}", "{place}", "The Price of {Noun}", "What {A} Carried", "A Question of {Noun}",
    "{B} Keeps Count", "The Road to {place}", "{Noun} and {Noun2}", "Past {place}", "The Second {Noun}",
    "{A} Goes Back", "{Noun}, Twice Counted", "What {B} Said at {place}", "Before {place}", "The Last {Noun}",
    "A Door at {place}", "{B} and the {Noun}", "Nine Parts {Noun}",
)  # fmt: skip
SECTION_TITLES: Final = (
    "The {noun}", "{Noun} for {B}", "What {B} wanted", "A {noun} between two", "{A} looks again", "Half an answer",
    "The smaller promise", "By the {noun}", "{B} comes late", "Terms", "The long way round", "Counted twice",
    "A price is named", "Without the {noun}", "{A} and {B}", "The other side of {place}", "Nothing in writing",
    "A way through", "The {noun} again", "Who owes whom", "Under the {noun}", "{B} lets go", "A matter of the {noun}",
    "First light at {place}", "Late at {place}", "Something left behind", "The wrong side", "{A} moves first",
)  # fmt: skip
TOO: Final = (
    "for reasons nobody asks about", "with a bag already packed", "and says less than usual", "earlier than agreed",
    "on somebody else's business", "and stays in the doorway", "with news that is a day old", "and will not sit down",
    "to see it with open eyes", "against all advice", "and keeps the accounts", "with nothing to sell",
)  # fmt: skip
SPOKEN_OF: Final = (
    "as if the door might open", "more than once", "in the wrong tense", "by those who should know better",
    "quietly, over the washing-up", "with the date wrong",
)  # fmt: skip
ARCS: Final = (
    "begins by counting and ends by giving something uncounted",
    "holds to one rule too long and lets it go at the right moment",
    "wants to be left out of it and becomes the one it depends on",
    "learns what silence has cost and pays the rest of it",
    "starts out certain and ends up right for other reasons",
    "trades a good excuse for a plain answer",
    "is useful first and only then trusted",
)
TRAITS: Final = ("patient", "exact", "guarded", "dry", "stubborn", "watchful", "loyal", "proud", "quick", "courteous")
# In order of weight: a debt owed to somebody's father is a debt.
KIN: Final = {
    "owes": "debt", "debt": "debt",
    "brother": "sibling", "sister": "sibling", "father": "parent", "mother": "parent", "daughter": "child",
    "son": "child", "wife": "spouse", "husband": "spouse", "friend": "friend",
    "loves": "love", "love": "love", "enemy": "rival", "twin": "twin", "hunts": "rival", "teacher": "mentor",
}  # fmt: skip
PLAIN_NOUNS: Final = (
    "lamp", "ledger", "key", "rope", "letter", "coat", "knife", "map", "coin", "clock", "box", "photograph", "glass",
    "compass", "parcel", "notebook", "envelope", "list", "ring", "ticket", "lantern", "purse", "bundle", "satchel",
    "medal", "whistle", "receipt", "packet", "chart", "button",
)  # fmt: skip
