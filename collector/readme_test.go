package main

import (
	"flag"
	"testing"

	"mayak/schema/settings/settingstest"
)

var update = flag.Bool("update", false, "write the README's table anew")

func TestTheREADMEListsEverySetting(t *testing.T) {
	settingstest.README(t, "../README.md", "collector", &Config{}, *update)
}
