#!/usr/bin/env bash
# A sweep as a Slurm job array: one task a shard.
#
#   pullstorm sweep SCENARIO --plan --out sweep-out
#   PLAN=sweep-out/SCENARIO/sweep/plan.json OUT=sweep-out sbatch deploy/slurm.sh
#   pullstorm merge sweep-out
#
# OUT is a folder that every node sees. The array's size is the number of shards; another one is
# given on the command line, and `%` bounds how many run at once: sbatch --array=0-63%16 …
# After failures submit the whole array again, not the failed numbers alone: Slurm then tells
# another number of shards. Points that are done are passed over in a moment.
#
#SBATCH --job-name=pullstorm-sweep
#SBATCH --array=0-7
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=2
#SBATCH --mem=512M
#SBATCH --time=01:00:00
#SBATCH --requeue
set -euo pipefail

# `auto` is SLURM_ARRAY_TASK_ID of SLURM_ARRAY_TASK_COUNT.
exec "${PULLSTORM:-pullstorm}" sweep "${PLAN:?the plan.json of a sweep}" --shard auto \
    --out "${OUT:?a folder that every node sees}" --threads "${SLURM_CPUS_PER_TASK:-1}" --quiet
