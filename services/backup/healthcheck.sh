#!/bin/sh
# healthcheck.sh: exit code 0 while a backup is being taken, or if the newest one is no older than
# two periods of BACKUP_SCHEDULE. No Python: it runs every few seconds.
set -eu
folder=${BACKUPS_DIR:-/shoebox/backups}

schedule=${BACKUP_SCHEDULE:-03:00}
number=${schedule%[smh]}
case $schedule in
    *s) minutes=$((number * 2 / 60 + 1)) ;;
    *m) minutes=$((number * 2 + 1)) ;;
    *h) minutes=$((number * 120)) ;;
    *) minutes=2880 ;;
esac

# What a killed one leaves is cleared away by the next, which starts with the container.
[ -z "$(find "$folder" -maxdepth 1 -name '.unfinished-*')" ] || exit 0
young=$(find "$folder" -mindepth 2 -maxdepth 2 -path '*/shoebox-*/manifest.json' -mmin "-$minutes" | head -n 1)
[ -n "$young" ] || {
    echo "no backup in the last $minutes minutes; logs/app.log says why"
    exit 1
}
