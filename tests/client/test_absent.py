"""Names of IBM's client that this package has not."""

from __future__ import annotations

import pytest

from qmode_jupyter.client.absent import absent


def test_a_name_of_ibms_is_an_import_error_that_says_what_to_write() -> None:
    error = absent("qmode_jupyter", "NoiseLearner")
    assert isinstance(error, ImportError)
    assert str(error).startswith("There is no NoiseLearner in qmode_jupyter: nothing is mitigated here")
    with pytest.raises(ImportError, match=r"There is no Calibrator in qmode_jupyter: an emulated QPU is"):
        from qmode_jupyter import Calibrator  # noqa: F401


def test_another_name_is_an_attribute_error_as_of_any_module() -> None:
    error = absent("qmode_jupyter", "nothing")
    assert isinstance(error, AttributeError)
    assert str(error) == "module 'qmode_jupyter' has no attribute 'nothing'"
