"""The fuzzer's cases by number: the same number is always the same text."""

from __future__ import annotations

from random import Random

from tests.fuzz.edges_of_price import PRICE
from tests.fuzz.edges_of_size import SIZE
from tests.fuzz.edges_of_time import TIME
from tests.fuzz.hostile import HOSTILE, hostile_text
from tests.fuzz.near import Edge
from tests.fuzz.scene import Scene
from tests.fuzz.states import STATES, state_scene
from tests.fuzz.writing import to_text

EDGES = (*TIME, *PRICE, *SIZE)


def edge_scene(rng: Random, edge: Edge) -> Scene:
    """A loose scene put at `edge`; now and then a second one is met as well."""
    scene = Scene(rng, loose=True)
    edge(scene)
    if rng.random() < 0.1:
        rng.choice(EDGES)(scene)
    return scene


def make_text(seed: str, index: int) -> str:
    """Case `index` of a seed; edges, states and hostile forms take turns, so none is left out."""
    rng = Random(f"{seed}/{index}")
    turn, kind = divmod(index, 10)
    if kind < 2:
        return to_text(Scene(rng).doc, rng)
    if kind < 6:
        edge = EDGES[(turn * 4 + kind - 2) % len(EDGES)]
        return to_text(edge_scene(rng, edge).doc, rng)
    if kind < 9:
        state = STATES[(turn * 3 + kind - 6) % len(STATES)]
        return to_text(state_scene(rng, state).doc, rng)
    return hostile_text(rng, HOSTILE[turn % len(HOSTILE)])
