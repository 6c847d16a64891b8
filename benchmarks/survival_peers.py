"""The same work by lifelines and by R's survival, on the same rows, in the same run."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

from benchmarks.survival_tasks import BOOTSTRAP, COVARIATES, people

SUM = " + ".join(COVARIATES)
FIT = f"coxph(Surv(days, event) ~ {SUM}, d, weights = weight, cluster = person)"
# What R runs for each task; `m` is the fitted model where a task starts from one.
R_CALLS = {
    "cox": FIT,
    "cox_log_t": f"coxph(Surv(days, event) ~ {SUM} + tt(participant), d, weights = weight, cluster = person, "
    "tt = function(x, t, ...) x * log(t))",
    "proportionality": "cox.zph(m)",
    "kaplan_meier": "survfit(Surv(days, event) ~ participant, d, weights = weight, cluster = person)",
    "logrank": "coxph(Surv(days, event) ~ participant, d, weights = weight, cluster = person, ties = 'breslow')$rscore",
    "incidence": "survfit(Surv(days, factor(cause, 0:2)) ~ participant, d, weights = weight, id = row)",
    "concordance": "concordance(m)",
}
BOOTSTRAP_SAMPLE = 5  # refits a peer is timed for; all of them would take it an hour


def by_r(task: str, rows: int) -> float | None:
    """Seconds R takes, reading the data and fits a task starts from not counted; None without R."""
    rscript = shutil.which("Rscript")
    if rscript is None or (task not in R_CALLS and task != "bootstrap"):
        return None
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "people.csv"
        people(rows).assign(cause=lambda t: t["event"] * (1 + t["x5"]).astype(int)).to_csv(file, index=False)
        needs_fit = task in ("proportionality", "concordance")
        call = R_CALLS.get(task, f"for (i in 1:{BOOTSTRAP_SAMPLE}) {FIT}")
        script = f"""
        suppressMessages(library(survival))
        d <- read.csv("{file.as_posix()}"); d$row <- seq_len(nrow(d))
        {f"m <- {FIT}" if needs_fit else ""}
        cat(system.time({call})[3])
        """
        done = subprocess.run([rscript, "-e", script], capture_output=True, text=True, check=False)
    if done.returncode:
        return None
    return float(done.stdout) * (BOOTSTRAP / BOOTSTRAP_SAMPLE if task == "bootstrap" else 1)


def by_lifelines(task: str, rows: int) -> float | None:
    """Seconds lifelines takes for what it can do of a task; None for what it cannot."""
    from lifelines import CoxPHFitter
    from lifelines.statistics import proportional_hazard_test
    from lifelines.utils import concordance_index

    table = people(rows)
    frame = table[[*COVARIATES, "days", "event", "weight", "person"]]
    columns = {"duration_col": "days", "event_col": "event", "weights_col": "weight", "cluster_col": "person"}

    def fit() -> CoxPHFitter:
        return CoxPHFitter().fit(frame, **columns)

    plain = frame.drop(columns="person")

    def unclustered() -> CoxPHFitter:
        return CoxPHFitter().fit(plain, "days", "event", weights_col="weight")

    def several() -> list[CoxPHFitter]:
        return [fit() for _ in range(BOOTSTRAP_SAMPLE)]

    work: dict[str, tuple[Callable[[], object] | None, Callable[..., object]]] = {
        "cox": (None, fit),
        "proportionality": (unclustered, lambda m: proportional_hazard_test(m, plain, time_transform="km")),
        "concordance": (
            unclustered,
            lambda m: concordance_index(frame["days"], -m.predict_log_partial_hazard(plain), frame["event"]),
        ),
        "bootstrap": (None, several),
    }
    if task not in work:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        before, call = work[task]
        made = () if before is None else (before(),)
        taken = seconds(lambda: call(*made))
    return taken * (BOOTSTRAP / BOOTSTRAP_SAMPLE if task == "bootstrap" else 1)


def seconds(call: Callable[[], object]) -> float:
    """How long one call takes: peers take long enough for once."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def versions() -> str:
    """The peers' versions."""
    import lifelines

    found = f"lifelines {lifelines.__version__}"
    rscript = shutil.which("Rscript")
    if rscript is None:
        return f"{found}, R not installed"
    asked = 'cat(paste0("R ", getRversion(), ", survival ", packageVersion("survival")))'
    done = subprocess.run([rscript, "-e", asked], capture_output=True, text=True, check=False)
    return f"{found}, {done.stdout}"
