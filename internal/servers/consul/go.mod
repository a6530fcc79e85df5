module github.com/kitgen/kitgen/internal/servers/consul

go 1.26.0

require github.com/hashicorp/consul v1.13.9
