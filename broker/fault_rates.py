"""How often what goes wrong at a venue that is made worse on purpose."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Faults:
    """How often what goes wrong; shares lie between 0 and 1, of the acts that they can befall."""

    lost_request_fraction: float = 0.0
    """Of all questions and acts: the venue never hears of it, and there is no answer."""
    lost_reply_fraction: float = 0.0
    """Of all questions and acts: the venue does it, and there is no answer."""
    outage_fraction: float = 0.0
    """Of all questions and acts: from this one on the venue is out of reach for a stretch."""
    outage_calls_count: int = 5
    """How many questions and acts such a stretch lasts, after the one that met it."""
    late_news_fraction: float = 0.0
    """Of the news: told only when the venue is asked about a later moment."""
    repeated_news_fraction: float = 0.0
    """Of the news: told again after others."""
    disordered_news_fraction: float = 0.0
    """Of the news: told after what came later."""
    rejected_entry_fraction: float = 0.0
    """Of new entries: refused for good."""
    rejected_exit_fraction: float = 0.0
    """Of new stops, targets and closes: refused for good."""
    refused_amend_fraction: float = 0.0
    """Of amendments: refused; the order works on as it was."""
    raced_cancel_fraction: float = 0.0
    """Of cancels: refused because a fill is under way; the order works on."""
    cut_short_fraction: float = 0.0
    """Of partial fills: the venue takes the rest of the order back by itself."""
    hidden_fraction: float = 1.0
    """Of new orders: shown late, where `hidden_answers_count` is not 0."""
    hidden_answers_count: int = 0
    """How often a new order is not shown yet, when it is asked for or orders are listed."""
    settles_within: timedelta = timedelta(0)
    """What the venue says of that: how long until a new order is sure to be shown, and it is.

    At least a little where `hidden_answers_count` is not 0, so that one "no" is not believed.
    """

    def __post_init__(self) -> None:
        for name in self.__slots__:
            if name.endswith("_fraction") and not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} is {getattr(self, name)!r}, was expected within 0 to 1")
        if self.hidden_answers_count and not self.settles_within:
            raise ValueError(
                "hidden_answers_count without settles_within: a venue that shows orders late has "
                "to say so, or they would be sent twice"
            )
