"""The small sweep that all checks run, and the comparison that all of them end with."""

import json
import os
import subprocess
from pathlib import Path

DEPLOY = Path(__file__).resolve().parents[1]
ROOT = DEPLOY.parent

SCENARIO = "cold-cluster"
# 24 points, some seconds in all: long enough to kill a worker in the middle.
FLAGS = (
    "--set workload.web.replicas=60 --replications 6 "
    "--vary pool.workers.nodes=20..90:10 --vary egress.nat.addresses=1,2,4"
).split()


class CheckFailed(Exception):
    """What is wrong, for people."""


def expect(holds: bool, message: str) -> None:
    if not holds:
        raise CheckFailed(message)


def clean_environment(**variables: str) -> dict[str, str]:
    """The environment without what a scheduler may have left in it."""
    of_schedulers = ("JOB_", "SLURM_", "HQ_", "AWS_BATCH_", "CLOUD_RUN_", "CI_NODE_", "PARALLEL_")
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(of_schedulers) and name != "SHARD_COUNT"
    }
    return kept | variables


def run(command: list, **variables: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [str(it) for it in command],
        env=clean_environment(**variables),
        capture_output=True,
        text=True,
        timeout=300,
    )


def succeed(command: list, **variables: str) -> str:
    """Runs a command that has to end well; what it printed."""
    done = run(command, **variables)
    words = " ".join(str(it) for it in command)
    expect(done.returncode == 0, f"`{words}` ends with {done.returncode}:\n{done.stderr}")
    return done.stdout


class Sweep:
    """A sweep that ran whole, its plan, and folders for shards."""

    def __init__(self, program: Path, folder: Path):
        self.program = program
        self.folder = folder
        succeed([program, "sweep", SCENARIO, *FLAGS, "--plan", "--out", folder / "plan"])
        self.plan = folder / "plan" / SCENARIO / "sweep" / "plan.json"
        self.points = len(json.loads(self.plan.read_text())["points"])
        succeed([program, "sweep", self.plan, "--out", folder / "whole", "--no-charts", "--quiet"])
        self.whole = read_files(folder / "whole")

    def new_folder(self, name: str) -> Path:
        path = self.folder / name
        path.mkdir()
        return path

    def expect_same_when_merged(self, name: str, *shards: Path) -> None:
        """Merges the shards' folders, and compares with the sweep that ran whole."""
        merged = self.folder / f"{name}-merged"
        succeed([self.program, "merge", *shards, "--out", merged, "--no-charts", "--quiet"])
        files = read_files(merged)
        expect(
            files.keys() == self.whole.keys(),
            f"{name}: other files than those of the whole sweep: {sorted(files)}",
        )
        differ = [path for path, content in files.items() if content != self.whole[path]]
        expect(not differ, f"{name}: these differ from the whole sweep's: {sorted(differ)}")


def read_files(folder: Path) -> dict[str, object]:
    """Every file with its bytes; of the manifest what does not tell the time on the wall."""
    files: dict[str, object] = {}
    for path in sorted(it for it in folder.rglob("*") if it.is_file()):
        name = path.relative_to(folder).as_posix()
        if path.name == "manifest.json":
            manifest = json.loads(path.read_text())
            expect("wall_clock" in manifest, f"{name} has no wall_clock")
            del manifest["wall_clock"]
            files[name] = manifest
        else:
            files[name] = path.read_bytes()
    return files
