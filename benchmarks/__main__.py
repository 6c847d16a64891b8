"""`make bench`: every benchmark in a process of its own; status 1 when one misses its limits."""

import subprocess
import sys

SUITES = ("benchmarks.matching", "benchmarks.survival", "benchmarks.extracts")

if __name__ == "__main__":
    statuses = [subprocess.run([sys.executable, "-m", suite], check=False).returncode for suite in SUITES]
    sys.exit(max(statuses))
