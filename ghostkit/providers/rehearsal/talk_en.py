"""English talk: exchanges of two to four lines between {P} and {Q}. Every line carries a thing, a number, a matter."""

from __future__ import annotations

from typing import Final

TALK: Final = (
    "“There were {n} of them by {fixture},” {Q} said.\n"
    "“There are {n2} now,” {P} said, “and one of them has my {thing}.”",
    "“Leave the {thing} alone,” {P} said.\n"
    "“I have left {n} things alone {when},” {Q} said, “and look what became of {matter}.”",
    "{P} pointed at the {box}. “Whose is that, with the {color} label?”\n"
    "“It came with {fixture},” {Q} said. “Nobody has asked for it in {n} years.”",
    "“You said {n},” {P} said.\n"
    "“I said about {n}.” {Q} put down the {thing}. “You heard the part that suited you about {matter}.”",
    "“What would you take for the {thing},” {Q} asked, “with {matter} forgotten?”\n"
    "“{N},” {P} said, “and {matter2} is extra.”",
    "“I could lie to you about {matter},” {Q} said, and reached for the {drink}.\n"
    "{P} waited until {sound} had stopped. “You could do it quicker without the {thing}.”",
    "“Sit down,” {Q} said, {busy}. “The {seat} is the comfortable one.”\n"
    "{P} stayed by {fixture}. “Tell me about {matter}.”\n"
    "“It was {n} when I counted,” {Q} said, “and {who} counted after me.”",
    "“Do you trust {who},” {P} asked, “with {matter}?”\n"
    "“With the {thing}, yes,” {Q} said. “With {matter}, about as far as {fixture}.”",
    "“Not that {thing},” {Q} said. “The {color} one, by {fixture}.”\n"
    "{P} brought the {color} one {manner}. “This has {fault}.”\n"
    "“Everything here has something,” {Q} said. “Mine has {fault2}.”",
    "“My mother had a {thing} like that,” {Q} said, “before {matter}.”\n"
    "“And what became of it,” {P} asked, “and of {matter}?”\n"
    "“She sold both in one afternoon,” {Q} said, “for {n}.”",
    "“Somebody has been at the {box}.” {P} showed the place: {fault}.\n"
    "{Q} bent over it for {span}. “It was like that {when},” {qhe} said.",
    "“If {who} asks,” {Q} said, “you came about the {thing}.”\n"
    "“I did come about the {thing},” {P} said. “I stayed for {matter}.”",
    "“How far is it,” {P} asked, “past {fixture}?”\n"
    "{Q} held up {n} fingers’ worth of string. “With a {box} to carry, further.”",
    "“Say that about {matter} again,” {P} said, “and leave out {who}.”\n"
    "“Then there is only the {thing} left,” {Q} said, “and {when}.”",
    "{Q} pushed the {food} across. “Eat, {n} people have paid for that.”\n"
    "“Then {n2} of them are hungry,” {P} said, and ate the {food}.",
    "“You are holding the {thing} wrong,” {Q} said.\n"
    "{P} turned it {manner}. “I have held {n} of these.”\n"
    "“Then you have held {n2} of them wrong,” {Q} said, “and dropped the one {when}.”",
    "“I owe you {n},” {P} said.\n"
    "“{N2},” {Q} said, “but who keeps count of {matter}.”\n"
    "“You do,” {P} said. “I have seen the {worn} notebook, {when}.”",
    "“There is a {weather} coming,” {Q} said.\n"
    "“It came {when}.” {P} pulled the {wear} tighter. “You were {busy}.”",
    "“What did you see at {fixture},” {P} asked, “{when}?”\n"
    "“A {color} {wear},” {Q} said, “and somebody in it, in no hurry, with a {thing}.”",
    "“It smells of {smell},” {P} said.\n"
    "{Q} sniffed at the {box}. “That is {smell2}. The {smell} is you.”",
    "“Give me the {thing},” {Q} said, “and I will forget {matter}.”\n"
    "“You would forget it for {n},” {P} said, “and remember it for {n2}.”",
    "“They will ask about {matter},” {P} said.\n"
    "“Let them ask {who}.” {Q} tied up the {box} with {color} string.\n"
    "“And when they come to {fixture},” {P} said, “and find {fault}?”",
    "“Once I carried a {box} like that for {n} days,” {Q} said, “and all it held was {food}.”\n"
    "{P} shifted {o} to the other hand. “Nobody pays {n2} to have {food} carried.”",
    "“You have {smell} on your {wear},” {Q} said.\n"
    "{P} did not look down. “It has been there since {matter}.”",
    "“Two things,” {P} said, “the {thing}, and {matter}.”\n"
    "“The {thing} is behind {fixture},” {Q} said, “and about {matter} I know what {who} knows.”",
    "“When I was young there were {n} of us,” {Q} said, “and one {box}.”\n"
    "“Who got the {box}, in the end,” {P} asked, “you or {matter}?”",
    "{P} laid {o} between them. “What would you give for it, in this {weather}?”\n"
    "“{N},” {Q} said, “and the {thing}, and I would not ask about {matter}.”",
    "“I heard {sound},” {P} said.\n"
    "“That was {sound2},” {Q} said. “One learns the difference, living near {fixture}.”",
    "“It is not forbidden,” {Q} said. “They only charge you {n} and take away the {thing}.”\n"
    "{P} counted out {n2} on the {seat}. “And for {n}, what do they leave me?”",
    "“Is {matter} the whole of it,” {P} asked, “or only the {color} end?”\n"
    "{Q} considered the {thing}. “It is as much of it as fits through {fixture}.”",
    "“I would help you with {matter},” {Q} said, “if I had {n} more hands.”\n"
    "“You have one free,” {P} said. “Hold the {thing}.”",
    "“Take the {thing} as well,” {Q} said. “You will want it past {fixture}.”\n"
    "“For {matter},” {P} asked, “or for {who}?”\n"
    "“For the {food}, mostly,” {Q} said, “but it has been known to open a {box}.”",
    "“Who told you about {matter}?” {Q} did not look up from the {thing}.\n"
    "“You did,” {P} said, “{when}, in {n} words.”",
    "“Was it {who},” {P} asked, “who moved the {box}?”\n"
    "“It was moved {when},” {Q} said, “and I was {busy}, and that is all I saw.”",
    "“You could stay,” {Q} said. “There is {food}, and a {seat} by {fixture}.”\n"
    "“There was {food} {when},” {P} said, “and I ended up paying {n}.”",
    "“I need it by the bell,” {P} said, “the {thing} and the truth about {matter}.”\n"
    "“You can have the {thing},” {Q} said, and gave it {manner}.",
    "“I never touched the {box},” {Q} said.\n"
    "“Then whose is the {cloth},” {P} asked, “with {smell} on it?”\n"
    "{Q} studied {fixture}. “I said I never touched it. I did not say I never saw {matter}.”",
    "“Tell me one thing that is true,” {P} said, “and then you can go on about {matter}.”\n"
    "“There are {n} nails in {fixture},” {Q} said, “and you are standing on my {wear}.”",
    "“How many,” {P} asked, “with {who}?”\n"
    "“{N} with,” {Q} said, “and {n2} without, and {matter} does not come into it.”",
    "{Q} poured some {drink}. “To {matter}, and may we never hear of it again.”\n"
    "“You said that {when},” {P} said, and drank to it.",
    "“It is too quiet,” {Q} said, “but for {sound}.”\n"
    "“It was quieter {when},” {P} said, “and nobody minded {matter} then.”",
    "“I can get you past {fixture},” {Q} said, “for {o}.”\n"
    "“For the {thing},” {P} said, “and {n} in coin.”\n"
    "“For the {thing},” {Q} said, “and you never saw {who}.”",
    "“You count everything,” {Q} said, “even {n}.”\n"
    "“Somebody has to,” {P} said. “{When} there were {n2}.”",
    "“Is that {food},” {Q} asked, “or did you clean the {thing} with it?”\n"
    "{P} pushed the plate away {manner}. “It was {food} {when}.”",
    "“About {matter},” {P} said, “I was wrong by {n}.”\n"
    "“By {n2},” {Q} said, “but go on, there is {drink} left.”",
    "“Do it properly,” {Q} said. “The {thing} first, then the {box}.”\n"
    "“I have done it the other way round {n} times,” {P} said, and did it {manner}.",
    "“I dreamt of {matter},” {Q} said. “There was a {weather}, and {who} counting it.”\n"
    "“I dreamt of {food},” {P} said, “and woke up with {n} left to pay.”",
    "“They have locked {fixture},” {P} said.\n"
    "“They lock it every time there is {sound},” {Q} said. “{Who} has the key, and a {thing}.”",
)  # fmt: skip
ALONE: Final = (
    "{P} said {matter} aloud, once, to hear what it sounded like against {sound}.",
    "Alone, {P} did what {he} never did in company and talked to the {thing} about {matter}.",
    "“{N},” {he} told the {thing}, and it did not contradict.",
    "{P} went through what {who} had said, word by word, and kept {n} of the words.",
    "There was nobody to ask about {matter}, so {P} asked the {thing} and answered for it.",
    "{P} practised the sentence about {matter} {n} times, facing {fixture}.",
    "“You would have laughed at the {thing},” {P} said to somebody {n} miles away.",
    "{P} remembered {who}, and a remark about {matter}, made over {food}.",
    "“If it were only {matter},” {he} said to {fixture}, and left the rest to {sound}.",
    "{P} argued {matter} for {span}, took both sides, and lost.",
    "In the empty room {his} own voice came back from {fixture}, saying {n}.",
    "“The {thing} first, then {matter},” {P} said, and was glad of the order.",
    "{P} set a second place, with {food} on it, and moved it back after {span}.",
    "“Good evening,” {P} said to the {wear} on its hook, and it kept its counsel about {matter}.",
    "{P} read the letter again, all {n} lines, by a light that was {light}.",
    "It was company of a kind, {sound}, and {P} kept time to it on the {box}.",
)
