#!/bin/sh
# The version of a dataset, computed from its lock without rbsync: sh digest.sh [rbsync.lock]
set -eu
cd "${1:-rbsync.lock}"
LC_ALL=C
export LC_ALL
# The names come sorted by their bytes; dotfiles are no part of the version.
sums=$(for file in *.sums; do
    if [ -f "$file" ]; then sha256sum -- "$file"; fi
done | sha256sum)
echo "rbsync:1:sha256:${sums%% *}"
