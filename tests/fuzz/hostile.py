"""Texts that no honest producer writes: what the door refuses, and what it has to survive."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from random import Random
from typing import Any

from tests.fuzz.scene import Scene
from tests.fuzz.writing import Raw, to_text

NUMBERS = [
    *("NaN", "Infinity", "-Infinity", "1e308", "-1e308", "1e999999999", "1e-400", "9" * 400),
    *("0." + "3" * 400, "01", "+1", ".5", "1.", "0x10", "1_000", "-0", "0", "-1", "1e12", "1e-25"),
    *("1234567890123456789", "0.1234567890123456789", "true", "false", "null", '"1"', "[1]", "{}"),
    *("٥٩", "５９", '"٥٩"', "--1", "1e", "1e+", "0e0", "0E-30", "1E+2", "2E0"),
]
STRINGS = [
    *("", " ", "\x00", "﻿", "‮BTC/USD", "BТC/USD", "BTC/USD​", "ＢＴＣ/USD", "a" * 65),
    *(
        "a" * 3000,
        "long ",
        "LONG",
        "2024-13-01",
        "2024-01-01T25:00:00Z",
        "now",
        "1970-01-01",
        "x" * 9,
    ),
    *(
        "2200-01-01T00:00:00Z",
        "2024-01-01T00:00:00+99:00",
        "0001-01-01T00:00:00Z",
        "1",
        "💥",
        "null",
    ),
]
Text = Callable[[Random, dict[str, Any]], str]


def leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Paths of everything that is neither an object nor a list of more than numbers."""
    if isinstance(value, dict):
        return [leaf for key in value for leaf in leaves(value[key], (*path, key))]
    if isinstance(value, list):
        return [leaf for i, item in enumerate(value[:3]) for leaf in leaves(item, (*path, i))]
    return [path]


def put(document: Any, path: tuple[Any, ...], value: Any) -> None:
    for key in path[:-1]:
        document = document[key]
    document[path[-1]] = value


def odd_number(rng: Random, doc: dict[str, Any]) -> str:
    paths = [p for p in leaves(doc) if isinstance(_at(doc, p), int | Decimal)]
    put(doc, rng.choice(paths), Raw(rng.choice(NUMBERS)))
    return to_text(doc)


def odd_string(rng: Random, doc: dict[str, Any]) -> str:
    paths = [p for p in leaves(doc) if isinstance(_at(doc, p), str)]
    put(doc, rng.choice(paths), rng.choice(STRINGS))
    return to_text(doc, rng)


def odd_type(rng: Random, doc: dict[str, Any]) -> str:
    """Anything in the place of anything."""
    path = rng.choice(leaves(doc))
    path = path[: rng.randrange(1, len(path) + 1)]
    values = [True, False, "x", [], {}, [[]], {"a": 1}, [1, 2, 3], "0", None]
    if "policy" in path[:1]:
        values.remove(None)
    put(doc, path, rng.choice(values))
    return to_text(doc)


def twice(rng: Random, doc: dict[str, Any]) -> str:
    """A key that stands twice in its object, with the same value or another one."""
    section = rng.choice([k for k, v in doc.items() if isinstance(v, dict) and v])
    key = rng.choice(list(doc[section]))
    row = f"{json.dumps(key)}:{rng.choice([to_text(doc[section][key]), '1', 'null'])}"
    text = to_text(doc)
    return text.replace(f'"{section}":{{', f'"{section}":{{{row},', 1)


def unheard_of(rng: Random, doc: dict[str, Any]) -> str:
    places = [doc, doc["plan"], doc["market"], doc["market"]["book"], doc["account"]]
    places += [doc["instrument"], doc["plan"]["targets"][0]]
    name = rng.choice(["leverage", "size", "Side", "sidе", "entry ", "__class__", "stop", ""])
    rng.choice(places)[name] = rng.choice([1, None, "x", {}])
    return to_text(doc)


def surrogate(rng: Random, doc: dict[str, Any]) -> str:
    """Half of a character, as an escape or as it is."""
    half = rng.choice(["\\ud800", "\\udc00x", "\ud800", "\udfff"])
    where, key = rng.choice(
        [
            (doc["plan"], "thesis"),
            (doc["instrument"], "symbol"),
            (doc, "comment"),
            (doc["plan"], "policy_hash"),
        ]
    )
    where[key] = Raw(f'"a{half}b"')
    return to_text(doc)


def deep(rng: Random, doc: dict[str, Any]) -> str:
    depth = rng.choice([10, 17, 100, 5_000, 30_000])
    opened, closed = rng.choice([("[", "]"), ('{"a":', "}")])
    put(doc, rng.choice(leaves(doc)), Raw(opened * depth + "1" + closed * depth))
    return to_text(doc)


def large(rng: Random, doc: dict[str, Any]) -> str:
    """More levels, targets, rows or characters than are read."""
    book, kind = doc["market"]["book"], rng.randrange(4)
    if kind == 0:
        levels = rng.choice([499, 500, 501, 4000])
        row = book["asks"][0]
        book["asks"] = [[row[0] + row[0] * i / 1000, row[1]] for i in range(levels)]
    elif kind == 1:
        doc["plan"]["targets"] = doc["plan"]["targets"] * rng.choice([4, 1000])
    elif kind == 2:
        row = {"symbol": "AAA/USD", "quantity": 1, "mark": 1}
        doc["account"]["positions"] = [row] * rng.choice([100, 101, 2000])
    else:
        doc["comment"] = "é" * rng.choice([2000, 2001, 40_000, 200_000])
    return to_text(doc)


def cut(rng: Random, doc: dict[str, Any]) -> str:
    """Not JSON: cut off, doubled, wrapped, or with a character changed."""
    text = to_text(doc)
    at = rng.randrange(len(text))
    return rng.choice(
        [
            text[:at],
            text + text,
            f"```json\n{text}\n```",
            text[:at] + rng.choice("}{],:\"\\\x00'9eE-.") + text[at + 1 :],
            f"[{text}]",
            "﻿" + text,
            text.replace('"', "'"),
        ]
    )


def bad_policy(rng: Random, doc: dict[str, Any]) -> str:
    key = rng.choice(["max_spread_bps", "sides", "blackouts", "max_risk", "majors", "stop_mode"])
    values = [0, -1, 10**6, "1", True, None, [], ["up"], "x", {}, "2024-01-01/2023-01-01"]
    doc["policy"][key] = rng.choice(values)
    return to_text(doc)


def without(rng: Random, doc: dict[str, Any]) -> str:
    """Something that is needed, left out."""
    plan = doc["plan"]
    places = [(plan, key) for key in ("side", "targets", "confidence")]
    places += [(plan["targets"][0], "price"), (doc, "plan"), (doc, "market")]
    places += [(plan, "invalidation")] * len(places)
    where, key = rng.choice(places)
    del where[key]
    return to_text(doc)


HOSTILE: tuple[Text, ...] = (
    *(odd_number, odd_number, odd_string, odd_type, twice, unheard_of, surrogate, deep, large),
    *(cut, bad_policy, without),
)


def hostile_text(rng: Random, hostility: Text) -> str:
    """A scene's text, spoilt."""
    return hostility(rng, Scene(rng, loose=True).doc)


def _at(document: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        document = document[key]
    return document
