"""Simulated register extracts with a known true effect."""
