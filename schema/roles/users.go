package roles

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// Passwords reads a file of lines "role password", or makes one with random passwords and mode 0600.
func Passwords(path string) (map[string]string, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if text, err = newPasswords(path); err != nil {
			return nil, fmt.Errorf("make passwords: %w", err)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("passwords: %w", err)
	}
	all := map[string]string{}
	for line := range strings.Lines(string(text)) {
		role, password, ok := strings.Cut(strings.TrimSpace(line), " ")
		if ok {
			all[role] = strings.TrimSpace(password)
		}
	}
	for _, role := range All() {
		if all[role] == "" {
			return nil, fmt.Errorf("passwords %s: no line for %s", path, role)
		}
	}
	return all, nil
}

func newPasswords(path string) ([]byte, error) {
	var text bytes.Buffer
	for _, role := range All() {
		var secret [24]byte
		_, _ = rand.Read(secret[:]) // never fails
		fmt.Fprintf(&text, "%s %s\n", role, base64.RawURLEncoding.EncodeToString(secret[:]))
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	_, err = file.Write(text.Bytes())
	return text.Bytes(), errors.Join(err, file.Sync(), file.Close())
}

// UsersFile is ClickHouse's users.xml with a user for each role, for the embedded engine. It holds hashes of the passwords only.
func (o *Options) UsersFile(passwords map[string]string) []byte {
	var text bytes.Buffer
	text.WriteString("<clickhouse>\n    <!-- Made from the policy file by \"aggregator roles users\"; changes are lost when it is made again. -->\n    <profiles>\n")
	for _, role := range All() {
		writeProfile(&text, role)
	}
	text.WriteString("    </profiles>\n    <users>\n")
	for _, role := range All() {
		sum := sha256.Sum256([]byte(passwords[role]))
		fmt.Fprintf(&text, "        <%s>\n            <password_sha256_hex>%s</password_sha256_hex>\n", role, hex.EncodeToString(sum[:]))
		if limits(role) != nil {
			fmt.Fprintf(&text, "            <profile>mayak_%s</profile>\n", role)
		}
		text.WriteString("            <grants>\n")
		for _, g := range o.Grants(role) {
			text.WriteString("                <query>")
			_ = xml.EscapeText(&text, []byte(o.words(g))) // a buffer takes everything
			text.WriteString("</query>\n")
		}
		fmt.Fprintf(&text, "            </grants>\n        </%s>\n", role)
	}
	text.WriteString("    </users>\n</clickhouse>\n")
	return text.Bytes()
}

func writeProfile(text *bytes.Buffer, role string) {
	list := limits(role)
	if list == nil {
		return
	}
	fmt.Fprintf(text, "        <mayak_%s>\n", role)
	for _, l := range list {
		if l.value > 0 { // what is fixed at nothing is that by itself
			fmt.Fprintf(text, "            <%[1]s>%[2]s</%[1]s>\n", l.name, l.text())
		}
	}
	text.WriteString("            <constraints>\n")
	for _, l := range list {
		switch {
		case l.fixed:
			fmt.Fprintf(text, "                <%[1]s><const/></%[1]s>\n", l.name)
		case l.bounded():
			fmt.Fprintf(text, "                <%[1]s><min>1</min><max>%[2]s</max></%[1]s>\n", l.name, l.text())
		}
	}
	fmt.Fprintf(text, "            </constraints>\n        </mayak_%s>\n", role)
}
