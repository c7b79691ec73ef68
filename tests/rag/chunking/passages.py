"""Passages in six languages as lists of their sentences, cut by hand: what the rules are held to."""

from __future__ import annotations

import random

PASSAGES: dict[str, list[str]] = {
    "en": [
        "Mr. Harker left Munich at 8:35 P. M. on the 1st of May.",
        "“Where is he?” she asked, and Dr. A. S. Seward shrugged.",
        "It cost £3.50, i.e. half of what he had!",
        "Well… perhaps he never came at all.",
        "“I don’t know.”",
        "St. Petersburgh lies far north of London (see p. 12 and fig. 3).",
        "He paused... and then he laughed.",
        "“No!” cried the Rev. Mr. Gilpin.",
        "She read the U.S. Army report, vol. 2, until midnight.",
        "What was he to do?",
        "Nobody, not even J. R. R. Tolkien, could tell.",
        "The end came in 1897.",
    ],
    "ru": [
        "А. С. Пушкин родился в 1799 г. в Москве.",
        "— Да? — спросил он тихо.",
        "Он взял книги, тетради и т. д. и вышел.",
        "Было холодно, т. е. градусов двадцать мороза…",
        "— Не может быть! — воскликнула г-жа Лебедева.",
        "Проф. Иванов жил на ул. Садовой, д. 5.",
        "«Куда же ты?» — крикнули ему вслед.",
        "А он… он даже не обернулся.",
        "Стоило это 3,5 руб. за штуку.",
        "Кто знает?!",
        "Потом всё стихло.",
    ],
    "zh": [
        "“你好吗？”他问，然后就走了。",
        "天黑了！",
        "这本书3.5元，真的吗？",
        "我……我不知道。",
        "她低声说：“明天再来吧。”",
        "山上有一座庙，庙里有一个和尚。",
    ],
    "ja": [
        "「はい。」と彼は言った。",
        "雨が降っていた。",
        "本当に行くのですか？",
        "彼女は何も言わずに、ただ窓の外を見ていた。",
        "さあ、帰ろう！",
    ],
    "de": [
        "Am 3. Oktober 1990 kam er z. B. nach Berlin.",
        "„Gehst du?“, fragte Hr. Meier.",
        "Das 19. Jahrhundert war, d. h. für ihn, vorbei.",
        "Sie lachte… und schwieg.",
        "Dr. Faust las S. 12 und schlief.",
        "War das alles?",
    ],
    "fr": [
        "M. Dupont est arrivé à 8 h 30.",
        "« Vraiment ? » demanda Mme Bovary.",
        "Il part… et ne revient pas.",
        "Quelle horreur !",
        "Elle lut la p. 12, puis s’endormit.",
    ],
}


def paragraphs(language: str, seed: int, count: int) -> tuple[list[list[str]], str]:
    """Random paragraphs of the language's sentences, and the text: each paragraph one line, a blank one between."""
    chance = random.Random(seed)
    made = [chance.choices(PASSAGES[language], k=chance.randint(1, 7)) for _ in range(count)]
    space = "" if language in ("zh", "ja") else " "
    return made, "\n\n".join(space.join(sentences) for sentences in made)


def places(made: list[list[str]], language: str) -> tuple[set[int], set[int]]:
    """Where the sentences of `paragraphs` start, and where they end."""
    starts, ends, at = set(), set(), 0
    space = 0 if language in ("zh", "ja") else 1
    for sentences in made:
        for sentence in sentences:
            starts.add(at)
            at += len(sentence)
            ends.add(at)
            at += space
        at += 2 - space
    return starts, ends
