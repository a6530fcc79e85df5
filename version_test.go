package kitgen_test

import (
	"fmt"

	"github.com/kitgen/kitgen"
)

func ExampleVersion() {
	fmt.Println(kitgen.Version, kitgen.IsAtLeastVersion0_1)
	// Output: 0.1.0 true
}
