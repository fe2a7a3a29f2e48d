"""What can go wrong with an expression: before it runs, and while it runs. Nothing else is raised."""

from __future__ import annotations

from ..text import Text


class ExpressionError(ValueError):
    """The text is not an expression of our language.

    Attributes:
        text: what is wrong, for a person.
        position: index of the offending character in the text as given (0-based), None where there is no one place.
    """

    def __init__(self, text: Text, position: int | None = None) -> None:
        super().__init__(text.en if position is None else f"{text.en} (at character {position + 1})")
        self.text = text
        self.position = position


class EvaluationError(ValueError):
    """The expression is sound but the values it met are not what it needs.

    Attributes:
        text: what is wrong, for a person.
    """

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text
