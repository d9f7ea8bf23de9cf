"""What becomes of a stranger's text before anything else sees it: plain, visible, short.

Markup, addresses and what cannot be seen are taken out, and what is left is cut to a length. The
text may still say anything; that it is not obeyed is the gate's work, not this module's. What it
looks like is told by `marks_of`, and can only lower the trust in an item.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from html import unescape
from typing import Literal

from domain.outside_text import one_line, visible

Mark = Literal["instruction_like", "mixed_scripts", "hidden_characters"]
"""Why an item deserves less trust."""

MAX_RAW_CHARACTERS = 12_000
"""Of one field before it is cleaned; the rest of a longer one is never looked at."""
_UNSHOWN = {"script", "style", "head", "template", "noscript", "iframe", "svg", "object"}
_BLOCKS = {"p", "br", "li", "div", "tr", "h1", "h2", "h3", "h4", "h5", "h6"}
_ADDRESS = re.compile(
    r"(?:\b(?:https?|ftp|file|javascript|vbscript)\s?:/{0,2}|\bdata:[\w.+-]+/|\bwww\.)\S*", re.I
)
_MARKUP = re.compile(r"<[/!?a-zA-Z]|&[#a-zA-Z]")
_TAG = re.compile(r"<(?:!--|(?P<closing>/?)(?P<name>[a-zA-Z][a-zA-Z0-9]{0,20}|[!?]))")
MAX_READINGS_COUNT = 3
_INSTRUCTION = re.compile(
    r"\b(?:ignore|disregard|forget|override|bypass)\b.{0,40}"
    r"\b(?:instruction|rule|prompt|polic|limit|above|previous|everything)"
    r"|\b(?:system|assistant|developer|user|tool)\s*(?:prompt|message|role)?\s*:"
    r"|\byou (?:are now|must|should|have to|are required)\b"
    r"|\b(?:propose_plan|propose_exit|replan|no_trade|tool_call|function_call|new instructions?)\b"
    r"|\b(?:api[ _-]?key|leverage to|limits? (?:are |is )?(?:lifted|removed|disabled))\b",
    re.I | re.S,
)
_SCRIPTS = ("LATIN", "CYRILLIC", "GREEK")


def plain_text(raw: object, max_characters: int) -> str:
    """`raw` as one line of visible characters, at most `max_characters` of them.

    What is no text becomes the empty text. HTML is dropped with what browsers do not show,
    addresses (data URIs too) become `[link]`, control, format (bidirectional, zero-width, tags),
    private and surrogate characters are removed, compatible forms are folded (NFKC), white space
    is one space.
    """
    if not isinstance(raw, str):
        return ""
    text = visible(unicodedata.normalize("NFKC", visible(raw[:MAX_RAW_CHARACTERS])))
    text = visible(unicodedata.normalize("NFKC", _without_markup(text)))
    return one_line(_ADDRESS.sub("[link]", text), max_characters)


def marks_of(raw: str) -> tuple[Mark, ...]:
    """What is suspicious about a text as it came."""
    raw = raw[:MAX_RAW_CHARACTERS]
    found: list[Mark] = []
    if _INSTRUCTION.search(plain_text(raw, MAX_RAW_CHARACTERS)):
        found.append("instruction_like")
    if any(_mixed(word) for word in re.findall(r"\w+", raw)):
        found.append("mixed_scripts")
    if any(unicodedata.category(c) in {"Cf", "Co", "Cs"} or c == "\0" for c in raw):
        found.append("hidden_characters")
    return tuple(found)


def _mixed(word: str) -> bool:
    """Whether letters of look-alike scripts stand in one word, as in a forged ticker."""
    if word.isascii():
        return False
    names = (unicodedata.name(c, "") for c in word if c.isalpha())
    return len({name.split(" ")[0] for name in names if name.split(" ")[0] in _SCRIPTS}) > 1


def _without_markup(text: str) -> str:
    """Again while there is any, because what was escaped is markup after one reading."""
    for _ in range(MAX_READINGS_COUNT):
        if not _MARKUP.search(text):
            return text
        text = unescape("".join(_shown(text)))
    return text.replace("<", " ").replace("&", " ")


def _shown(text: str) -> Iterator[str]:
    """The parts that a browser would show.

    One pass from tag to tag, because parsers of HTML can be made to take hours.
    """
    at, hidden_by = 0, ""
    while (start := text.find("<", at)) >= 0:
        if not hidden_by:
            yield text[at:start]
        tag = _TAG.match(text, start)
        if tag is None:
            yield "" if hidden_by else "<"
            at = start + 1
            continue
        closer = "-->" if tag.group() == "<!--" else ">"
        end = text.find(closer, start)
        if end < 0:
            return
        if not hidden_by and (tag["name"] or "").lower() in _BLOCKS:
            yield " "
        hidden_by = _hidden_after(tag, hidden_by)
        at = end + len(closer)
    if not hidden_by:
        yield text[at:]


def _hidden_after(tag: re.Match[str], hidden_by: str) -> str:
    """The element that hides what follows the tag; empty where it is shown."""
    name = (tag["name"] or "").lower()
    if hidden_by:
        return "" if tag["closing"] and name == hidden_by else hidden_by
    return name if name in _UNSHOWN and not tag["closing"] else ""
