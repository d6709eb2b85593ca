"""A HyperQueue worker in a process of its own: hyperqueue_worker.py HOME SERVER.

The package starts workers only beside a server, and a worker finds its server in the server's
folder. So this process starts a server that nobody uses, and shows its worker the folder of the
real one.
"""

import sys
import time
from pathlib import Path

from hyperqueue import LocalCluster
from hyperqueue.cluster import WorkerConfig

home, server = (Path(it) for it in sys.argv[1:])
cluster = LocalCluster(server_dir=str(home))
access = home / "hq-current"
access.unlink()
access.symlink_to((server / "hq-current").resolve())
cluster.start_worker(WorkerConfig(cores=1))
print("connected", flush=True)
time.sleep(600)
