"""A kernel that is told to shut down ends our processes first."""

from __future__ import annotations

import asyncio

import pytest

from qmode_jupyter.notebook import shutdown
from qmode_jupyter.notebook.shutdown import end_with

happened: list[str] = []


class Kernel:
    """A kernel that notes when it shuts down, as ipykernel's asynchronous one or an older one."""

    async def do_shutdown(self, restart: bool) -> dict[str, bool]:
        happened.append("the kernel")
        return {"restart": restart}


class OlderKernel:
    def do_shutdown(self, restart: bool) -> dict[str, bool]:
        happened.append("the kernel")
        return {"restart": restart}


@pytest.fixture(autouse=True)
def processes(monkeypatch: pytest.MonkeyPatch) -> None:
    happened.clear()
    monkeypatch.setattr(shutdown, "close_all", lambda: happened.append("our processes"))


@pytest.mark.parametrize("kind", [Kernel, OlderKernel])
def test_our_processes_end_before_the_kernel_does(kind: type) -> None:
    kernel = kind()
    end_with(kernel)
    assert asyncio.run(kernel.do_shutdown(True)) == {"restart": True}
    assert happened == ["our processes", "the kernel"]


def test_taken_back_the_kernel_shuts_down_as_before() -> None:
    kernel = Kernel()
    end_with(kernel)()
    assert asyncio.run(kernel.do_shutdown(False)) == {"restart": False}
    assert happened == ["the kernel"]


def test_what_others_put_on_top_stays() -> None:
    kernel = OlderKernel()
    take_back = end_with(kernel)
    theirs = kernel.do_shutdown = lambda restart: {"restart": restart}  # type: ignore[method-assign]
    take_back()
    assert kernel.do_shutdown is theirs


@pytest.mark.parametrize("kernel", [None, object()])
def test_without_a_kernel_that_shuts_down_nothing_is_done(kernel: object) -> None:
    end_with(kernel)()
    assert happened == []
