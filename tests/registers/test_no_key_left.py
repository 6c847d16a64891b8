"""Original keys planted in an evaluation, and every byte of what it leaves searched for them."""

from __future__ import annotations

import re
import shutil
import zipfile
import zlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest
import yaml
from small_extracts import small_extracts, with_numbers, write_files
from test_same_results import light_settings

from pipeline import cli
from pipeline.simulation import simulate, write_extracts

ROOT = Path(__file__).parents[2]


def pieces(name: str, content: bytes) -> Iterator[tuple[str, bytes]]:
    """A file and what is packed in it: members of Word and Excel files, tables of Parquet, streams of PDF."""
    yield name, content
    if content.startswith(b"PK"):
        with zipfile.ZipFile(BytesIO(content)) as archive:
            for member in archive.namelist():
                yield from pieces(f"{name}/{member}", archive.read(member))
    elif content.startswith(b"PAR1"):
        out = BytesIO()
        pa_csv.write_csv(pq.read_table(BytesIO(content)), out)
        yield f"{name} as text", out.getvalue()
    elif content.startswith(b"%PDF"):
        for place, stream in enumerate(re.findall(rb"stream\r?\n(.*?)\r?\nendstream", content, re.DOTALL)):
            try:
                yield f"{name}, stream {place}", zlib.decompress(stream)
            except zlib.error:
                continue


def left_in(folder: Path) -> dict[str, bytes]:
    """Everything in a folder and its subfolders, unpacked; names of files too."""
    found: dict[str, bytes] = {}
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        found[f"name {name}"] = name.encode()
        if path.is_file():
            found.update(pieces(name, path.read_bytes()))
    return found


def written_forms(key: str) -> set[bytes]:
    """A key as it was delivered, without its mark, with and without century."""
    bare = re.sub(r"[^0-9A-Za-z]", "", key)
    forms = {key, bare}
    if len(bare) == 12:
        forms |= {f"{bare[:8]}-{bare[8:]}", f"{bare[2:8]}-{bare[8:]}", bare[2:]}
    return {form.encode() for form in forms}


def planted(number: int) -> str:
    """A key for the number of a person: twelve digits, ten, with a hyphen, samordningsnummer, or a running number."""
    month, day = 1 + number % 12, 1 + number // 12 % 28
    kind = number % 5
    nine = f"{30 + number // 336 % 60:02}{month:02}{day + (60 if kind == 3 else 0):02}{number % 1000:03}"
    doubled = "".join(str(int(d) * (2 - place % 2)) for place, d in enumerate(nine))
    ten = nine + str(-sum(map(int, doubled)) % 10)
    return (f"19{ten}", ten, f"{ten[:6]}-{ten[6:]}", f"19{ten[:6]}-{ten[6:]}", f"LK{7_000_000 + number:08}")[kind]


def said_by(status: int, capsys: pytest.CaptureFixture[str], *arguments: str) -> bytes:
    capsys.readouterr()
    assert cli.run(list(arguments)) == status
    said = capsys.readouterr()
    return (said.out + said.err).encode()


def assert_no_key(keys: set[bytes], found: dict[str, bytes]) -> None:
    """None of many keys stands anywhere: one search for all of them, since there are megabytes."""
    pattern = re.compile(rb"(?<![0-9A-Za-z])(?:" + b"|".join(map(re.escape, sorted(keys))) + rb")(?![0-9A-Za-z])")
    places = [name for name, content in found.items() if pattern.search(content)]
    assert not places


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    settings = light_settings() | {"language": ["sv"]}
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(settings, allow_unicode=True), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_search_finds_what_is_packed(tmp_path: Path) -> None:
    import pandas as pd

    pd.DataFrame({"key": ["198001011231"] * 100}).to_parquet(tmp_path / "a.parquet")
    with zipfile.ZipFile(tmp_path / "b.docx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", "<t>800101-1231</t>")
    found = left_in(tmp_path)
    for name in ("a.parquet as text", "b.docx/word/document.xml"):
        with pytest.raises(AssertionError):
            assert_no_key(written_forms("198001011231"), {name: found[name]})


def test_no_key_is_left_by_a_whole_evaluation(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """data/interim, reports with their Word and Excel files, the manifest, and what is said; then a run that stops."""
    simulated = simulate(300, seed=4)
    keys = {key: planted(int(key)) for table in simulated.tables.values() for key in table["LopNr"]}
    for table in simulated.tables.values():
        table["LopNr"] = table["LopNr"].map(keys)
    assert len(set(keys.values())) == len(keys)
    write_extracts(simulated, project / "data" / "raw")
    forms = set[bytes]().union(*map(written_forms, keys.values()))
    said = said_by(0, capsys, "evaluate")
    found = {**left_in(project / "data" / "interim"), **left_in(project / "reports"), "said": said}
    assert {Path(name).suffix for name in found} >= {".docx", ".xlsx", ".html", ".json", ".parquet", ".xml", ".svg"}
    assert_no_key(forms, found)

    stays = project / "data" / "raw" / "esf_deltagare.csv"
    stays.write_bytes(stays.read_bytes() + f"{keys['1']};{keys['2']};i dag;{keys['3']};\r\n".encode())
    said = said_by(2, capsys, "evaluate")
    assert b"esf_deltagare.csv" in said
    assert_no_key(forms, {**left_in(project / "data" / "interim"), **left_in(project / "reports"), "said": said})


@pytest.mark.parametrize("where", ["cleaning", "naming"])
def test_no_key_is_left_by_a_run_that_breaks(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    from pipeline import load
    from pipeline.registers import canonical

    files = with_numbers(small_extracts())
    keys = {line.split(";")[0] for lines in files.values() for line in lines[1:]}
    write_files(files, project)

    def broken(*arguments: object) -> None:
        raise ValueError(f"stopped at {arguments}: {keys}")

    monkeypatch.setattr(*{"cleaning": (canonical, "linkage"), "naming": (load, "name_people")}[where], broken)
    said = said_by(cli.UNEXPECTED, capsys, "load")
    found = {**left_in(project / "data" / "interim"), "said": said}
    assert any(name.endswith("error.log") for name in found)
    assert_no_key(set[bytes]().union(*map(written_forms, keys)), found)
    for path in (project / "data" / "interim").rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path


def test_no_key_of_a_ready_cohort_is_left(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "example"
    shutil.copytree(ROOT / "examples" / "rossi", folder)
    settings = yaml.safe_load((folder / "config.yaml").read_text(encoding="utf-8"))
    rows = (ROOT / "tests" / "reference" / "data" / "rossi.csv").read_text(encoding="utf-8").splitlines()
    lines = [f"{rows[0]};nr".replace(",", ";")]
    lines += [f"{row};{planted(place)}".replace(",", ";") for place, row in enumerate(rows[1:], start=1)]
    (folder / "people.csv").write_text("\n".join(lines), encoding="utf-8")
    settings["cohort"] = {name: value for name, value in settings["cohort"].items() if name != "dataset"}
    settings["cohort"] |= {"file": "people.csv", "person": "nr"}
    (folder / "config.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    monkeypatch.chdir(folder)
    said = said_by(0, capsys, "estimate")
    keys = set[bytes]().union(*(written_forms(planted(place)) for place in range(1, len(rows))))
    found = {**left_in(folder / "data" / "interim"), "said": said}
    assert any(name.endswith("cohort_input.parquet as text") for name in found)
    assert_no_key(keys, found)
