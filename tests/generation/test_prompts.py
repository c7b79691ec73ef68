"""Templates: nothing missing, nothing unknown, and no value that opens or closes a tag."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghostkit.errors import BookDamaged, TemplateError, UnknownName
from ghostkit.generation import PromptService
from ghostkit.generation import prompts as prompts_module

SERVICE = PromptService()
NAMES = SERVICE.names()
WHOLE = [name for name in NAMES if any(block.role == "system" for block in SERVICE.template(name).blocks)]
"""Those that are a prompt by themselves; the others go on with another's."""
_PIECES = ["<", ">", "&", '"', "'", "</book>", '<task kind="title">', "{{ brief }}", "{% raw %}", "&lt;", "&amp;", "\n"]
NASTY = st.one_of(
    st.lists(st.sampled_from([*_PIECES, "Ada", "水", "<!--", "-->", "/>", "]]>"]), max_size=8).map("".join),
    st.text(max_size=30),
)


def plain(name: str) -> dict[str, Any]:
    return {variable: "plain" for variable in SERVICE.template(name).variables}


def tags(text: str) -> list[str]:
    """Every tag with its attributes' names, as a reader of the layout sees them."""
    found = re.findall(r"<(/?\w+)((?:\s+\w+=\"[^\"]*\")*)\s*>", text)
    return [" ".join([tag, *re.findall(r"(\w+)=\"[^\"]*\"", attributes)]) for tag, attributes in found]


def test_the_shipped_templates_are_these() -> None:
    assert {
        "chapter_outline", "chapter_summary", "characters", "continuation", "outline", "section", "span_summary",
        "summary", "title",
    } <= set(NAMES)  # fmt: skip
    assert all(not name.startswith("_") for name in NAMES)


@pytest.mark.parametrize("name", WHOLE)
def test_every_template_renders_with_what_it_declares_and_says_which_it_was(name: str) -> None:
    prompt = SERVICE.render(name, **plain(name))
    template = SERVICE.template(name)
    assert prompt.template == f"{name}@{template.version}:{template.digest[:8]}"
    assert [message.role for message in prompt.messages] == ["system", "user"]
    assert all(part.strip() for message in prompt.messages for part in message.parts)
    assert "{{" not in prompt.messages[1].text
    assert f'<task kind="{name}"' in prompt.messages[1].text
    assert prompt.messages[1].parts[-1].endswith("</task>")


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_and_an_unknown_variable_are_named(name: str) -> None:
    for variable in SERVICE.template(name).variables:
        values = plain(name)
        del values[variable]
        with pytest.raises(TemplateError, match=f"{name}' needs {variable}, which was not given"):
            SERVICE.render(name, **values)
    with pytest.raises(TemplateError, match="has no variable colour") as raised:
        SERVICE.render(name, **plain(name), colour="red")
    assert "It declares: " in raised.value.fix


def test_an_unknown_template_is_named_with_those_there_are() -> None:
    with pytest.raises(UnknownName, match=r"no prompt template 'sonnet'. There is: chapter_outline"):
        SERVICE.render("sonnet")


@pytest.mark.parametrize("name", WHOLE)
@given(data=st.data())
def test_no_value_opens_or_closes_a_tag_or_adds_an_attribute(name: str, data: st.DataObject) -> None:
    values = {variable: data.draw(NASTY, label=variable) for variable in sorted(SERVICE.template(name).variables)}
    wanted = [tags(message.text) for message in SERVICE.render(name, **plain(name)).messages]
    prompt = SERVICE.render(name, **values)
    assert [tags(message.text) for message in prompt.messages] == wanted
    own = [message.text.count("<") for message in SERVICE.render(name, **plain(name)).messages]
    assert [message.text.count("<") for message in prompt.messages] == own


@given(value=NASTY)
def test_what_a_block_holds_is_read_back_by_undoing_the_escape(value: str) -> None:
    prompt = SERVICE.render("summary", **{**plain("summary"), "material": value})
    inside = prompt.messages[1].parts[0].removeprefix("<material>\n").removesuffix("\n</material>")
    assert inside.replace("&lt;", "<").replace("&amp;", "&").strip() == value.strip()


def test_values_are_never_templates_themselves() -> None:
    prompt = SERVICE.render("summary", **{**plain("summary"), "material": "{{ limit }} {% if x %}"})
    assert "{{ limit }} {% if x %}" in prompt.messages[1].text


# ── folders of one's own ──────────────────────────────────────────────────────────────────────────────────────

MINE = """name: summary
version: 7
variables: material
drops: language language_name limit
=== system
Be short.
=== part
<material>
{{ material }}
</material>
"""


def mine(folder: Path, text: str = MINE, name: str = "summary") -> PromptService:
    (folder / f"{name}.md").write_text(text, encoding="utf-8")
    return PromptService([folder])


def shipped(name: str) -> str:
    return (prompts_module.SHIPPED / f"{name}.md").read_text(encoding="utf-8")


def test_a_template_of_ones_own_goes_before_the_shipped_one_and_its_label_tells_them_apart(tmp_path: Path) -> None:
    service = mine(tmp_path)
    prompt = service.render("summary", **{**plain("summary"), "material": "x"})
    assert prompt.template.startswith("summary@7:")
    assert prompt.messages[1].text == "<material>\nx\n</material>"
    assert prompt.template != SERVICE.render("summary", **plain("summary")).template
    assert service.names() == NAMES
    changed = mine(tmp_path, MINE.replace("short", "brief")).render("summary", material="x")
    assert changed.template.split(":")[0] == prompt.template.split(":")[0]
    assert changed.template != prompt.template
    assert changed.messages[0].text == "Be brief."


def test_a_service_keeps_to_what_it_read(tmp_path: Path) -> None:
    service = mine(tmp_path, shipped("_system"), "_system")
    before = service.render("section", **plain("section"))
    mine(tmp_path, "{{ language_name }}{{ style_name }}{{ language }}{{ style_guide }}", "_system")
    assert service.render("section", **plain("section")) == before
    assert PromptService([tmp_path]).render("section", **plain("section")) != before


WRONG = [
    (MINE.replace("{{ material }}", "{{ material }}{{ colour }}"), 9, "it uses colour without declaring it"),
    (MINE.replace("version: 7", "version: seven"), 2, "its version is 'seven', which is no whole number"),
    (MINE.replace("version: 7", "version: 0"), 2, "its version is '0', which is no whole number"),
    (MINE.replace("version: 7\n", ""), 1, "it is not a prompt template: its version: line is missing"),
    ("", 1, "it is not a prompt template: its name: line is missing"),
    (MINE.replace("version", "verison"), 2, "'verison: 7' is no line of a prompt template's header"),
    (MINE.replace("name: summary", "name: section"), 1, "it is called 'section', but the file is that of 'summary'"),
    (MINE.split("===")[0], 5, "it has no block"),
    (MINE.replace("=== part", "=== footer"), 7, "it has a block 'footer'"),
    (MINE.replace("=== part", "=== part two"), 7, "it has a block 'part two'"),
    (MINE.replace("=== part", "=== each"), 7, "it has a block 'each'"),
    (MINE.replace("{{ material }}", "{% if material %}"), 9, "Unexpected end of template"),
    (MINE.replace("{{ material }}", "\n\n{{ material | shout }}"), 11, "No filter named 'shout'"),
    (MINE.replace("{{ material }}", '{% include "_none.md" %}'), 9, "it includes '_none.md', which isn't there"),
    (MINE.replace("{{ material }}", '{% include "../x.md" %}'), 8, "it includes a file by what is no plain name"),
    (MINE.replace("{{ material }}", "{% include material %}"), 8, "it includes a file by what is no plain name"),
    (MINE.replace("variables: material", "variables: material limits"), 3, "it declares limits, which nothing gives"),
    (
        MINE.replace("{{ material }}", "{{ material.author }}"),
        8,
        "it can't be filled in: 'list object' has no",
    ),
    (
        MINE.replace("{{ material }}", "{{ ''.__class__ }}{{ material }}"),
        8,
        "it can't be filled in: access to",
    ),
]


@pytest.mark.parametrize(("text", "line", "said"), WRONG)
def test_what_is_wrong_with_a_template_is_one_sentence_with_file_and_line(
    tmp_path: Path, text: str, line: int, said: str
) -> None:
    with pytest.raises(TemplateError) as raised:
        mine(tmp_path, text).check()
    assert raised.value.message.startswith(f"{tmp_path}/summary.md, line {line}: {said}")
    assert "\n" not in raised.value.message
    assert raised.value.fix


def test_a_near_miss_of_a_variable_is_asked_about(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match=r"declares limits, which nothing gives; did you mean 'limit'\?"):
        mine(tmp_path, MINE.replace("variables: material", "variables: material limits")).check()


@pytest.mark.parametrize("name", WHOLE)
def test_a_required_variable_can_only_be_dropped_knowingly(tmp_path: Path, name: str) -> None:
    template = SERVICE.template(name)
    assert template.uses == template.variables
    each = [block.text for block in template.blocks if block.role == "each"]
    inline = [v for v in sorted(template.uses - set(each)) if "{{ " + v in shipped(name)]
    text = shipped(name)
    for variable in inline:
        dropped = re.sub(r"\{\{ " + variable + r"( \| attribute)? \}\}", "", text)
        service = mine(tmp_path, dropped, name)
        if any(variable in source for _, source in template.includes):
            service.check()  # the included file still says it
            continue
        with pytest.raises(TemplateError, match=rf"{name}\.md drops {variable}, which the template '{name}' needs"):
            service.check()
        mine(tmp_path, dropped.replace("\n===", f"\ndrops: {variable}\n===", 1), name).check()
    for variable in each:
        dropped = text.replace(f"=== each {variable}\n", "")
        with pytest.raises(TemplateError, match=f"drops {variable}, which"):
            mine(tmp_path, dropped, name).template(name)


def test_what_an_included_file_drops_is_missing_from_all_that_include_it(tmp_path: Path) -> None:
    without = shipped("_system").replace("{{ style_guide }}", "")
    with pytest.raises(TemplateError, match=r"_system\.md drops style_guide, which the template 'chap"):
        mine(tmp_path, without, "_system").check()
    mine(tmp_path, "{#- drops: style_guide -#}\n" + without, "_system").check()


def test_a_broken_included_file_is_told_by_its_own_name_and_line(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match=r"_system\.md, line 3: "):
        mine(tmp_path, "One.\n\n{{ oops", "_system").check()


def test_a_change_of_an_included_file_changes_the_label_of_those_that_include_it_and_of_no_other(
    tmp_path: Path,
) -> None:
    service = mine(tmp_path, shipped("_system") + "Be kind.\n", "_system")
    changed = {name for name in NAMES if service.template(name).label != SERVICE.template(name).label}
    assert changed == {name for name in NAMES if '{% include "_system.md" %}' in shipped(name)}
    assert {"section", "outline"} < changed
    assert "Be kind." in service.render("section", **plain("section")).messages[0].text


def test_a_list_may_stand_in_the_text_as_well(tmp_path: Path) -> None:
    prompt = mine(tmp_path).render("summary", material=["one <b>", "two"])
    assert prompt.messages[1].text == "<material>\none &lt;b>\n\ntwo\n</material>"


def test_the_digest_is_that_of_the_file_where_it_includes_nothing() -> None:
    assert SERVICE.template("title").includes[0][0] == "_book.md"
    assert SERVICE.template("summary").digest == hashlib.sha256(shipped("summary").encode()).hexdigest()


def test_a_file_saved_by_another_editor_reads_the_same(tmp_path: Path) -> None:
    label = mine(tmp_path).template("summary").label
    (tmp_path / "summary.md").write_bytes(b"\xef\xbb\xbf" + MINE.replace("\n", "\r\n").encode())
    assert PromptService([tmp_path]).template("summary").label == label
    (tmp_path / "summary.md").write_bytes(b"name: summary\xff")
    with pytest.raises(BookDamaged, match="not UTF-8"):
        PromptService([tmp_path]).check()


def test_a_service_that_is_gone_is_forgotten() -> None:
    import gc
    import weakref

    service = PromptService()
    service.render("title", **plain("title"))
    gone = weakref.ref(service)
    del service
    gc.collect()
    assert gone() is None


def test_templates_are_compiled_once_for_all_services(monkeypatch: pytest.MonkeyPatch) -> None:
    import jinja2

    PromptService().render("title", **plain("title"))
    compiled: list[str] = []
    plain_compile = jinja2.Environment.compile

    def counted(self: Any, source: Any, *args: Any, **named: Any) -> Any:
        compiled.append(str(source))
        return plain_compile(self, source, *args, **named)

    monkeypatch.setattr(jinja2.Environment, "compile", counted)
    PromptService().render("title", **plain("title"))
    assert compiled == []
    assert prompts_module.SHIPPED.is_dir()
