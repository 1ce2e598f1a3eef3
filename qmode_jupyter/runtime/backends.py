"""Names of QPUs to `BackendV2` objects.

Three kinds: `aer_simulator`; `generic_19q`, the default, which needs nothing but Qiskit; and the
snapshots of IBM's devices where qiskit-ibm-runtime is installed, each by its own name (`fake_fez`)
and by that of the device (`ibm_fez`): two QPUs with the same figures. Names are read from files, so
that Tab completion imports and builds nothing.
"""

from __future__ import annotations

import importlib
import importlib.util
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from qmode_jupyter.errors import BackendNotFoundError
from qmode_jupyter.runtime.backend_answers import answering
from qmode_jupyter.style.spelling import did_you_mean

if TYPE_CHECKING:
    from qiskit.providers import BackendV2

#: The backend of a workload that names none.
DEFAULT_BACKEND: Final = "generic_19q"

_AER: Final = "aer_simulator"
# Of IBM's devices the one that is offered first: it has dynamic circuits, and stays first when newer
# snapshots come, so that a rehearsal says the same again.
_FIRST_DEVICE: Final = "ibm_fez"
_IBM_EXTRA: Final = 'pip install "qmode_jupyter[ibm]"'
# Seed of the generated errors, durations and relaxation times of `generic_19q`: its figures are part
# of the tutorials, and must not change.
_GENERIC_SEED: Final = 19
_GENERIC_DISTANCE: Final = 3


@cache
def _snapshot_folder() -> Path | None:
    """Return where qiskit-ibm-runtime keeps its snapshots, without importing it; None: not installed."""
    spec = importlib.util.find_spec("qiskit_ibm_runtime")
    if spec is None or not spec.submodule_search_locations:
        return None
    folder = Path(next(iter(spec.submodule_search_locations))) / "fake_provider" / "backends"
    return folder if folder.is_dir() else None


@cache
def _snapshots() -> dict[str, tuple[str, str]]:
    """Return {backend name: (module below `backends`, class name)} of IBM's snapshots."""
    found: dict[str, tuple[str, str]] = {}
    folder = _snapshot_folder()
    if folder is None:
        return found
    for source in sorted(folder.glob("*/fake_*.py")):
        text = source.read_text(encoding="utf-8")
        for block in re.split(r"^class ", text, flags=re.MULTILINE)[1:]:
            head = re.match(r"(\w+)\((\w*Backend\w*)\)", block)
            name = re.search(r"""^\s+backend_name\s*=\s*["'](\w+)["']""", block, flags=re.MULTILINE)
            if head and name:
                found[name.group(1)] = (f"{source.parent.name}.{source.stem}", head.group(1))
    return found


def snapshot_configuration(name: str) -> Path | None:
    """Return the file with the configuration of one of IBM's snapshots; None for any other backend."""
    folder, known = _snapshot_folder(), _snapshots().get(name)
    if folder is None or known is None:
        return None
    return next((folder / known[0].partition(".")[0]).glob("conf_*.json"), None)


def backend_names() -> tuple[str, ...]:
    """Return every name that `find_backend` takes, the default first; cheap enough for Tab completion."""
    return (DEFAULT_BACKEND, _AER, *_devices(), *sorted(_snapshots()))


def offered_names() -> tuple[str, ...]:
    """Return the names that a service lists: IBM's devices first; a snapshot once, by its device's name."""
    unnamed = sorted(_snapshots().keys() - set(_devices().values()))
    return (*_devices(), DEFAULT_BACKEND, _AER, *unnamed)


def snapshot_of(name: str) -> str | None:
    """Return which of IBM's snapshots stands for the device of that name; None if it is no device's."""
    return _devices().get(name)


@cache
def _devices() -> dict[str, str]:
    """Return {device: snapshot}, by the names that IBM published; the one to offer first stands first."""
    found = {}
    for name in _snapshots():
        path = snapshot_configuration(name)
        text = "" if path is None else path.read_text(encoding="utf-8")
        if published := re.search(r'"backend_name"\s*:\s*"(ibm\w+)"', text):  # some are made up
            found[published.group(1)] = name
    return dict(sorted(found.items(), key=lambda item: (item[0] != _FIRST_DEVICE, item[0])))


def _generic_19q() -> BackendV2:
    from qiskit.providers.fake_provider import GenericBackendV2
    from qiskit.transpiler import CouplingMap

    coupling = CouplingMap.from_heavy_hex(_GENERIC_DISTANCE)
    backend: BackendV2 = answering(GenericBackendV2)(
        coupling.size(), coupling_map=coupling, control_flow=True, seed=_GENERIC_SEED, noise_info=True
    )
    backend.name, backend.backend_version = DEFAULT_BACKEND, "1.0.0"
    backend.description = "19 qubits on a heavy hexagon of distance 3, with generated errors and durations"
    return backend


def find_backend(name: str) -> BackendV2:
    """Return a new backend of that name; it answers as IBM's do (`backend_answers`).

    Parameters
    ----------
    name
        One of `backend_names()`.

    Raises
    ------
    BackendNotFoundError
        There is no such backend; the message has the nearest name, or the extra to install.
    """
    if name == DEFAULT_BACKEND:
        return _generic_19q()
    if name == _AER:
        from qiskit_aer import AerSimulator

        return answering(AerSimulator)()
    snapshots = _snapshots()
    if (snapshot := _devices().get(name, name)) in snapshots:
        return _of_snapshot(*snapshots[snapshot], name)
    if name.startswith(("fake_", "ibm")) and _snapshot_folder() is None:
        message = f"No backend {name!r}: IBM's snapshots come with qiskit-ibm-runtime ({_IBM_EXTRA})."
        raise BackendNotFoundError(message)
    there_are = f" There are {DEFAULT_BACKEND}, {_AER} and {len(_snapshots())} fake_*."
    hint = did_you_mean(name, backend_names()) or there_are
    raise BackendNotFoundError(f"There is no backend {name!r}.{hint}")


def _of_snapshot(module: str, cls: str, name: str) -> BackendV2:
    source = importlib.import_module(f"qiskit_ibm_runtime.fake_provider.backends.{module}")
    backend: BackendV2 = answering(getattr(source, cls))()
    backend.name = name
    backend._conf_dict["backend_name"] = name  # what its configuration is made from
    return backend
