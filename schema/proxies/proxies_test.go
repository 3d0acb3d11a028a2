package proxies

import "testing"

func TestAProxysAddressMayBeWrittenAsIPv6(t *testing.T) {
	for text, want := range map[string]string{
		"::ffff:10.0.0.0/104": "10.0.0.0/8", "::ffff:10.0.0.7": "10.0.0.7/32", "::ffff:10.1.2.3/128": "10.1.2.3/32", "10.1.2.3/8": "10.0.0.0/8", "2001:db8::1/32": "2001:db8::/32",
	} {
		if got, err := parsePrefix(text); got.String() != want || err != nil {
			t.Errorf("%s is read as %s, %v; want %s", text, got, err, want)
		}
	}
}
