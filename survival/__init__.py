"""Survival curves, tests and Cox models with errors that hold under weights and clusters."""

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from survival.competing import CumulativeIncidence, cumulative_incidence
    from survival.cox import CoxFit, cox
    from survival.curves import Curves, kaplan_meier
    from survival.differences import survival_difference
    from survival.gray import gray_test
    from survival.logrank import LogRank, logrank
    from survival.restricted_mean import RestrictedMeans, restricted_mean
    from survival.sensitivity import e_value, minimum_detectable_ratio
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
    "e_value": "sensitivity",
    "gray_test": "gray",
    "kaplan_meier": "curves",
    "logrank": "logrank",
    "minimum_detectable_ratio": "sensitivity",
    "restricted_mean": "restricted_mean",
    "survival_difference": "differences",
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
    "e_value",
    "gray_test",
    "kaplan_meier",
    "logrank",
    "minimum_detectable_ratio",
    "restricted_mean",
    "survival_difference",
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
