package main

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"

	"mayak/collector/enrich"
	"mayak/collector/keys"
	"mayak/collector/privacy"
	"mayak/schema/policy"
	"mayak/schema/sites"
	"mayak/schema/visitor"
)

// check reads every file that the settings name.
func check(c *Config, log *slog.Logger) error {
	sitesErr := errNoSites
	if c.Sites != "" {
		_, sitesErr = sites.Load(c.Sites)
	}
	rules, policyErr := policy.Load(c.Policy)
	if policyErr == nil {
		policyErr = privacy.Check(rules)
	}
	_, geoErr := enrich.NewLookups(enrich.Options{Directory: c.geoIP()})
	_, listErr := c.unsubscribed(log)
	return errors.Join(sitesErr, policyErr, geoErr, checkCertificate(c), checkKeys(c), listErr)
}

// checkKeys reads the keys of servers and apps and, where there is one already, that of visitors.
func checkKeys(c *Config) error {
	file, keysErr := c.keysFile()
	if keysErr == nil {
		_, keysErr = keys.Open(file).List()
	}
	file, keyErr := c.visitorKey(os.Getenv)
	if keyErr == nil {
		if _, keyErr = visitor.ReadKey(file); errors.Is(keyErr, fs.ErrNotExist) {
			keyErr = nil // the start makes it
		}
	}
	return errors.Join(keysErr, keyErr)
}

func checkCertificate(c *Config) error {
	if c.TLSCert == "" {
		return nil // the database's certificates were read with the settings
	}
	if _, err := tls.LoadX509KeyPair(c.TLSCert, c.TLSKey); err != nil {
		return fmt.Errorf("certificate %s with key %s: %w", c.TLSCert, c.TLSKey, err)
	}
	return nil
}
