"""A group of options whose names and values are checked as they are set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from html import escape
from typing import Any, ClassVar, Final, Self

from qmode_jupyter.client.options.kinds import Kind, Unset
from qmode_jupyter.errors import OptionError
from qmode_jupyter.style.characters import shown
from qmode_jupyter.style.spelling import nearest

# What people write from older clients or other primitives, and what became of it.
_RENAMED: Final = {
    "optimization_level": "V2 primitives don't transpile, run a pass manager on the circuit first",
    "transpilation": "V2 primitives don't transpile, run a pass manager on the circuit first",
    "precision": "default_precision is the Estimator's",
    "shots": "default_shots is at the top level",
    "seed": "simulator.seed_simulator it is called",
    "tags": "environment.job_tags they are called",
    "max_time": "it belongs to the Session or Batch, a job's limit is max_execution_time",
}


def of(kind: Kind, no_effect: str = "") -> dict[str, Any]:
    """Describe an option for `field`; `no_effect` says why it changes nothing on a simulator."""
    return {"kind": kind, "no_effect": no_effect}


@dataclass(init=False, repr=False)
class OptionGroup:
    """Options that belong together.

    Raises
    ------
    OptionError
        For a name that does not exist (with the nearest that does) or a value that can't be.
    """

    # What precedes the names of this group's options in messages.
    _prefix: ClassVar[str] = ""

    def __init__(self, **values: Any) -> None:
        for item in fields(self):
            object.__setattr__(self, item.name, inner() if (inner := _inner(item)) else Unset)
        for name, value in values.items():
            setattr(self, name, value)

    def __setattr__(self, name: str, value: Any) -> None:
        name = self._true_name(name)
        item = self.__dataclass_fields__[name]
        if inner := _inner(item):
            value = self._grouped(name, inner, value)
        elif type(value).__name__ == "UnsetType":  # IBM's means the same
            value = Unset
        else:
            value = self._kept(name, item.metadata["kind"], value)
        object.__setattr__(self, name, value)

    def __getattr__(self, name: str) -> Any:
        # Called only for what is not there. What asks for names with an underscore is Python itself.
        if name.startswith("_"):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        raise AttributeError(f"{type(self).__name__} has no option {name!r}: {self._instead(name)}.")

    def update(self, **values: Any) -> None:
        """Set several options; a dictionary for a group changes only what it names."""
        for name, value in values.items():
            name = self._true_name(name)
            current = getattr(self, name)
            if isinstance(current, OptionGroup) and isinstance(value, Mapping):
                current.update(**value)
            else:
                setattr(self, name, value)

    def copy(self) -> Self:
        """Return options of their own with the same values."""
        return type(self)(**self.set_values())

    def set_values(self) -> dict[str, Any]:
        """Return what has been set, groups as dictionaries, without what has not."""
        found: dict[str, Any] = {}
        for item in fields(self):
            value = getattr(self, item.name)
            if isinstance(value, OptionGroup):
                value = value.set_values() or Unset
            if value is not Unset:
                found[item.name] = value
        return found

    def without_effect(self) -> Iterator[tuple[str, str]]:
        """Yield the dotted name of each option whose effect on results can't be had here, and why."""
        for item in fields(self):
            value = getattr(self, item.name)
            if isinstance(value, OptionGroup):
                yield from value.without_effect()
            elif item.metadata["no_effect"] and _asks(value):
                yield self._prefix + item.name, item.metadata["no_effect"]

    def __repr__(self) -> str:
        inside = ", ".join(f"{name}={value!r}" for name, value in self.set_values().items())
        return f"{type(self).__name__}({inside})"

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td style='text-align:left'>{escape(name)}</td>"
            f"<td style='text-align:left'>{escape(repr(value))}</td></tr>"
            for name, value in self.set_values().items()
        )
        return f"<b>{type(self).__name__}</b><table>{rows}</table>"

    def _true_name(self, name: str) -> str:
        """Return the option that `name` means; `shots` is an older word for `default_shots`."""
        own = {item.name for item in fields(self)}
        if name in own:
            return name
        if name == "shots" and "default_shots" in own:
            return "default_shots"
        raise OptionError(f"{type(self).__name__} has no option {name!r}: {self._instead(name)}.")

    def _instead(self, name: str) -> str:
        """Say what might have been meant by a name that does not exist here."""
        if name in _RENAMED:
            return _RENAMED[name]
        own = set(_paths(type(self)))
        everywhere = own.union(*map(_paths, _groups(OptionGroup)))
        for where in (own, everywhere):
            # A name that is right but in the wrong group comes before one that is misspelt.
            for pool in ({path.rpartition(".")[2]: path for path in sorted(where)}, {p: p for p in where}):
                if name in pool:
                    return f"there is {pool[name]}{'' if where is own else _elsewhere(pool[name])}"
        short = {path.removeprefix(self._prefix): path for path in own}
        if (close := nearest(name, short)) is not None:
            return f"did you mean {short[close]}"
        last = {path.rpartition(".")[2]: path for path in everywhere}
        if (close := nearest(name, last)) is not None:
            return f"did you mean {last[close]}"
        return f"there are {', '.join(item.name for item in fields(self))}"

    def _kept(self, name: str, kind: Kind, value: Any) -> Any:
        try:
            return kind.keep(value)
        except OptionError:
            raise
        except ValueError as error:
            # A check may bring IBM's own sentence.
            text = str(error) or f"The option {self._prefix}{name} must be {kind.words}, not {shown(value)}."
            raise OptionError(text) from None

    def _grouped(self, name: str, inner: type[OptionGroup], value: Any) -> OptionGroup:
        if isinstance(value, inner):
            return value
        if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
            return inner(**value)
        if is_dataclass(value) and not isinstance(value, type):
            return inner(**set_in(value))
        raise OptionError(
            f"The option {self._prefix}{name} is a group: give a dictionary or {inner.__name__}, "
            f"not {shown(value)}."
        )


def set_in(options: Any) -> dict[str, Any]:
    """Return what is set in an options object of IBM's client."""
    found = {}
    for name, value in _told(options):
        if name.startswith("_") or type(value).__name__ == "UnsetType":
            continue
        if is_dataclass(value):
            value = set_in(value)
        if value is not None and value != {}:
            found[name] = value
    return found


def _told(options: Any) -> Iterator[tuple[str, Any]]:
    """Yield the options of a dataclass; of a model of `options_models` those that differ from its defaults.

    A model fills in the service's defaults, which nobody asked for. Its groups are changed in place.
    """
    declared = getattr(type(options), "model_fields", None)
    if declared is None:
        yield from ((item.name, getattr(options, item.name)) for item in fields(options))
        return
    for name, item in declared.items():
        value = getattr(options, name)
        if is_dataclass(value) or name in options.model_fields_set or value != item.default:
            yield name, value


def _inner(item: Field[Any]) -> type[OptionGroup] | None:
    """Return the class of an option that is a group."""
    return None if item.default_factory is MISSING else item.default_factory  # type: ignore[return-value]


def _asks(value: Any) -> bool:
    """Whether a value asks for anything: none, off and level 0 don't, nor does IBM's log level."""
    return not (
        value is Unset or value is None or (isinstance(value, (int, str)) and value in (0, "WARNING"))
    )


def _paths(cls: type[OptionGroup]) -> list[str]:
    paths = []
    for item in fields(cls):
        if inner := _inner(item):
            paths += _paths(inner)
        paths.append(cls._prefix + item.name)
    return paths


def _elsewhere(path: str) -> str:
    """Return whose option it is that these options lack."""
    owners = (cls for cls in _groups(OptionGroup) if not cls._prefix and path in _paths(cls))
    return next((f", in {cls.__name__}" for cls in owners if fields(cls)), ", in other options")


def _groups(cls: type[OptionGroup]) -> list[type[OptionGroup]]:
    return [cls, *(deeper for child in cls.__subclasses__() for deeper in _groups(child))]
