"""A real HyperQueue run on two workers, one of which is killed in the middle of its task.

The Python package has server and workers in one library, and starts workers as threads of the
server's process. A worker that can be killed is a process of its own: hyperqueue_worker.py.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

os.environ["TQDM_DISABLE"] = "1"  # no bar of progress in a log

from hyperqueue import Job, LocalCluster  # noqa: E402
from part_scripts import hyperqueue_submission
from sweep import Sweep, clean_environment, expect

SHARDS = 6
WORKER = Path(__file__).with_name("hyperqueue_worker.py")


def check(sweep: Sweep) -> None:
    out = sweep.new_folder("hyperqueue")
    tasks, command = hyperqueue_submission(sweep, out, SHARDS)
    # The package numbers tasks as it gets them, from 0; `hq` takes the numbers of --array.
    expect(tasks.start == 0, f"tasks of hyperqueue.sh are numbered from {tasks.start}")
    server = sweep.new_folder("hyperqueue-server")
    logs = sweep.new_folder("hyperqueue-logs")
    with LocalCluster(server_dir=str(server)) as cluster:
        workers = [start_worker(sweep, server, number) for number in range(2)]
        try:
            job = Job(sweep.folder, max_fails=None)
            for task in tasks:
                log = logs / str(task)
                told = f'echo "$HQ_TASK_ID" >>{log}.number; echo "$PPID" >>{log}.workers'
                job.program(
                    ["sh", "-c", f'{told}; exec "$@"', "task", *command],
                    stdout=str(logs / f"{task}.out"),
                    stderr=str(logs / f"{task}.err"),
                )
            client = cluster.client()
            submitted = client.submit(job)
            killed, survivor = kill_one(workers, out, sweep.points)
            client.wait_for_jobs([submitted])
        finally:
            for it in workers:
                kill_with_tasks(it)
    ran = {task: (logs / f"{task}.workers").read_text().split() for task in tasks}
    for task in tasks:
        numbers = set((logs / f"{task}.number").read_text().split())
        expect(numbers == {str(task)}, f"HQ_TASK_ID of task {task} is {numbers}")
        expect(ran[task][-1] == str(survivor) or len(ran[task]) == 1, f"task {task}: {ran[task]}")
    again = [task for task, by in ran.items() if len(by) > 1]
    expect(bool(again), "no task had to start again after its worker was killed")
    expect(ran[again[0]][:1] == [str(killed)], f"not the killed worker's task starts again: {ran}")
    print(f"killed one of two workers: shard {again[0]}/{SHARDS} was taken over by the other")
    sweep.expect_same_when_merged("hyperqueue", out)


def start_worker(sweep: Sweep, server: Path, number: int) -> subprocess.Popen:
    worker = subprocess.Popen(
        [sys.executable, WORKER, sweep.folder / f"hyperqueue-worker-{number}", server],
        stdout=subprocess.PIPE,
        text=True,
        env=clean_environment(),
    )
    for line in worker.stdout:
        if line.strip() == "connected":
            return worker
    raise RuntimeError(f"worker {number} did not connect")


def kill_one(workers: list[subprocess.Popen], out: Path, points: int) -> tuple[int, int]:
    """Kills the worker of a task, as soon as a third of the points are there."""
    end = time.monotonic() + 120
    while time.monotonic() < end:
        if points <= 3 * len(list(out.glob("*/sweep/points/0*.json"))):
            for victim, survivor in (workers, reversed(workers)):
                if children(victim.pid):
                    kill_with_tasks(victim)
                    return victim.pid, survivor.pid
        time.sleep(0.005)
    raise RuntimeError("the tasks did not get a third of the points done")


def kill_with_tasks(worker: subprocess.Popen) -> None:
    """Ends a worker as a machine does that is gone: its tasks go with it."""
    # The worker first, or it would tell the server that its tasks have failed.
    tasks = children(worker.pid)
    worker.kill()
    for pid in tasks:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    worker.wait()


def children(pid: int) -> list[int]:
    lists = Path(f"/proc/{pid}/task").glob("*/children")
    try:
        return [int(it) for path in lists for it in path.read_text().split()]
    except OSError:
        return []
