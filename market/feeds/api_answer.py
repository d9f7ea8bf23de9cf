"""An answer of an API in JSON, checked against the shape that its documentation gives."""

from __future__ import annotations

from decimal import Decimal
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from domain.errors import DataError
from domain.strict_json import JsonRefused, loads
from market.feeds.fetch import MAX_PAGE_BYTES

_MAX_DIGITS = 60
"""Some write market capitalisations to the last bit of a double."""


class Answer(BaseModel):
    """A part of an answer; members that are not used are let pass."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)


AnswerT = TypeVar("AnswerT", bound=Answer)


def read_answer(body: bytes, shape: type[AnswerT], name: str) -> AnswerT:
    """The answer as a value.

    Raises:
        DataError: no JSON, or of another shape; what was sent is not quoted.
    """
    try:
        found = loads(body.decode("utf-8-sig"), max_bytes=MAX_PAGE_BYTES, max_digits=_MAX_DIGITS)
        return shape.model_validate(_floats(found))
    except UnicodeDecodeError:
        raise DataError(f"{name} answered with no UTF-8 text, was expected to be JSON") from None
    except JsonRefused as error:
        raise DataError(f"{name} answered with no JSON that is read here: {error.code}") from None
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise DataError(
            f"{name} answered in another shape ({place}: {first['msg']}); its API may have changed"
        ) from None


def _floats(value: object) -> object:
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, dict):
        return {key: _floats(one) for key, one in value.items()}
    return [_floats(one) for one in value] if isinstance(value, list) else value
