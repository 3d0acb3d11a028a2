package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"mayak/schema/settings"
	"mayak/scripts/fetch/npm"
)

func crawlers() npm.Package {
	return npm.Package{
		Name: "crawler-user-agents", Version: "1.60.0",
		Integrity: "sha512-p8hKVsnZl3msolBhGW8s86V0tmmcuBSwhTXkzkegGQzTt0A/ysKDHKzek9fichfqL5qBEgDrR9CuGBU0Y7bDrg==",
	}
}

func isbot() npm.Package {
	return npm.Package{
		Name: "isbot", Version: "5.2.3",
		Integrity: "sha512-e8gGz3VzAuImtTMnB5PqNRRWGAswObTc+X+X5a8PttKT78VSSFec98w9ZwUoy6jJdlvJkVdLiN+WMgA8TewoZg==",
	}
}

func people() npm.Package {
	return npm.Package{
		Name: "user-agents", Version: "2.1.198",
		Integrity: "sha512-cpFqEfpW1DW7MZYfJaknK5mNJZBgUwfroY0y1jSVy8Y93T4pmP0wp5HhXTOqZUbUbFppp0fwCyfttG9rsl3vqw==",
	}
}

// Names of the corpora in the cache; collector/enrich's tests know them too.
const (
	peopleFile   = "user-agents.json"
	crawlersFile = "crawler-user-agents.json"
	isbotFile    = "isbot.js"
)

// corpus is a package, and the names in the cache of the files that are wanted of it.
type corpus struct {
	pkg   npm.Package
	files map[string]string
}

func corpora() []corpus {
	return []corpus{
		{people(), map[string]string{"dist/user-agents.json": peopleFile}},
		{crawlers(), map[string]string{"crawler-user-agents.json": crawlersFile}},
		{isbot(), map[string]string{"index.js": isbotFile}},
		{
			// The tests of uap-core (Apache-2.0), which its own package leaves out; this one is under the MIT License.
			npm.Package{
				Name: "@financial-times/useragent_parser", Version: "1.6.3",
				Integrity: "sha512-TlQiXt/vS5ZwY0V3salvlyQzIzMGZEyw9inmJA25A8heL2kBVENbToiEc64R6ETNf5YHa2lwnc2I7iNHP9SqeQ==",
			},
			map[string]string{"test/ua.test.js": "labelled-uap-core.js"},
		},
		{
			// MIT License: ten thousand phones with buttons, tablets, televisions and robots.
			npm.Package{
				Name: "device", Version: "0.3.4",
				Integrity: "sha512-fdVq+erE1XP3qGKvFlF18SLZEeoM2KJSnBOFJ6c913YStCmd6HGOg70QUBOpvD/rQvBJgqkPVqYKYdHDy6vHcA==",
			},
			map[string]string{
				"test/device_phone_1_test.js": "labelled-phone-1.js", "test/device_phone_2_test.js": "labelled-phone-2.js",
				"test/device_phone_3_test.js": "labelled-phone-3.js", "test/device_phone_4_test.js": "labelled-phone-4.js",
				"test/device_phone_5_test.js": "labelled-phone-5.js", "test/device_phone_6_test.js": "labelled-phone-6.js",
				"test/device_tablet_test.js": "labelled-tablet.js", "test/device_tv_test.js": "labelled-tv.js",
				"test/device_desktop_test.js": "labelled-desktop.js", "test/device_bot_desktop_test.js": "labelled-bot.js",
				"test/device_bot_phone_test.js": "labelled-bot-phone.js",
			},
		},
		{
			// MIT License: what the browsers of computers said when they were asked.
			npm.Package{
				Name: "@ulixee/real-user-agents", Version: "2.0.0-alpha.34",
				Integrity: "sha512-lOjrEsOhVFmikoBFdocdLT0kX8ME4VNJql0Njvd2DmFucID2OVv8OcmjSufmP/PFTsjS1P7GmaVcoZFjWJ/WBw==",
			},
			map[string]string{"data/external-raw/browserstack/userAgents.json": "labelled-computers.json"},
		},
		{
			// MIT License (or GPL-2.0) up to its version 1.
			npm.Package{
				Name: "ua-parser-js", Version: "0.7.19",
				Integrity: "sha512-T3PVJ6uz8i0HzPxOF9SWzWAlfN/DavlpQqepn22xgve/5QecC+XMCAtmUNnY7C9StehaV6exjUCI801lOI7QlQ==",
			},
			map[string]string{
				"test/browser-test.json": "labelled-browsers.json", "test/os-test.json": "labelled-systems.json",
				"test/device-test.json": "labelled-devices.json",
			},
		},
	}
}

func cacheDir(getenv func(string) string) (string, error) {
	base, err := settings.CacheFolder(getenv)
	return filepath.Join(base, "agents"), err
}

// receipt names the packages that the corpora come from: when one is of another version, all are fetched anew.
func receipt() string {
	var b strings.Builder
	for _, c := range corpora() {
		b.WriteString(c.pkg.String() + "\n")
	}
	return b.String()
}

// keepCorpora puts the lists of agents where tests look for them.
func keepCorpora(ctx context.Context, dir string, client *npm.Client) error {
	signed := filepath.Join(dir, "receipt")
	if text, err := os.ReadFile(signed); err == nil && string(text) == receipt() {
		return nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make the cache directory: %w", err)
	}
	for _, c := range corpora() {
		if err := keep(ctx, client, c, dir); err != nil {
			return err
		}
	}
	if err := os.WriteFile(signed, []byte(receipt()), 0o644); err != nil {
		return fmt.Errorf("write the receipt: %w", err)
	}
	return nil
}

// keep puts the files of a package in their places, each whole or not at all.
func keep(ctx context.Context, client *npm.Client, c corpus, dir string) error {
	parts, wanted := map[string]*os.File{}, npm.Files{}
	defer func() {
		for _, f := range parts {
			_ = os.Remove(f.Name()) // gone already when all went well
		}
	}()
	for file, name := range c.files {
		f, err := os.CreateTemp(dir, "part*")
		if err != nil {
			return fmt.Errorf("write into the cache directory: %w", err)
		}
		parts[name], wanted["package/"+file] = f, f
	}
	err := client.Extract(ctx, c.pkg, wanted)
	for _, f := range parts {
		err = errors.Join(err, f.Chmod(0o644), f.Close())
	}
	if err != nil {
		return err
	}
	for name, f := range parts {
		if err := os.Rename(f.Name(), filepath.Join(dir, name)); err != nil {
			return fmt.Errorf("put %s in place: %w", name, err)
		}
	}
	return nil
}
