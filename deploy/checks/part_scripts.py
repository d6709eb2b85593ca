"""Runs slurm.sh, hyperqueue.sh and parallel.sh with what their schedulers would give them."""

import json
import os
import shutil
import sys
from pathlib import Path

from sweep import DEPLOY, Sweep, expect, succeed

SHARDS = 5


def check(sweep: Sweep) -> None:
    for script in sorted(DEPLOY.glob("*.sh")):
        succeed(["bash", "-n", script])
        expect(os.access(script, os.X_OK), f"{script.name} is not executable")
    slurm(sweep)
    hyperqueue(sweep)
    parallel(sweep)


def slurm(sweep: Sweep) -> None:
    """`sbatch --array=3-15:3`: numbers that are neither from 0 nor one apart."""
    out = sweep.new_folder("slurm")
    tasks = range(3, 3 + 3 * SHARDS, 3)
    for task in reversed(tasks):
        succeed(
            ["bash", DEPLOY / "slurm.sh"],
            PULLSTORM=str(sweep.program),
            PLAN=str(sweep.plan),
            OUT=str(out),
            SLURM_ARRAY_TASK_ID=str(task),
            SLURM_ARRAY_TASK_MIN=str(tasks[0]),
            SLURM_ARRAY_TASK_MAX=str(tasks[-1]),
            SLURM_ARRAY_TASK_STEP=str(tasks.step),
            SLURM_ARRAY_TASK_COUNT=str(len(tasks)),
            SLURM_CPUS_PER_TASK="2",
        )
    sweep.expect_same_when_merged("slurm", out)


def hyperqueue(sweep: Sweep) -> None:
    """What the script hands to `hq submit`, run for each task."""
    out = sweep.new_folder("hyperqueue-script")
    tasks, command = hyperqueue_submission(sweep, out, SHARDS)
    for task in tasks:
        succeed(command, HQ_TASK_ID=str(task))
    sweep.expect_same_when_merged("hyperqueue-script", out)


def hyperqueue_submission(sweep: Sweep, out: Path, shards: int) -> tuple[range, list[str]]:
    """The numbers of the tasks and their command, as hyperqueue.sh submits them."""
    stand_in = sweep.folder / "bin" / "hq"
    stand_in.parent.mkdir(exist_ok=True)
    stand_in.write_text(f"#!{sys.executable}\nimport json, sys\nprint(json.dumps(sys.argv[1:]))\n")
    stand_in.chmod(0o755)
    submitted = json.loads(
        succeed(
            ["bash", DEPLOY / "hyperqueue.sh", sweep.plan, out, str(shards)],
            PULLSTORM=str(sweep.program),
            PATH=f"{stand_in.parent}:{os.environ['PATH']}",
        )
    )
    expect(submitted[0] == "submit", f"hyperqueue.sh runs `hq {submitted[0]}`")
    options, command = submitted[: submitted.index("--")], submitted[submitted.index("--") + 1 :]
    first, last = options[options.index("--array") + 1].split("-")
    tasks = range(int(first), int(last) + 1)
    expect(len(tasks) == shards, f"hyperqueue.sh submits {len(tasks)} tasks for {shards} shards")
    return tasks, command


def parallel(sweep: Sweep) -> None:
    if shutil.which("parallel") is None:
        print("skipped: parallel.sh was read but not run (there is no GNU parallel)")
        return
    out = sweep.new_folder("parallel")
    succeed(
        ["bash", DEPLOY / "parallel.sh", sweep.plan, out, str(SHARDS), "--jobs", "2"],
        PULLSTORM=str(sweep.program),
    )
    sweep.expect_same_when_merged("parallel", out)
