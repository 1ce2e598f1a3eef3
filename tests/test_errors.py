"""The tree of errors: its relations, its drawing, its plain texts."""

from __future__ import annotations

import copy
import doctest
import inspect
import pickle
import re

import pytest

from qmode_jupyter import errors

CLASSES = [getattr(errors, name) for name in errors.__all__]


def made(cls: type[BaseException]) -> BaseException:
    return cls("what was wrong", 409) if cls is errors.RequestsApiError else cls("what was wrong")


@pytest.mark.parametrize("cls", CLASSES)
def test_an_error_shows_its_plain_text_and_survives_a_pickle(cls: type[BaseException]) -> None:
    error = made(cls)
    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(twin) is cls
        assert str(twin) == "what was wrong"
        assert getattr(twin, "status_code", None) == getattr(error, "status_code", None)


@pytest.mark.parametrize("cls", [cls for cls in CLASSES if not issubclass(cls, Warning)])
def test_all_errors_are_ours_and_have_a_message(cls: type[BaseException]) -> None:
    assert issubclass(cls, errors.QmodeError)
    assert made(cls).message == "what was wrong"


@pytest.mark.parametrize("cls", [cls for cls in CLASSES if issubclass(cls, Warning)])
def test_all_warnings_are_ours_and_shown_by_default(cls: type[Warning]) -> None:
    assert issubclass(cls, errors.QmodeWarning)
    assert issubclass(cls, UserWarning)


def test_all_names_are_exported_in_order() -> None:
    defined = [
        name
        for name, value in vars(errors).items()
        if inspect.isclass(value) and issubclass(value, BaseException)
    ]
    assert sorted(defined) == errors.__all__


def test_the_drawing_in_the_docstring_is_the_tree() -> None:
    drawn: dict[str, str] = {}
    stack: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        if match := re.match(
            r"^ {4}((?:[│ ]  )*)(?:[├└]─ )?(\w*(?:Error|Warning|NotFound|Exception))\b", line
        ):
            depth = len(match.group(1)) // 3 + ("─" in line.partition(match.group(2))[0])
            del stack[depth:]
            drawn[match.group(2)] = stack[-1] if stack else ""
            stack.append(match.group(2))
    assert set(drawn) == {*errors.__all__, "Exception", "UserWarning"}
    for name, parent in drawn.items():
        if parent:
            assert getattr(errors, name).__bases__[0].__name__ == parent


def test_ibm_names_have_ibm_relations() -> None:
    theirs = pytest.importorskip("qiskit_ibm_runtime.exceptions")
    api = pytest.importorskip("qiskit_ibm_runtime.api.exceptions")
    shared = {
        name: getattr(theirs, name, None) or getattr(api, name, None)
        for name in errors.__all__
        if hasattr(theirs, name) or hasattr(api, name)
    }
    assert len(shared) >= 15
    for name, cls in shared.items():
        names = {base.__name__ for base in cls.__mro__}
        ours = {base.__name__ for base in getattr(errors, name).__mro__}
        # QiskitError is Qiskit's, and this module imports nothing.
        assert names - ours <= {"QiskitError"}, name


def test_a_refusal_has_its_http_status() -> None:
    assert errors.RequestsApiError("no", 400).status_code == 400
    assert errors.RequestsApiError("no").status_code == -1


def test_the_example_in_the_docstring() -> None:
    assert doctest.testmod(errors) == (0, 1)
