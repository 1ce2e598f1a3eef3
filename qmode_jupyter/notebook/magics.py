"""The magics: `%%qsession`, `%%qbatch`, `%%qjob` and `%qmode`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import Magics, cell_magic, line_magic, magics_class, no_var_expand
from IPython.core.magic_arguments import magic_arguments

from qmode_jupyter.notebook.cell_names import CellNames
from qmode_jupyter.notebook.completion import matcher
from qmode_jupyter.notebook.display.throttle import CARDS, RateLimit
from qmode_jupyter.notebook.flags import asks_for_help, cell_flags, parse
from qmode_jupyter.notebook.labextension import StatusPublisher
from qmode_jupyter.notebook.services import Services
from qmode_jupyter.notebook.shutdown import end_with
from qmode_jupyter.scheduler.records import Mode
from qmode_jupyter.simulation.pool import shared


@magics_class
class QModeMagics(Magics):
    """Rehearse IBM Quantum execution modes in this notebook."""

    def __init__(self, shell: InteractiveShell) -> None:
        super().__init__(shell)
        self._pages = StatusPublisher(getattr(shell, "kernel", None))
        self._services = Services(self._pages.follow)
        self._cards = RateLimit(*CARDS)
        self._names = CellNames(shell)

    @no_var_expand
    @cell_magic
    @magic_arguments()
    @cell_flags
    def qsession(self, line: str, cell: str) -> None:
        """Run the cell in an emulated session: the QPU to yourself, charged by the clock.

        In the cell `session`, `backend`, `Sampler` and `Estimator` are there; primitives made
        without a mode join the session. Example::

            %%qsession --max-time 10m
            sampler = Sampler()
            sampler.run([circuit]).result()
        """
        self._run(Mode.SESSION, self.qsession, line, cell)

    @no_var_expand
    @cell_magic
    @magic_arguments()
    @cell_flags
    def qbatch(self, line: str, cell: str) -> None:
        """Run the cell in an emulated batch: jobs scheduled together, charged by their time on the QPU.

        In the cell `batch`, `backend`, `Sampler` and `Estimator` are there; primitives made without
        a mode join the batch. Example::

            %%qbatch -b fake_fez
            sampler = Sampler()
            jobs = [sampler.run([circuit]) for circuit in circuits]
        """
        self._run(Mode.BATCH, self.qbatch, line, cell)

    @no_var_expand
    @cell_magic
    @magic_arguments()
    @cell_flags
    def qjob(self, line: str, cell: str) -> None:
        """Run the cell in job mode: each job queues by itself.

        In the cell `backend`, `Sampler` and `Estimator` are there. Example::

            %%qjob
            sampler = Sampler(mode=backend)
            sampler.run([circuit]).result()
        """
        self._run(Mode.JOB, self.qjob, line, cell)

    @line_magic
    def qmode(self, line: str) -> Any:
        """Look at what has run and act on what runs; `%qmode` alone lists the commands."""
        from qmode_jupyter.notebook import commands

        return commands.run(self._services, line)

    def open(self) -> None:
        """Start the processes that simulate, and tell the pages that we are here."""
        self._workers = shared.borrow()
        self._pages.open()
        self._let_end = end_with(getattr(self.shell, "kernel", None))

    def close(self) -> None:
        """End everything that the magics started."""
        self._let_end()
        self._pages.close()
        self._services.close()
        shared.give_back(self._workers)

    def _run(self, mode: Mode, magic: Callable[..., Any], line: str, cell: str) -> None:
        assert self.shell is not None
        if asks_for_help(line):
            self.shell.run_line_magic("pinfo", f"%%{magic.__name__}")
            return
        flags = parse(magic, line)
        from qmode_jupyter.notebook.ibm_client import hardware_backend
        from qmode_jupyter.notebook.workload_cell import WorkloadCell

        real = hardware_backend(flags.backend, self.shell.user_ns, mode)
        given = (self.shell, self._services, self._cards, self._names, mode, flags)
        try:
            if real is None:
                WorkloadCell(*given).run(cell)
            else:
                from qmode_jupyter.notebook.hardware_cell import HardwareCell

                HardwareCell(*given, real).run(cell)
        finally:
            self._pages.flush()


def load(shell: InteractiveShell) -> None:
    """Register the magics in `shell`; a second time nothing happens."""
    if QModeMagics.__name__ in shell.magics_manager.registry:
        return
    magics = QModeMagics(shell)
    shell.register_magics(magics)
    completer = getattr(shell, "Completer", None)
    if completer is not None:
        completer.custom_matchers.append(matcher)
    magics.open()


def unload(shell: InteractiveShell) -> None:
    """Take the magics out of `shell` and end everything that they started."""
    magics = shell.magics_manager.registry.pop(QModeMagics.__name__, None)
    if magics is None:
        return
    for kind, named in magics.magics.items():
        for name in named:
            shell.magics_manager.magics[kind].pop(name, None)
    completer = getattr(shell, "Completer", None)
    if completer is not None and matcher in completer.custom_matchers:
        completer.custom_matchers.remove(matcher)
    magics.close()
