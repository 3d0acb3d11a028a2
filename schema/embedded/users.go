package embedded

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
)

// users are who may talk to the engine, by name, with the SHA-256 of their passwords.
type users map[string][sha256.Size]byte

// authenticate takes credentials from where a server looks for them: X-ClickHouse headers, basic authentication, the URL.
// Nothing given means the user default without a password.
func (u users) authenticate(r *http.Request) *exception {
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
	want, known := u[name]
	got := sha256.Sum256([]byte(password))
	if subtle.ConstantTimeCompare(want[:], got[:]) == 1 && known {
		return nil
	}
	return refuse(codeAuthenticationFailed, "AUTHENTICATION_FAILED",
		"%s: Authentication failed: password is incorrect, or there is no user with such name", name)
}

func (u users) add(name, password string) { u[name] = sha256.Sum256([]byte(password)) }
