"""What a text was made from, packed: request parameters, prompt parts by blob, inputs by name and hash.

A packed receipt is a version, how many attempts back the neighbour lies whose bytes it was compressed against
(0: none), how long the chain of neighbours is by now, and the compressed bytes. An input's hash that is a stored
text's refers to that blob. Functions run in their caller's transaction.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ghostkit.ledger import packing
from ghostkit.ledger.interning import digest_id, name_id

CHAIN = 16
"""At most this many receipts are unpacked to read one."""
NEIGHBOURS = 3
LOOK_BACK = 48
"""Of how many attempts before, and how many of the same kind among them, the best neighbour is taken."""


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """`messages` is (role, blob ids); `plan` is what the intent said should become of the answer."""

    parameters: Mapping[str, Any] = field(default_factory=dict)
    plan: Mapping[str, Any] = field(default_factory=dict)
    messages: tuple[tuple[str, tuple[int, ...]], ...] = ()
    inputs: Mapping[int, int] = field(default_factory=dict)
    """Name's number → where its hash is: twice a blob's id, or twice a digest's number plus one."""


def references(connection: sqlite3.Connection, inputs: Mapping[str, str]) -> dict[int, int]:
    """`inputs` (name → SHA-256 hex) by numbers, made where they are new."""
    return {name_id(connection, name): _reference(connection, bytes.fromhex(inputs[name])) for name in sorted(inputs)}


def _reference(connection: sqlite3.Connection, digest: bytes) -> int:
    blob = connection.execute("SELECT id FROM blob WHERE hash = ?", (digest,)).fetchone()
    return int(blob[0]) * 2 if blob else digest_id(connection, digest) * 2 + 1


def encode(receipt: Receipt) -> bytes:
    """The bytes that are compressed: alike for receipts that are alike."""
    out = [packing.text(_json(receipt.parameters)), packing.text(_json(receipt.plan) if receipt.plan else "")]
    out.append(packing.number(len(receipt.messages)))
    for role, parts in receipt.messages:
        out += [packing.text(role), packing.number(len(parts)), packing.numbers(parts)]
    return b"".join(out) + encode_inputs(receipt.inputs)


def encode_inputs(inputs: Mapping[int, int]) -> bytes:
    pairs = (number for name in sorted(inputs) for number in (name, inputs[name]))
    return packing.number(len(inputs)) + packing.numbers(pairs)


def decode(raw: bytes) -> Receipt:
    reader = packing.Reader(raw)
    parameters, plan = json.loads(reader.text()), reader.text()
    messages = tuple((reader.text(), tuple(reader.numbers(reader.number()))) for _ in range(reader.number()))
    return Receipt(
        parameters=parameters,
        plan=json.loads(plan) if plan else {},
        messages=messages,
        inputs=decode_inputs(reader),
    )


def decode_inputs(reader: packing.Reader) -> dict[int, int]:
    pairs = reader.numbers(2 * reader.number())
    return dict(zip(pairs[::2], pairs[1::2], strict=True))


def inputs_in(raw: bytes) -> dict[int, int]:
    """Only the inputs of `decode`."""
    reader = packing.Reader(raw)
    reader.skip_text()
    reader.skip_text()
    for _ in range(reader.number()):
        reader.skip_text()
        reader.numbers(reader.number())
    return decode_inputs(reader)


def pack(connection: sqlite3.Connection, receipt: Receipt, attempt: int, kind: str) -> bytes:
    """The receipt of `attempt` (its row's id), against the best of the neighbours of its kind."""
    raw = encode(receipt)
    best = _head(0, 0) + packing.squeeze(raw)
    for number, packed in _neighbours(connection, attempt, kind):
        depth = packed[-1]
        if depth < CHAIN:
            found = _head(attempt - number, depth + 1) + packing.squeeze(raw, unpack(connection, number))
            best = min(best, found, key=len)
    return best


def _neighbours(connection: sqlite3.Connection, attempt: int, kind: str) -> Iterator[tuple[int, tuple[int, int]]]:
    rows = connection.execute(
        "SELECT near.id, near.request FROM (SELECT id, step_id, request FROM attempt WHERE id < ? "
        "ORDER BY id DESC LIMIT ?) AS near JOIN step ON step.id = near.step_id WHERE step.kind = ? "
        "ORDER BY near.id DESC LIMIT ?",
        (attempt, LOOK_BACK, kind, NEIGHBOURS),
    ).fetchall()
    for row in rows:
        distance, depth, _ = _parts(row[1])
        yield row[0], (distance, depth)


def _head(distance: int, depth: int) -> bytes:
    return bytes([packing.VERSION]) + packing.numbers((distance, depth))


def _parts(packed: bytes) -> tuple[int, int, bytes]:
    """How far back the neighbour is, how long the chain, and the compressed bytes."""
    distance = shift = 0
    at = 1
    while True:
        byte = packed[at]
        at += 1
        distance |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return distance, packed[at], packed[at + 1 :]


def unpack(connection: sqlite3.Connection, attempt: int, known: dict[int, bytes] | None = None) -> bytes:
    """The bytes of an attempt's receipt, given its row's id; `known` keeps what was unpacked on the way."""
    known = {} if known is None else known
    chain: list[tuple[int, bytes]] = []
    raw = b""
    while attempt not in known:
        packed = connection.execute("SELECT request FROM attempt WHERE id = ?", (attempt,)).fetchone()[0]
        distance, _, squeezed = _parts(packed)
        chain.append((attempt, squeezed))
        if not distance:
            break
        attempt -= distance
    else:
        raw = known[attempt]
    for number, squeezed in reversed(chain):
        raw = known[number] = packing.unsqueeze(squeezed, raw)
    return raw


def receipt_of(connection: sqlite3.Connection, attempt: int) -> Receipt:
    return decode(unpack(connection, attempt))


class Names:
    """Names and hashes by number, each looked up once."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._names: dict[int, str] = {}
        self._hashes: dict[int, str] = {}

    def read_all(self) -> None:
        """Look everything up at once, where much will be asked for."""
        self._names.update(self._connection.execute("SELECT id, text FROM name"))
        self._hashes.update((id * 2 + 1, bytes(hash).hex()) for id, hash in self._all("digest"))
        self._hashes.update((id * 2, bytes(hash).hex()) for id, hash in self._all("blob"))

    def _all(self, table: str) -> Iterable[Any]:
        return self._connection.execute(f"SELECT id, hash FROM {table}")

    def inputs(self, packed: Mapping[int, int]) -> dict[str, str]:
        """Name → SHA-256 (hex), by name."""
        names, hashes = self._names, self._hashes
        try:
            found = {names[name]: hashes[reference] for name, reference in packed.items()}
        except KeyError:
            self._look_up(packed)
            found = {names[name]: hashes[reference] for name, reference in packed.items()}
        return {name: found[name] for name in sorted(found)}

    def _look_up(self, packed: Mapping[int, int]) -> None:
        for name in packed.keys() - self._names.keys():
            self._names[name] = self._one("SELECT text FROM name WHERE id = ?", name)
        for reference in {*packed.values()} - self._hashes.keys():
            table = "digest" if reference % 2 else "blob"
            self._hashes[reference] = self._one(f"SELECT hash FROM {table} WHERE id = ?", reference // 2).hex()

    def _one(self, query: str, number: int) -> Any:
        return self._connection.execute(query, (number,)).fetchone()[0]


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(dict(value), ensure_ascii=False, separators=(",", ":"))
