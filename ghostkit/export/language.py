"""What a language tag means for a page: a well-formed tag, the writing direction, and a few words in that language."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, TypeAlias

Direction: TypeAlias = Literal["ltr", "rtl"]

_TAG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_RTL_LANGUAGES = frozenset(
    [
        "ar",
        "arc",
        "arz",
        "ckb",
        "dv",
        "fa",
        "glk",
        "he",
        "iw",
        "ji",
        "ks",
        "mzn",
        "nqo",
        "pnb",
        "prs",
        "ps",
        "sd",
        "sdh",
        "syr",
        "ug",
        "ur",
        "yi",
    ]
)
_RTL_SCRIPTS = frozenset(["adlm", "arab", "aran", "hebr", "mand", "nkoo", "rohg", "samr", "syrc", "thaa"])
_TRADITIONAL = frozenset(["hant", "hk", "mo", "tw"])
_UNSPACED = frozenset(["ja", "yue", "zh"])


@dataclass(frozen=True, kw_only=True)
class Labels:
    """The words an export adds of its own."""

    contents: str = "Contents"
    cover: str = "Cover"
    title_page: str = "Title page"
    chapter: str = "Chapter {number}"
    untitled: str = "Untitled"


_LABELS = {
    "ar": Labels(
        contents="المحتويات",
        cover="الغلاف",
        title_page="صفحة العنوان",
        chapter="الفصل {number}",
        untitled="بلا عنوان",
    ),
    "de": Labels(
        contents="Inhalt", cover="Umschlag", title_page="Titelseite", chapter="Kapitel {number}", untitled="Ohne Titel"
    ),
    "es": Labels(
        contents="Índice", cover="Cubierta", title_page="Portada", chapter="Capítulo {number}", untitled="Sin título"
    ),
    "fa": Labels(contents="فهرست", cover="جلد", title_page="صفحهٔ عنوان", chapter="فصل {number}", untitled="بدون عنوان"),
    "fr": Labels(
        contents="Table des matières",
        cover="Couverture",
        title_page="Page de titre",
        chapter="Chapitre {number}",
        untitled="Sans titre",
    ),
    "he": Labels(contents="תוכן העניינים", cover="כריכה", title_page="שער", chapter="פרק {number}", untitled="ללא שם"),
    "it": Labels(
        contents="Indice",
        cover="Copertina",
        title_page="Frontespizio",
        chapter="Capitolo {number}",
        untitled="Senza titolo",
    ),
    "ja": Labels(contents="目次", cover="表紙", title_page="扉", chapter="第{number}章", untitled="無題"),
    "ko": Labels(contents="차례", cover="표지", title_page="속표지", chapter="제{number}장", untitled="제목 없음"),
    "nl": Labels(
        contents="Inhoud",
        cover="Omslag",
        title_page="Titelpagina",
        chapter="Hoofdstuk {number}",
        untitled="Zonder titel",
    ),
    "pl": Labels(
        contents="Spis treści",
        cover="Okładka",
        title_page="Strona tytułowa",
        chapter="Rozdział {number}",
        untitled="Bez tytułu",
    ),
    "pt": Labels(
        contents="Sumário",
        cover="Capa",
        title_page="Folha de rosto",
        chapter="Capítulo {number}",
        untitled="Sem título",
    ),
    "ru": Labels(
        contents="Содержание",
        cover="Обложка",
        title_page="Титульный лист",
        chapter="Глава {number}",
        untitled="Без названия",
    ),
    "uk": Labels(
        contents="Зміст",
        cover="Обкладинка",
        title_page="Титульна сторінка",
        chapter="Розділ {number}",
        untitled="Без назви",
    ),
    "zh": Labels(contents="目录", cover="封面", title_page="扉页", chapter="第{number}章", untitled="无题"),
    "zh-hant": Labels(contents="目錄", cover="封面", title_page="扉頁", chapter="第{number}章", untitled="無題"),
}


def language_tag(language: str) -> str:
    """A well-formed BCP 47 tag for `language`, or `und` when it is none."""
    tag = language.strip().replace("_", "-")
    return tag if _TAG.fullmatch(tag) else "und"


def direction(language: str) -> Direction:
    """Which way a page in `language` runs; a script subtag outweighs the language."""
    primary, *rest = language.lower().split("-")
    for part in rest:
        if len(part) == 4 and part.isalpha():
            return "rtl" if part in _RTL_SCRIPTS else "ltr"
    return "rtl" if primary in _RTL_LANGUAGES else "ltr"


def labels(language: str) -> Labels:
    """An export's own words in `language`, in English where we have none."""
    primary, *rest = language.lower().split("-")
    if primary == "zh" and _TRADITIONAL.intersection(rest):
        primary = "zh-hant"
    return _LABELS.get(primary, Labels())


def writes_without_spaces(language: str) -> bool:
    """Whether lines of `language` break between any two signs."""
    return language.lower().split("-")[0] in _UNSPACED
