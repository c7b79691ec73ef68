"""English words that fill the slots of the story grammar. Neutral in time and place, so that they fit most books."""

from __future__ import annotations

from typing import Final

_LISTS: Final = {
    # Things that fit in a hand and can be put down.
    "thing": "cup; lamp; knife; kettle; jug; plate; bottle; spoon; bowl; hammer; candle; padlock;"
    " mirror; clock; bell;"
    " whistle; notebook; pencil; lantern; saucepan; mug; hatchet; compass; tray; inkwell; bread knife;"
    " matchbox;"
    " photograph; tobacco tin; pair of scissors; folding rule; bunch of keys; hand"
    " bell; tin opener; pocket watch; corkscrew; penknife; flask; brush;"
    " thermometer; candlestick; pepper mill; egg cup; spirit lamp;"
    " paperweight; hand lamp; cigar box; ladle; colander; funnel; oil can; pair of pliers; trowel; chisel;"
    " coffee pot; soup plate; spirit level; padlock; tea caddy; toasting fork; ashtray; salt cellar;"
    " mousetrap; sandglass; tape measure; doorknob; rolling pin; flat iron; money box; ink pad; stapler;"
    " pestle",
    # Things with an inside.
    "box": "box; trunk; drawer; crate; satchel; jar; barrel; basket; sack; bucket; cupboard; suitcase;"
    " cash box; tool"
    " bag; biscuit tin; sea chest; parcel; hamper; filing cabinet; sewing box; coal scuttle; locker;"
    " laundry basket;"
    " document case;"
    " steamer trunk; wine case; medicine chest; hatbox; toy chest; strongbox; egg crate; linen basket;"
    " violin case; mail sack; flour bin; card index",
    "seat": "bench; stool; chair; step; upturned crate; windowsill; low wall; settle; edge of the"
    " table; trunk;"
    " rocking chair; window seat; piano stool; mounting block; milking stool; deck chair; pew; camp bed;"
    " ottoman; church bench",
    "made": "tin; brass; oak; iron; copper; pine; enamel; zinc; pewter; steel; elm; beech; cast-iron;"
    " painted",
    "worn": "cracked; mended; borrowed; damp; chipped; second-hand; dented; scorched; faded; numbered;"
    " heavy; spotless;"
    " lopsided; repainted; old; new; small; dusty; plain; battered",
    # Parts of a place, with their article.
    "fixture": "the far wall; the doorway; the window; the lower step; the gatepost; the long table;"
    " the corner by the"
    " stove; the back door; the landing; the rail; the foot of the stair; the threshold; the low wall;"
    " the hatch; the"
    " far corner; the passage; the woodpile; the cupboard; the fence; the alcove; the counter; the side"
    " door; the"
    " pump; the coat rack; the archway; the shutters;"
    " the bottom stair; the back wall; the stove; the well-swept corner; the parapet; the loading door;"
    " the washstand; the old partition; the porch; the ladder; the garden wall; the cellar door; the gallery;"
    " the yard; the drain; the turn of the stair; the bookcase; the workbench; the letter rack; the dresser",
    "sound": "the creak of a hinge; somebody’s cough; the knock of a loose board; water in a pipe; the"
    " barking of a"
    " dog; a cart going over stones; a bell being rung by mistake; footsteps that did not arrive; the"
    " hiss of a"
    " kettle; a shutter knocking; an argument about onions; the scrape of a broom; a saw some way off;"
    " a child"
    " practising one word; the drag of a chair; a key being tried in the wrong lock; the tick of"
    " cooling iron; a rope"
    " slapping a pole; a spoon going round in a glass; somebody whistling two notes out of three; a"
    " hammer finding its"
    " nail; the slam of a door; wind in a keyhole; a clock two minutes slow;"
    " the rattle of a tray; a tap dripping; somebody laughing at the wrong place; the flap of washing;"
    " a pen scratching; a handcart with one bad wheel; the clink of cups; a window being forced;"
    " a name called twice; the hum of wires; a gate swinging; coins being counted; the turning of pages;"
    " the bark of a fox; a pump at work; a chain paid out",
    "smell": "hot iron; wet wool; lamp oil; cold ash; tar; onions; soap; old paper; vinegar; sawdust;"
    " chalk; yeast;"
    " leather; rust; candle smoke; boiled cabbage; machine grease; fresh paint; hay; strong tea; pencil"
    " shavings; coal;"
    " resin; starch;"
    " turpentine; wet dog; camphor; burnt sugar; fish glue; sealing wax; beer; straw; gunpowder;"
    " roses past their best; carbolic; smoked ham; iodine; moss; ink; varnish",
    "light": "grey as dishwater; the colour of weak tea; thin as skimmed milk; yellow and late; flat as"
    " a coin; white"
    " at the edges; low and sideways; blue as a gas flame; brown as old varnish; hardly worth the name;"
    " sharp enough to"
    " cut along; grudging; clear for once; greenish; dull as a fish; patchy; even and without interest;"
    " harder than it"
    " had been;"
    " soft as flour; the yellow of a bruise; bright in the wrong places;"
    " like something seen through a glass of water; borrowed from next door; thick with dust;"
    " not quite enough to read by; the red of a stove door; pale and well-meaning; cut into strips;"
    " better than the company; as plain as water",
    # When the scene is.
    "hour": "a little after six; before seven; towards noon; after dark; an hour before light; late in"
    " the day; soon"
    " after the meal; on the stroke of four; in the slack of the afternoon; with the evening half gone;"
    " between two"
    " shifts; before anybody had eaten; an hour before closing; well past midnight; as the lamps were"
    " being lit; soon"
    " after three; in the last of the light; ten minutes early; with the morning still cold; halfway"
    " through the"
    " morning; towards five; on the wrong side of midnight; at first light; at the end of a long day;"
    " just before supper; on the quiet side of noon; at a quarter to eight; before the first delivery;"
    " in the second hour of the watch; between the soup and the news; an hour after the last bell;"
    " in the blue of the evening; at the change of the guard; not long after ten; earlier than was decent;"
    " with the shutters half down",
    # Some other time.
    "when": "last night; this morning; on the first day; the day before yesterday; an hour ago; a week"
    " ago; before the"
    " bell; at breakfast; on the way here; the last time we spoke; in the spring; when the door was"
    " shut; at about"
    " nine; before anyone was up; on the day of the count; two winters ago; while the rest were asleep;"
    " at the start;"
    " in the first hour; on the last night; before supper; the week it snowed; at the funeral; on market day;"
    " when the lamp went out; a year ago; at the top of the stair; over the soup; on the way back;"
    " when nobody had asked",
    "span": "a quarter of an hour; the time it takes to boil an egg; one full breath; the better part"
    " of an hour; three"
    " slow minutes; the length of a short song; a minute and then another; the time it takes to lace a"
    " boot; as long as"
    " it takes to read a bill twice; eleven heartbeats; the life of one match; longer than was polite;"
    " five minutes by"
    " anybody’s clock; the time it takes to cross a yard; half a verse; ten breaths, counted; a good"
    " deal longer than"
    " was comfortable; the time a kettle needs;"
    " two verses and a chorus; the time it takes to sharpen a pencil; most of an hour;"
    " as long as a cup stays hot; the time it takes to write an address; half a minute, which is long;"
    " a night watchman’s round; the time between two bells; one cigarette, smoked slowly;"
    " the time it takes to count a small sum",
    "n": "three; four; five; six; seven; nine; eleven; twelve; thirteen; fourteen; sixteen; seventeen;"
    " eighteen;"
    " nineteen; twenty-one; twenty-two; twenty-six; thirty; thirty-one; thirty-eight; forty; forty-four;"
    " fifteen; twenty; twenty-three; twenty-four; twenty-five; twenty-seven; twenty-nine; thirty-two;"
    " thirty-three; thirty-five; thirty-six; thirty-seven; thirty-nine; forty-one; forty-two; forty-six",
    "manner": "without hurry; with two fingers; as if it were hot; the way one moves somebody else’s"
    " property; with"
    " great attention; by feel; left-handed; not quite quietly enough; for the third time; like a"
    " person paid by the"
    " hour; before anybody could offer; with more care than it deserved; as one closes a letter;"
    " one-handed; without"
    " remark; more slowly than needed; as a matter of form; at arm’s length; with a practised thumb;"
    " against advice; on"
    " the second try; with a look at the door; as quietly as it allowed; with both hands;"
    " with some ceremony; without looking; as one handles eggs; in three movements;"
    " as if somebody had bet against it; a little at a time; with the tip of one finger; out of habit;"
    " with the calm of long practice; and only then breathed out",
    # Each stands after an article.
    "weather": "thin wind; dry cold; heat that had stayed the night; haze without edges; fog to the"
    " knee; sky like an"
    " unwashed plate; steady easterly; glare off every flat thing; stillness; chill from below; wind"
    " that had come a"
    " long way; low cloud; warmth nobody had earned; light frost; white noon; dust on the move; calm"
    " that looked"
    " temporary; bad-mannered wind; mildness out of season; pale sun; hard blue sky;"
    " wind with grit in it; slow dusk; thaw that had come too soon; haze the colour of tin;"
    " stiff breeze; brightness that hurt; heat like a hand; moon with a ring; bank of cloud; restless air;"
    " dampness in everything",
    # Bystanders, without an article; always one.
    "who": "boy with a bucket; woman at the next table; porter with a limp; man with a folded"
    " newspaper; girl of about"
    " ten; clerk in sleeve-guards; night watchman; pedlar who sold needles; woman in a green hat;"
    " driver without a"
    " cart; cook with flour to the elbows; stranger eating an apple; youth with a bandaged hand; widow"
    " with a list;"
    " soldier on leave; man in a borrowed coat; carpenter measuring nothing; woman who kept the keys;"
    " messenger who"
    " had lost his message; girl with a birdcage; man with two watches; postman off duty; nurse with"
    " her shoes in her"
    " hand; barber in his apron; student with no books; woman with a sleeping child; sweep; man selling"
    " chestnuts;"
    " boy with a drum; clerk with ink on his chin; gardener a long way from any garden; woman with a spade;"
    " plumber with wet cuffs; woman with a ledger; boy in a sailor’s cap; old woman knitting something grey;"
    " man who sold umbrellas; girl with a slate; typist on her way home; cyclist without a cycle;"
    " priest with a cold; waiter with nothing to carry; lodger from upstairs; baker’s apprentice;"
    " man with a birdcage; woman with flour on one cheek; glazier with his glass; conductor off his train",
    "busy": "sweeping the same square yard; counting under the breath; pretending to read; mending a"
    " strap; looking for"
    " a lost glove; peeling potatoes in one long strip; waiting to be asked; scratching a name off a"
    " crate; polishing"
    " one window; writing down arrivals; folding a sheet with nobody to hold the other end; guarding an"
    " empty chair;"
    " sharpening a pencil to nothing; feeding a stove with lists; testing a lock; hanging up washing;"
    " moving chairs"
    " from one side to the other; winding wool; adding up a column that would not come right; unpicking"
    " a seam;"
    " cleaning a window with newspaper; sorting nails by size; doing nothing in a way that took effort;"
    " tying and"
    " untying a parcel;"
    " threading a needle; reading the same page; blowing on cold fingers; oiling a hinge; stacking chairs;"
    " tearing paper into squares; picking up pins; hunting for a stamp; adding sugar, spoon by spoon;"
    " drawing a plan in spilt salt; copying out an address; scraping a plate; trying on a hat; timing an egg;"
    " ruling lines",
    "matter": "the price; the debt; the count; the missing day; the order of things; the second key;"
    " the wrong name;"
    " the shortfall; the promise; the delay; the signature; the rule; the old quarrel; the list; the"
    " fee; the date;"
    " the night in question; the letter that never came; the money; the other story; the bargain; the"
    " empty room; the"
    " handwriting; the last ten minutes;"
    " the missing page; the spare room; the accident; the inheritance; the broken seal; the second witness;"
    " the discount; the map; the short Tuesday; the favour; the warning; the stolen hour; the change of plan;"
    " the thirteenth guest; the lost ticket; the repair; the loan; the other road; the password;"
    " the half-told story",
    "ache": "shoulder; knee; back; neck; hip; wrist; left foot; jaw",
    "wear": "coat; jacket; scarf; hat; shawl; waistcoat; pair of gloves; apron; cap; cardigan;"
    " raincoat; dressing gown; muffler; straw hat; jersey; overcoat; bowler hat; smock; cape; blazer",
    "cloth": "sleeve; collar; cuff; pocket; hem; lapel; lining; left glove; hatband;"
    " sash; shirt front; trouser leg; scarf end; bootlace; belt; shirt tail; hood; waistband",
    "food": "bread; cheese; dried fish; porridge; barley soup; cold potatoes; lentils; pickled beets;"
    " rye crusts;"
    " salted herring; apple cake; boiled eggs; bean stew; cold mutton;"
    " black bread; roast chestnuts; leek pie; sardines; dumplings; oatcakes; sausage; baked apples; pea soup;"
    " ginger biscuits; cold ham; onion tart",
    "drink": "cold tea; black coffee; warm milk; thin beer; water; cider; cocoa; broth; hot lemon; weak tea;"
    " barley water; elderflower wine; gin; ginger beer; buttermilk; plum brandy; mulled wine; mint tea",
    "bird": "gull; crow; wren; sparrow; pigeon; starling; jackdaw; swallow; magpie; blackbird; rook; finch",
    "color": "blue; green; grey; red; brown; black; yellow; white; rust-coloured; cream; plum-coloured;"
    " sand-coloured;"
    " slate-coloured; pink; orange; violet; straw-coloured; copper-coloured; olive; scarlet",
    "fault": "a crack no longer than a thumbnail; one screw missing; a stain in the shape of a boot; a"
    " name scratched"
    " out; a knot tied by somebody left-handed; a price in pencil; fresh oil where there should have"
    " been dust; dust"
    " everywhere but in one place; a thread caught in the joint; two nails that matched nothing; a dent"
    " that had not"
    " been there before; a date with the year left off; wax on the underside; one number written over"
    " another; a"
    " smear of chalk; one corner cleaner than the rest; a hair laid across the edge; a repair done in"
    " haste; a burnt"
    " match; a patch of a different grey; the print of a thumb; a set of initials; a splinter of glass;"
    " a drop of"
    " sealing wax;"
    " a torn corner; a ring left by a cup; a second signature; a seam that had been opened and sewn up;"
    " a number where a name should be; three kinds of dust; a bent hinge; the stub of a candle;"
    " a key that fitted nothing; a line of ants; a coat of paint still tacky; half a stamp",
}  # fmt: skip
WORDS: Final = {name: tuple(" ".join(entry.split()) for entry in text.split(";")) for name, text in _LISTS.items()}
# How many entries of a list one section draws from; lists not named here are open to every section.
WINDOWS: Final = {
    "thing": 5, "box": 2, "seat": 2, "made": 3, "worn": 5, "fixture": 4, "sound": 3, "smell": 2, "light": 2, "hour": 1,
    "weather": 1, "who": 2, "busy": 3, "matter": 2, "ache": 2, "wear": 2, "cloth": 3, "food": 2, "drink": 1,
    "bird": 1, "color": 3, "fault": 5, "when": 4, "span": 6, "manner": 9, "n": 9,
}  # fmt: skip
