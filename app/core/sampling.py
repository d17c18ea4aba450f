"""How the next token is chosen."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.errors import Sentence, UserError

MAX_SEED = 2**32 - 1
MAX_ANSWER_TOKENS = 262_144
_TOO_LONG_TO_SHOW = 10**15


@dataclass(frozen=True, slots=True)
class Range:
    """The values that a setting may have, both ends among them.

    Attributes:
        name: The setting's, for a sentence.
        low: The smallest.
        high: The largest.
        is_whole: Whether only whole numbers are in it.
    """

    name: str
    low: float
    high: float
    is_whole: bool = False

    def __contains__(self, value: float) -> bool:
        """Whether the setting may have this value; not a number is in no range."""
        return self.low <= value <= self.high


RANGES = {
    "max_tokens": Range(Sentence("max tokens"), 1, MAX_ANSWER_TOKENS, is_whole=True),
    "temperature": Range(Sentence("temperature"), 0.0, 5.0),
    "top_p": Range(Sentence("top-p"), 0.0, 1.0),
    "top_k": Range(Sentence("top-k"), 0, 1_000_000, is_whole=True),
    "min_p": Range(Sentence("min-p"), 0.0, 1.0),
    "repetition_penalty": Range(Sentence("repetition penalty"), 0.1, 10.0),
    "presence_penalty": Range(Sentence("presence penalty"), -2.0, 2.0),
    "seed": Range(Sentence("seed"), 0, MAX_SEED, is_whole=True),
}
"""By the names of Sampling's fields."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """Every setting that decides an answer's words.

    Applied in this order: repetition and presence penalty on the logits, temperature, top-k, top-p, min-p, draw.

    Attributes:
        max_tokens: The most tokens an answer may have.
        temperature: 0 takes the likeliest token always (greedy).
        top_p: Keep the likeliest tokens whose probabilities add up to this; 1 keeps all.
        top_k: Keep this many likeliest tokens; 0 keeps all.
        min_p: Keep tokens at least this fraction as likely as the likeliest; 0 keeps all.
        repetition_penalty: Divides (or multiplies, below zero) the logit of each token seen in the prompt or the
            answer; 1 is off.
        presence_penalty: Subtracted from the logit of each token that the answer already holds; 0 is off.
        seed: Start of the random draw, 0 to 2**32 - 1; None lets the program draw one, which is then recorded.
    """

    max_tokens: int = 1024
    temperature: float = 0.7
    top_p: float = 0.8
    top_k: int = 20
    min_p: float = 0.0
    repetition_penalty: float = 1.0
    presence_penalty: float = 1.5
    seed: int | None = None

    def checked(self) -> Sampling:
        """These settings, when each is in its range.

        Raises:
            UserError: A setting is out of its range; the text names it and the range.
        """
        for field, allowed in RANGES.items():
            value = getattr(self, field)
            if value is not None and value not in allowed:
                name = allowed.name
                shown = Sentence("a very large number") if abs(value) >= _TOO_LONG_TO_SHOW else f"{value:g}"
                raise UserError(
                    Sentence("The {name} is {shown}.", name=name, shown=shown),
                    Sentence("It must be from {low} to {high}.", low=f"{allowed.low:g}", high=f"{allowed.high:g}"),
                )
        return self


GREEDY = Sampling(temperature=0.0, top_p=1.0, top_k=0, presence_penalty=0.0)
"""Always the likeliest token, no penalties: the rule for reading text, tables and boxes."""
