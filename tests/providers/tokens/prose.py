"""Prose of three languages in pieces of a few thousand characters: public novels where they are, else our own words."""

from __future__ import annotations

import random
from functools import lru_cache
from pathlib import Path

DATA = Path(__file__).parents[4] / "shared" / "data"
PIECE = 3_000

_CHINESE = """夜里下了一场大雨，河水涨了起来。清晨的时候，老船夫推开木门，看见对岸的山被白雾遮住，只露出一点黑色的轮廓。
他的孙女还在睡觉，屋子里很安静，只有灶台上的水慢慢地响着。他想起许多年以前，自己也是在这样一个早晨离开了家乡。
那时候他带着一只旧箱子和父亲写的一封信，以为很快就会回来。没想到一去就是三十年，城里的生活并不容易。
他做过搬运工，也在小饭馆里洗过碗，后来才学会了修船的手艺。现在他坐在门槛上，把烟点着，望着远处的江面。
一条小船从雾里划出来，船头站着一个年轻人，手里举着一盏灯。“请问，这里是不是王家渡？”年轻人大声问道。
老船夫没有马上回答，他觉得这个声音有些熟悉，好像在什么地方听过。风把灯火吹得摇摇晃晃，水鸟从芦苇丛中飞起。
第二章主要讨论数据库事务的隔离级别，以及在高并发环境下如何避免死锁。我们首先介绍两阶段提交协议的基本步骤。
日志在系统崩溃后恢复数据时起着重要的作用，因此每次写入都必须先落到磁盘。测试表明这种方法的代价可以接受。
市集上人来人往，卖糖葫芦的老人吆喝着，孩子们围在皮影戏台前面不肯走。她攥紧了手里的铜钱，心里盘算着今晚的饭菜。
图书馆的屋顶漏了，管理员把最珍贵的手稿搬到二楼，用油布盖好。窗外雷声隆隆，整座城市仿佛沉入了海底。
“如果明天还是这样的天气，我们就走山路。”队长指着地图说，“骆驼不怕雨，可是盐怕。”没有人反对他的决定。
春天来得很晚，田里的麦苗刚刚返青。村长召集大家商量修水渠的事，争论了整整一个下午，最后还是决定先修东边那一段。"""


def english() -> list[str]:
    return _cut(_novels("novels-en", "utf-8"))


def russian() -> list[str]:
    return _cut(_novels("novels-ru", "utf-8"))


@lru_cache
def chinese() -> list[str]:
    """Our own sentences, drawn in another order for each piece."""
    sentences = [sentence + "。" for sentence in _CHINESE.replace("\n", "").split("。") if sentence]
    draw = random.Random(7)
    return ["".join(draw.choices(sentences, k=40)) for _ in range(60)]


def chinese_sentences() -> str:
    return _CHINESE


@lru_cache
def _novels(folder: str, encoding: str) -> str:
    paths = sorted((DATA / folder).rglob("*.txt"))
    return "\n".join(path.read_bytes().decode(encoding, "replace")[5_000:125_000] for path in paths)


def _cut(text: str) -> list[str]:
    return [text[at : at + PIECE] for at in range(0, len(text) - PIECE, PIECE)]
