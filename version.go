package kitgen

// Version is the version of this library and of the kitgen that belongs to it.
const Version = "0.1.0"

// IsAtLeastVersion0_1 is named by generated code, so that code of a newer
// kitgen does not compile against an older library, and says why.
const IsAtLeastVersion0_1 = true
