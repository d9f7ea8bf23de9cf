"""The state as a tree; each of its lines knows the path by which it is edited."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from rich.text import Text
from textual.widgets import Tree
from textual.widgets.tree import TreeNode

from graph.state import RunState
from traces.view_words import visible

_SHOWN_CHARACTERS = 200


class StateTree(Tree[str]):
    """Fields, and what is in them; what was opened stays open from stop to stop."""

    def __init__(self) -> None:
        super().__init__("state", data="", id="state-tree")
        self.show_root = False

    @property
    def path(self) -> str:
        """Of the line that the cursor is on; empty where it is on none."""
        node = self.cursor_node
        return (node.data or "") if node is not None else ""

    def fill(self, state: RunState) -> None:
        """Show this state in place of the one before, the cursor at the same path."""
        opened = {node.data for node in _below(self.root) if node.is_expanded}
        path = self.path
        self.clear()
        for key, value in state.items():
            _add(self.root, key, value, key, opened)
        self.root.expand()
        for node in _below(self.root):
            if node.data == path:
                self.call_after_refresh(self.move_cursor, node)


def _add(parent: TreeNode[str], key: str, value: Any, path: str, opened: set[str | None]) -> None:
    children: Iterable[tuple[str, Any]] = ()
    if isinstance(value, dict):
        children = value.items()
    elif isinstance(value, list):
        children = [(str(n), each) for n, each in enumerate(value)]
    label = Text(visible(f"{key}: "), style="bold")
    label.append(visible(_short(value)), style="not bold")
    if not children:
        parent.add_leaf(label, path)
        return
    node = parent.add(label, path, expand=path in opened)
    for name, each in children:
        _add(node, name, each, f"{path}.{name}", opened)


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + "…"


def _below(node: TreeNode[str]) -> Iterable[TreeNode[str]]:
    for child in node.children:
        yield child
        yield from _below(child)
