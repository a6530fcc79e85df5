// Package params reads the values in a request's URL, in the variables of its path
// and in its query, as the types that a go-kit decoder wants:
//
//	func decodeList(_ context.Context, r *http.Request) (any, error) {
//		in := params.Of(r)
//		req := ListRequest{
//			Owner: params.Path(in, "owner", params.String[ID]),
//			Limit: params.Query(in, "limit", params.Int[int]),
//			Tags:  params.List(in, "tag", params.String[string]),
//			Since: params.Optional(in, "since", params.Time),
//		}
//		return req, in.Err()
//	}
//
// A value that is missing is the zero value, one that cannot be read is a 400 that
// names it, and so is a key that the decoder did not ask for: a filter that is
// misspelt would otherwise be no filter at all.
//
// How a value is written is in its function, and no reflection looks for it: any
// func(string) (T, error) will do, such as netip.ParseAddr.
package params
