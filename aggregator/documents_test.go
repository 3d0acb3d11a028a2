package main

import (
	"testing"

	"mayak/schema/settings/settingstest"
)

func TestEveryCommandThatDocumentsShowIsOneOfTheAggregator(t *testing.T) {
	settingstest.Commands(t, "..", "aggregator", func() any { return &commands{} })
}
