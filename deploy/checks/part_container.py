"""Builds what the Containerfile copies: an image that lacks a file of the source fails here."""

import json
import re
import shutil
import tomllib
from pathlib import Path

from sweep import DEPLOY, ROOT, Sweep, expect, succeed


def check(_: Sweep) -> None:
    lines = (DEPLOY / "Containerfile").read_text().splitlines()
    toolchain = next(it for it in lines if it.startswith("FROM docker.io/library/rust:"))
    version = re.search(r"rust:(\d+)\.(\d+)", toolchain)
    package = tomllib.loads((ROOT / "Cargo.toml").read_text())["package"]
    least = tuple(int(it) for it in package["rust-version"].split("."))
    expect(
        version is not None and least <= (int(version[1]), int(version[2])),
        f"the Containerfile's `{toolchain}` is older than rust-version {package['rust-version']}",
    )
    context = target_folder() / "container-context"
    shutil.rmtree(context, ignore_errors=True)
    context.mkdir(parents=True)
    for line in lines:
        if line.startswith("COPY ") and "--from=" not in line:
            *sources, destination = line.split()[1:]
            for source in sources:
                copy(ROOT / source, context / destination, is_only=len(sources) == 1)
    # Reading the code is enough to miss a file; dependencies are those of the lints.
    succeed(
        ["cargo", "check", "--locked", "--quiet", "--manifest-path", context / "Cargo.toml"],
        CARGO_TARGET_DIR=str(target_folder()),
    )
    shutil.rmtree(context)


def copy(source: Path, destination: Path, is_only: bool) -> None:
    if source.is_dir():
        expect(is_only, f"COPY {source.name}: the contents of several folders would be mixed")
        shutil.copytree(source, destination)
    else:
        shutil.copy(source, destination)


def target_folder() -> Path:
    command = ["cargo", "metadata", "--format-version", "1", "--no-deps", "--offline"]
    metadata = succeed([*command, "--manifest-path", ROOT / "Cargo.toml"])
    return Path(json.loads(metadata)["target_directory"])
