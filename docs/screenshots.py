"""Make the README's pictures anew: `make screenshots`.

The widget and the panel are photographed in a real JupyterLab, while a session runs in its kernel; the
timeline is drawn from a real run of the same kind, behind other users, on a clock that is moved by hand
so that nobody waits. The circuits run on Aer. What is seen is the same each time but for the clock's
hands: seeds are set, and a picture is taken when the page shows what it is to show.
"""

from __future__ import annotations

import sys
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import BrowserContext, FloatRect, Locator, ViewportSize, expect
from qiskit.circuit.library import real_amplitudes
from qiskit.quantum_info import SparsePauliOp
from qiskit.transpiler import generate_preset_pass_manager

from qmode_jupyter import EstimatorV2, RuntimeService, Session
from qmode_jupyter.errors import RuntimeJobMaxTimeoutError
from qmode_jupyter.runtime.clock import ManualClock
from qmode_jupyter.scheduler.trace import Trace
from qmode_jupyter.timeline.draw import timeline
from tests.browser.lab import NO_BROWSER, Book, Server, Theme, browser, chromium

IMAGES = Path(__file__).with_name("images")
#: Pixels of a picture for one of the page: sharp on every screen.
SCALE = 2
#: The page for the picture of a card: wide enough for all its columns, and no wider.
CARD: ViewportSize = {"width": 960, "height": 1100}
#: A README is read over slow lines, too.
LARGEST_BYTES = 300_000

TERMS = [("ZZI", 1.0), ("IZZ", 1.0), ("XII", 0.5), ("IXI", 0.5), ("IIX", 0.5)]
SETUP = f"""%load_ext qmode_jupyter

import numpy as np
from qiskit.circuit.library import real_amplitudes
from qiskit.quantum_info import SparsePauliOp
from qiskit.transpiler import generate_preset_pass_manager
from scipy.optimize import minimize

from qmode_jupyter import default_service
from qmode_jupyter.errors import RuntimeJobMaxTimeoutError

pass_manager = generate_preset_pass_manager(1, default_service().backend(), seed_transpiler=7)
ansatz = pass_manager.run(real_amplitudes(3, reps=1))
hamiltonian = SparsePauliOp.from_list({TERMS}).apply_layout(ansatz.layout)
"""
MAGIC = "%%qsession --name vqe --plan payg --max-time 10m --seed 7 --speed 1 --keep-open"
SEARCH = f"""{MAGIC}
estimator = Estimator(options={{"max_execution_time": 12, "resilience_level": 0}})

def energy(angles, precision=0.02):
    job = estimator.run([(ansatz, hamiltonian, angles)], precision=precision)
    return job.result()[0].data.evs

found = minimize(energy, np.full(6, 0.8), method="COBYLA", options={{"maxiter": 8}}).x
try:
    energy(found, precision=0.004)
except RuntimeJobMaxTimeoutError as error:
    print(error)
"""
GRADIENT = f"""{MAGIC}
steps = 0.2 * np.vstack([np.zeros(6), np.eye(6)])
jobs = [estimator.run([(ansatz, hamiltonian, found + step)], precision=0.02) for step in steps]
energies = np.array([job.result()[0].data.evs for job in jobs])
gradient = (energies[1:] - energies[0]) / 0.2
"""
#: The loop of the first tutorial, with what an Estimator does by default.
LOOP = """%%qsession --name vqe --plan payg --seed 7 --quiet
estimator = Estimator(options={"simulator": {"seed_simulator": 11}})

def energy(angles):
    return estimator.run([(ansatz, hamiltonian, angles)]).result()[0].data.evs

minimize(energy, np.full(6, 0.8), method="COBYLA", options={"maxiter": 60})
"""
_STANDS = """([index, moment]) => {
  const rows = [...window.book.cells.widgets[index].node.querySelectorAll('.qmode-row')];
  return Object.entries(moment).every(
    ([state, count]) => rows.filter(row => row.dataset.state === state).length === count
  );
}"""
#: How the rows of the card are to stand when its picture is taken.
MOMENT = {"on_qpu": 1, "waiting": 3, "preparing": 1, "queued": 1}
#: A little later the bars of those that have just moved on can be seen.
SETTLED_MS = 700

#: Other users whose jobs come at the right moments for a picture, and how long the person thinks.
LOAD, SEED, THOUGHT_S = 0.5, 81, 84.0


def main() -> None:
    """Make all pictures, and say where they are."""
    if chromium() is None:
        sys.exit(NO_BROWSER)
    timeline(rehearsed()).savefig(IMAGES / "timeline.png", dpi=100 * SCALE)
    with Server("lab") as server, browser(width=1280, height=880, scale=SCALE) as context:
        photograph(server, context, "light", "widget.png", panel="panel.png")
        photograph(server, context, "dark", "widget_dark.png")
        explain(server, context, "light", "why.png")
    for picture in sorted(IMAGES.glob("*.png")):
        size = picture.stat().st_size
        print(f"{picture}: {size / 1000:.0f} kB")
        if size > LARGEST_BYTES:
            sys.exit(f"{picture} is larger than {LARGEST_BYTES / 1000:.0f} kB")


def photograph(
    server: Server, context: BrowserContext, theme: Theme, widget: str, panel: str | None = None
) -> None:
    """Run the notebook; take a picture of the page while the person thinks, and of the card in full swing."""
    server.theme(theme)
    book = Book(server, context, "vqe.ipynb" if panel else "vqe-too.ipynb", [SETUP, SEARCH, GRADIENT]).open()
    page = book.page
    book.command("application:toggle-left-area")
    book.run(0)
    if panel is not None:
        book.command("qmode:show")
    book.run(1)
    if panel is not None:
        # The cell has ended, the session is open: the interactive timeout counts.
        expect(book.status).to_contain_text("interactive timeout 0:47")
        book.show(1)
        keep(page.screenshot(), panel)
        book.command("application:toggle-right-area")
    page.set_viewport_size(CARD)
    book.start(2)
    book.card(2).wait_for()
    book.show(2)
    page.wait_for_function(_STANDS, arg=[2, MOMENT])
    page.wait_for_timeout(SETTLED_MS)
    keep(page.screenshot(clip=around(book.card(2))), widget)
    book.wait(2)
    book.close()


def explain(server: Server, context: BrowserContext, theme: Theme, name: str) -> None:
    """Take a picture of what `%qmode why` says of the first tutorial's loop."""
    server.theme(theme)
    book = Book(server, context, f"why-{theme}.ipynb", [SETUP, LOOP, "%qmode why vqe"]).open()
    book.page.set_viewport_size(CARD)
    book.command("application:toggle-left-area")
    for index in range(3):
        book.run(index)
    book.show(2)
    told = book.area(2).locator(".jp-RenderedHTMLCommon").last
    told.wait_for()
    book.page.wait_for_timeout(SETTLED_MS)
    keep(book.page.screenshot(clip=around(told)), name)
    book.close()


def keep(picture: bytes, name: str) -> None:
    """Write a picture with a palette of 256 colours, which is all that a page has."""
    image = Image.open(BytesIO(picture)).convert("RGB")
    image.quantize(256, dither=Image.Dither.NONE).save(IMAGES / name, optimize=True)


def around(place: Locator, margin: int = 4) -> FloatRect:
    """Return a place on the page with some of what is around it."""
    box = place.bounding_box()
    assert box is not None
    return {
        "x": box["x"] - margin,
        "y": box["y"] - margin,
        "width": box["width"] + 2 * margin,
        "height": box["height"] + 2 * margin,
    }


def rehearsed() -> Trace:
    """Run a variational search behind other users: 14 jobs, one that runs too long, and a long thought."""
    clock = ManualClock()
    service = RuntimeService("payg", load=LOAD, seed=SEED, clock=clock)
    backend = service.backend("generic_19q")
    ansatz = generate_preset_pass_manager(1, backend, seed_transpiler=7).run(real_amplitudes(3, reps=1))
    hamiltonian = SparsePauliOp.from_list(TERMS).apply_layout(ansatz.layout)
    angles = np.random.default_rng(5).uniform(-np.pi, np.pi, (14, ansatz.num_parameters))
    precisions = [
        0.014,
        0.02,
        0.018,
        0.022,
        0.025,
        0.018,
        0.02,
        0.025,
        0.02,
        0.018,
        0.014,
        0.004,
        0.02,
        0.025,
    ]
    session = Session(backend, max_time="10m", name="vqe")
    estimator = EstimatorV2(mode=session, options={"max_execution_time": 12, "resilience_level": 0})
    for number, precision in enumerate(precisions):
        clock.advance(THOUGHT_S if number == len(precisions) - 6 else 0.5)
        job = estimator.run([(ansatz, hamiltonian, angles[number])], precision=precision)
        try:
            job.result()
        except RuntimeJobMaxTimeoutError:
            print("one job ran too long, as it should")
    session.close()
    assert session.session_id is not None
    trace = service.trace(session.session_id)
    service.close()
    return trace


if __name__ == "__main__":
    main()
