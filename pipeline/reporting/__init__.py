"""Figures, tables, words and pages made from results."""
