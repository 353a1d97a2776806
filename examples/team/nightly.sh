#!/bin/sh
# What the team has put into this folder since last night is in the project by the morning.
set -eu

# A colleague who applies by hand is waited for, and whoever hangs is named in the log.
rbsync apply --yes --lock-timeout 3600
rbsync status
# The state as a file beside the database's own backups: `rbsync --state sqlite:FILE` reads it.
rbsync state backup ".rbsync/nightly-$(date -u +%Y%m%d-%H%M%S).db"
