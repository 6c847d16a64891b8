"""Simulated register extracts with a known true effect."""

from pipeline.simulation.files import write_extracts
from pipeline.simulation.simulate import Simulated, potential_outcomes, simulate, true_effect

__all__ = ["Simulated", "potential_outcomes", "simulate", "true_effect", "write_extracts"]
