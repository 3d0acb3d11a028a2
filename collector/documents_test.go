package main

import (
	"testing"

	"mayak/schema/settings/settingstest"
)

func TestEveryCommandThatDocumentsShowIsOneOfTheCollector(t *testing.T) {
	settingstest.Commands(t, "..", "collector", func() any { return &commands{} })
}
