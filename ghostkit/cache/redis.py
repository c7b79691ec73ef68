"""A cache in Redis: shared by processes and machines, its entries expired by Redis itself.

An entry is one string, `NAMESPACE:KIND:KEY`, with a time to live. How much is kept is Redis's business (`maxmemory`
and `maxmemory-policy`); only where `max_size` is given is there a second key for each kind, in which the order of use
is kept. The client is the synchronous one, called in worker threads (`waits`): that serves asyncio and trio alike,
and `redis.asyncio` knows only the one.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from ghostkit.cache.contract import Holding, Kind
from ghostkit.cache.keys import matches
from ghostkit.errors import InputError, StorageError

if TYPE_CHECKING:
    from redis import Redis

NAMESPACE: Final = "ghostkit:1"
CONNECT_S: Final = 1.0
ANSWER_S: Final = 2.0
LEFT_ALONE_S: Final = 2.0
LONGEST_ALONE_S: Final = 60.0
"""After a failure Redis is not asked for so long, after each further one for twice as long: a book must not wait, call
by call, for a cache that is down or hangs."""
_LONGEST_MS: Final = 10**14
_BATCH: Final = 500
_SPECIAL: Final = re.compile(rb"([*?\[\]^\\-])")
_ADDRESS: Final = re.compile(
    r"(?P<scheme>[a-z]+://)(?:[^@/?#\s]*@)?(?P<place>(?:[\w.-]+|\[[\da-f:.]+\])?(?::\d*)?(?:/[^@?#\s]*)?)(?:\?.*)?",
    re.IGNORECASE,
)
_GLOB_SIGNS: Final = re.compile(r"[*?\[]")

# KEYS: the entry, the order of use, the counter of uses. An entry that has expired is out of the order as well.
_GET: Final = """
local value = redis.call('GET', KEYS[1])
if value then redis.call('ZADD', KEYS[2], redis.call('INCR', KEYS[3]), ARGV[1])
else redis.call('ZREM', KEYS[2], ARGV[1]) end
return value
"""
# ARGV: key, value, milliseconds (0: for ever), most entries, what all names begin with.
_PUT: Final = """
if ARGV[3] == '0' then redis.call('SET', KEYS[1], ARGV[2])
else redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) end
redis.call('ZADD', KEYS[2], redis.call('INCR', KEYS[3]), ARGV[1])
local surplus = redis.call('ZCARD', KEYS[2]) - tonumber(ARGV[4])
if surplus > 0 then
  for _, key in ipairs(redis.call('ZRANGE', KEYS[2], 0, surplus - 1)) do
    redis.call('UNLINK', ARGV[5] .. key)
    redis.call('ZREM', KEYS[2], key)
  end
end
"""
_FORGET_EXPIRED: Final = """
for _, key in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  if redis.call('EXISTS', ARGV[1] .. key) == 0 then redis.call('ZREM', KEYS[1], key) end
end
"""


class RedisCache:
    """See `Cache`. `url` (redis://, rediss:// or unix://, with name and password if need be) goes before the rest.

    `max_size` bounds the entries of each kind that caches with a bound have put; None leaves it to Redis. Where Redis
    can't be reached every call raises `StorageError`, at once for a while after a failure, and works again when it is
    back.
    """

    name = "redis"
    waits = True

    def __init__(
        self,
        *,
        host: str = "localhost",
        port: int = 6379,
        db: int = 0,
        url: str | None = None,
        namespace: str = NAMESPACE,
        max_size: int | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = _client(host, port, db, url)
        self.address = _shown(host, port, url)
        self._namespace = namespace
        self._max_size = max_size
        self._clock = clock
        self._left_alone_until = -1.0
        self._failures = 0
        self._why = ""
        self._get, self._put, self._forget_expired = map(self._client.register_script, (_GET, _PUT, _FORGET_EXPIRED))

    def get(self, kind: Kind, key: str) -> bytes | None:
        raw = _raw(key)
        with self._errors():
            if self._max_size is None:
                found: Any = self._client.get(self._prefix(kind) + raw)
            else:
                found = self._get(keys=[self._prefix(kind) + raw, *self._order(kind)], args=[raw])
        return found if found is None else bytes(found)

    def put(self, kind: Kind, key: str, value: bytes, expire_s: float | None = None) -> None:
        raw, prefix = _raw(key), self._prefix(kind)
        alive = None if expire_s is None else min(max(round(expire_s * 1000), 1), _LONGEST_MS)
        with self._errors():
            if self._max_size is None:
                self._client.set(prefix + raw, value, px=alive)
            else:
                arguments: list[bytes | int] = [raw, value, alive or 0, self._max_size, prefix]
                self._put(keys=[prefix + raw, *self._order(kind)], args=arguments)

    def delete(self, kind: Kind, key: str) -> bool:
        with self._errors():
            return self._remove(kind, [_raw(key)]) > 0

    def keys(self, kind: Kind, pattern: str = "*") -> list[str]:
        with self._errors():
            return sorted(_text(raw) for raw in self._found(kind, pattern))

    def clear(self, kind: Kind, pattern: str = "*") -> int:
        with self._errors():
            return sum(self._remove(kind, batch) for batch in _batches(self._found(kind, pattern)))

    def holding(self, kind: Kind) -> Holding:
        entries = size = 0
        with self._errors():
            for batch in _batches(self._found(kind, "*")):
                asked = self._client.pipeline(transaction=False)
                for raw in batch:
                    asked.exists(self._prefix(kind) + raw)
                    asked.strlen(self._prefix(kind) + raw)
                answers = asked.execute()
                entries, size = entries + sum(answers[::2]), size + sum(answers[1::2])
        return Holding(entries=entries, bytes=size)

    def close(self) -> None:
        """Close the connections; what is kept stays kept."""
        self._client.close()

    # ── names in Redis ────────────────────────────────────────────────────────────────────────────────────────

    def _prefix(self, kind: Kind) -> bytes:
        return f"{self._namespace}:{kind}:".encode()

    def _order(self, kind: Kind) -> list[bytes]:
        return [f"{self._namespace}.order:{kind}".encode(), f"{self._namespace}.uses".encode()]

    def _found(self, kind: Kind, pattern: str) -> list[bytes]:
        """The keys that match. Redis looks for their beginning only: its globs are of bytes and of another dialect."""
        prefix = self._prefix(kind)
        if self._max_size is not None:
            self._forget_expired(keys=self._order(kind)[:1], args=[prefix])
        begin = prefix + _raw(_GLOB_SIGNS.split(pattern, maxsplit=1)[0])
        like = _SPECIAL.sub(rb"\\\1", begin) + b"*"
        names = {bytes(name) for name in self._client.scan_iter(match=like, count=1000)}
        return [raw for raw in (name[len(prefix) :] for name in names) if _is_key(raw) and matches(_text(raw), pattern)]

    def _remove(self, kind: Kind, raws: Sequence[bytes]) -> int:
        if not raws:
            return 0
        gone: Any = self._client.unlink(*(self._prefix(kind) + raw for raw in raws))
        if self._max_size is not None:
            self._client.zrem(self._order(kind)[0], *raws)
        return int(gone)

    # ── when it is not there ──────────────────────────────────────────────────────────────────────────────────

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Redis's errors as `StorageError`; one that can't be reached is left alone for a while."""
        from redis.exceptions import ConnectionError, RedisError, TimeoutError

        if self._clock() < self._left_alone_until:
            raise self._refused(self._why)
        try:
            yield
            self._failures = 0
        except (ConnectionError, TimeoutError, OSError) as error:
            self._why = _reason(error)
            self._left_alone_until = self._clock() + min(LEFT_ALONE_S * 2**self._failures, LONGEST_ALONE_S)
            self._failures = min(self._failures + 1, 16)
            raise self._refused(self._why) from None
        except RedisError as error:
            raise self._refused(_reason(error)) from None

    def _refused(self, why: str) -> StorageError:
        return StorageError(
            f"The Redis cache at {self.address} can't be used ({why}).",
            fix="Start Redis or correct REDIS_HOST and REDIS_PORT; CACHE_BACKEND=memory or file does without it.",
        )


def _client(host: str, port: int, db: int, url: str | None) -> Redis:
    try:
        import redis
        from redis.backoff import NoBackoff
        from redis.retry import Retry
    except ImportError:
        raise InputError(
            "The Redis cache needs the package redis, which isn't installed.",
            fix="pip install 'ghostkit[redis]', or choose CACHE_BACKEND=memory or file.",
        ) from None
    # One more try for a connection that was closed while it lay idle, and none for one that hangs.
    again = Retry(NoBackoff(), 1, supported_errors=(redis.exceptions.ConnectionError,))
    options: dict[str, Any] = {"socket_connect_timeout": CONNECT_S, "socket_timeout": ANSWER_S, "retry": again}
    if not url:
        return redis.Redis(host=host, port=port, db=db, **options)
    try:
        return redis.Redis.from_url(url, **options)
    except ValueError:  # its words quote what may be a piece of a password
        raise InputError(
            f"{_shown(host, port, url)} is no address of a Redis.",
            fix="Write redis://host:6379/0, rediss:// for TLS, or unix:///path; in a password / is %2F, # is %23, "
            "? is %3F and @ is %40.",
        ) from None


def _shown(host: str, port: int, url: str | None) -> str:
    """Where it is, without a name or password; of an address that can't be told from a password nothing."""
    if not url:
        return f"{host}:{port}"
    found = _ADDRESS.fullmatch(url)
    return f"{found['scheme']}{found['place']}" if found else "REDIS_URL"


def _reason(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".")[:200] or type(error).__name__


def _raw(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogatepass")


def _is_key(raw: bytes) -> bool:
    """False for what somebody else put among ours."""
    try:
        return bool(_text(raw))
    except UnicodeDecodeError:
        return False


def _batches(raws: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    for at in range(0, len(raws), _BATCH):
        yield raws[at : at + _BATCH]
