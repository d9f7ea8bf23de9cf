"""Whether a model sees: it is to read a number that stands nowhere but in a picture."""

from __future__ import annotations

import io
import secrets
from collections.abc import Sequence

from langchain_core.messages import AIMessage, HumanMessage

from agent.chart_drawing import HEIGHT_PX, WIDTH_PX
from agent.colours import INK, PAPER
from agent.parse import parse_answer
from agent.picture import Picture, base64_of, illustrated
from app.health_check import Check
from domain.plan import NoTrade
from domain.strict_json import content_hash

DIGITS_COUNT = 4
_DIGIT_PX = 220
MEND = "leave out vision = true, or choose a model that takes pictures"
_ASK = (
    f"The picture behind this text shows a number of {DIGITS_COUNT} digits. Call the tool no_trade "
    "once, with that number as the reason, and nothing else."
)


def number_question(before: str) -> tuple[HumanMessage, str]:
    """The question, in a picture of a chart's size, and the number that only who sees can tell.

    Args:
        before: What is said first.
    """
    number = "".join(secrets.choice("0123456789") for _ in range(DIGITS_COUNT))
    png = number_picture(number)
    data = base64_of(png)
    picture = Picture(content_hash(data), WIDTH_PX, HEIGHT_PX, len(png), "The picture:")
    return illustrated(HumanMessage(f"{before}{_ASK}"), picture, data), number


def number_picture(number: str) -> bytes:
    """The digits side by side, each in an equal part of a PNG."""
    from PIL import Image, ImageDraw, ImageFont

    image = Image.new("RGB", (WIDTH_PX, HEIGHT_PX), PAPER)
    pen, font = ImageDraw.Draw(image), ImageFont.load_default(_DIGIT_PX)
    for place, digit in enumerate(number):
        middle = (WIDTH_PX * (place + 0.5) / len(number), HEIGHT_PX / 2)
        pen.text(middle, digit, fill=INK, font=font, anchor="mm")
    written = io.BytesIO()
    image.save(written, "PNG")
    return written.getvalue()


def number_read(message: AIMessage, number: str, names: Sequence[str]) -> Check:
    """Whether the answer has the number.

    Args:
        message: The model's.
        number: In the picture.
        names: Of the data tools that it was offered.
    """
    parsed = parse_answer(message, names)
    if isinstance(parsed, NoTrade) and number in "".join(parsed.reason.split()):
        return Check("vision", "ok", "a number in a picture was read")
    return Check("vision", "broken", f"a number in a picture was not read; {MEND}", 2)
