#!/bin/sh
# What the team has put into this folder since last night is in the project by the morning.
set -eu

# A colleague who applies by hand is waited for, and whoever hangs is named in the log.
rbsync apply --yes --lock-timeout 3600
rbsync status
# The state as a file in .rbsync/backups, which has the time in its name: beside the database's
# own backups, and read by `rbsync --state sqlite:FILE`.
rbsync state backup
