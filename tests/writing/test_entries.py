"""Which facts of people and things changed, and which texts use them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ghostkit.writing.entries import Told, changed_entries


def told(old: list[dict[str, Any]], new: list[dict[str, Any]]) -> list[Told]:
    return list(changed_entries(json.dumps(old, ensure_ascii=False), json.dumps(new, ensure_ascii=False)))


def one(field: str, old: Any, new: Any, name: str = "Mira", **more: Any) -> Told:
    before, after = ({"name": name, **more, field: value} for value in (old, new))
    (found,) = told([before], [after])
    return found


AGE = one("age", "34", "36")
USES = [
    (AGE, "Mira was thirty-four.", True),
    (AGE, "Mira was thirty-six.", False),
    (AGE, "34 miles on, they met Mira.", True),  # a number above ten is looked for anywhere
    (one("daughters", "2", "3"), "Mira had two daughters.", True),
    (one("daughters", "2", "3"), "Mira slept. Two days later it rained.", False),
    (one("home", "Port Lorn", "Ash"), "Mira came home to Lorn.", True),
    (one("home", "Port Lorn, by the sea", "Ash, in the hills"), "Mira came home to Port Lorn.", True),
    (one("home", "Port Lorn", "Ash"), "Mira left the port.", False),
    (one("home", "The Bell", "The Anchor"), "The coat was Mira's.", False),
    (one("home", "an inn, The Bell", "an inn, The Anchor"), "Mira rang a bell. The coat hung there.", False),
    (one("eyes", "green", "grey"), "Mira slept.", True),  # not to be looked for: whoever names her uses it
    (one("traits", ["brave", "quick"], ["brave", "slow"]), "Mira slept.", True),
    (one("height", "1,70 m", "1,80 m"), "Mira was 1,70 m tall.", True),
    (one("height", "1,70 m", "1,80 m"), "Mira was tall.", False),
    (one("дом", "Порт Лорн", "Север", name="Мира"), "Они с Мирой пришли в Лорн.", True),
    (one("年龄", "34", "36", name="美拉"), "美拉34岁。", True),
    (one("年龄", "34", "36", name="美拉"), "美拉走进房间。", False),
]


@pytest.mark.parametrize(("fact", "text", "used"), USES)
def test_a_text_uses_a_fact_that_it_states(fact: Told, text: str, used: bool) -> None:
    assert fact.is_used_in(text) is used


def test_reasons_read_like_sentences() -> None:
    assert AGE.text == "Mira's age (34 → 36)"
    assert one("home_town", "Ash", "Lorn").text == "Mira's home town (Ash → Lorn)"
    told_of = one("description", "A tall woman with a scar on her left hand, 34.", "A tall woman, 36, without a scar.")
    assert told_of.text.startswith("Mira's description (")
    assert told([{"name": "Mira"}], [])[0].text == "Mira, who is no longer described as then"
    assert told([], [{"name": "Mira"}])[0].text == "Mira, who is described only since"
    assert one("age", "", "36").text == "Mira's age, which is new (36)"


def test_what_is_no_fact_changes_nothing() -> None:
    long = "A woman who went down to the water and looked at the boats and went home again, every day of the year. " * 3
    assert told([{"name": "Mira", "description": long}], [{"name": "Mira", "description": long.replace(",", "")}]) == []
    assert told([{"name": "Mira", "age": "thirty-four"}], [{"name": "Mira", "age": "34"}]) == []
    assert told([{"name": "Mira", "aliases": ["Mi"]}], [{"name": "Mira", "aliases": ["Miri"]}]) == []
    assert told([{"name": "A"}, {"name": "B"}], [{"name": "B"}, {"name": "A"}]) == []


def test_a_person_who_is_gone_is_used_by_whoever_names_them_and_a_new_one_by_nobody_yet() -> None:
    (gone,), (new,) = told([{"name": "Mira"}], []), told([], [{"name": "Mira"}])
    assert gone.is_used_in("Mira slept.")
    assert not new.is_used_in("Mira slept.")


def bond(to: str, kind: str, **more: str) -> dict[str, str]:
    return {"to": to, "kind": kind, **more}


def test_a_relationship_is_used_where_both_are_named_by_any_of_their_names() -> None:
    jon = {"name": "Jon", "aliases": ["the Smith"]}
    before, after = ({"name": "Mira", "relationships": [bond("Jon", kind)]} for kind in ("friend", "rival"))
    (found,) = told([before, jon], [after, jon])
    assert found.text == "what Mira is to Jon (friend → rival)"
    assert found.is_used_in("Mira met Jon.")
    assert found.is_used_in("Mira met the Smith.")
    assert not found.is_used_in("Mira slept.")


def test_each_of_two_relationships_to_one_person_counts() -> None:
    both = [bond("Jon", "friend"), bond("Jon", "debtor", description="owes him 34 crowns")]
    less = [bond("Jon", "rival"), both[1]]
    (found,) = told([{"name": "Mira", "relationships": both}], [{"name": "Mira", "relationships": less}])
    assert found.text.startswith("what Mira is to Jon (friend, debtor")
    assert told([{"name": "Mira", "relationships": both}], [{"name": "Mira", "relationships": both}]) == []


def test_a_narrator_is_never_named_and_always_concerned() -> None:
    assert one("age", "34", "36", role="narrator").narrates
    assert not AGE.narrates


@pytest.mark.parametrize("broken", ["", "not JSON", '{"name": "Mira"}', "[1, null]", '[{"age": 3}]'])
def test_what_is_no_list_of_people_tells_nothing_and_breaks_nothing(broken: str) -> None:
    assert [fact.name for fact in changed_entries(broken, broken)] == []
    list(changed_entries(broken, '[{"name": "Mira", "relationships": [1, {"to": "Jon"}, {}]}]'))
    list(changed_entries('[{"name": "Mira", "relationships": 3, "age": {"now": [34, null]}}]', broken))
