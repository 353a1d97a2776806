#!/usr/bin/env bash
# A Dask cluster on this machine converts masks, with `rbsync` and `dask` on the PATH:
#
#     pip install 'rbsync[dask]'
#     examples/cluster/run.sh
#
# It works in a folder of its own, which is gone afterwards. PORT is that of the scheduler [8786].
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
port=${PORT:-8786}
started=()
trap 'kill "${started[@]}" 2> "$work/killed" || true; wait; rm -rf "$work"' EXIT
export XDG_CONFIG_HOME="$work/config" XDG_STATE_HOME="$work/state" NO_COLOR=1
export DASK_CONFIG="$here/dask.yaml"

# In real life the scheduler and each worker run on machines of their own, with the data mounted at
# one path on all of them. One thread a worker: conversion holds Python's lock for part of its time.
cd "$work"
dask scheduler --host 127.0.0.1 --port "$port" --no-dashboard > scheduler.log 2>&1 &
started+=($!)
for each in 1 2; do
    dask worker "tcp://127.0.0.1:$port" --nthreads 1 --no-dashboard > "worker$each.log" 2>&1 &
    started+=($!)
done

# A machine with other work takes its time to start them.
until [ "$(grep -ls 'Registered to' worker1.log worker2.log | wc -l)" = 2 ]; do
    for each in "${started[@]}"; do
        kill -0 "$each" || { cat ./*.log; exit 1; }
    done
    sleep 0.2
done

# The masks of `examples/masks`, a hundred times: less is done sooner without a cluster.
mkdir data
cp -r "$here/../masks/." data
cd data
rm -rf .rbsync
for number in $(seq 100); do
    cp masks/coffee.png "masks/coffee$number.png"
    cp images/coffee.jpg "images/coffee$number.jpg"
done

say() { printf '\n$ %s\n' "$*"; "$@"; }

say rbsync --executor "dask:tcp://127.0.0.1:$port" apply --yes
# Who did it changes nothing: here, and by threads, all is as it is declared.
say rbsync plan --detailed-exitcode
