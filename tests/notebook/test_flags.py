"""The flags' help and their completion say what there is."""

from __future__ import annotations

import re

from qmode_jupyter.client.service import RuntimeService
from qmode_jupyter.notebook.commands import COMMANDS
from qmode_jupyter.notebook.completion import choices_for
from qmode_jupyter.notebook.flags import CELL_FLAGS, TIMINGS
from qmode_jupyter.scheduler.plans import PLANS


def test_a_person_reads_of_every_plan_where_one_is_chosen() -> None:
    assert RuntimeService.__doc__ is not None
    listed = re.search(r"plan\n\s+(.+): limits and prices", RuntimeService.__doc__)
    assert listed is not None
    assert re.findall(r'"(\w+)"', listed[1]) == list(PLANS)
    (help_text,) = (flag.help for flag in CELL_FLAGS["qsession"] if flag.names == ("--plan",))
    assert help_text == f"{', '.join(PLANS)} (premium)"
    assert choices_for("qsession", ["--plan"], "") == tuple(PLANS)


def test_tab_offers_the_timings_and_the_commands_that_there_are() -> None:
    assert choices_for("qsession", ["--timing"], "") == TIMINGS
    assert choices_for("qmode", [], "") == tuple(COMMANDS)
