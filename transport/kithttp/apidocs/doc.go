// Package apidocs shows an OpenAPI document to people: on one page that has no
// script and loads nothing from anywhere, so that it can be read where there is no
// internet, and that a browser runs nothing of, whatever the document says.
//
//	docs := apidocs.New(openAPI) // the text of openapi.json, embedded
//	mux.Handle("GET /docs", docs)
//	mux.Handle("GET /openapi.json", docs)
//
// Whoever can read the page knows every method that there is. On the debug listener
// only this machine can: kitdebug.Config.Also. A service whose API is public mounts
// it beside that.
//
// It knows as much of OpenAPI 3.1 as kitgen writes, and shows what else there is as
// a schema's own JSON.
package apidocs
