"""What counts as a fact of a text: names and numbers, in several languages; and what is only a comma."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ghostkit.writing.facts import changed_share, facts_of, gone, is_material, names_somebody, states

from . import stale_oracle as oracle
from . import stale_prose

LONG = "She went down to the water and looked at the boats and went home again. " * 12

# ── names ─────────────────────────────────────────────────────────────────────────────────────────────────────

NAMES = {
    "Then Mira left.": {"Mira"},
    "Mira left.": set(),  # it begins the sentence: nobody can tell
    "She left. Mira stayed.": set(),
    "They called Mira's name, and Jon’s.": {"Mira", "Jon"},
    "So I'm here, and I'd stay, said I. A man came to A or B.": {"B"},
    "He said “Come here” to Ada.": {"Ada"},
    'He said "Come here" to Ada.': {"Ada"},
    "a list\nFind the key": set(),
    "with Anne-Marie and O'Neil": {"Anne", "Marie", "O'Neil"},
    "Он видел Миру и Ивана.": {"Миру", "Ивана"},
    "我看见美拉。": set(),
    "": set(),
}


@pytest.mark.parametrize("text", NAMES)
def test_names_are_capitalised_where_nothing_else_makes_them_so(text: str) -> None:
    assert facts_of(text).names == NAMES[text]


CALLED = [
    ("Mira's hand", ["Mira"], True),
    ("the hand of MIRA", ["Mira"], True),
    ("Will he mark the rose?", ["Mark"], False),
    ("he had the will to go", ["Will"], False),
    ("Will came", ["Will"], True),
    ("Captain Rusk", ["Mira Rusk"], False),
    ("then Mira sang", ["Mira Rusk"], True),
    ("they came to the well", ["The Bell"], False),
    ("they came to the Bell", ["The Bell"], True),
    ("near the old mill", ["the old mill"], True),
    ("O’Neil came", ["O'Neil"], True),
    ("with Anne-Marie", ["Anne-Marie"], True),
    ("the robot R2-D2", ["R2-D2"], True),
    ("The Salt Road", ["Mira", "the Salt Road"], True),
    ("Он увидел Миру, с Мирой.", ["Мира"], True),
    ("весь мир", ["Мира"], False),
    ("вместе с Андреем", ["Андрей"], True),
    ("к Ивану", ["Иван"], True),
    ("ива у реки", ["Иван"], False),
    ("美拉走进房间。", ["美拉"], True),
    ("他走进房间。", ["美拉"], False),
    ("미라는 갔다", ["미라"], True),
    ("마을로 갔다", ["미라"], False),
    ("Anything", [""], False),
    ("Anything", ["…"], False),
]


@pytest.mark.parametrize(("text", "names", "found"), CALLED)
def test_somebody_is_named(text: str, names: list[str], found: bool) -> None:
    assert names_somebody(text, names) is found


# ── numbers ───────────────────────────────────────────────────────────────────────────────────────────────────

NUMBERS = {
    "34 miles": [("34", "miles")],
    "thirty-four miles": [("34", "miles")],
    "Thirty four miles": [("34", "miles")],
    "a hundred and five miles": [("105", "miles")],
    "one hundred thousand men": [("100000", "men")],
    "two thousand three hundred and one": [("2301", "")],
    "two thousand and five ships": [("2005", "ships")],
    "ten, eleven, twelve": [("10", "eleven"), ("11", "twelve"), ("12", "")],
    "twenty, thirty miles": [("20", "thirty"), ("30", "miles")],
    "two and twenty": [("2", "and"), ("20", "")],
    "1,000 of 12,345,678": [("1000", "of"), ("12345678", "")],
    "3,5 km and 3.5 km": [("3,5", "km"), ("3.5", "km")],
    "no one came, not one": [],
    "1 man, twenty-one men": [("1", "man"), ("21", "men")],
    "тридцать четыре года": [("34", "года")],
    "одна тысяча двести двадцать пять вёрст": [("1225", "вёрст")],
    "двумя днями, сорока годами": [("2", "днями"), ("40", "годами")],
    "один человек": [],
    "34岁": [("34", "岁")],
    "３４岁": [("34", "岁")],
    "zero": [("0", "")],
}


@pytest.mark.parametrize("text", NUMBERS)
def test_numbers_are_read_as_digits_or_words_with_the_word_after_them(text: str) -> None:
    assert list(facts_of(text).numbers) == NUMBERS[text]


@given(st.integers(0, 9999), st.sampled_from(["miles", "days"]))
def test_every_way_of_writing_a_number_is_the_same_number(number: int, unit: str) -> None:
    ways = [" ".join(way) for way, value in SPELLED.get(number, [])]
    for way in [str(number), *ways]:
        if way not in ("one", "один"):
            assert facts_of(f"It was {way} {unit} on.").numbers == ((str(number), unit),), way


SPELLED: dict[int, list[tuple[tuple[str, ...], int]]] = {}
for _way, _value in oracle.SPELLED.items():
    SPELLED.setdefault(_value, []).append((_way, _value))


# ── what matters ──────────────────────────────────────────────────────────────────────────────────────────────

EDITS = [
    ("one comma", f"{LONG}Then, Mira left.", f"{LONG}Then Mira left.", False),
    ("a dash and case", f"{LONG}Then Mira left at once.", f"{LONG}Then – Mira left AT once!", False),
    ("new lines", f"{LONG}Then Mira left.", f"{LONG}\n\nThen\nMira left.", False),
    ("digits for words", f"{LONG}It was thirty-four miles.", f"{LONG}It was 34 miles.", False),
    ("one word of many", f"{LONG}The road was grey.", f"{LONG}The road was blue.", False),
    ("one word of few", "The road was grey.", "The road was blue.", True),
    ("a number", f"{LONG}It was 34 miles.", f"{LONG}It was 36 miles.", True),
    ("two numbers change places", f"{LONG}Mira is 34, Jon 36.", f"{LONG}Mira is 36, Jon 34.", True),
    ("a name", f"{LONG}Then Mira left.", f"{LONG}Then Jon left.", True),
    ("a name that only begins sentences", f"{LONG}Mira left; so Mira said.", f"{LONG}Jon left; so Jon said.", True),
    ("his for a name's", f"{LONG}It was Mira's coat, said Mira.", f"{LONG}It was her coat, said Mira.", False),
    ("a possessive", f"{LONG}They took the hand of Mira.", f"{LONG}They took Mira's hand.", False),
    ("another pronoun", f"{LONG}No one came.", f"{LONG}Nobody came.", False),
    ("words of direct speech", f"{LONG}“Wait,” she said.", f"{LONG}“Stop,” she said.", False),
    ("a contraction", f"{LONG}So I'm off.", f"{LONG}So I am off.", False),
    ("a Cyrillic case", f"{LONG}Там Мира и дом Миры.", f"{LONG}Там Мира и дом её.", False),
    ("a comma in Chinese", "我来了，他走了。" * 20, "我来了他走了。" + "我来了，他走了。" * 19, False),
    ("a number in Chinese", "他34岁。" + "我来了，他走了。" * 20, "他36岁。" + "我来了，他走了。" * 20, True),
    ("nothing", LONG, LONG, False),
    ("all of it", LONG, "", True),
]


@pytest.mark.parametrize(("what", "old", "new", "wanted"), EDITS, ids=[edit[0] for edit in EDITS])
def test_an_edit_matters_if_it_changes_a_name_a_number_or_many_words(
    what: str, old: str, new: str, wanted: bool
) -> None:
    assert is_material(old, new) is wanted
    assert is_material(new, old) is wanted


def test_facts_that_went_are_those_that_the_new_text_has_nowhere() -> None:
    old = "They rode 34 miles with Mira to Port Lorn, one day, in 12 ships. It was Jon."
    new = "They rode 36 miles with her to Lorn, one day, in twelve ships. Jon it was."
    assert gone(old, new, known=()) == ("34 miles", "Mira", "Port")
    assert gone(old, new, known=("Mira", "Port")) == ("34 miles",)
    assert gone(old, old, known=()) == ()
    assert states("Thirty-four miles on", "34 miles")
    assert not states("34 days on", "34 miles")
    assert states("Mira’s coat", "Mira")
    assert not states("a port in a storm", "Port")


def test_a_name_in_another_case_is_still_there() -> None:
    assert gone("Он видел Миру.", "Там была Мира.", known=()) == ()
    assert gone("Он видел Миру.", "Там была она.", known=("Мира",)) == ()
    assert gone("Он видел Миру.", "Там была она.", known=()) == ("Миру",)
    assert states("С Мирой", "Миру")


@settings(max_examples=60)
@given(st.randoms(use_true_random=False))
def test_the_oracle_reads_the_same_facts(random: object) -> None:
    text = stale_prose.prose(random)  # type: ignore[arg-type]
    facts = facts_of(text)
    assert facts.words == oracle.words_of(text)
    assert facts.numbers == oracle.numbers_of(text)
    assert facts.capitals == oracle.capitals_of(text)
    other = stale_prose.edited(random, text)  # type: ignore[arg-type]
    assert is_material(text, other) is oracle.material(text, other)


@given(st.lists(st.sampled_from("abc"), max_size=30), st.lists(st.sampled_from("abc"), max_size=30))
def test_the_share_that_changed_is_a_share(old: list[str], new: list[str]) -> None:
    share = changed_share(tuple(old), tuple(new))
    assert 0 <= share <= 1
    assert (share == 0) is (old == new)


def test_a_very_long_text_is_compared_in_good_time() -> None:
    words = ("salt", "road", "west", "well")
    old = tuple(words[n % 4] for n in range(200_000))
    assert changed_share(old, (*old, "more")) == pytest.approx(0, abs=1e-4)


@given(st.text(max_size=80))
def test_any_text_has_facts(text: str) -> None:
    facts = facts_of(text)
    assert len(facts.numbers) <= len(facts.words)
    assert is_material(text, text) is False
