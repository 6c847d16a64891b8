"""Survival curves, tests and Cox models with errors that hold under weights and clusters."""
