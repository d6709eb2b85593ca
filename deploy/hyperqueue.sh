#!/usr/bin/env bash
# A sweep as a HyperQueue task array: one task a shard. Needs a server (`hq server start`) and
# workers (`hq worker start`, or `hq alloc add slurm …`).
#
#   pullstorm sweep SCENARIO --plan --out sweep-out
#   deploy/hyperqueue.sh sweep-out/SCENARIO/sweep/plan.json sweep-out 8
#   pullstorm merge sweep-out
#
# The folder is one that every worker sees. A task whose worker is lost starts again on another one
# (by default up to five times), and goes on behind the points that are there already.
set -euo pipefail

plan=${1:?the plan.json of a sweep}
out=${2:?a folder that every worker sees}
shards=${3:-8}
cpus=${CPUS:-1}
# Tasks run in folders of their own choice: paths are absolute.
pullstorm=$(realpath "$(command -v "${PULLSTORM:-pullstorm}")")

# `auto` is HQ_TASK_ID; tasks have the numbers of --array, here from 0.
exec hq submit --name pullstorm-sweep --array "0-$((shards - 1))" --cpus "$cpus" --wait -- \
    "$pullstorm" sweep "$(realpath "$plan")" --shard "auto/$shards" --out "$(realpath "$out")" \
    --threads "$cpus" --quiet
