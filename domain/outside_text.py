"""A stranger's words as they may stand in a prompt: visible, and never its structure.

What they say is not judged here; that they cannot be obeyed into harm is the gate's work. Taken out
is what a reader does not see (control, format, private and half characters: zero-width letters,
bidirectional marks, tags) and what chat templates divide a prompt by, since a model that is served
from a template would take it for the end of the data.
"""

from __future__ import annotations

import re
import unicodedata

from domain.errors import DataError

TURN_MARKERS = re.compile(
    r"<[|｜]+|[|｜]+>|\[/?INST\]|<</?SYS>>|</?s>|</?(?:start|end)_of_turn>", re.I
)
"""Of ChatML and Llama 3 (`<|im_end|>`), DeepSeek, Llama 2 and Mistral, Gemma."""
_NAME = re.compile(r"[\w.$+*&:'-]+(?: [\w.$+*&:'-]+)?")
MAX_NAME_CHARACTERS = 32


def visible(text: str) -> str:
    """White space becomes spaces; other characters that cannot be seen go."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        " " if c.isspace() else c
        for c in text
        if c.isspace() or unicodedata.category(c)[0] not in "C"
    )


def unmarked(text: str) -> str:
    """`text` without turn markers, those that appear when others go included."""
    while TURN_MARKERS.search(text):
        text = TURN_MARKERS.sub(" ", text)
    return text


def one_line(text: str, most_characters: int) -> str:
    """One line of visible characters without turn markers, cut to a length."""
    line = " ".join(unmarked(visible(text)).split())
    return line if len(line) <= most_characters else f"{line[: most_characters - 1].rstrip()}…"


def require_names(source: str, *names: object) -> None:
    """Whether each may be what somebody calls an asset: one word or two, of few characters.

    Names stand among the rules of a prompt, where nothing is marked as data.

    Raises:
        DataError: one may not.
    """
    for name in names:
        short = isinstance(name, str) and len(name) <= MAX_NAME_CHARACTERS
        if not (short and _NAME.fullmatch(str(name))):
            raise DataError(
                f"{source} lists an asset called {str(name)[:80]!r}; expected one word or two, at "
                f"most {MAX_NAME_CHARACTERS} letters, digits and signs: name another symbol"
            )
