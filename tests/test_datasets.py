"""The sample book holds together: brief, bible and chapters say the same of people, dates, ages and distances."""

from __future__ import annotations

import dataclasses
import json
import re
import shutil
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

DATASETS = Path(__file__).parents[1] / "datasets"
COAST = DATASETS / "lantern-coast"
BIBLE: dict[str, Any] = json.loads((COAST / "bible.json").read_text("utf-8"))
PEOPLE = {person["name"]: person for person in BIBLE["characters"]}
PLACES = {place["name"]: place for place in BIBLE["places"]}
FACTS = BIBLE["facts"]
BEGINS = date.fromisoformat(BIBLE["book_begins"])
BRIEF = (COAST / "brief.md").read_text("utf-8")
CHAPTERS = [(COAST / "chapters" / f"{n:02}.md").read_text("utf-8") for n in (1, 2, 3)]
PROSE = "\n".join(CHAPTERS)
INVERSE = {
    "fitter": "superintendent", "ally": "ally", "passenger": "carrier", "granddaughter": "grandfather",
    "ward": "protector", "friend": "friend", "teacher": "pupil", "keeper": "superintendent", "client": "insurer",
    "wife": "husband", "patient": "nurse", "uncle": "nephew", "suspect": "investigator",
}  # fmt: skip


def on(day: str) -> date:
    return date.fromisoformat(day)


def age(name: str, day: date) -> int:
    born = on(PEOPLE[name]["born"])
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


ONES = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
]  # fmt: skip
TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]


def words(number: int) -> str:
    """English as the chapters write numbers: twelve, sixty-one, a hundred and thirty-six, two hundred and twelve."""
    if number < 20:
        return ONES[number]
    if number < 100:
        return TENS[number // 10 - 2] + (f"-{ONES[number % 10]}" if number % 10 else "")
    hundreds = "a" if number // 100 == 1 else ONES[number // 100]
    return f"{hundreds} hundred" + (f" and {words(number % 100)}" if number % 100 else "")


def says(text: str, phrase: str) -> bool:
    """Whether the phrase stands in the text, whatever the case of its first letter and the line breaks."""
    flat = " ".join(text.split()).lower()
    return " ".join(phrase.split()).lower() in flat


# The bible in itself


def test_there_are_twelve_people_and_six_places() -> None:
    assert len(PEOPLE) == len(BIBLE["characters"]) == 12
    assert len(PLACES) == 6


@pytest.mark.parametrize("name", PEOPLE)
def test_an_age_is_that_of_the_birth_date(name: str) -> None:
    person = PEOPLE[name]
    assert person["age"] == age(name, on(person["died"]) if "died" in person else BEGINS)


@pytest.mark.parametrize("name", PEOPLE)
def test_relationships_are_told_from_both_sides(name: str) -> None:
    inverse = INVERSE | {back: there for there, back in INVERSE.items() if back != "superintendent"}
    assert PEOPLE[name]["relationships"], f"{name} is related to nobody"
    for bond in PEOPLE[name]["relationships"]:
        back = [other for other in PEOPLE[bond["to"]]["relationships"] if other["to"] == name]
        assert len(back) == 1, f"{name} and {bond['to']}"
        assert back[0]["since_chapter"] == bond["since_chapter"]
        if bond["kind"] == "superintendent":
            assert back[0]["kind"] in ("fitter", "keeper")
        else:
            assert back[0]["kind"] == inverse[bond["kind"]], f"{name} and {bond['to']}"


def test_the_timeline_is_in_order_with_true_weekdays_and_known_people() -> None:
    days = [entry["date"] for entry in BIBLE["timeline"]]
    assert days == sorted(days)
    for entry in BIBLE["timeline"]:
        assert on(entry["date"]).strftime("%A") == entry["weekday"]
        assert entry["place"] in PLACES
        assert set(entry["people"]) <= set(PEOPLE)
        for name in entry["people"]:
            died = PEOPLE[name].get("died")
            assert died is None or entry["date"] <= died, f"{name} at {entry['what']}"
            assert entry["date"] > PEOPLE[name]["born"]


def test_the_sums_of_the_facts_come_out() -> None:
    died, landed, told = on("1931-05-09"), on("1931-09-22"), on("1931-10-01")
    assert PEOPLE["Tobias Rook"]["died"] == died.isoformat()
    assert (landed - died).days == FACTS["nights_lit_to_landing"]
    assert (told - died).days == FACTS["nights_lit_to_telling"]
    assert BEGINS + timedelta(days=FACTS["order_days"]) == on(BIBLE["timeline"][-1]["date"])
    assert told.strftime("%A") == FACTS["mail_boat_weekday"]
    assert FACTS["cylinder_days"] == 2 * FACTS["cylinder_days_lit_by_day"]
    assert FACTS["rods_per_valve"] == FACTS["bright_rods"] + FACTS["black_rods"]
    assert FACTS["step_of_death"] < PLACES["Skarn"]["steps"]
    assert age("Marit Rook", told) >= FACTS["attendant_age_from"]
    assert sum("light" in place["kind"] for place in BIBLE["places"]) == FACTS["valves"]
    miles = [place["miles_from_sarn"] for place in BIBLE["places"]]
    assert miles == sorted(set(miles))


def test_the_people_of_the_bible_fit_the_books_own_model() -> None:
    from ghostkit.book.model import Character, CharacterRole, Relationship

    for person in PEOPLE.values():
        bonds = tuple(Relationship(**bond) for bond in person["relationships"])
        made = Character(
            name=person["name"], description=person["description"], role=CharacterRole(person["role"]),
            traits=tuple(person["traits"]), backstory=person["backstory"], arc=person["arc"], relationships=bonds,
        )  # fmt: skip
        assert made.traits
        assert made.relationships


def test_the_bible_opens_as_a_books_own_files(tmp_path: Path) -> None:
    from ghostkit import sync

    book = sync.Book.create(tmp_path / "book", title="The Sun Valve", brief=BRIEF, model="rehearsal")
    book.close()
    shutil.copytree(COAST / "lore", tmp_path / "book", dirs_exist_ok=True)
    book = sync.Book.open(tmp_path / "book")
    assert len(book.people) == len(PEOPLE) == 12
    for person in book.people:
        told = PEOPLE[person.name]
        assert (str(person.role), list(person.traits)) == (told["role"], told["traits"])
        assert (person.description, person.backstory, person.arc) == (
            told["description"], told["backstory"], told["arc"],
        )  # fmt: skip
        assert person.extra == {k: v for k, v in told.items() if k in ("born", "died", "age", "home")}
        bonds = [dataclasses.asdict(bond) for bond in person.relationships]
        assert bonds == [{**bond, "extra": {}} for bond in told["relationships"]]
    assert [place.name for place in book.bible.list("place")] == list(PLACES)
    assert [(date.name, date.description) for date in book.bible.list("date")] == [
        (entry["date"], entry["what"]) for entry in BIBLE["timeline"]
    ]
    marit = book.people.context("Marit Rook", 2)
    assert "relationship to Ilse Harrow: ally" in marit
    assert "Ilse Harrow" not in book.people.context("Marit Rook", 1)
    book.close()


def test_the_readable_bible_says_the_same() -> None:
    text = (COAST / "bible.md").read_text("utf-8")
    for name, person in PEOPLE.items():
        part = text.split(f"### {name}\n")[1].split("\n### ")[0].split("\n## ")[0]
        assert f"{person['age']}; born {person['born']}" in part
        for bond in person["relationships"]:
            assert f"- {bond['kind']} to **{bond['to']}**" in part
            assert bond["description"] in part
    for place in BIBLE["places"]:
        assert f"| {place['name']} | {place['miles_from_sarn']} | {place['kind']} |" in text
    for entry in BIBLE["timeline"]:
        assert f"| {entry['date']} | {entry['weekday']} | {entry['place']} | {entry['what']} |" in text


# The brief against the bible


@pytest.mark.parametrize("name", PEOPLE)
def test_the_brief_has_everybody_with_their_age(name: str) -> None:
    (line,) = [line for line in BRIEF.splitlines() if line.startswith(f"- **{name}**")]
    assert re.search(rf"\b{PEOPLE[name]['age']}\b", line), line


def test_the_brief_has_nobody_else_and_every_distance() -> None:
    assert re.findall(r"^- \*\*(.+?)\*\*", BRIEF, re.MULTILINE) == list(PEOPLE)
    for place in BIBLE["places"]:
        short = place["name"]
        assert f"{short} ({place['miles_from_sarn']})" in BRIEF
        if "steps" in place:
            assert re.search(
                rf"{short} \([^)]*\)[^.]*{place['steps']} steps, one flash in {place['flash_s']} sec", BRIEF
            )


def test_the_brief_holds_the_facts_of_the_bible() -> None:
    for number in (FACTS["nights_lit_to_landing"], FACTS["nights_lit_to_telling"], FACTS["oil_missing_litres"]):
        assert str(number) in BRIEF
    assert f"lasts {FACTS['cylinder_days']} days, or {FACTS['cylinder_days_lit_by_day']}" in BRIEF
    assert "Three chapters of four sections, about 300 words a section" in BRIEF


# The chapters against the bible


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_chapter_is_finished_prose_of_four_scenes(number: int) -> None:
    text = CHAPTERS[number - 1]
    heading, _, body = text.partition("\n")
    assert re.fullmatch(rf"# {number}\. \w[\w ]+", heading)
    assert heading.split(". ")[1] in BRIEF.split("## Shape")[1]
    scenes = body.split("\n* * *\n")
    assert len(scenes) == 4
    assert 700 <= sum(len(scene.split()) for scene in scenes) <= 1000
    assert all(len(scene.split()) >= 120 for scene in scenes)
    assert text.endswith(".\n")
    assert "TODO" not in text
    assert "  " not in body


@pytest.mark.parametrize("name", PEOPLE)
def test_everybody_of_the_bible_appears_by_name(name: str) -> None:
    first, last = name.split()
    assert name in PROSE, name
    assert len(re.findall(rf"\b(?:{first}|{last})\b", PROSE)) >= 2


def test_nobody_appears_who_is_not_in_the_bible() -> None:
    known = {part for name in [*PEOPLE, *PLACES] for part in name.split()}
    known |= {"Lights", "Office", "Northern", "Mutual", "Patience", "Home"}
    in_sentences = set(re.findall(r"(?<=[a-z,;] )([A-Z][a-z]{2,})", PROSE))
    titles = {"Mr", "Miss", "Nurse", "Superintendent", "Saturday", "Sunday", "Monday", "Tuesday", "Thursday"}
    titles |= {"April", "August", "March", "May", "June", "July", "September", "October", "Head", "Grandfather"}
    assert in_sentences - known - titles == set()


def test_ages_in_the_chapters_are_those_of_the_bible() -> None:
    now = {name: words(age(name, BEGINS)) for name in PEOPLE}
    assert says(CHAPTERS[0], f"The Superintendent was {now['Dorrit Vane']} and")
    assert says(CHAPTERS[0], f"Nils Brandt was {now['Nils Brandt']} and")
    assert says(CHAPTERS[0], f"in a bee veil. He was {now['Amos Prewitt']};")
    assert says(CHAPTERS[1], f"Lena, {now['Lena Calloway']},")
    gap = age("Piet Calloway", on("1931-09-21")) - age("Lena Calloway", on("1931-09-21"))
    assert says(CHAPTERS[1], f"Piet, {words(gap)} years older,")
    assert says(CHAPTERS[1], f"Her name was Marit Rook and she was {now['Marit Rook']}.")
    assert says(CHAPTERS[1], f"said that she was {words(age('Hester Lamb', on('1931-06-04')))} and had never")
    assert says(CHAPTERS[2], f"a courteous man of {words(age('Edwin Pask', on('1931-10-01')))} in galoshes")
    assert says(CHAPTERS[2], f"He is {words(PEOPLE['Tobias Rook']['age'])}.")
    assert says(CHAPTERS[2], f"She had been {words(age('Dorrit Vane', on('1901-09-15')))} when she came")


def test_dates_in_the_chapters_fall_on_their_weekdays() -> None:
    months, ordinal = {"September": 9, "October": 10}, {"seventh": 7, "first": 1}
    found = re.findall(r"(\w+day),? the ([a-z-]+) of (\w+)", PROSE)
    assert {day for day, _, _ in found} == {"Monday", "Thursday"}
    for weekday, nth, month in found:
        day = datetime(1931, months[month], ordinal[nth])
        assert day.strftime("%A") == weekday, (weekday, nth, month)
    for phrase, day in {
        "the seventeenth of October, a Saturday": "1931-10-17", "It was the ninth, it was a Saturday": "1931-05-09",
        "Tuesday the twenty-second when the *Patience*": "1931-09-22", "By Saturday the twenty-sixth": "1931-09-26",
    }.items():  # fmt: skip
        assert says(PROSE, phrase)
        assert on(day).strftime("%A") in phrase
    assert says(CHAPTERS[0], "The work took until Saturday")
    assert on("1931-09-12").strftime("%A") == "Saturday"
    assert on("1931-10-01").day <= 7, "the nurse comes in the first week"


def test_distances_steps_and_flashes_in_the_chapters_are_those_of_the_bible() -> None:
    miles = {name: place["miles_from_sarn"] for name, place in PLACES.items()}
    assert says(CHAPTERS[0], f"made {words(FACTS['tender_miles_per_hour'])} miles in the hour")
    assert says(CHAPTERS[0], f"Gannet Head was {words(miles['Gannet Head'])} miles out")
    assert miles["Gannet Head"] / FACTS["tender_miles_per_hour"] == 1, "Brandt used the hour"
    for name in ("The Sisters", "Skarn", "Long Bar"):
        assert says(CHAPTERS[0], f"At {name}, mile {words(miles[name])},")
    assert says(CHAPTERS[0], f"Mile {words(miles['Cold Ness'])}.")
    assert says(CHAPTERS[1], f"covered the {words(miles['Skarn'] - miles['The Sisters'])} miles")
    further = words(miles["Long Bar"] - miles["Skarn"])
    assert says(CHAPTERS[1], f"{further} miles off, Long Bar")
    assert says(CHAPTERS[2], f"with {further} miles to go to Long Bar")
    assert says(CHAPTERS[0], f"all {words(PLACES['Gannet Head']['steps'])} steps")
    assert says(CHAPTERS[0], f"and {words(PLACES['Gannet Head']['flash_s'])} seconds later once again")
    assert says(CHAPTERS[0], f"since {PLACES['Gannet Head']['lit']}")
    assert says(CHAPTERS[1], f"There's {words(PLACES['Skarn']['steps'])}, and he'd got to the sixty-first")
    assert says(CHAPTERS[2], f"one flash in {words(PLACES['Skarn']['flash_s'])} seconds")
    assert FACTS["step_of_death"] == 61


def test_the_other_numbers_in_the_chapters_are_those_of_the_bible() -> None:
    assert says(CHAPTERS[0], "signed for five crates")
    assert FACTS["valves"] == 5
    assert says(CHAPTERS[0], f"There were {words(FACTS['valves'] * FACTS['rods_per_valve'])} rods")
    assert says(CHAPTERS[0], f"four to a crate, {words(FACTS['bright_rods'])} bright and one black")
    assert says(CHAPTERS[0], f"Five lights, {words(FACTS['order_days'])} days.")
    assert says(CHAPTERS[0], f"would last {words(FACTS['cylinder_days'])} days")
    assert says(CHAPTERS[0], f"the almanac {words(1931 - 1905)} years")
    assert says(CHAPTERS[0], f"her master for {words(1931 - 1920)} years")
    assert says(CHAPTERS[1], f"{words(FACTS['nights_lit_to_landing'])}.")
    assert says(CHAPTERS[1], "twenty-three nights of May, all June, July and August, twenty-one of September")
    assert FACTS["nights_lit_to_landing"] == 23 + 30 + 31 + 31 + 21
    assert says(CHAPTERS[2], f"{words(FACTS['nights_lit_to_telling'])} nights to this morning")
    assert says(CHAPTERS[2], f"good for {words(FACTS['cylinder_days'])} days would then be good for")
    assert says(CHAPTERS[2], f"{words(FACTS['cylinder_days_lit_by_day'])}.")
    assert says(CHAPTERS[2], f"{words(FACTS['oil_missing_litres'])} litres")
    assert says(CHAPTERS[2], f"{words(FACTS['attendant_crowns_per_month'])} crowns a month and the house")
    assert says(CHAPTERS[2], f"from the age of {words(FACTS['attendant_age_from'])}")
    left = (on("1931-10-17") - on("1931-10-01")).days
    assert says(CHAPTERS[2], f"{words(left)} days left, and {words(FACTS['valves'] - 3)} crates")
    assert says(CHAPTERS[2], "Thirty years ago, at that table")


def test_the_words_for_numbers_are_right() -> None:
    shown = {7: "seven", 20: "twenty", 61: "sixty-one", 136: "a hundred and thirty-six", 212: "two hundred and twelve"}
    assert {number: words(number) for number in shown} == shown


# The booklet


def test_the_tide_tables_worked_example_comes_out() -> None:
    brief = (DATASETS / "tide-tables" / "brief.md").read_text("utf-8")
    low, high = (re.search(rf"{what} water (?:is )?([\d.]+) m at (\d\d:\d\d)", brief) for what in ("low", "high"))
    assert low
    assert high
    assert date(2026, 5, 2).strftime("%A") == "Saturday"
    start, end = (datetime.strptime(found[2], "%H:%M") for found in (low, high))
    bottom, top = float(low[1]), float(high[1])
    step = (end - start) / 6
    assert step == timedelta(minutes=63)
    assert f"the six steps are {step.seconds // 60} minutes" in brief
    twelfth = (top - bottom) / 12
    assert f"range is {top - bottom:.1f} m; one twelfth is {twelfth:.2f} m" in brief
    heights = [bottom + twelfth * part for part in (1, 3, 6)]
    one, two, three = heights
    told = f"After one step the water stands at {one:.2f} m, after two at {two:.2f} m, after three at {three:.1f} m"
    assert told in brief
    dries = 2.6
    assert heights[1] < dries < heights[2]
    assert f"lost between {start + 2 * step:%H:%M} and {start + 3 * step:%H:%M}" in brief
    minutes = (dries - heights[1]) / (heights[2] - heights[1]) * 63
    assert round(minutes) == 21
    assert "about twenty-one minutes after 12:18" in brief


# The two that teach: a textbook and a report


def brief_of(name: str) -> str:
    return (DATASETS / name / "brief.md").read_text("utf-8")


def numbers(pattern: str, text: str) -> list[float]:
    found = re.search(pattern, " ".join(text.split()))
    assert found, pattern
    return [float(number.replace(",", "")) for number in found.groups()]


@pytest.mark.parametrize(("name", "chapters", "sections"), [("sourdough", 6, 3), ("night-buses", 4, 3)])
def test_a_teaching_brief_says_its_kind_shape_goals_and_terms(name: str, chapters: int, sections: int) -> None:
    from ghostkit.book import kind_of, shape_from_brief

    brief = brief_of(name)
    assert kind_of(brief) == "non-fiction"
    shape = shape_from_brief(brief)
    assert (shape["chapters"], shape["sections"]) == (chapters, sections)
    listed = brief.split("## Chapters\n")[1]
    assert re.findall(r"(?:^|, )(\d) [A-Z]", listed) == [str(n) for n in range(1, chapters + 1)]
    parts = re.findall(r"chapters (\d) to (\d)", brief)
    assert [n for first, last in parts for n in range(int(first), int(last) + 1)] == list(range(1, chapters + 1))
    goals = re.findall(r"^\d+\. ", brief.split("## Learning goals\n")[1].split("\n## ")[0], re.M)
    assert len(goals) >= chapters
    assert len(re.findall(r"^- \*\*[\w' ]+\*\*: ", brief, re.M)) >= 6


def test_the_house_loaf_adds_up() -> None:
    brief = brief_of("sourdough")
    flour, water, leaven, salt = numbers(
        r"(\d+) g of wheat flour, (\d+) g of water, (\d+) g of leaven, (\d+) g of", brief
    )
    all_flour, all_water, true = numbers(
        r"holds (\d+) g of flour and (\d+) g of water in all.*?is (\d+) percent", brief
    )
    assert (all_flour, all_water) == (flour + leaven / 2, water + leaven / 2)
    assert round(100 * all_water / all_flour) == true
    assert salt / flour == numbers(r"Salt is (\d+) percent", brief)[0] / 100
    raw, baked = numbers(r"weighs (\d+) g raw and (\d+) g baked: one eighth", brief)
    assert raw == flour + water + leaven + salt
    assert (raw - baked) / raw == 1 / 8


def test_the_night_lines_add_up() -> None:
    brief = brief_of("night-buses")
    one, two = numbers(r"N1 carried ([\d,]+) boardings.*?N2 carried ([\d,]+)", brief)
    cost, each = numbers(r"together cost ([\d,]+) net, which is ([\d.]+) per boarding", brief)
    assert round(cost / (one + two), 2) == each
    first, second = numbers(r"N1 alone costs ([\d.]+) and N2 ([\d.]+)\.", brief)
    assert abs(first * one + second * two - cost) < 0.005 * (one + two)
    expected, low, high = numbers(r"expected ([\d,]+), range ([\d,]+) to ([\d,]+)", brief)
    assert low < expected < high < cost


def test_every_data_set_is_text_in_utf_8_with_unix_line_ends() -> None:
    files = [path for path in DATASETS.rglob("*") if path.is_file() and path.suffix in (".md", ".json")]
    assert len(files) >= 8
    for path in files:
        data = path.read_bytes()
        assert b"\r" not in data
        assert data.endswith(b"\n")
        assert not data.startswith(b"\xef\xbb\xbf")
        data.decode("utf-8")
