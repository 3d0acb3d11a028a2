package embedded

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
)

// The library opens every session as the user default and has no way to log in as another. So each user of a users file
// becomes a role with that user's grants, default may take them all and has no grants of its own, and a request takes the
// role of whoever authenticated before anything else. The engine then checks columns and tables as a server would.

// account is a user that may talk to the engine.
type account struct {
	Name     string
	password [sha256.Size]byte
	profile  string   // settings profile, empty for the default one
	settings []string // of the profile, as SET wants them
	grants   []string // GRANT and REVOKE statements
}

// secret tells whether the account has a password, which no stranger knows.
func (a account) secret() bool { return a.password != sha256.Sum256(nil) }

// role is the name of the account inside the engine.
func (a account) role() string { return "mayak_user_" + a.Name }

// accounts are the users, and what the users file says beside them, passed on as it is.
type accounts struct {
	list                     []account
	profiles, roles, ownBase string
}

// ordinaryGrants let a user do everything but reach outside: no files of this machine, no other hosts, no end of the process.
// A dictionary's source may be a program, which the library, made for a terminal, would run.
func ordinaryGrants() []string {
	return []string{"GRANT ALL ON *.*", "REVOKE SOURCES, CREATE DICTIONARY, SYSTEM SHUTDOWN ON *.*"}
}

// usersFile is ClickHouse's users.xml as far as it is understood.
type usersFile struct {
	Profiles section `xml:"profiles"`
	Roles    section `xml:"roles"`
	Users    struct {
		List []userElement `xml:",any"`
	} `xml:"users"`
}

type section struct {
	List []element `xml:",any"`
}

// element is passed on without being understood.
type element struct {
	XMLName xml.Name
	Inner   string `xml:",innerxml"`
}

type userElement struct {
	XMLName  xml.Name
	Password *string    `xml:"password"`
	SHA256   *string    `xml:"password_sha256_hex"`
	None     *struct{}  `xml:"no_password"`
	Profile  string     `xml:"profile"`
	Grants   *grantList `xml:"grants"`
	// Accepted and without effect: the port is local, and quotas belong to a server with many users.
	Networks *struct{} `xml:"networks"`
	Quota    *struct{} `xml:"quota"`
	Access   *struct{} `xml:"access_management"`
	Unknown  []element `xml:",any"`
}

type grantList struct {
	Query []string `xml:"query"`
}

// readAccounts reads a users file; without one there is the user default alone.
func readAccounts(path, password string) (*accounts, error) {
	if path == "" {
		own := account{Name: "default", password: sha256.Sum256([]byte(password)), grants: ordinaryGrants()}
		return &accounts{list: []account{own}}, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the users file: %w", err)
	}
	var file usersFile
	if err := xml.Unmarshal(text, &file); err != nil {
		return nil, fmt.Errorf("read the users file %s: %w", path, err)
	}
	all := &accounts{roles: file.Roles.String()}
	for _, profile := range file.Profiles.List {
		if profile.XMLName.Local == "default" {
			all.ownBase = profile.Inner
			continue
		}
		all.profiles += profile.String()
	}
	for _, user := range file.Users.List {
		one, err := user.account(password)
		if err != nil {
			return nil, fmt.Errorf("the users file %s: user %s: %w", path, user.XMLName.Local, err)
		}
		all.list = append(all.list, one)
	}
	for i := range all.list {
		if all.list[i].settings, err = file.Profiles.settings(all.list[i].profile); err != nil {
			return nil, fmt.Errorf("the users file %s: profile %s: %w", path, all.list[i].profile, err)
		}
	}
	if len(all.list) == 0 {
		return nil, fmt.Errorf("the users file %s names no user", path)
	}
	return all, nil
}

func (s section) String() string {
	var text strings.Builder
	for _, one := range s.List {
		text.WriteString(one.String())
	}
	return text.String()
}

// settings are what a profile sets, readonly last because it forbids the others. Of SET profile the library keeps the constraints only.
func (s section) settings(profile string) ([]string, error) {
	at := slices.IndexFunc(s.List, func(e element) bool { return e.XMLName.Local == profile })
	if profile == "" || at < 0 {
		return nil, nil
	}
	var inside section
	if err := xml.Unmarshal([]byte("<p>"+s.List[at].Inner+"</p>"), &inside); err != nil {
		return nil, err
	}
	var all, last []string
	for _, one := range inside.List {
		var value string
		if err := xml.Unmarshal([]byte("<v>"+one.Inner+"</v>"), &value); err != nil {
			return nil, err
		}
		set := one.XMLName.Local + " = " + quoteText(strings.TrimSpace(value))
		switch name := one.XMLName.Local; name {
		case "constraints", "profile":
		case "readonly":
			last = append(last, set)
		default:
			all = append(all, set)
		}
	}
	return append(all, last...), nil
}

func (e element) String() string {
	return fmt.Sprintf("<%[1]s>%[2]s</%[1]s>", e.XMLName.Local, e.Inner)
}

// account understands one user, and refuses what it would have to ignore.
func (u userElement) account(password string) (account, error) {
	one := account{Name: u.XMLName.Local, grants: ordinaryGrants()}
	if len(u.Unknown) > 0 {
		return one, fmt.Errorf("<%s> is not supported by the embedded engine", u.Unknown[0].XMLName.Local)
	}
	switch {
	case one.Name == "default" && password != "":
		one.password = sha256.Sum256([]byte(password))
	case u.SHA256 != nil:
		digest, err := hex.DecodeString(strings.TrimSpace(*u.SHA256))
		if err != nil || len(digest) != sha256.Size {
			return one, fmt.Errorf("password_sha256_hex is not 64 hexadecimal digits")
		}
		copy(one.password[:], digest)
	case u.Password != nil:
		one.password = sha256.Sum256([]byte(*u.Password))
	case u.None != nil:
		one.password = sha256.Sum256(nil)
	default:
		return one, fmt.Errorf("it has neither password, password_sha256_hex nor no_password")
	}
	if u.Profile != "default" {
		one.profile = u.Profile
	}
	if u.Grants != nil {
		one.grants = u.Grants.Query
	}
	return one, nil
}

// xml words the accounts for the engine: roles, and the one user that takes them.
func (a *accounts) xml() string {
	var roles, taken bytes.Buffer
	write := func(to *bytes.Buffer, query string) {
		to.WriteString("<query>")
		_ = xml.EscapeText(to, []byte(query)) // a buffer takes everything
		to.WriteString("</query>")
	}
	for _, one := range a.list {
		fmt.Fprintf(&roles, "<%s><grants>", one.role())
		for _, grant := range one.grants {
			write(&roles, grant)
		}
		fmt.Fprintf(&roles, "</grants></%s>", one.role())
		write(&taken, "GRANT "+quoteName(one.role()))
	}
	return fmt.Sprintf(`<roles>%s%s</roles>
    <quotas><default></default></quotas>
    <users><default>
        <password></password>
        <networks><ip>::/0</ip></networks>
        <profile>default</profile>
        <quota>default</quota>
        <grants>%s</grants>
    </default></users>`, a.roles, roles.String(), taken.String())
}

// authenticate takes credentials from where a server looks for them: X-ClickHouse headers, basic authentication, the URL.
// Nothing given means the user default without a password.
func (a *accounts) authenticate(r *http.Request) (account, error) {
	name, password := r.Header.Get("X-ClickHouse-User"), r.Header.Get("X-ClickHouse-Key")
	if name == "" && password == "" {
		basicName, basicPassword, given := r.BasicAuth()
		query := r.URL.Query()
		if name, password = basicName, basicPassword; !given {
			name, password = query.Get("user"), query.Get("password")
		}
	}
	if name == "" {
		name = "default"
	}
	at := slices.IndexFunc(a.list, func(one account) bool { return one.Name == name })
	var one account
	if at >= 0 {
		one = a.list[at]
	}
	given := sha256.Sum256([]byte(password))
	if subtle.ConstantTimeCompare(one.password[:], given[:]) == 1 && at >= 0 {
		return one, nil
	}
	return account{}, refuse(codeAuthenticationFailed, "AUTHENTICATION_FAILED",
		"Authentication failed: password is incorrect, or there is no user with such name")
}
