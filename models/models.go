// Package models holds the bundles that come with Andon: trained on the simulator (make train), as their cards say. What they say of real goods is not
// known; train your own before a model decides about those.
package models

import "embed"

// Files are the bundles, name@version.zip.
//
//go:embed *.zip
var Files embed.FS
