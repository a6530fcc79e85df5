module github.com/kitgen/kitgen/examples

go 1.26.0
