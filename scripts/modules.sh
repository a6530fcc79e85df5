# The modules of the repository, for the scripts beside this file, which source
# it from the root. Consul's is no part of the workspace (see DECISIONS.md).
# shellcheck shell=bash
workspace=(. ./cmd/kitgen ./examples ./internal/interop ./internal/servers/etcd)
outside=(./internal/servers/consul)
