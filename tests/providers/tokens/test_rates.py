"""Where estimates begin, against what public vocabularies make of the same words in fourteen languages."""

from __future__ import annotations

import pytest

from ghostkit.providers.estimating import estimate_tokens

COUNTED: dict[str, tuple[str, int, int]] = {
    "ar": (
        "هطل مطر غزير في الليل فارتفع ماء النهر. وفي الصباح الباكر فتح الملاح العجوز الباب الخشبي فرأى "
        "الجبل على الضفة الأخرى مغطى بالضباب الأبيض ولا يظهر منه إلا القليل. كانت حفيدته ما تزال نائمة "
        "والبيت هادئا جدا. تذكر أنه قبل سنوات طويلة غادر بلدته في صباح كهذا ومعه حقيبة قديمة ورسالة "
        "كتبها أبوه. كان يظن أنه سيعود قريبا لكنه غاب ثلاثين",
        111,
        235,
    ),
    "de": (
        "In der Nacht hatte es stark geregnet, und der Fluss war über die Ufer getreten. Am frühen "
        "Morgen öffnete der alte Fährmann die hölzerne Tür und sah, dass der Berg am anderen Ufer von "
        "weißem Nebel verhüllt war. Seine Enkelin schlief noch, und im Haus war es ganz still. Er "
        "dachte daran, wie er vor vielen Jahren an einem solchen Mo",
        84,
        97,
    ),
    "el": (
        "Τη νύχτα έπεσε δυνατή βροχή και το νερό του ποταμού ανέβηκε. Νωρίς το πρωί ο γέρος βαρκάρης "
        "άνοιξε την ξύλινη πόρτα και είδε ότι το βουνό απέναντι ήταν σκεπασμένο με λευκή ομίχλη. Η "
        "εγγονή του κοιμόταν ακόμα και το σπίτι ήταν πολύ ήσυχο. Θυμήθηκε ότι πριν από πολλά χρόνια "
        "είχε φύγει κι εκείνος από την πατρίδα του ένα τέτοιο πρωί",
        125,
        286,
    ),
    "en": (
        "It rained hard in the night and the river rose. Early in the morning the old ferryman opened "
        "the wooden door and saw that the mountain on the far shore was covered with white mist. His "
        "granddaughter was still asleep, and the house was very quiet. He remembered how many years ago "
        "he had left his home on a morning like this one, w",
        71,
        71,
    ),
    "es": (
        "Durante la noche había llovido mucho y el río había crecido. Al amanecer, el viejo barquero "
        "abrió la puerta de madera y vio que la montaña de la otra orilla estaba cubierta por una "
        "niebla blanca. Su nieta dormía todavía y la casa estaba muy tranquila. Recordó que hacía "
        "muchos años él también había dejado su tierra en una mañana ",
        76,
        94,
    ),
    "fr": (
        "Pendant la nuit il avait beaucoup plu et la rivière était montée. De bon matin, le vieux "
        "passeur ouvrit la porte de bois et vit que la montagne, sur l'autre rive, était couverte d'une "
        "brume blanche. Sa petite-fille dormait encore et la maison était très silencieuse. Il se "
        "souvint qu'il y a bien des années il avait quitté son pay",
        79,
        93,
    ),
    "hi": (
        "रात को तेज़ बारिश हुई और नदी का पानी बढ़ गया। सुबह बूढ़े मल्लाह ने लकड़ी का दरवाज़ा खोला तो "
        "देखा कि सामने का पहाड़ सफ़ेद कोहरे से ढका हुआ था। उसकी पोती अभी सो रही थी और घर में बहुत शांति "
        "थी। उसे याद आया कि कई साल पहले वह भी ऐसी ही एक सुबह अपना गाँव छोड़कर निकला था, हाथ में एक "
        "पुराना बक्सा और पिता की लिखी एक चिट्ठी थी।",
        186,
        320,
    ),
    "ja": (
        "夜のあいだに大雨が降り、川の水が増えていた。朝になって、年老いた船頭が木の戸を開けると、向"
        "こう岸の山は白い霧に包まれ、黒い輪郭だけが少し見えていた。孫娘はまだ眠っていて、家の中はと"
        "ても静かだった。彼は何年も前のことを思い出した。自分もこんな朝に、古い鞄と父の手紙を持って"
        "故郷を離れたのだ。すぐに帰るつもりだったのに、気がつけば三十年が過ぎていた。「すみません、"
        "ここは王家の渡しですか」と若者が大きな声で尋ねた。船頭はすぐには答えなかった。その声には聞"
        "き覚えがあった。",
        202,
        270,
    ),
    "ko": (
        "밤새 큰비가 내려 강물이 불어났다. 이른 아침, 늙은 뱃사공이 나무 문을 열자 건너편 산은 흰 "
        "안개에 가려져 검은 윤곽만 조금 보였다. 손녀는 아직 자고 있었고 집 안은 아주 조용했다. 그는 "
        "여러 해 전의 일을 떠올렸다. 자신도 이런 아침에 낡은 가방과 아버지의 편지를 들고 고향을 떠났던 "
        '것이다. 금방 돌아올 생각이었지만 어느새 삼십 년이 지나 있었다. "실례지만, 여기가 왕가 '
        '나루입니까?" 젊은이가 큰 소리로 물었다.',
        151,
        250,
    ),
    "pl": (
        "W nocy spadł ulewny deszcz i rzeka wezbrała. Wczesnym rankiem stary przewoźnik otworzył "
        "drewniane drzwi i zobaczył, że góra po drugiej stronie jest zasłonięta białą mgłą. Jego "
        "wnuczka jeszcze spała, a w domu było bardzo cicho. Przypomniał sobie, że wiele lat temu sam "
        "opuścił rodzinne strony w taki właśnie poranek, ze starą waliz",
        109,
        128,
    ),
    "ru": (
        "Ночью прошёл сильный дождь, и река поднялась. Рано утром старый перевозчик открыл деревянную "
        "дверь и увидел, что гора на том берегу закрыта белым туманом. Его внучка ещё спала, и в доме "
        "было очень тихо. Он вспомнил, как много лет назад сам покинул родные места таким же утром, со "
        "старым чемоданом и письмом, которое написал отец. ",
        96,
        170,
    ),
    "tr": (
        "Gece boyunca şiddetli yağmur yağmış, nehrin suyu yükselmişti. Sabahın erken saatlerinde yaşlı "
        "kayıkçı tahta kapıyı açtı ve karşı kıyıdaki dağın beyaz bir sisle örtüldüğünü gördü. Torunu "
        "hâlâ uyuyordu ve ev çok sessizdi. Yıllar önce kendisinin de böyle bir sabah memleketinden "
        "ayrıldığını hatırladı.",
        97,
        130,
    ),
    "uk": (
        "Уночі йшов сильний дощ, і вода в річці піднялася. Рано-вранці старий перевізник відчинив "
        "дерев’яні двері й побачив, що гора на тому березі вкрита білим туманом. Його онука ще спала, "
        "і в хаті було дуже тихо. Він згадав, як багато років тому сам покинув рідний край такого "
        "самого ранку, зі старою валізою та листом, який написав бат",
        114,
        193,
    ),
    "zh": (
        "夜里下了一场大雨，河水涨了起来。清晨的时候，老船夫推开木门，看见对岸的山被白雾遮住，只露出"
        "一点黑色的轮廓。他的孙女还在睡觉，屋子里很安静，只有灶台上的水慢慢地响着。他想起许多年以前"
        "，自己也是在这样一个早晨离开了家乡，带着一只旧箱子和父亲写的一封信。那时候他以为很快就会回"
        "来，没想到一去就是三十年。城里的生活并不容易，他做过搬运工，也在小饭馆里洗过碗，后来才学会"
        "了修船的手艺。现在他坐在门槛上，把烟点着，望着远处的江面。一条小船从雾里划出来，船头站着一"
        "个年轻人，手里举着一盏灯。“请问，这里是不是王家渡？”年轻人大声问道。老船夫没有马上回答，"
        "他觉得这个声音有些熟悉，好像在什么地方听过。第二章主要讨论数据库事务的隔离级别，以及在高并"
        "发环境下如何避免死锁。我们首先",
        273,
        422,
    ),
}
"""A text, and how many tokens OpenAI's o200k (gpt-4o and later) and cl100k (gpt-4) vocabularies have for it."""
HARD = {"pl"}
"""Its letters are Latin, and its words are not what these vocabularies were made for."""


@pytest.mark.parametrize(("model", "which"), [("openai:gpt-5", 1), ("openai:gpt-4", 2)])
def test_estimates_begin_within_fifteen_percent_of_the_vocabularies(model: str, which: int) -> None:
    off = {name: estimate_tokens(row[0], model) / row[which] - 1 for name, row in COUNTED.items()}  # type: ignore[operator]
    assert sum(map(abs, off.values())) / len(off) < 0.08, off
    assert {name for name, error in off.items() if abs(error) > 0.15} <= HARD, off


@pytest.mark.parametrize(
    ("model", "like"),
    [
        ("openai:o3-mini", "openai:gpt-5"), ("openai:gpt-4.1", "openai:gpt-5"),
        ("openai:chatgpt-4o-latest", "openai:gpt-5"),
        ("openai:gpt-4-turbo", "openai:gpt-4"), ("openrouter:openai/gpt-4o", "openai:gpt-5"),
        ("openrouter:anthropic/claude-sonnet-4.5", "anthropic:claude-opus-4-1"),
        ("ollama:gemma3:27b", "gemini:gemini-2.5-pro"), ("ollama:llama3.3", "mine:whatever"),
        ("cohere:c4ai-aya-expanse-32b", "cohere:command-a"),
    ],
)  # fmt: skip
def test_a_model_counts_as_its_family_does_wherever_it_is_served(model: str, like: str) -> None:
    for text, *_ in COUNTED.values():
        assert estimate_tokens(text, model) == estimate_tokens(text, like)
