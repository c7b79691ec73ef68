"""English sentences for books that explain something, in the second person.

{t} is the section's topic (never the subject of a verb that agrees with it), {t2} another one; {ex} is the running
example and {P} the person in it.
"""

from __future__ import annotations

from typing import Final

from ghostkit.providers.rehearsal.vocabulary_teach_en import WINDOWS as WINDOWS
from ghostkit.providers.rehearsal.vocabulary_teach_en import WORDS as WORDS

_OPEN: Final = (
    "You have met {t} before, whether or not anybody called it that: it was {sign}, {when}.",
    "Give {t} {amount} of your attention now and it will save you {amount2} later.",
    "This section is about {t}, and about what you do {when} so that {part} never surprises you.",
    "Before you read about {t}, find {tool}; you will want it within {n} paragraphs.",
    "Most people learn about {t} from {sign}, which is a teacher that charges {amount}.",
    "There are {n} things to know about {t}, and you can postpone all but two of them.",
    "Put {t} next to {like} and you have the idea; the next {n} lines are where the two differ.",
    "If you remember one line about {t}, make it this one: {habit}, and {habit2}.",
    "You can go {amount} without thinking about {t}, and then, {when}, you will think of nothing else.",
    "Nobody asks about {t} until there is {sign}, so you may as well ask first, {mood}.",
    "{T} will look smaller at the end of this section than it does now, and so will {part}.",
    "What you want from {t} is {gain}; what you usually get first is {sign}.",
    "Start with what {t} can do for you {when}, and leave the theory {spot}.",
    "You do not need a cluster for {t}; you need {tool} and {amount}.",
)
_CLAIM: Final = (
    "You pay for {t} once, in {amount}, or every week, in {sign}.",
    "With {t} the order matters: {part} first, then {part2}, and never the other way round.",
    "The promise behind {t} can be written on a card: {part} will be there after {amount}, or you will be told.",
    "Think of {t} as {like}: it is worth exactly as much as the last look you took at {part}.",
    "A claim about {t} should come with a number, and yours is {n} until you have measured {part}.",
    "In practice {t} can go wrong in {n} ways, and {sign} will be the polite one.",
    "If {part} and {part2} disagree, believe neither until you have {tool} in hand.",
    "You can test {t} in {amount}, with {tool}; you cannot test it by hoping.",
    "Where {t} may seem slow, time {part} {n} times and keep the worst.",
    "What protects you here is not {like} but the habit: {habit}.",
    "One machine can do this for {n} people and {part} without noticing, and {t} will not change that.",
    "The cost of {t} must be written as {amount} and {n} entries, not as an adjective.",
    "For {t} a good default can be better than {n} clever settings, and {gain} is the proof.",
    "You will be told that {t} needs a second machine; ask for {part} in writing, with {n} figures.",
    "With {t}, as with {like}, the part that fails will be the part nobody looks at {when}.",
    "Most of the trouble with {t} begins with {part}, and most of the rest with {part2}.",
    "{T} can wait {amount}; {part} cannot.",
    "Between {part} and {part2} there is a gap of {amount}, and everything interesting about {t} happens in it.",
    "A rule for {t}: if you cannot explain {part} to {people}, it is not finished.",
    "You will need {t} on the day you have {sign}, and not on any of the {n} days before it.",
    "Numbers first: {n} of {n2} troubles with {t} can be found by reading {part}.",
    "It costs {amount} to do {t} properly and {amount2} to do it again.",
    "You can ignore {t} for as long as {part} stays under {n} lines.",
    "With {t} there will always be {sign}; what you choose is whether you see it {when}.",
)
_MECHANISM: Final = (
    "First {part} is written, then {part2}, and only then does anybody hear about it; that is all of {t} in one line.",
    "Step by step: you hand over {part}, the machine answers with {part2}, and {t} can begin.",
    "Under the lid {t} will look like {like}, with {part} at one end and {part2} at the other.",
    "For {amount} nothing visible happens; that is {part} being put where {part2} can find it.",
    "If the power goes in the middle, {part} will be whole or it will be missing, and for {amount} {t}"
    " must cope with both.",
    "Every {n} entries the machine stops, looks at {part}, and decides whether {t} can go on.",
    "The trick is that {part} is never changed in place; a new one is written beside it, and {part2} points there.",
    "Whoever reads sees {part} as it was; whoever writes works on {part2}; {t} can keep the two apart for {amount}.",
    "You can watch it: open {tool}, do nothing for {amount}, and see {part} grow by {n}.",
    "When {part} reaches {n}, it is folded into {part2}, and {t} can start again from nothing.",
    "Nothing in {t} will be faster than {part}, so measure {part}, {n} times, before you buy anything.",
    "What looks like one action is {n}: {part}, {part2}, and the waiting in between.",
    "The machine keeps {part} in memory and {part2} on disk, and for {amount} they may differ.",
    "Should {part} arrive twice within {amount}, the second one must change nothing; that is what makes"
    " {t} safe to repeat.",
    "To find {part} the machine may read everything or look in {like}; with {t} you decide which.",
    "A lock works here like {like}: one holder, {n} waiting, and a clear rule for {part}.",
    "At the end {part} is checked against {part2}, and a difference of one is still a difference.",
    "All of {t} rests on {part} being written before {part2}; turn them round and you have {sign}.",
)
_EXAMPLE: Final = (
    "In {ex} this happens {when}: {P} opens {part}, sees {n}, and expected {n2}.",
    "{P} keeps {tool} {spot} for this, and in {ex} it has paid for itself {n} times.",
    "Take {ex} on an ordinary day: {n} entries by noon, {sign} at one, and {P} asking what {t} can do about it.",
    "{P} tried {t} on a copy of {ex} first, for {amount}, and wrote down {part} before and after.",
    "For {ex} the answer was dull and right: {habit}, {when}.",
    "Asked about {t}, {P} pointed at {part} and said that {n} people depended on it.",
    "In {ex} nothing moves without {part}, and {P} has the habit to match: {habit}.",
    "{P} once spent {amount} looking for {part} and found it {spot}.",
    "The first time {ex} showed {sign}, {P} did nothing at all for {amount}, which was correct.",
    "You can borrow the routine {P} uses: {habit}, then {habit2}, then go home.",
    "With {t} in place {ex} came back after {amount}; without it, {P} reckons, {amount2}.",
    "{P} wrote {n} on a card, put it {spot}, and has compared it with {part} ever since.",
    "When {P} explains {t} to a newcomer at {ex}, it takes {amount} and {tool}.",
    "On paper {ex} is too small for {t}; {P} has heard that {n} times and kept {part} anyway.",
    "{P} checks {part} of {ex} {when}, which takes {amount} and has never been wasted.",
    "Somebody offered {P} a bigger machine for {ex}; what it needed was {tool} and {amount}.",
    "It was {sign} that made {P} look again at {part}, {when}.",
    "For {n} weeks {P} kept a list of what went wrong in {ex}: {part} led it, {part2} came second.",
)
_STORY: Final = (
    "A story, with invented people: {hero} {job} at {people} that does not exist.",
    "Here is a failure; {hero} and {people} are both invented, the mistake is not.",
    "Picture {people}, invented for the purpose, and {hero}, equally invented, who {job}.",
)
_STORY_MIDDLE: Final = (
    "One evening {hero} {slip}, and for {amount} nothing happened.",
    "There had been {sign} for {n} days, and {hero} had got used to it.",
    "{hero} opened {part}, found {n} entries where there should have been {n2}, and closed it again.",
    "The copy was {spot}; {hero} had put it there {when} and never tried it.",
    "By the time somebody noticed {sign}, {part} had been wrong for {amount}.",
    "{hero} called the supplier, waited {amount}, and was told to restart.",
    "{N} records came back, the rest did not, and {part} could not say which were missing.",
    "They rebuilt {part} by hand, from paper kept {spot}, and it took {amount}.",
    "Everyone remembered {part} differently, {n} ways in all, and it had kept no record.",
    "It was {tool} that saved what was saved, found by chance {spot}.",
    "Somebody suggested {like}, and somebody else, {n} machines.",
    "{hero} said later that the warning had been there, {spot}, the whole time.",
)
_STORY_END: Final = (
    "It cost {amount} and {n} customers, and what {hero} does now is this: {habit}, {when}.",
    "{hero} keeps {tool} {spot} these days and has not needed it for {n} months.",
    "Nothing in the story is rare except that {hero} told it; {t} can do the same to you in {amount}.",
    "The repair took {amount}, the explanation {amount2}, and {hero} still prefers the repair.",
    "What would have helped was {t}, or failing that one rule, {when}: {habit}.",
)
_WARNING: Final = (
    "A warning, in a sentence: do not try this on the only copy, not even {when}, not even for {amount}.",
    "Be careful with {part}: it will look right for {amount} after it has gone wrong.",
    "Do not trust {sign} to announce itself; with {t} it may take {n} days.",
    "If you have {sign} already, stop here and make a copy before you touch {part}.",
    "Never do {t} {when} and {part} in the same hour.",
    "The fast way saves {amount} and costs you {part}.",
    "You can undo everything in this section except {part}, so leave that for last, {when}.",
    "When {part} and your memory differ by {n}, your memory is the one to doubt.",
)
_WHY: Final = (
    "Why bother: because {part} is the only witness you will have {when}.",
    "The reward for {t} can be named: {gain}, {when}.",
    "You could leave {t} alone, and for {n} weeks out of {n2} you would be right.",
    "A scientist, a shopkeeper and a school would each pay {amount} for {gain}.",
    "It is not about speed; it is about {gain}, {when}.",
    "If this sounds like a lot of work for {part}, count what {sign} cost you last time.",
    "What {t} will give you is {gain}, and after {amount} you will not want to do without it.",
    "All this buys you {gain} and, as a side effect, {gain2}.",
    "You do it for the {n} minutes a year in which nothing else helps: that is when {part} counts.",
    "Reasonable people do without {t} until {sign}; reasonable people then give it {amount}.",
)
_BRIDGE: Final = (
    "So much for {part}; now for {part2}, which is where {t} can hurt.",
    "Keep {part} in mind; you will meet it again within {n} lines.",
    "That is the idea of {part}; what follows you can try {when}.",
    "With that out of the way, look at {part} once more, {mood}.",
    "None of this needs more than {tool}, and most of it takes {amount}.",
    "You now know enough about {part} to break it on purpose, {mood}.",
    "The same goes for {part2}, only {amount} later.",
    "Which leaves {part}, and a question you can answer {mood}.",
)
_DRAWING: Final = (
    "A drawing, in words: a box on the left marked with {part}, a box on the right marked with {part2},"
    " and between them"
    " an arrow that takes {amount}.",
    "Draw {n} squares in a row and write {part} into the first; {t} can be seen as the pencil line that"
    " joins it to the"
    " last.",
    "Imagine the page cut across: above the line {part}, below it {part2}, and on the line a door that opens {when}.",
    "Picture {like} seen from above, with {n} slots, each holding one copy of {part}.",
    "The picture to keep is {like}: {part} goes in at the top, and {part2} comes out, {amount} later, at the bottom.",
    "Sketch two columns, {part} and {part2}, and draw a thick line after row {n}; everything about {t}"
    " can be told by that"
    " line.",
)
_DRAWN: Final = (
    "Shade the {n} squares that have been checked; the white ones are where {sign} comes from.",
    "A dotted arrow goes back from {part2} to {part}, and it is the one people forget.",
    "Write the time beside each arrow: {amount} going out, {amount2} coming back.",
    "In the corner put a small clock, because {part} and {part2} never keep the same time.",
    "Cross out {part}, and ask yourself what {t} can still promise after {amount}.",
    "Put a finger on {part}: everything to the left of it has happened, and the {n} squares to the right have not.",
)
_GOALS: Final = (
    "After this section, and {amount} of practice, you can do three things with {part}.",
    "Three learning goals about {part}, each of which you can check {when}:",
    "By the end you will have three things that {amount} and {tool} can give you:",
    "What you should be able to do {when}, with {tool} and without help:",
)
_GOAL: Final = (
    "say in {n} words what {t} can promise, and in {n2} what it can not",
    "find {part} in {amount} or less, starting from nothing",
    "tell {sign} from an ordinary slow day, {when}",
    "try {t} on a copy and put {part} back within {amount}",
    "explain {part} to somebody who {job}, with {tool}",
    "name {n} signs that {part} needs you",
    "decide, {when}, whether {t} can wait {amount}",
    "read {part} and {part2} side by side and say which is older",
    "give a number for {part}, with its unit, and say {when} you got it",
    "do the check of {part} {when} without looking it up",
    "draw {t} on one page, with {part} and {part2} in the right places",
    "undo {part}, twice, and end up with the same {n}",
)
_STEPS: Final = (
    "Hands on: this takes {amount} and needs {tool}.",
    "Now you: set aside {amount}, take {tool}, and work on a copy.",
    "Something to run {when}, with {tool}, in under ten minutes:",
    "Try it {mood}, {when}; nothing here can harm more than a copy.",
    "The hands-on part wants {tool}, {amount}, and a machine you may switch off.",
)
_STEP: Final = (
    "Make a copy of {part}, and write its size down {spot}.",
    "Look at {part} and note the number; call it {n} if you have none yet.",
    "Do {t} once, {mood}, with {tool} ready.",
    "Wait {amount}, and look at {part} again.",
    "Compare {part} with {part2}, line by line, and mark what differs.",
    "Switch it off in the middle of {part}, count to {n}, and switch it on.",
    "Repeat it {n} times, and keep the slowest time {spot}.",
    "Put {tool} {spot}, so that you find it next time.",
    "Ask somebody who {job} to do the same with {part} from your notes.",
    "Delete the copy, and see whether you can get {part} back in {amount}.",
    "Write one sentence about {part}, with the date, and leave it {spot}.",
    "Change {part} by one, and see whether {part2} notices.",
    "Read the last {n} lines of {part}, starting from the end.",
    "Say aloud what you expect of {part} {when}; then look.",
    "Set the clock on by {amount}, and try {part} again.",
    "Draw what happened, with {part} on the left and {part2} on the right.",
    "Undo it, {mood}, and check that the total is {n} again.",
    "Time {part} with {tool}, and write the figure {spot}.",
    "Fill the folder with {n} small files, and look at {part} again.",
    "Stop, go away for {amount}, and read what you wrote about {part}.",
    "Rename {part}, wait {amount}, and find out who complains.",
    "Take the cable out, wait {amount}, put it back, and read {part}.",
)
_CHECKS: Final = (
    "A checklist for {part}, to be gone through {when}:",
    "Before you call {t} done, {when}, tick these:",
    "The checklist for {part} fits {spot}:",
    "Go down this list {mood}, {when}:",
)
_CHECK: Final = (
    "{part} has a date on it, and the date is less than {n} days old",
    "somebody who {job} can find {part} without you",
    "{part} and {part2} give the same total",
    "you have done {part} once {when}",
    "the way back to {part} has been tried, and took {amount}",
    "there is a note about {part} {spot}",
    "no sign of {sign} for {n} days",
    "the number for {part} is written down: {n}, with its unit",
    "{tool} is where you left it, {spot}",
    "you know what to do in the first {n} minutes of {sign}",
    "{part} was read to the end, not only the first {n} lines",
    "the old copy of {part} will be kept for {amount}",
    "one person, by name, answers for {part} {when}",
    "the drill for {part} is in the calendar, {when}",
    "you can say how long {part} takes: {amount}",
    "nothing but {part2} writes to {part}",
    "a stranger has read the note {spot} and found {part}",
    "you would bet {n} minutes on {part}",
)
_TERMS: Final = (
    "New words in this part, to be learnt in {amount}, {when}:",
    "A glossary of what is new, short enough for {amount} and to keep {spot}:",
    "The terms, each in one line, to be copied out {mood} and kept {spot}:",
)
_TERM: Final = (
    "**{t}**: what you look after {when}, so that {part} will be there after {amount}.",
    "**{t}**: to be thought of as {like} for {part}, and checked as often.",
    "**{t}**: the reason why {part} comes before {part2}.",
    "**{t}**: what stands between {part} and {sign}.",
    "**{t}**: the step that takes {amount} and saves {amount2}.",
    "**{t}**: a name for keeping {part} and {part2} in agreement.",
)
_EXERCISES: Final = (
    "Two exercises, best done {when} with {tool}; the answers are at the end of the book.",
    "Try these two {mood}, {when}; you find the answers at the end of the book.",
    "To finish, two exercises on {part}, about {amount} each, with answers at the end of the book:",
)
_EXERCISE: Final = (
    "You find {sign}; say, in {n} words, what you look at first and why it is {part}.",
    "Suppose {part} is {n} and {part2} is {n2}. Which of the two do you believe after {amount}, and"
    " what has {tool} to do with it?",
    "Design {t} for {people}, with {tool} and nothing else, and name the weakest step.",
    "Estimate how long {t} can take on your own machine; then measure it, and explain a factor of {n}.",
    "Write the note you would leave {spot} for somebody who {job}.",
    "Break {part} on a copy in {n} different ways, and list the ones that {t} can survive.",
    "Explain to {people} why {habit} comes before anything else.",
    "Find the oldest copy of {part} you own, and say what it would take to use it {when}.",
)
_CLOSE: Final = (
    "If you do one thing from this section, do it {when}: {habit}.",
    "Close the file, put {tool} back {spot}, and go on.",
    "That is all of {t} you need for the next {n} pages, and for {part}.",
    "You now have {gain}, in {amount}; the next section spends it.",
    "Put {n} in the margin beside {part}, with today’s date, and read on.",
    "Write {part} on the card {spot}, and turn the page.",
    "Do the check once more, {mood}, and then leave {t} alone for {amount}.",
    "Set a reminder for {n} days from now, and let {part} be until then.",
    "Tell one person what you did about {part}, {when}, and tick it off.",
    "Switch the machine off {when}, count to {n}, and switch it on: what comes back is yours.",
)
_FACT: Final = (
    "Write this one down: {x}",
    "One fact to hold on to before {part} comes up: {x}",
    "{x} You will need that figure again in about {n} pages.",
    "On the card {spot} it says: {x}",
    "Note it with {tool}: {x}",
    "{x} Keep it beside {part}.",
    "For the record, and it will matter {when}: {x}",
    "{P} would begin with this: {x}",
    "{x} Everything here about {part} follows from it.",
    "Underline it: {x} The rest can wait {amount}.",
    "{x} That holds {when} as well.",
    "Read it twice, {mood}: {x}",
)
_TOPIC: Final = (
    "The words to know here are {names}, and you can meet them {mood}.",
    "On the list for this part: {names}, to be done in {amount}.",
    "Between {part} and {part2} this section has room for {names}.",
)
DECKS: Final[dict[str, tuple[str, ...]]] = {
    "open": _OPEN, "claim": _CLAIM, "mechanism": _MECHANISM, "example": _EXAMPLE, "story": _STORY,
    "story_middle": _STORY_MIDDLE, "story_end": _STORY_END, "warning": _WARNING, "why": _WHY, "bridge": _BRIDGE,
    "drawing": _DRAWING, "drawn": _DRAWN, "goals": _GOALS, "goal": _GOAL, "steps": _STEPS, "step": _STEP,
    "checks": _CHECKS, "check": _CHECK, "terms": _TERMS, "term": _TERM, "exercises": _EXERCISES,
    "exercise": _EXERCISE, "close": _CLOSE, "fact": _FACT, "naming": _TOPIC,
}  # fmt: skip
