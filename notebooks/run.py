"""Runs the notebooks on fresh results.

    python notebooks/run.py PROGRAM            compares what they say with what is committed
    python notebooks/run.py PROGRAM --write    writes it

Each notebook tells in its first cell the command whose files it reads; that command is run with
PROGRAM, a pullstorm, into a temporary folder. Text has to be the same, word for word; pictures have
to be there. What would differ from run to run, or tells about a machine, is left out of the files.
"""

import copy
import difflib
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient

HERE = Path(__file__).resolve().parent
MOST_BYTES = 200_000
COMMAND = re.compile(r"^cargo run --release -- (.+)$", re.M)
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def main(arguments: list[str]) -> int:
    if len(arguments) not in (1, 2) or arguments[1:] not in ([], ["--write"]):
        print("usage: python notebooks/run.py PROGRAM [--write]", file=sys.stderr)
        return 2
    program = Path(arguments[0]).resolve()
    is_good = True
    for path in sorted(HERE.glob("*.ipynb")):
        committed = nbformat.read(path, as_version=4)
        with tempfile.TemporaryDirectory(prefix="pullstorm-notebook-") as folder:
            make_results(program, committed, Path(folder))
            fresh = execute(committed, Path(folder))
        if arguments[1:]:
            nbformat.write(fresh, path)
            committed = fresh
        problems = [*differences(committed, fresh), *faults(path)]
        for it in problems:
            print(f"FAILED: notebooks/{path.name}: {it}", file=sys.stderr)
        if problems:
            is_good = False
        else:
            print(f"ok: notebooks/{path.name}, {path.stat().st_size // 1000} kB", flush=True)
    if not is_good:
        print("write them anew with: python notebooks/run.py PROGRAM --write", file=sys.stderr)
    return 0 if is_good else 1


def make_results(program: Path, notebook: nbformat.NotebookNode, folder: Path) -> None:
    """Runs the commands of the first cell."""
    commands = COMMAND.findall(notebook.cells[0].source)
    if not commands:
        raise SystemExit("the first cell of a notebook tells no command")
    for words in commands:
        command = [program, *words.split(), "--quiet", "--out", folder]
        done = subprocess.run(command, capture_output=True, text=True, timeout=600)
        if done.returncode != 0:
            raise SystemExit(f"`pullstorm {words}` ends with {done.returncode}:\n{done.stderr}")


def execute(committed: nbformat.NotebookNode, folder: Path) -> nbformat.NotebookNode:
    """The notebook with the outputs of this run, and nothing else of it."""
    fresh = copy.deepcopy(committed)
    os.environ["PULLSTORM_OUTPUT"] = str(folder)
    client = NotebookClient(
        fresh,
        timeout=300,
        kernel_name="python3",
        resources={"metadata": {"path": str(HERE)}},
        record_timing=False,
        extra_arguments=["--log-level=ERROR"],
    )
    client.execute()
    fresh.metadata = nbformat.from_dict(METADATA)
    for cell in fresh.cells:
        cell.metadata = nbformat.from_dict({})
        warnings = [it for it in cell.get("outputs", []) if it.get("name") == "stderr"]
        for it in warnings:
            print(f"[{cell.id}] {it.text.strip()}", file=sys.stderr)
            cell.outputs.remove(it)
        for output in cell.get("outputs", []):
            if "metadata" in output:
                output.metadata = nbformat.from_dict({})
    return fresh


def texts(notebook: nbformat.NotebookNode) -> list[str]:
    """What the code cells print, and how many pictures they draw."""
    lines = []
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.output_type == "stream":
                lines += [f"[{cell.id}] {it}" for it in output.text.splitlines()]
            else:
                lines.append(f"[{cell.id}] {sorted(output.get('data', {}))}")
    return lines


def differences(committed: nbformat.NotebookNode, fresh: nbformat.NotebookNode) -> list[str]:
    lines = difflib.unified_diff(
        texts(committed), texts(fresh), "committed", "fresh", "", "", 0, ""
    )
    text = "\n".join(lines)
    return [f"it says something else on fresh results:\n{text}"] if text else []


def faults(path: Path) -> list[str]:
    """What must not be in the file that is committed."""
    text = path.read_text()
    found = []
    if len(text.encode()) > MOST_BYTES:
        found.append(f"it has more than {MOST_BYTES} bytes")
    for what in (str(HERE.parent), tempfile.gettempdir() + "/", "/home/", "/root/", "/Users/"):
        if what in text:
            found.append(f"there is {what} in it")
    if nbformat.writes(nbformat.read(path, as_version=4)) != text.rstrip("\n"):
        found.append("it is not in the form in which it is written here")
    committed = nbformat.read(path, as_version=4)
    if committed.metadata != METADATA or any(cell.metadata for cell in committed.cells):
        found.append("it carries metadata of a run or an editor")
    counts = [cell.execution_count for cell in committed.cells if cell.cell_type == "code"]
    if counts != list(range(1, len(counts) + 1)):
        found.append("its cells were not run once, from top to bottom")
    return found


sys.exit(main(sys.argv[1:]))
