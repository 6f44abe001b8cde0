// Package jsonschema publishes the wire contracts of Andon's topics as JSON Schemas (2020-12). README.md says which schema belongs to which
// topic, what each event type needs, and how records are keyed.
package jsonschema

import "embed"

// Files holds event, exception, verdict, cost, decision, control, journal and deadletter, each as NAME.schema.json.
//
//go:embed *.schema.json
var Files embed.FS
