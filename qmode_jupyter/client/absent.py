"""Names that IBM's client has and this package has not, and what to write instead."""

from __future__ import annotations

from typing import Final

_NO_LEARNING: Final = "nothing is mitigated here; a backend's noise is NoiseModel.from_backend(backend)"
_NO_CALIBRATION: Final = (
    "an emulated QPU is calibrated as other users come to it, see RuntimeService(load=...)"
)

_INSTEAD: Final = {
    "BitFlipChecksOptions": _NO_LEARNING,
    "Calibrator": _NO_CALIBRATION,
    "CalibratorOptions": _NO_CALIBRATION,
    "IBMRetiredBackend": "no QPU is retired here",
    "NoiseLearner": _NO_LEARNING,
    "NoiseLearnerOptions": _NO_LEARNING,
    "NoiseLearnerV2": _NO_LEARNING,
    "NoiseLearnerV3": _NO_LEARNING,
    "NoiseLearnerV3Options": _NO_LEARNING,
    "PostCircuitBitFlipChecksOptions": _NO_LEARNING,
    "PreCircuitBitFlipChecksOptions": _NO_LEARNING,
    "QiskitError": "it is Qiskit's, from qiskit.exceptions; the errors of this package are QmodeError",
    "logger": "write logging.getLogger('qmode_jupyter')",
    "setup_logger": "write logging.getLogger('qmode_jupyter').setLevel(...)",
}


def absent(module: str, name: str) -> ImportError | AttributeError:
    """Return the error for a name that `module` has not.

    For one of IBM's it is an ImportError, since of ``from module import name`` Python drops the text
    of an AttributeError.
    """
    if name in _INSTEAD:
        return ImportError(f"There is no {name} in {module}: {_INSTEAD[name]}.", name=module)
    return AttributeError(f"module {module!r} has no attribute {name!r}")
