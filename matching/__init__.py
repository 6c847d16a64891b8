"""Coarsened exact matching, its neighbours and the balance they reach."""
