"""Templates: nothing missing, nothing unknown, and no value that opens or closes a tag."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghostkit.errors import TemplateError, UnknownName
from ghostkit.generation import PromptService
from ghostkit.generation import prompts as prompts_module

SERVICE = PromptService()
NAMES = [
    "chapter_outline", "chapter_summary", "characters", "continuation", "outline", "section", "span_summary", "summary",
    "title",
]  # fmt: skip
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
    assert SERVICE.names() == NAMES


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"continuation"}))  # which goes on with another's prompt
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


@pytest.mark.parametrize("name", NAMES)
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
=== system
Be short.
=== part
<material>
{{ material }}
</material>
"""


def test_a_template_of_ones_own_goes_before_the_shipped_one_and_its_label_tells_them_apart(tmp_path: Path) -> None:
    (tmp_path / "summary.md").write_text(MINE, encoding="utf-8")
    service = PromptService([tmp_path])
    prompt = service.render("summary", material="x")
    assert prompt.template.startswith("summary@7:")
    assert prompt.messages[1].text == "<material>\nx\n</material>"
    assert prompt.template != SERVICE.render("summary", **plain("summary")).template
    assert service.names() == NAMES
    (tmp_path / "summary.md").write_text(MINE.replace("short", "brief"), encoding="utf-8")
    changed = PromptService([tmp_path]).render("summary", material="x")
    assert changed.template.split(":")[0] == prompt.template.split(":")[0]
    assert changed.template != prompt.template
    assert changed.messages[0].text == "Be brief."


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (MINE.replace("{{ material }}", "{{ material }}{{ colour }}"), "uses colour without declaring it"),
        (MINE.replace("version: 7", "version: seven"), "is not a prompt template"),
        (MINE.replace("version: 7\n", ""), "is not a prompt template"),
        ("", "is not a prompt template"),
        (MINE.replace("=== part", "=== footer"), "has a block 'footer'"),
        (MINE.replace("{{ material }}", "{{ material "), "can't be read"),
    ],
)
def test_a_template_that_is_wrong_is_told_in_one_sentence(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "summary.md").write_text(text, encoding="utf-8")
    with pytest.raises(TemplateError, match=said) as raised:
        PromptService([tmp_path]).render("summary", material="x")
    assert raised.value.fix


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
