#!/usr/bin/env bash
# A day of Ann, Ben and a CI job who share one project, with `rbsync` on the PATH:
#
#     examples/team-small/run.sh
#
# It works in a folder of its own, which is gone afterwards, and asks no network.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$here/rbsync.yaml" "$work"
cd "$work"
# Nobody's own settings, and not those of the CI that this may run in.
export XDG_CONFIG_HOME="$work/config" XDG_STATE_HOME="$work/state" NO_COLOR=1

say() { printf '\n# %s\n' "$*"; }

# Each one has label files and a state of their own, as in a clone: `as ann plan` is Ann's
# `rbsync plan`. At the service each would have a clone, and nothing of this.
for who in ann ben job; do
    mkdir "$who"
    cp -r "$here/labels" "$who/labels"
done

as() {
    local who=$1
    shift
    printf '%s$ rbsync %s\n' "$who" "$*"
    RBSYNC_VAR_CLONE=$who RBSYNC_STATE_URL="sqlite:.rbsync/$who.db" rbsync "$@"
}

# `refused CODE as ben apply`: it must end with this exit code.
refused() {
    local wanted=$1 code=0
    shift
    "$@" || code=$?
    printf '(exit code %s)\n' "$code"
    test "$code" = "$wanted"
}

say "Ann applies first: all is new."
as ann apply --yes

say "Ben's clone has no state yet. rbsync reads the project once: there is nothing to do."
as ben plan --detailed-exitcode
# Apply remembers what it read: from now on his clone knows what is whose change.
as ben apply --yes

say "Ann corrects frame 20: it shows a bus. Ben draws the car tighter, and does not know of that."
sed -i.old 's/"car"/"bus"/' ann/labels/20.json
sed -i.old 's/0.4/0.35/' ben/labels/20.json
as ann apply --yes
# The newest run stands first in the log, which all have in common here.
run=$(rbsync log | awk 'NR == 1 {print $1}')

say "Ben's version would replace Ann's. That is a conflict: it is blocked, and hers stays."
as ben plan
refused 3 as ben apply --yes

say "Ben agrees with Ann. Hers stays, and pull brings it into his files."
as ben apply --yes --theirs "frame 20"
as ben pull
grep bus ben/labels/20.json
as ben plan --detailed-exitcode

say "The job starts from nothing: no state, and what is in git by now. It creates nothing twice."
cp ben/labels/*.json job/labels/
as job plan --detailed-exitcode
as job apply --yes

say "Ann was wrong: it is a car. She takes that run back."
as ann undo --yes "$run"
as ann log

say "Her files still say bus. What was taken back is held, so that the next apply does not redo it."
as ann apply --yes

say "Pull brings what the project has into the job's files, to be committed: it is a car again."
as job pull
grep car job/labels/20.json
as job plan --detailed-exitcode
