// Package schema holds the contract that collector and aggregator both obey, as files: the migrations of the
// database and the privacy policy that names every stored column. The packages below it give them life.
package schema

import "embed"

// Policy is the text of policy.yaml, the policy in force unless the operator names another file.
//
//go:embed policy.yaml
var Policy []byte

// Migrations are the numbered SQL files, forward only.
//
//go:embed migrations/*.sql
var Migrations embed.FS
