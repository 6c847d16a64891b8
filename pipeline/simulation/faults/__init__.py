"""Faults put into simulated extracts, and the ledger that tells which stand where."""

from pipeline.simulation.faults.ledger import NAME as LEDGER
from pipeline.simulation.faults.ledger import Entry, counted, read_ledger, write_ledger
from pipeline.simulation.faults.put import Faulty, put_faults

__all__ = ["LEDGER", "Entry", "Faulty", "counted", "put_faults", "read_ledger", "write_ledger"]
