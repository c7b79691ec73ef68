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
    part: str = "Part {number}"
    goals: str = "After this chapter you can"
    in_short: str = "In short"
    glossary: str = "Glossary"


_LABELS = {
    "ar": Labels(
        contents="المحتويات",
        cover="الغلاف",
        title_page="صفحة العنوان",
        chapter="الفصل {number}",
        untitled="بلا عنوان",
        part="الجزء {number}",
        goals="بعد هذا الفصل تستطيع",
        in_short="باختصار",
        glossary="مسرد المصطلحات",
    ),
    "de": Labels(
        contents="Inhalt",
        cover="Umschlag",
        title_page="Titelseite",
        chapter="Kapitel {number}",
        untitled="Ohne Titel",
        part="Teil {number}",
        goals="Nach diesem Kapitel können Sie",
        in_short="Kurz gefasst",
        glossary="Glossar",
    ),
    "es": Labels(
        contents="Índice",
        cover="Cubierta",
        title_page="Portada",
        chapter="Capítulo {number}",
        untitled="Sin título",
        part="Parte {number}",
        goals="Después de este capítulo podrá",
        in_short="En resumen",
        glossary="Glosario",
    ),
    "fa": Labels(
        contents="فهرست",
        cover="جلد",
        title_page="صفحهٔ عنوان",
        chapter="فصل {number}",
        untitled="بدون عنوان",
        part="بخش {number}",
        goals="پس از این فصل می‌توانید",
        in_short="به طور خلاصه",
        glossary="واژه‌نامه",
    ),
    "fr": Labels(
        contents="Table des matières",
        cover="Couverture",
        title_page="Page de titre",
        chapter="Chapitre {number}",
        untitled="Sans titre",
        part="Partie {number}",
        goals="Après ce chapitre, vous saurez",
        in_short="En bref",
        glossary="Glossaire",
    ),
    "he": Labels(
        contents="תוכן העניינים",
        cover="כריכה",
        title_page="שער",
        chapter="פרק {number}",
        untitled="ללא שם",
        part="חלק {number}",
        goals="אחרי פרק זה תוכלו",
        in_short="בקצרה",
        glossary="מילון מונחים",
    ),
    "it": Labels(
        contents="Indice",
        cover="Copertina",
        title_page="Frontespizio",
        chapter="Capitolo {number}",
        untitled="Senza titolo",
        part="Parte {number}",
        goals="Dopo questo capitolo saprà",
        in_short="In breve",
        glossary="Glossario",
    ),
    "ja": Labels(
        contents="目次",
        cover="表紙",
        title_page="扉",
        chapter="第{number}章",
        untitled="無題",
        part="第{number}部",
        goals="この章を読むとできること",
        in_short="要約",
        glossary="用語集",
    ),
    "ko": Labels(
        contents="차례",
        cover="표지",
        title_page="속표지",
        chapter="제{number}장",
        untitled="제목 없음",
        part="제{number}부",
        goals="이 장을 마치면 할 수 있는 것",
        in_short="요약",
        glossary="용어집",
    ),
    "nl": Labels(
        contents="Inhoud",
        cover="Omslag",
        title_page="Titelpagina",
        chapter="Hoofdstuk {number}",
        untitled="Zonder titel",
        part="Deel {number}",
        goals="Na dit hoofdstuk kunt u",
        in_short="In het kort",
        glossary="Woordenlijst",
    ),
    "pl": Labels(
        contents="Spis treści",
        cover="Okładka",
        title_page="Strona tytułowa",
        chapter="Rozdział {number}",
        untitled="Bez tytułu",
        part="Część {number}",
        goals="Po tym rozdziale",
        in_short="W skrócie",
        glossary="Słowniczek",
    ),
    "pt": Labels(
        contents="Sumário",
        cover="Capa",
        title_page="Folha de rosto",
        chapter="Capítulo {number}",
        untitled="Sem título",
        part="Parte {number}",
        goals="Depois deste capítulo poderá",
        in_short="Em resumo",
        glossary="Glossário",
    ),
    "ru": Labels(
        contents="Содержание",
        cover="Обложка",
        title_page="Титульный лист",
        chapter="Глава {number}",
        untitled="Без названия",
        part="Часть {number}",
        goals="После этой главы вы сможете",
        in_short="Коротко",
        glossary="Словарь терминов",
    ),
    "uk": Labels(
        contents="Зміст",
        cover="Обкладинка",
        title_page="Титульна сторінка",
        chapter="Розділ {number}",
        untitled="Без назви",
        part="Частина {number}",
        goals="Після цього розділу ви зможете",
        in_short="Коротко",
        glossary="Словник термінів",
    ),
    "zh": Labels(
        contents="目录",
        cover="封面",
        title_page="扉页",
        chapter="第{number}章",
        untitled="无题",
        part="第{number}部分",
        goals="读完本章你能够",
        in_short="小结",
        glossary="术语表",
    ),
    "zh-hant": Labels(
        contents="目錄",
        cover="封面",
        title_page="扉頁",
        chapter="第{number}章",
        untitled="無題",
        part="第{number}部分",
        goals="讀完本章你能夠",
        in_short="小結",
        glossary="術語表",
    ),
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
