"""English talk: exchanges of two to four lines between {P} and {Q}. Every line carries a thing, a number, a matter."""

from __future__ import annotations

from typing import Final

TALK: Final = (
    "“There were {n} of them by {fixture},” {Q} said.\n"
    "“There are {n2} now,” {P} said, “and one of them has my {thing}.”",
    "“Leave the {worn} {thing} alone,” {P} said.\n"
    "“I have left {n} things alone {when},” {Q} said, “and look what became of {matter}.”",
    "“Whose is the {box},” {P} asked, “with the {color} label?”\n"
    "“It came with {fixture},” {Q} said, “and nobody has asked for it in {n} years.”",
    "“You said {n},” {P} said, and put {fixture} between them.\n"
    "“I said about {n},” {Q} said, “and you heard the part that suited you about {matter}.”",
    "“What would you take for the {thing},” {Q} asked, “with {matter} forgotten?”\n"
    "“{N},” {P} said, “and {matter2} is extra.”",
    "“I could lie to you about {matter},” {Q} said, and reached for the {drink}.\n"
    "“You could do it quicker without the {thing},” {P} said, when {sound} had stopped.",
    "“Sit down,” {Q} said, {busy}, “and not on the {seat}.”\n"
    "“Tell me about {matter},” {P} said, and stayed by {fixture}.\n"
    "“It was {n} when I counted,” {Q} said, “and {who} counted after me.”",
    "“Do you trust {who},” {P} asked, “with {matter}?”\n"
    "“With the {thing}, yes,” {Q} said, “and with {matter} about as far as {fixture}.”",
    "“Not that {thing},” {Q} said, “the {color} one, by {fixture}.”\n"
    "“This has {fault},” {P} said, and brought it {manner}.\n"
    "“Everything here has something,” {Q} said, “and mine has {fault2}.”",
    "“My mother had a {thing} like that,” {Q} said, “before {matter}.”\n"
    "“What became of the {thing},” {P} asked, “and of {matter}?”\n"
    "“She sold both {when},” {Q} said, “for {n}.”",
    "“Somebody has been at the {box},” {P} said, and showed the place: {fault}.\n"
    "“It was like that {when},” {Q} said, after bending over it for {span}.",
    "“If {who} asks,” {Q} said, “you came about the {thing}.”\n"
    "“I did come about the {thing},” {P} said, “and stayed for {matter}.”",
    "“How far is it,” {P} asked, {busy}, “past {fixture}?”\n"
    "“With a {box} to carry,” {Q} said, “{n} minutes, and {n2} without.”",
    "“Say that about {matter} again,” {P} said, “and leave out {who}.”\n"
    "“Then there is only the {thing} left,” {Q} said, “and {when}.”",
    "“Eat the {food},” {Q} said, “{n} people have paid for it.”\n"
    "“Then {n2} of them are hungry,” {P} said, and ate the {food}.",
    "“You are holding the {worn} {thing} wrong,” {Q} said.\n"
    "“I have held {n} of these,” {P} said, and turned it {manner}.\n"
    "“Then you have held {n2} of them wrong,” {Q} said, “and dropped the one {when}.”",
    "“I owe you {n},” {P} said, “for the {thing}.”\n"
    "“{N2},” {Q} said, “but who keeps count of {matter}.”\n"
    "“You do,” {P} said, “in a {worn} notebook, I saw it {when}.”",
    "“There is a {weather} coming,” {Q} said, with a look at {fixture}.\n"
    "“It came {when},” {P} said, “and you were {busy}.”",
    "“What did you see at {fixture},” {P} asked, “{when}?”\n"
    "“A {color} {wear},” {Q} said, “and somebody in it, in no hurry, with a {thing}.”",
    "“It smells of {smell},” {P} said, “as far as {fixture}.”\n"
    "“That is {smell2},” {Q} said, with a sniff at the {box}, “and the {smell} is you.”",
    "“Give me the {thing},” {Q} said, “and I will forget {matter}.”\n"
    "“You would forget it for {n},” {P} said, “and remember it for {n2}.”",
    "“They will ask about {matter},” {P} said, “at {fixture}.”\n"
    "“Let them ask {who},” {Q} said, and tied up the {box} with {color} string.\n"
    "“And when they come to the {box},” {P} said, “and find {fault}?”",
    "“Once I carried a {box} like that for {n} days,” {Q} said, “and all it held was {food}.”\n"
    "“Nobody pays {n2} to have {food} carried,” {P} said, and shifted {o} to the other hand.",
    "“You have {smell} on your {wear},” {Q} said.\n"
    "“It has been there since {matter},” {P} said, without a look at the {cloth}.",
    "“Two things,” {P} said, “the {thing}, and {matter}.”\n"
    "“The {thing} is behind {fixture},” {Q} said, “and about {matter} I know what {who} knows.”",
    "“When I was young there were {n} of us,” {Q} said, “and one {box}.”\n"
    "“Who got the {box}, in the end,” {P} asked, “you or {matter}?”",
    "“What would you give for this,” {P} asked, and laid {o} by {fixture}, “in a {weather}?”\n"
    "“{N},” {Q} said, “and the {thing}, and I would not ask about {matter}.”",
    "“I heard {sound},” {P} said, “{when}.”\n"
    "“That was {sound2},” {Q} said, “and one learns the difference, living near {fixture}.”",
    "“It is not forbidden,” {Q} said, “they only charge you {n} and take away the {thing}.”\n"
    "“And for {n},” {P} asked, and counted it out on the {seat}, “what do they leave me?”",
    "“Is {matter} the whole of it,” {P} asked, “or only the {color} end?”\n"
    "“It is as much of it as fits through {fixture},” {Q} said, and considered the {thing}.",
    "“I would help you with {matter},” {Q} said, “if I had {n} more hands.”\n"
    "“You have one free,” {P} said, “so hold the {worn} {thing}.”",
    "“Take the {thing} as well,” {Q} said, “you will want it past {fixture}.”\n"
    "“For {matter},” {P} asked, “or for {who}?”\n"
    "“For the {food}, mostly,” {Q} said, “but it has been known to open a {box}.”",
    "“Who told you about {matter},” {Q} asked the {thing}, “and when?”\n"
    "“You did,” {P} said, “{when}, in {n} words.”",
    "“Was it {who},” {P} asked, “who moved the {box}?”\n"
    "“It was moved {when},” {Q} said, “and I was {busy}, and that is all I saw.”",
    "“You could stay,” {Q} said, “there is {food}, and a {seat} by {fixture}.”\n"
    "“There was {food} {when},” {P} said, “and I ended up paying {n}.”",
    "“I need it by the bell,” {P} said, “the {thing} and the truth about {matter}.”\n"
    "“You can have the {thing},” {Q} said, and gave it {manner}.",
    "“I never touched the {worn} {box},” {Q} said.\n"
    "“Then whose is the {cloth},” {P} asked, “with {smell} on it?”\n"
    "“I said I never touched it,” {Q} told {fixture}, “not that I never saw {matter}.”",
    "“Tell me one thing that is true,” {P} said, “about {fixture}, and then you can go on about {matter}.”\n"
    "“There are {n} nails in it,” {Q} said, “and you are standing on my {wear}.”",
    "“How many,” {P} asked, {busy}, “with {who}?”\n"
    "“{N} with,” {Q} said, “and {n2} without, and {matter} does not come into it.”",
    "“To {matter},” {Q} said over the {drink}, “and may we never hear of it again.”\n"
    "“You said that {when},” {P} said, and drank {n} drops.",
    "“It is too quiet,” {Q} said, “but for {sound} and the {bird}.”\n"
    "“It was quieter {when},” {P} said, “and nobody minded {matter} then.”",
    "“I can get you past {fixture} {hour},” {Q} said, “for {o}.”\n"
    "“For the {thing},” {P} said, “and {n} in coin.”\n"
    "“For the {thing},” {Q} said, “and you never saw {who}.”",
    "“You count everything,” {Q} said, “even the {thing}, even {n}.”\n"
    "“Somebody has to,” {P} said, “{when} there were {n2}.”",
    "“Is that {food},” {Q} asked, “or did you clean the {thing} with it?”\n"
    "“It was {food} {when},” {P} said, and pushed the plate away.",
    "“About {matter},” {P} said, “I was wrong by {n}.”\n"
    "“By {n2},” {Q} said, “but go on, there is {drink} left.”",
    "“Do it properly,” {Q} said, “the {thing} first, then the {box}.”\n"
    "“I have done it the other way round {n} times,” {P} said, and did it {manner}.",
    "“I dreamt of {matter},” {Q} said, “with a {weather}, and {who} counting it.”\n"
    "“I dreamt of {food},” {P} said, “and woke up with {n} left to pay.”",
    "“They have locked {fixture},” {P} said, “and the {box} is inside.”\n"
    "“They lock it every time there is {sound},” {Q} said, “and {who} has the key.”",
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
