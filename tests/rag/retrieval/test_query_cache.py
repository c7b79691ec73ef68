from __future__ import annotations

from collections import OrderedDict

from hypothesis import given
from hypothesis import strategies as st

from ghostkit.rag.retrieval.query_cache import QueryCache


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_the_least_recently_used_goes_first():
    cache: QueryCache[int] = QueryCache(2, 60)
    cache.put("v", "a", 1)
    cache.put("v", "b", 2)
    assert cache.get("v", "a") == 1
    cache.put("v", "c", 3)
    assert (cache.get("v", "a"), cache.get("v", "b"), cache.get("v", "c")) == (1, None, 3)
    assert cache.stats().evicted == 1


def test_nothing_outlives_its_time():
    clock = Clock()
    cache: QueryCache[int] = QueryCache(2, 60, clock)
    cache.put("v", "a", 1)
    clock.now = 59.9
    assert cache.get("v", "a") == 1
    clock.now = 60
    assert cache.get("v", "a") is None
    assert (cache.stats().expired, cache.stats().entries) == (1, 0)


def test_a_change_of_the_index_drops_everything():
    cache: QueryCache[int] = QueryCache(2, 60)
    cache.put("epoch:1", "a", 1)
    assert cache.get("epoch:2", "a") is None
    assert cache.get("epoch:1", "a") is None
    assert cache.stats().dropped == 1


def test_a_cache_without_room_keeps_nothing():
    cache: QueryCache[int] = QueryCache(0, 60)
    cache.put("v", "a", 1)
    assert cache.get("v", "a") is None
    assert cache.stats().misses == 1


@given(st.integers(1, 4), st.lists(st.tuples(st.sampled_from("pg"), st.sampled_from("abcdef")), max_size=60))
def test_it_holds_what_a_plain_model_holds(size, acts):
    cache: QueryCache[str] = QueryCache(size, 1e9)
    model: OrderedDict[str, str] = OrderedDict()
    for act, key in acts:
        if act == "p":
            cache.put("v", key, key)
            model[key] = key
            model.move_to_end(key)
            if len(model) > size:
                model.popitem(last=False)
        else:
            assert cache.get("v", key) == model.get(key)
            if key in model:
                model.move_to_end(key)
    assert cache.stats().entries == len(model)
