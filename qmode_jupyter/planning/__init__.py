"""What-if on the pure scheduler: compare modes, advise, forecast."""

from __future__ import annotations

from qmode_jupyter.planning.advice import Advice, advise
from qmode_jupyter.planning.comparison import Comparison, compare
from qmode_jupyter.planning.forecast import Forecast, forecast
from qmode_jupyter.planning.reasons import Why, why

__all__ = ["Advice", "Comparison", "Forecast", "Why", "advise", "compare", "forecast", "why"]
