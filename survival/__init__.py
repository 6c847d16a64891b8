"""Survival curves, tests and Cox models with errors that hold under weights and clusters."""

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from survival.competing import CumulativeIncidence, cumulative_incidence
    from survival.cox import CoxFit, cox
    from survival.curves import Curves, kaplan_meier
    from survival.logrank import LogRank, logrank
    from survival.restricted_mean import RestrictedMeans, restricted_mean
    from survival.varying import Bands, Spline

# Modules are loaded at first use: `import survival` costs next to nothing, and curves never pay for the formula parser.
_HOME = {
    "CoxFit": "cox",
    "CumulativeIncidence": "competing",
    "Curves": "curves",
    "LogRank": "logrank",
    "RestrictedMeans": "restricted_mean",
    "Bands": "varying",
    "Spline": "varying",
    "cox": "cox",
    "cumulative_incidence": "competing",
    "kaplan_meier": "curves",
    "logrank": "logrank",
    "restricted_mean": "restricted_mean",
}

__all__ = [
    "Bands",
    "CoxFit",
    "CumulativeIncidence",
    "Curves",
    "LogRank",
    "RestrictedMeans",
    "Spline",
    "cox",
    "cumulative_incidence",
    "kaplan_meier",
    "logrank",
    "restricted_mean",
]


class _Package(ModuleType):
    """`survival.cox` is the function, also after the module it lives in has been imported."""

    def __getattr__(self, name: str) -> Any:
        if name not in _HOME:
            raise AttributeError(f"module 'survival' has no attribute {name!r}")
        return getattr(import_module(f"survival.{_HOME[name]}"), name)

    def __setattr__(self, name: str, value: Any) -> None:
        if not (name in _HOME and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
