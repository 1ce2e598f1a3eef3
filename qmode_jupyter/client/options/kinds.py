"""What values an option takes: in words for the message, and as a function for the check."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, ClassVar, Final, Literal


class UnsetType:
    """The type of `Unset`: there is one instance, and it is false."""

    _only: ClassVar[UnsetType | None] = None

    def __new__(cls) -> UnsetType:  # noqa: D102 - documented by its class
        if cls._only is None:
            cls._only = super().__new__(cls)
        return cls._only

    def __repr__(self) -> str:
        return "Unset"

    def __bool__(self) -> Literal[False]:
        return False

    def __reduce__(self) -> str:
        return "Unset"


#: An option that nobody has set: the service's default holds.
Unset: Final = UnsetType()


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of value: `keep` returns what to store for a value, or raises ValueError."""

    words: str
    keep: Callable[[Any], Any]

    def __or__(self, other: Kind) -> Kind:
        def keep(value: Any) -> Any:
            try:
                return self.keep(value)
            except ValueError:
                return other.keep(value)

        return Kind(f"{self.words} or {other.words}", keep)


def whole_number(minimum: int = 0, maximum: int | None = None) -> Kind:
    """Whole numbers from `minimum` to `maximum`; NumPy's too, booleans not."""

    def keep(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, Integral):
            raise ValueError
        number = int(value)
        if number < minimum or (maximum is not None and number > maximum):
            raise ValueError
        return number

    upper = "" if maximum is None else f" and at most {maximum:,}"
    return Kind(f"a whole number of at least {minimum:,}{upper}", keep)


def real(*, above: float | None = None, at_least: float | None = None) -> Kind:
    """Finite real numbers above, or not below, a bound."""

    def keep(value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, Real):
            raise ValueError
        number = float(value)
        # Written so that NaN and infinity fail, too.
        if not abs(number) < float("inf"):
            raise ValueError
        if (above is not None and number <= above) or (at_least is not None and number < at_least):
            raise ValueError
        return number

    bound = f"above {above:g}" if above is not None else f"of at least {at_least:g}"
    return Kind(f"a number {bound}", keep)


def one_of(*allowed: str) -> Kind:
    """One of a few words."""

    def keep(value: Any) -> str:
        if not isinstance(value, str) or value not in allowed:
            raise ValueError
        return value

    return Kind(_alternatives(repr(word) for word in allowed), keep)


def many(kind: Kind, *, at_least: int = 0) -> Kind:
    """Sequences of values of one kind."""

    def keep(value: Any) -> list[Any]:
        if hasattr(value, "tolist"):  # an array
            value = value.tolist()
        if isinstance(value, (str, bytes)) or not isinstance(value, Sequence):
            raise ValueError
        kept = [kind.keep(item) for item in value]
        if len(kept) < at_least:
            raise ValueError
        return kept

    return Kind(f"a list, each item of it {kind.words}", keep)


def _boolean(value: Any) -> bool:
    # np.bool_ has no common base with bool.
    if isinstance(value, bool) or type(value).__name__ in ("bool_", "bool"):
        return bool(value)
    raise ValueError


def _nothing(value: Any) -> None:
    if value is not None:
        raise ValueError


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError
    return value


def _mapping(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError
    return value


def _alternatives(items: Iterable[str]) -> str:
    *first, last = items
    return f"{', '.join(first)} or {last}" if first else last


YES_NO: Final = Kind("True or False", _boolean)
NOTHING: Final = Kind("None", _nothing)
TEXT: Final = Kind("a text", _text)
MAPPING: Final = Kind("a dictionary", _mapping)
ANYTHING: Final = Kind("anything", lambda value: value)
AUTO: Final = one_of("auto")
