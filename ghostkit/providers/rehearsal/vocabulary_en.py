"""English words that fill the slots of the story grammar. Neutral in time and place, so that they fit most books."""

from __future__ import annotations

from typing import Final

_LISTS: Final = {
    # Things that fit in a hand and can be put down.
    "thing": "cup; lamp; knife; kettle; jug; plate; bottle; spoon; bowl; hammer; candle; padlock; mirror; clock; bell;"
    " whistle; notebook; pencil; lantern; saucepan; mug; hatchet; compass; tray; inkwell; bread knife; matchbox;"
    " photograph; tobacco tin; pair of scissors; folding rule; bunch of keys; hand"
    " bell; tin opener; pocket watch; corkscrew; penknife; flask; brush;"
    " thermometer; candlestick; pepper mill; egg cup; spirit lamp",
    # Things with an inside.
    "box": "box; trunk; drawer; crate; satchel; jar; barrel; basket; sack; bucket; cupboard; suitcase; cash box; tool"
    " bag; biscuit tin; sea chest; parcel; hamper; filing cabinet; sewing box; coal scuttle; locker; laundry basket;"
    " document case",
    "seat": "bench; stool; chair; step; upturned crate; windowsill; low wall; settle; edge of the table; trunk",
    "made": "tin; brass; oak; iron; copper; pine; enamel; zinc; pewter; steel; elm; beech; cast-iron; painted",
    "worn": "cracked; mended; borrowed; damp; chipped; second-hand; dented; scorched; faded; numbered; heavy; spotless;"
    " lopsided; repainted; old; new; small; dusty; plain; battered",
    # Parts of a place, with their article.
    "fixture": "the far wall; the doorway; the window; the lower step; the gatepost; the long table; the corner by the"
    " stove; the back door; the landing; the rail; the foot of the stair; the threshold; the low wall; the hatch; the"
    " far corner; the passage; the woodpile; the cupboard; the fence; the alcove; the counter; the side door; the"
    " pump; the coat rack; the archway; the shutters",
    "sound": "the creak of a hinge; somebody’s cough; the knock of a loose board; water in a pipe; the barking of a"
    " dog; a cart going over stones; a bell being rung by mistake; footsteps that did not arrive; the hiss of a"
    " kettle; a shutter knocking; an argument about onions; the scrape of a broom; a saw some way off; a child"
    " practising one word; the drag of a chair; a key being tried in the wrong lock; the tick of cooling iron; a rope"
    " slapping a pole; a spoon going round in a glass; somebody whistling two notes out of three; a hammer finding its"
    " nail; the slam of a door; wind in a keyhole; a clock two minutes slow",
    "smell": "hot iron; wet wool; lamp oil; cold ash; tar; onions; soap; old paper; vinegar; sawdust; chalk; yeast;"
    " leather; rust; candle smoke; boiled cabbage; machine grease; fresh paint; hay; strong tea; pencil shavings; coal;"
    " resin; starch",
    "light": "grey as dishwater; the colour of weak tea; thin as skimmed milk; yellow and late; flat as a coin; white"
    " at the edges; low and sideways; blue as a gas flame; brown as old varnish; hardly worth the name; sharp enough to"
    " cut along; grudging; clear for once; greenish; dull as a fish; patchy; even and without interest; harder than it"
    " had been",
    # When the scene is.
    "hour": "a little after six; before seven; towards noon; after dark; an hour before light; late in the day; soon"
    " after the meal; on the stroke of four; in the slack of the afternoon; with the evening half gone; between two"
    " shifts; before anybody had eaten; an hour before closing; well past midnight; as the lamps were being lit; soon"
    " after three; in the last of the light; ten minutes early; with the morning still cold; halfway through the"
    " morning; towards five; on the wrong side of midnight; at first light; at the end of a long day",
    # Some other time.
    "when": "last night; this morning; on the first day; the day before yesterday; an hour ago; a week ago; before the"
    " bell; at breakfast; on the way here; the last time we spoke; in the spring; when the door was shut; at about"
    " nine; before anyone was up; on the day of the count; two winters ago; while the rest were asleep; at the start",
    "span": "a quarter of an hour; the time it takes to boil an egg; one full breath; the better part of an hour; three"
    " slow minutes; the length of a short song; a minute and then another; the time it takes to lace a boot; as long as"
    " it takes to read a bill twice; eleven heartbeats; the life of one match; longer than was polite; five minutes by"
    " anybody’s clock; the time it takes to cross a yard; half a verse; ten breaths, counted; a good deal longer than"
    " was comfortable; the time a kettle needs",
    "n": "three; four; five; six; seven; nine; eleven; twelve; thirteen; fourteen; sixteen; seventeen; eighteen;"
    " nineteen; twenty-one; twenty-two; twenty-six; thirty; thirty-one; thirty-eight; forty; forty-four",
    "manner": "without hurry; with two fingers; as if it were hot; the way one moves somebody else’s property; with"
    " great attention; by feel; left-handed; not quite quietly enough; for the third time; like a person paid by the"
    " hour; before anybody could offer; with more care than it deserved; as one closes a letter; one-handed; without"
    " remark; more slowly than needed; as a matter of form; at arm’s length; with a practised thumb; against advice; on"
    " the second try; with a look at the door; as quietly as it allowed; with both hands",
    # Each stands after an article.
    "weather": "thin wind; dry cold; heat that had stayed the night; haze without edges; fog to the knee; sky like an"
    " unwashed plate; steady easterly; glare off every flat thing; stillness; chill from below; wind that had come a"
    " long way; low cloud; warmth nobody had earned; light frost; white noon; dust on the move; calm that looked"
    " temporary; cold fit for two coats; bad-mannered wind; mildness out of season; pale sun; hard blue sky",
    # Bystanders, without an article; always one.
    "who": "boy with a bucket; woman at the next table; porter with a limp; man with a folded newspaper; girl of about"
    " ten; clerk in sleeve-guards; night watchman; pedlar who sold needles; woman in a green hat; driver without a"
    " cart; cook with flour to the elbows; stranger eating an apple; youth with a bandaged hand; widow with a list;"
    " soldier on leave; man in a borrowed coat; carpenter measuring nothing; woman who kept the keys; messenger who"
    " had lost his message; girl with a birdcage; man with two watches; postman off duty; nurse with her shoes in her"
    " hand; barber in his apron; student with no books; woman with a sleeping child; sweep; man selling chestnuts;"
    " boy with a drum; clerk with ink on his chin; gardener a long way from any garden; woman with a spade",
    "busy": "sweeping the same square yard; counting under the breath; pretending to read; mending a strap; looking for"
    " a lost glove; peeling potatoes in one long strip; waiting to be asked; scratching a name off a crate; polishing"
    " one window; writing down arrivals; folding a sheet with nobody to hold the other end; guarding an empty chair;"
    " sharpening a pencil to nothing; feeding a stove with lists; testing a lock; hanging up washing; moving chairs"
    " from one side to the other; winding wool; adding up a column that would not come right; unpicking a seam;"
    " cleaning a window with newspaper; sorting nails by size; doing nothing in a way that took effort; tying and"
    " untying a parcel",
    "matter": "the price; the debt; the count; the missing day; the order of things; the second key; the wrong name;"
    " the shortfall; the promise; the delay; the signature; the rule; the old quarrel; the list; the fee; the date;"
    " the night in question; the letter that never came; the money; the other story; the bargain; the empty room; the"
    " handwriting; the last ten minutes",
    "ache": "shoulder; knee; back; neck; hip; wrist; left foot; jaw",
    "wear": "coat; jacket; scarf; hat; shawl; waistcoat; pair of gloves; apron; cap; cardigan",
    "cloth": "sleeve; collar; cuff; pocket; hem; lapel; lining; left glove; hatband",
    "food": "bread; cheese; dried fish; porridge; barley soup; cold potatoes; lentils; pickled beets; rye crusts;"
    " salted herring; apple cake; boiled eggs; bean stew; cold mutton",
    "drink": "cold tea; black coffee; warm milk; thin beer; water; cider; cocoa; broth; hot lemon; weak tea",
    "bird": "gull; crow; wren; sparrow; pigeon; starling; jackdaw; swallow; magpie; blackbird; rook; finch",
    "color": "blue; green; grey; red; brown; black; yellow; white; rust-coloured; cream; plum-coloured; sand-coloured",
    "fault": "a crack no longer than a thumbnail; one screw missing; a stain in the shape of a boot; a name scratched"
    " out; a knot tied by somebody left-handed; a price in pencil; fresh oil where there should have been dust; dust"
    " everywhere but in one place; a thread caught in the joint; two nails that matched nothing; a dent that had not"
    " been there before; a date with the year left off; wax on the underside; one number written over another; a"
    " smear of chalk; one corner cleaner than the rest; a hair laid across the edge; a repair done in haste; a burnt"
    " match; a patch of a different grey; the print of a thumb; a set of initials; a splinter of glass; a drop of"
    " sealing wax",
}  # fmt: skip
WORDS: Final = {
    name: tuple(" ".join(entry.split()) for entry in text.split(";")) for name, text in _LISTS.items()
}
# How many entries of a list one section draws from; lists not named here are open to every section.
WINDOWS: Final = {
    "thing": 5, "box": 2, "seat": 2, "made": 3, "worn": 5, "fixture": 4, "sound": 3, "smell": 2, "light": 2, "hour": 1,
    "weather": 1, "who": 2, "busy": 3, "matter": 2, "ache": 2, "wear": 2, "cloth": 3, "food": 2, "drink": 1,
    "bird": 1, "color": 3, "fault": 5, "when": 4, "span": 6, "manner": 9, "n": 9,
}  # fmt: skip
