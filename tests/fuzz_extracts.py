"""Damage extracts at random and load them: what may come of it, and what never may.

    python tests/fuzz_extracts.py --runs 300 --seed 1       the whole (`make fuzz`); the suite runs a few of the same

Every run damages some files of small simulated extracts, runs the load stage as the command does, and judges what comes
of it without the code under test:

- exit status 2 with messages that name a file or a key of the configuration, no traceback, no message with a person's
  key, nothing of the stage in data/interim;
- or exit status 0, with tables of the kinds the contract has, and every row accounted for: the rows of each file in the
  account are the lines with anything on them under its header, and rows delivered are rows used and rows set aside;
- a date, a number or a line that is no longer one is never passed over: where damage made one, the run has stopped or
  something is counted that was not counted before.

Damage that makes one valid value into another (category 33 into 31) cannot be seen by anyone, and is not asked for.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import shutil
import sys
import tempfile
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PEOPLE = 200
STOPPED, WENT = 2, 0
SHOWN = 25  # runs between two lines of progress


@dataclass(frozen=True, slots=True)
class Damage:
    """A kind of damage; `seen` says that a run which goes on must have counted it."""

    name: str
    make: Callable[[bytes, random.Random], bytes]
    seen: bool = False


def flip_bytes(content: bytes, rng: random.Random) -> bytes:
    changed = bytearray(content)
    for _ in range(rng.choice((1, 3, 20))):
        changed[rng.randrange(len(changed))] = rng.randrange(256)
    return bytes(changed)


def cut_line(content: bytes, rng: random.Random) -> bytes:
    """A line is cut within its values, so that some are gone."""
    lines = content.splitlines(keepends=True)
    number = rng.randrange(1, len(lines))
    values = lines[number].rstrip(b"\r\n").split(b";")
    lines[number] = b";".join(values[: rng.randrange(1, len(values))]) + b"\r\n"
    return b"".join(lines)


def truncate(content: bytes, rng: random.Random) -> bytes:
    return content[: rng.randrange(len(content))]


def empty(content: bytes, rng: random.Random) -> bytes:
    return b"" if rng.random() < 0.5 else content.splitlines(keepends=True)[0]


def _columns(content: bytes, change: Callable[[list[bytes]], list[bytes]]) -> bytes:
    lines = (line.split(b";") for line in content.rstrip(b"\r\n").split(b"\r\n"))
    return b"".join(b";".join(change(values)) + b"\r\n" for values in lines)


def drop_column(content: bytes, rng: random.Random) -> bytes:
    place = rng.randrange(content.split(b"\r\n")[0].count(b";") + 1)
    return _columns(content, lambda values: [v for i, v in enumerate(values) if i != place])


def reorder_columns(content: bytes, rng: random.Random) -> bytes:
    order = list(range(content.split(b"\r\n")[0].count(b";") + 1))
    rng.shuffle(order)
    return _columns(content, lambda values: [values[i] for i in order])


def rename_column(content: bytes, rng: random.Random) -> bytes:
    header, _, rest = content.partition(b"\r\n")
    names = header.split(b";")
    place = rng.randrange(len(names))
    names[place] = rng.choice((names[place] + b"_x", names[place].lower(), b"", names[place - 1]))
    return b";".join(names) + b"\r\n" + rest


def mix_encodings(content: bytes, rng: random.Random) -> bytes:
    """Half of a file in another encoding."""
    text = content.decode("cp1252")
    cut = rng.randrange(len(text))
    return text[:cut].encode("cp1252") + text[cut:].encode(rng.choice(("utf-8", "utf-16", "cp037")))


def _in_values(pattern: bytes, replacements: tuple[bytes, ...]) -> Callable[[bytes, random.Random], bytes]:
    def change(content: bytes, rng: random.Random) -> bytes:
        header, _, rest = content.partition(b"\r\n")
        found = list(re.finditer(pattern, rest))
        for match in sorted(rng.sample(found, min(len(found), rng.choice((1, 5)))), key=lambda m: -m.start()):
            rest = rest[: match.start()] + rng.choice(replacements) + rest[match.end() :]
        return header + b"\r\n" + rest

    return change


DAMAGES = (
    Damage("flip_bytes", flip_bytes),
    Damage("cut_line", cut_line, seen=True),
    Damage("truncate", truncate),
    Damage("empty", empty, seen=True),
    Damage("drop_column", drop_column),
    Damage("reorder_columns", reorder_columns),
    Damage("rename_column", rename_column),
    Damage("mix_encodings", mix_encodings),
    Damage(
        "garble_date",
        _in_values(rb"\d{4}-\d\d-\d\d", (b"2020-02-31", b"20-02-2020x", b"2020-13-01", b"i dag", b"31.12.2020 25:00")),
        seen=True,
    ),
    Damage("unknown_code", _in_values(rb"(?<=;)(11|70|33)(?=;)", (b"99", b"X7", b"A", b"7O")), seen=True),
    Damage("quotes", _in_values(rb";", (b';"', b'";"', b'""'))),
)


def damaged(folder: Path, rng: random.Random) -> list[Damage]:
    """Damage one to three files of a folder; which kinds, of those that changed anything."""
    done = []
    files = sorted(folder.glob("*.csv"))
    for _ in range(rng.choice((1, 1, 2, 3))):
        path, damage = rng.choice(files), rng.choice(DAMAGES)
        before = path.read_bytes()
        if not before.strip():
            continue
        try:
            after = damage.make(before, rng)
        except (IndexError, ValueError):  # too damaged already for this kind
            continue
        if after != before:
            path.write_bytes(after)
            done.append(damage)
    return done


def judge(base: Path, status: int, said: str, done: list[Damage], clean: dict) -> list[str]:
    """What is wrong with how a run ended; nothing when it ended as it may."""
    interim = base / "data" / "interim" / "jobb"
    kept = [path.name for path in interim.rglob("*") if path.is_file()] if interim.exists() else []
    if "Traceback" in said:
        return ["a traceback"]
    if status == STOPPED:
        wrong = [] if not kept else [f"left behind: {kept}"]
        if not re.search(r"\w+\.csv|sources\.\w+|data/raw|population", said):
            wrong.append("the message names no file or place")
        return wrong
    if status != WENT:
        return [f"exit status {status}: {said[-300:]}"]
    return _judge_account(base, json.loads((interim / "account.json").read_text(encoding="utf-8")), done, clean)


def _judge_account(base: Path, account: dict, done: list[Damage], clean: dict) -> list[str]:
    wrong = []
    for file in account["files"]:
        content = (base / file["file"]).read_bytes()
        lines = re.split(rb"\r\n|\r|\n", content)
        if b"\0" not in content and file["rows"] != sum(bool(line.strip(b" \t\xa0")) for line in lines[1:]):
            wrong.append(f"{file['file']}: {file['rows']} rows counted")
    aside = [rule for rule in account["rules"] if rule["effect"] == "set_aside" and rule["unit"] == "rows"]
    for source in ("registrations", "categories", "background", "participants"):
        delivered = sum(file["rows"] for file in account["files"] if file["source"] == source)
        lost = sum(r["rows"] for r in aside if r["source"] == source and r["rule"] != "outside_intake")
        if delivered != account["tables"][source] + lost:
            wrong.append(f"{source}: {delivered} rows delivered, {account['tables'][source]} used, {lost} set aside")
    if any(damage.seen for damage in done) and counts(account) == clean:
        wrong.append(f"damage ({', '.join(damage.name for damage in done)}) that nothing tells of")
    return wrong


def counts(account: dict) -> dict:
    """Everything that is counted."""
    told = ("blank", "sentinels", "unknown", "missing", "unused", "rows")
    return {
        "files": [{name: file[name] for name in told} for file in account["files"]],
        "rules": account["rules"],
        "codes": account["codes"],
        "linkage": account["linkage"],
    }


def load_once(base: Path) -> tuple[int, str]:
    """Run `utfall load` in a project; its exit status and everything it says."""
    from contextlib import chdir, redirect_stderr, redirect_stdout
    from io import StringIO

    from pipeline.cli import run

    said = StringIO()
    with chdir(base), redirect_stdout(said), redirect_stderr(said):
        try:
            status = run(["load"])
        except BaseException:
            said.write(traceback.format_exc())
            status = 1
    return status, said.getvalue()


def fuzz(runs: range, seed: int, folder: Path) -> list[str]:
    """Damage and load extracts so many times; a line for each run that ended as it must not."""
    from pipeline.simulated import write_simulated

    sound = folder / "sound"
    write_simulated(sound / "data" / "raw", people=PEOPLE, seed=1)
    shutil.copy(ROOT / "config.yaml", sound)
    status, said = load_once(sound)
    if status != WENT:
        return [f"undamaged extracts: {said}"]
    clean = counts(json.loads((sound / "data/interim/jobb/account.json").read_text(encoding="utf-8")))
    wrong = []
    for number in runs:
        rng = random.Random(f"{seed} {number}")
        base = folder / str(number)
        shutil.copytree(sound / "data" / "raw", base / "data" / "raw")
        shutil.copy(ROOT / "config.yaml", base)
        done = damaged(base / "data" / "raw", rng)
        faults = judge(base, *load_once(base), done, clean)
        wrong += [f"run {number} ({', '.join(damage.name for damage in done)}): {fault}" for fault in faults]
        shutil.rmtree(base)
        if (number + 1) % SHOWN == 0:
            print(f"run {number}: {len(wrong)} ended as they must not", *wrong[-3:], sep="\n  ", flush=True)
    return wrong


def main() -> None:
    """Run from the command line; status 1 when a run ended as it must not."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=300)
    parser.add_argument("--first", type=int, default=0, help="number of the first run, to repeat one")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        wrong = fuzz(range(options.first, options.first + options.runs), options.seed, Path(folder))
    print("\n".join(wrong) or f"{options.runs} runs, each ended as it may.")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main()
