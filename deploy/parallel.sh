#!/usr/bin/env bash
# A sweep with GNU parallel: one job a shard, here or over ssh.
#
#   pullstorm sweep SCENARIO --plan --out sweep-out
#   deploy/parallel.sh sweep-out/SCENARIO/sweep/plan.json sweep-out 8
#   pullstorm merge sweep-out
#
# More arguments go to parallel: `--jobs 4`, or `--sshlogin 4/node1,4/node2` where the nodes have
# the program and see the folder under the same paths. One machine alone needs none of this:
# `pullstorm sweep` uses all of its cores.
set -euo pipefail

plan=$(realpath "${1:?the plan.json of a sweep}")
out=$(realpath "${2:?a folder that every machine sees}")
shards=${3:-8}
pullstorm=$(realpath "$(command -v "${PULLSTORM:-pullstorm}")")

seq 0 $((shards - 1)) | parallel --retries 3 "${@:4}" \
    "$pullstorm" sweep "$plan" --shard "{}/$shards" --out "$out" --threads 1 --quiet
