"""What the choice of month, and conditioning on the future, do to an evaluation: `python -m benchmarks.index_dates`.

Extracts are simulated with no effect and with the published one, and evaluated under every design of `pipeline.cohort`
through the real stages. Shares in work or studies at 12 months are compared with the truth of the simulation. Each
seed's rows are appended to `benchmarks/results/index_dates.csv`, so that a stopped run goes on where it was; the table
and the figure of docs/index-dates.md are made from that file (`--report` makes them alone).
"""

from __future__ import annotations

import argparse
import csv
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline import cohort, effects, load, match
from pipeline.config import Config, load_config
from pipeline.simulation import simulate, true_effect, write_extracts
from pipeline.stratum_totals import TOTAL
from pipeline.workspace import Run

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results" / "index_dates.csv"
FIGURE = ROOT / "docs" / "index-dates.svg"
DAY = 365
CLONE = "clone-"

# Name, months, future participants, index weights, censoring weights.
DESIGNS = (
    ("every month, censored at joining, weighted", "every_month", "censor", True, True),
    ("every month, censored at joining, not weighted", "every_month", "censor", True, False),
    ("random month, weighted, censored at joining, weighted", "random_month", "censor", True, True),
    ("random month, weighted, censored at joining, not weighted", "random_month", "censor", True, False),
    ("first month, censored at joining, weighted", "first_month", "censor", True, True),
    ("every month, joiners left out", "every_month", "exclude", True, False),
    ("random month, weighted, joiners left out", "random_month", "exclude", True, False),
    ("random month, censored at joining, weighted, without index weight", "random_month", "censor", False, True),
    ("random month, joiners left out, without index weight", "random_month", "exclude", False, False),
)
# Not a design but what the first two try to recover: everyone followed, as if nobody had joined. Without an effect the
# joiners' own lives show it.
FOLLOWED = "every month, joiners followed on (known only in a simulation)"


def main() -> None:
    """Run the seeds that are missing, then write table and figure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--people", type=int, default=19_550)
    parser.add_argument("--report", action="store_true", help="only make the table and the figure of what is there")
    options = parser.parse_args()
    if not options.report:
        for seed in range(1, options.seeds + 1):
            # Controls are the same people with the same lives under both effects, so fewer seeds show the second.
            for effect in ("none", "published") if seed <= options.seeds // 2 else ("none",):
                if not _done(effect, seed, options.people):
                    _append(evaluate(effect, seed, options.people))
                    print(f"effect {effect}, seed {seed}", flush=True)
    results = summary(pd.read_csv(RESULTS))
    print(as_markdown(results))
    draw(results, FIGURE)


def evaluate(effect: str, seed: int, people: int) -> list[dict[str, Any]]:
    """Shares at 12 months in both arms under every design, on one simulated set of extracts."""
    config = load_config(ROOT / "config.yaml")
    headline = config.outcome_names[0]
    config = config.model_copy(update={"outcomes": {headline: config.outcomes[headline]}})
    simulated = simulate(people, seed, effect=effect)
    truth = float(true_effect(simulated, [DAY])["difference"].iloc[0])
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        tables = _loaded(Path(folder), simulated, config)
        cohorts = {
            frame: _cohort(
                tables, _with(config, dict(zip(("control_index", "future_participants"), frame, strict=True)))
            )
            for frame in dict.fromkeys(design[1:3] for design in DESIGNS)
        }
        for name, months, future, index_weights, censoring_weights in DESIGNS:
            rows_in, censoring = cohorts[months, future]
            if not index_weights:  # what `index_weights: false` writes
                rows_in = rows_in.assign(index_weight=1.0).drop(columns=TOTAL)
            shares = _shares(rows_in, censoring if censoring_weights else None, config)
            rows.append({"design": name, **shares})
        if effect == "none":
            followed = _followed_on(tables, cohorts["every_month", "censor"][0], config)
            rows.append({"design": FOLLOWED, **_shares(followed, None, config)})
    return [{"effect": effect, "seed": seed, "people": people, **row, "truth": truth} for row in rows]


def _with(config: Config, population: dict[str, Any]) -> Config:
    assert config.population is not None
    return config.model_copy(update={"population": config.population.model_copy(update=population)})


def _loaded(folder: Path, simulated: Any, config: Config) -> Path:
    """Extracts written and loaded; the folder of the canonical tables."""
    write_extracts(simulated, folder / "data" / "raw")
    tables = folder / "tables"
    tables.mkdir()
    load.run(Run(config, folder, tables, tables, _silent))
    return tables


def _cohort(tables: Path, config: Config) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    """The cohort of a design, and its censoring weights."""
    with tempfile.TemporaryDirectory() as folder:
        written = Path(folder)
        cohort.run(Run(config, written, tables, written, _silent))
        weights = written / "censoring.parquet"
        return (
            pd.read_parquet(written / "cohort.parquet").assign(row=lambda people: range(len(people))),
            pd.read_parquet(weights) if weights.exists() else None,
        )


def _shares(people: pd.DataFrame, censoring: pd.DataFrame | None, config: Config) -> dict[str, float]:
    """Shares in work or studies at 12 months of the matched arms."""
    follow_up = effects.follow_up(match.match(people, config).data, config.outcome_names[0], censoring)
    survival = effects.curves_of(follow_up).at([DAY]).set_index("group")["survival"]
    return {"participants": 1 - survival[1], "controls": 1 - survival[0]}


def _followed_on(tables: Path, censored: pd.DataFrame, config: Config) -> pd.DataFrame:
    """The cohort of `every_month` with each joiner's control rows followed past the day of joining.

    Participants are made people of their own, with the same registers; what they were before never joins. Rows that
    only exist because of that, from months after joining, are taken out again.
    """
    with tempfile.TemporaryDirectory() as folder:
        cloned = Path(folder)
        joiners = set(pd.read_parquet(tables / "participants.parquet")["person_id"])
        for table in cohort.TABLES:
            rows = pd.read_parquet(tables / f"{table}.parquet")
            copies = rows[rows["person_id"].isin(joiners)]
            copies = copies.assign(person_id=CLONE + copies["person_id"])
            kept = copies if table == "participants" else pd.concat([rows, copies])
            kept.to_parquet(cloned / f"{table}.parquet", index=False)
        followed, _ = _cohort(cloned, _with(config, {"censoring_weights": False}))
    controls = censored.loc[censored["participant"] == 0, ["person_id", "index_date"]]
    own = followed[followed["participant"] == 0].merge(controls, on=["person_id", "index_date"])
    people = pd.concat([followed[followed["participant"] == 1], own], ignore_index=True)
    return people.assign(row=range(len(people)))


def _silent(line: str) -> None:
    """Stages have nothing to tell here."""


def _done(effect: str, seed: int, people: int) -> bool:
    if not RESULTS.exists():
        return False
    rows = pd.read_csv(RESULTS)
    return bool(((rows["effect"] == effect) & (rows["seed"] == seed) & (rows["people"] == people)).any())


def _append(rows: list[dict[str, Any]]) -> None:
    RESULTS.parent.mkdir(exist_ok=True)
    new = not RESULTS.exists()
    with RESULTS.open("a", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        if new:
            writer.writeheader()
        writer.writerows(
            {name: f"{value:.6f}" if isinstance(value, float) else value for name, value in row.items()} for row in rows
        )


def summary(results: pd.DataFrame) -> pd.DataFrame:
    """By effect and design: mean shares and the bias of the difference, in percentage points, with Monte Carlo errors.

    `against` is how far the controls' share is from what it would be had joiners been followed on, seed by seed; that
    comparison is far less noisy than the bias, which chance among the participants shares.
    """
    shares = results.assign(**{arm: 100 * results[arm] for arm in ("participants", "controls", "truth")})
    followed = shares[shares["design"] == FOLLOWED].set_index("seed")["controls"]
    shares = shares.assign(
        bias=shares["participants"] - shares["controls"] - shares["truth"],
        against=shares["controls"] - shares["seed"].map(followed),
    )
    found = shares.groupby(["effect", "design"]).agg(
        seeds=("seed", "size"),
        **{name: (name, "mean") for name in ("participants", "controls", "truth", "bias", "against")},
        bias_error=("bias", "sem"),
        against_error=("against", "sem"),
    )
    order = {name: place for place, name in enumerate([FOLLOWED, *(design[0] for design in DESIGNS)])}
    return found.reset_index().sort_values(["effect", "design"], key=lambda column: column.map(order).fillna(0))


def as_markdown(results: pd.DataFrame) -> str:
    """The tables of docs/index-dates.md."""
    return "\n".join(_markdown_lines(results))


def _markdown_lines(results: pd.DataFrame) -> Iterator[str]:
    for effect, rows in results.groupby("effect"):
        yield f"\nEffect: {effect}; true difference {rows['truth'].mean():.1f}; {rows['seeds'].max()} seeds\n"
        yield "| design | participants | controls | bias of the difference | controls against joiners followed on |"
        yield "|---|---|---|---|---|"
        for row in rows.itertuples():
            bias = f"{row.bias:+.2f} ± {row.bias_error:.2f}"
            against = f"{row.against:+.2f} ± {row.against_error:.2f}"
            yield f"| {row.design} | {row.participants:.1f} | {row.controls:.1f} | {bias} | {against} |"


def draw(results: pd.DataFrame, path: Path) -> None:
    """Bias of the difference at 12 months by design, with 95% Monte Carlo intervals, one panel an effect."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    titles = {"none": "No effect", "published": "Published effect"}
    titles = {effect: title for effect, title in titles.items() if effect in set(results["effect"])}
    designs = [design[0] for design in DESIGNS][::-1]
    with plt.style.context(ROOT / "pipeline" / "reporting" / "utfall.mplstyle"):
        size = (5.5 + 2.5 * len(titles), 3.4)
        figure, panels = plt.subplots(1, len(titles), figsize=size, sharey=True, squeeze=False, layout="constrained")
        for axis, (effect, title) in zip(panels[0], titles.items(), strict=True):
            rows = results[results["effect"] == effect].set_index("design").reindex(designs)
            axis.axvline(0, color="0.3", linewidth=0.8)
            axis.errorbar(rows["bias"], range(len(rows)), xerr=1.96 * rows["bias_error"], fmt="o", markersize=4)
            axis.set_yticks(range(len(rows)), designs)
            axis.set_title(title)
            axis.set_xlabel("bias of the difference at 12 months, percentage points")
            axis.grid(visible=True, axis="x")
        figure.savefig(path, metadata={"Date": None})
        plt.close(figure)


if __name__ == "__main__":
    main()
