#!/usr/bin/env bash
# The fault matrix: every row against real etcd and Consul processes. Arguments
# go to the program (-run, -list, -soak 1h, -sabotage, -v); JSON=1 ends with one
# line of JSON, MARKDOWN=FILE also writes the table there.
set -euo pipefail
cd "$(dirname "$0")/.."

echo "faults: building bin/faults; the rows take about a quarter of an hour (a first run also builds etcd and Consul: about six minutes)"
go build -o bin/faults ./internal/faults
exec bin/faults ${JSON:+-json} ${MARKDOWN:+-markdown "$MARKDOWN"} "$@"
