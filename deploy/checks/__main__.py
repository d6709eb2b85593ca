"""Checks the files of deploy/ by doing what they say.

    python deploy/checks PROGRAM PART...

PROGRAM is a pullstorm; the parts are `scripts`, `container`, `manifest` and `hyperqueue`, of which
the last two need the packages of deploy/requirements.txt. Every part that runs shards ends with the
same question: are the merged files, byte for byte, those of the sweep that ran whole?
"""

import importlib
import sys
import tempfile
import time
from pathlib import Path

from sweep import CheckFailed, Sweep

PARTS = ("scripts", "container", "manifest", "hyperqueue")


def main(arguments: list[str]) -> int:
    if len(arguments) < 2 or not set(arguments[1:]) <= set(PARTS):
        print(f"usage: python deploy/checks PROGRAM {{{','.join(PARTS)}}}...", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="pullstorm-deploy-") as folder:
        sweep = Sweep(Path(arguments[0]).resolve(), Path(folder))
        for part in arguments[1:]:
            start = time.monotonic()
            try:
                # Parts are modules: what one of them needs is nothing to the others.
                importlib.import_module(f"part_{part}").check(sweep)
            except CheckFailed as failure:
                print(f"FAILED: {part}: {failure}", file=sys.stderr)
                return 1
            print(f"ok: {part} ({time.monotonic() - start:.1f} s)", flush=True)
    return 0


sys.exit(main(sys.argv[1:]))
