"""Collect the wheels of utfall and of everything it needs, for a machine without a network.

Run on a machine that has one; `make wheelhouse` does. Versions are those of requirements.lock. The other machine may
have another platform and version of Python:

    python tools/wheelhouse.py --platform win_amd64 --python 3.12

Take the folder `wheelhouse/` there and, with it beside you:

    python -m pip install --no-index --find-links wheelhouse utfall
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# What markers call a system, by what its platforms begin with.
_SYSTEMS = {
    "win": ("win32", "Windows", "nt"),
    "macosx": ("darwin", "Darwin", "posix"),
    "linux": ("linux", "Linux", "posix"),
    "manylinux": ("linux", "Linux", "posix"),
}


def main() -> None:
    """Read the arguments, collect the wheels, say where they are."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--out", type=Path, default=ROOT / "wheelhouse")
    parser.add_argument("--platform", help="such as win_amd64 or manylinux_2_28_x86_64; this machine's when left out")
    parser.add_argument("--python", help="such as 3.12; this machine's when left out")
    arguments = parser.parse_args()
    collect(arguments.out, arguments.platform, arguments.python)
    print(f"{len(list(arguments.out.glob('*.whl')))} wheels in {arguments.out.name}/. On the other machine:")
    print(f"  python -m pip install --no-index --find-links {arguments.out.name} utfall")


def collect(folder: Path, platform: str | None, python: str | None) -> None:
    """Fill `folder` with the wheels; one that is only to be had as source is built, if it is pure Python."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = requirements((ROOT / "requirements.lock").read_text(encoding="utf-8"), platform, python)
    target = [f"--platform={platform}"] if platform else []
    target += [f"--python-version={python}", "--implementation=cp"] if python else []
    with tempfile.TemporaryDirectory() as scratch:
        listed = Path(scratch) / "requirements.txt"
        listed.write_text("\n".join(wanted) + "\n", encoding="utf-8")
        # Without --no-deps pip would read the markers of this machine for the other one; the lock has everything.
        _pip("download", "--no-deps", "--dest", str(folder), *target, "-r", str(listed))
    for source in sorted(folder.glob("*.tar.gz")):
        _pip("wheel", "--no-deps", "--wheel-dir", str(folder), str(source))
        source.unlink()
        built = re.sub(r"[-_.]+", "[-_.]*", source.name.removesuffix(".tar.gz"))
        if not any(
            re.match(built, wheel.name, re.I) and wheel.name.endswith("none-any.whl") for wheel in folder.iterdir()
        ):
            sys.exit(f"{source.name} has to be compiled on the other machine: no wheel of it can be had.")
    _pip("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(ROOT))


def requirements(lock: str, platform: str | None, python: str | None) -> list[str]:
    """The pins of a lock file that the target needs, without their markers."""
    from packaging.requirements import Requirement

    environment = _environment(platform, python)
    pins = [Requirement(line) for line in lock.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    return [f"{pin.name}{pin.specifier}" for pin in pins if pin.marker is None or pin.marker.evaluate(environment)]


def _environment(platform: str | None, python: str | None) -> dict[str, str]:
    """What markers ask of the target, as far as it is not this machine."""
    environment: dict[str, str] = {}
    if python:
        environment |= {"python_version": python, "python_full_version": f"{python}.0"}
    if platform:
        system = next((names for start, names in _SYSTEMS.items() if platform.startswith(start)), None)
        if system is None:
            sys.exit(f"--platform: {platform} begins with none of {', '.join(_SYSTEMS)}.")
        environment |= {"sys_platform": system[0], "platform_system": system[1], "os_name": system[2]}
    return environment


def _pip(*words: str) -> None:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", *words]
    if subprocess.run(command, check=False).returncode:
        sys.exit(f"pip {words[0]} failed; what is missing stands above.")


if __name__ == "__main__":
    main()
