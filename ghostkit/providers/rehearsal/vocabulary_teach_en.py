"""English words for books that explain something."""

from __future__ import annotations

from typing import Final

_LISTS: Final = {
    "n": "three; four; five; six; seven; eight; nine; ten; eleven; twelve; fourteen; fifteen; sixteen;"
    " eighteen; twenty;"
    " twenty-one; twenty-four; twenty-five; thirty; thirty-two; thirty-five; forty; forty-eight; fifty;"
    " sixty;"
    " seventy-two; eighty; ninety",
    "amount": "three seconds; eleven minutes; a quarter of an hour; forty seconds; two hours; half a"
    " day; nine days; a"
    " whole weekend; six weeks; one afternoon; ninety seconds; a coffee break; four minutes; twenty"
    " minutes; one night;"
    " a month of Mondays; the length of a phone call; ten minutes by the clock; most of a morning; five"
    " working days;"
    " an hour and a half; the time it takes to boil water",
    "tool": "a pencil; a stopwatch; a second window; a plain list; a calendar; a kitchen timer; a sheet"
    " of squared paper;"
    " a spare machine; a notebook; a borrowed laptop; a cheap label; a marker pen; a spreadsheet of one"
    " column; a second"
    " pair of eyes; a printed page; a folder with a date in its name; a checklist taped to the wall; an"
    " old cable; a"
    " power switch within reach; a text file",
    "spot": "under the desk; on the second shelf; in the top drawer; in the shared folder; on the"
    " inside of the door; next"
    " to the kettle; at the end of the log; in the margin; on the back of an envelope; by the"
    " telephone; at the top of"
    " the file; on page one; beside the router; behind the printer; on a card in your wallet; in the"
    " calendar; on the"
    " whiteboard; at the bottom of the list; under the keyboard; in the cupboard with the spare fuses",
    "people": "a bakery with two ovens; a bicycle shop; a village library; a dentist’s practice; a seed"
    " company; a small"
    " theatre; a ferry office; a school kitchen; a beekeepers’ club; a piano tuner; a lending library"
    " of tools; a vet; a"
    " pottery; a weather station; a camp site; a choir; a repair café; a print shop; a vineyard; a taxi"
    " firm of three"
    " cars; a museum of locks; a swimming bath; a dairy; a night school",
    "hero": "Bram; Odile; Kester; Ilse; Tamsin; Rufus; Maud; Jory; Petra; Anders; Lotte; Basil; Wanda;"
    " Ivo; Greta; Piers;"
    " Hedda; Osman; Della; Ruben; Nora; Felix; Sanna; Cyril",
    "job": "keeps the books; runs the counter; minds the machine; does the orders; answers the"
    " telephone; closes up on"
    " Fridays; inherited the computer; writes the invoices; plans the shifts; counts the stock; does"
    " everything else;"
    " looks after the bookings; changed the backup tapes, once; knows the password; reads the meters;"
    " prints the labels",
    "slip": "trusted a green light; renamed the wrong folder; closed the lid too early; tested the copy"
    " and not the"
    " return; let two programs hold one file; wrote the date and forgot the year; read the first line"
    " of the message and"
    " not the second; pulled the plug nearest the wall; took silence for success; saved over the only"
    " good copy; believed"
    " the word done; skipped the drill because it was Friday; tidied up before looking; left the door"
    " open overnight;"
    " changed two things at once; copied it by hand; turned off the warning because it was loud; asked"
    " the machine how it"
    " felt; kept the spare on the same shelf; relied on memory",
    "sign": "a number that stops growing; a log with a gap in it; a copy that is too fast to be true; a"
    " file with"
    " yesterday’s date; a fan that has gone quiet; two totals that differ by one; a question nobody can"
    " answer without"
    " guessing; a message that scrolls past; a restart that nobody asked for; a second window that"
    " shows something else;"
    " a list that comes back in another order; a disk that answers at once; a colleague who says it"
    " always does that; a"
    " warning older than a week; a queue that never empties; a report that takes a minute longer each"
    " month; a sum that"
    " is right only on Mondays; an empty file of the right name",
    "habit": "write the number down; read the last line first; try it on a copy; count before and"
    " after; keep the old one"
    " for a week; say out loud what you expect; change one thing at a time; put a date on it; ask for"
    " the total; time it"
    " twice; leave a note for the next person; check the clock on both sides; stop and look; do the"
    " dull part first; undo"
    " it once on purpose; compare with last month; label the cable; give it a name; draw it; sleep on it",
    "gain": "a quiet evening; a number you can defend; one cable fewer; a page you can hand over; an"
    " answer by lunchtime;"
    " a fault you can repeat; something to show the auditor; an honest estimate; a smaller bill; less"
    " to remember; a"
    " machine you can switch off; a list that fits on a card; a mistake you can undo; time for the next"
    " chapter; the right"
    " to be bored; a plan with a date on it; the same result twice; a night without the telephone",
    "like": "a receipt; a ship’s log; a ledger with numbered pages; a cloakroom ticket; a recipe card;"
    " a tide table; a row"
    " of pigeonholes; a set of keys; a queue at a counter; a carbon copy; a railway timetable; a"
    " shopping list; a spare"
    " tyre; a fire drill; a fuse; a bookmark; a post box; a turnstile; a thermometer; a pair of scales",
    "part": "the request; the answer; the copy; the list; the first page; the last page; the clock; the"
    " lock; the label;"
    " the count; the queue; the note in the margin; the old value; the new value; the check; the"
    " receipt; the spare; the"
    " index; the heading; the total",
    "when": "before lunch; on the first of the month; after every change; before you go home; on a"
    " Tuesday; when nothing is"
    " wrong; at the start of the week; after the last booking; while the kettle boils; before you need"
    " it; on the day you"
    " install it; when somebody is watching; at closing time; after a restart; before you touch"
    " anything; twice a year;"
    " the week before the holidays; once a quarter",
    "mood": "calmly; in this order; on paper first; with the door shut; without skipping; slowly the"
    " first time; as if it"
    " were somebody else’s; with a witness; once, and then again; from the beginning; out loud; before"
    " you read on; in one"
    " sitting; with the numbers in front of you; by hand; without looking at the answer",
}  # fmt: skip
WORDS: Final = {name: tuple(" ".join(entry.split()) for entry in text.split(";")) for name, text in _LISTS.items()}
WINDOWS: Final = {"people": 1, "hero": 1, "job": 2, "tool": 6, "spot": 6, "slip": 4, "sign": 5, "like": 5, "part": 7}
