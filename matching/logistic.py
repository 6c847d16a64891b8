"""Logistic regression on rows or counts by Newton's method (iteratively reweighted least squares)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

STEPS = 100
CLOSE = 1e-8  # a step that moves no probability by more leaves an error of its square
BOUND = 30.0  # beyond it a probability is 0 or 1 to the last bits, and its spread must not vanish
BLOCK = 8_192  # rows whose products are made while they are in the cache


@dataclass(frozen=True, slots=True)
class Logistic:
    """A logistic regression: coefficients (p,), fitted probabilities (n,), and whether the last step was small."""

    coefficients: np.ndarray
    fitted: np.ndarray
    converged: bool


def logistic(columns: np.ndarray, trials: np.ndarray, events: np.ndarray) -> Logistic:
    """Maximum likelihood of events (n,) among trials (n,), > 0, given columns (n, p), which include the constant.

    Rows with the same columns may be one row with the sum of their trials and events. Columns that follow from others
    share their effect (the smallest coefficients that fit). Where a column decides the event, its coefficient has no
    maximum and grows until the probabilities no longer move.

    Same estimates as R's `glm(cbind(events, trials - events) ~ ., binomial)`.
    """
    fitted = (events + trials / 2) / (2 * trials)
    linear = np.log(fitted / (1 - fitted))
    for _ in range(STEPS):
        spread = trials * fitted * (1 - fitted)
        gram, moment = _products(columns, spread, spread * linear + (events - trials * fitted))
        coefficients = np.linalg.pinv(gram, hermitian=True) @ moment
        linear = np.clip(columns @ coefficients, -BOUND, BOUND)
        before, fitted = fitted, 1 / (1 + np.exp(-linear))
        if np.abs(fitted - before).max(initial=0.0) <= CLOSE:
            return Logistic(coefficients, fitted, converged=True)
    return Logistic(coefficients, fitted, converged=False)


def _products(columns: np.ndarray, spread: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """X' Diag(spread) X (p, p) and X' right (p,)."""
    gram, moment = np.zeros((columns.shape[1], columns.shape[1])), np.zeros(columns.shape[1])
    for start in range(0, len(columns), BLOCK):
        rows = slice(start, start + BLOCK)
        part = columns[rows]
        gram += (part.T * spread[rows]) @ part
        moment += right[rows] @ part
    return gram, moment
