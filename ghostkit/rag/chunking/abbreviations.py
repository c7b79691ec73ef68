"""Words whose full stop does not end a sentence, and words that begin one."""

from __future__ import annotations

from typing import Final


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


NEVER_LAST: Final = _words(
    # English
    "mr mrs ms messrs mme mlle dr prof rev hon st mt ft capt col gen lt sgt maj cmdr adm gov sen pres supt"
    " e.g i.e cf viz vs eg ie ca approx"
    # German
    " hr fr frl hrn geb z.b d.h u.a bzw vgl sog evtl ggf dipl d.i i.d.r u.u"
    # French, Spanish, Italian, Portuguese, Dutch
    " mgr sr sra srta dña ud uds sig dott avv dhr mevr drs p.ex par.ex bijv d.w.z"
    # Russian, Ukrainian
    " т.е т.к т.н т.зв г-н г-жа г-на г-ну г-же г-жи д-р р-н гр ул проф акад доц тов см ср напр св кн гл стр рис"
    " табл вып пос пр пл обл корп просп вул ім"
)
"""Lower case, without the last full stop."""
BEFORE_NUMBER: Final = _words(
    "no nos p pp vol vols fig figs ch chap art sec eq ed v n° nr s bd kap abb t n с ч л п пп № т"
)
"""Not last where a number follows."""
BEFORE_NAME: Final = _words(
    "jan feb mar apr jun jul aug sep sept oct nov dec inc corp ltd co bros jr sr esq rep al etc usw str ing"
    " янв фев мар апр авг сент окт нояб дек им гг кв тел млн млрд тыс руб коп др"
)
"""Last only where a word follows that begins sentences."""
STARTERS: Final = _words(
    # English
    "The A An It He She They We You I This That These Those There Then But And So In On At As If When While After"
    " Before His Her Its Their My Your Our What Who Why How Where Not No Yes For From With By Now One Some All Such"
    " Here"
    # Russian, Ukrainian
    " Он Она Оно Они Мы Вы Ты Я Это Этот Эта Эти Тот Та Те В Во На Но И А О Об От По Под За Из К Ко С Со У До Для Как"
    " Когда Если Потом Затем Так Там Тут Тогда Здесь Что Кто Где Не Нет Да Все Всё Его Её Ее Их Мой Моя Наш Ведь Уже"
    " Він Вона Воно Вони Ми Ви Ти Це Цей Ця Ці Та Але Й І Що Хто Де Ні Після"
    # German, French, Spanish, Italian, Portuguese, Dutch
    " Der Die Das Ein Eine Er Sie Es Wir Ihr Ich Aber Und Dann Da Als Wenn Im Am Nach Vor Auch So Hier Dort"
    " Le La Les Un Une Il Elle Ils Elles Nous Vous Je Mais Et Ce Cette Ces Dans Sur Alors Quand Si C'est"
    " El Los Las Una Ella Ellos Pero En Y Esto Cuando Entonces Lo Gli Uno Egli Lui Ma E Quando Poi Questo"
    " O Os As Um Uma Ele Ela Mas De Het Een Hij Zij Maar Toen"
)
NUMBERED: Final = frozenset({"de", "da", "no", "nb", "fi", "cs", "hu", "et", "hr", "sl"})
"""Languages that write an ordinal as a number with a full stop: am 3. Oktober."""
