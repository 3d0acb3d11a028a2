package accesslog

import (
	"errors"
	"fmt"
	"strings"
)

// piece is a variable of a format, or text between two.
type piece struct {
	text  string
	field field
	isVar bool
}

// compile cuts the format into variables and what ends each.
func compile(format string, next func(string) ([]piece, string, error)) ([]step, error) {
	var pieces []piece
	for rest := format; rest != ""; {
		found, after, err := next(rest)
		if err != nil {
			return nil, err
		}
		rest = after
		for _, p := range found {
			if last := len(pieces) - 1; !p.isVar && last >= 0 && !pieces[last].isVar {
				pieces[last].text += p.text
				continue
			}
			pieces = append(pieces, p)
		}
	}
	return steps(pieces)
}

func steps(pieces []piece) ([]step, error) {
	var made []step
	before := ""
	for i, p := range pieces {
		if !p.isVar {
			if before = p.text; i > 0 {
				made[len(made)-1].end = p.text
			}
			continue
		}
		if i > 0 && pieces[i-1].isVar {
			return nil, errors.New("two variables stand side by side: nothing tells where the first ends")
		}
		s := step{field: p.field, quoted: strings.HasSuffix(before, `"`)}
		if len(made) == 0 {
			s.before = before
		}
		made = append(made, s)
		before = ""
	}
	if len(made) == 0 {
		return nil, errors.New("it has no variable")
	}
	return made, nil
}

// nginxField reads text, or a variable: $name or ${name}.
func nginxField(format string) ([]piece, string, error) {
	if format[0] != '$' {
		end := strings.IndexByte(format, '$')
		if end < 0 {
			end = len(format)
		}
		return []piece{{text: format[:end]}}, format[end:], nil
	}
	end := 1
	for end < len(format) && (format[end] == '_' || isAlnum(format[end])) {
		end++
	}
	name, rest := format[1:end], format[end:]
	if inner, braced := strings.CutPrefix(format[1:], "{"); braced {
		var closed bool
		if name, rest, closed = strings.Cut(inner, "}"); !closed {
			return nil, "", errors.New("${ without }")
		}
	}
	if name == "" {
		return nil, "", errors.New("$ without a name")
	}
	return []piece{{field: nginxVariable(name), isVar: true}}, rest, nil
}

//nolint:cyclop // a table, one line each.
func nginxVariable(name string) field {
	switch name {
	case "remote_addr", "realip_remote_addr":
		return fieldAddress
	case "http_x_forwarded_for", "proxy_add_x_forwarded_for":
		return fieldForwarded
	case "time_local":
		return fieldCommonTime
	case "time_iso8601":
		return fieldISOTime
	case "msec":
		return fieldSeconds
	case "request":
		return fieldRequest
	case "request_method":
		return fieldMethod
	case "request_uri":
		return fieldTarget
	case "uri", "document_uri":
		return fieldPath
	case "args", "query_string":
		return fieldQuery
	case "scheme":
		return fieldScheme
	case "host", "http_host", "server_name":
		return fieldHost
	case "http_referer":
		return fieldReferrer
	case "http_user_agent":
		return fieldAgent
	case "http_accept_language":
		return fieldLanguage
	case "http_sec_gpc":
		return fieldGPC
	case "http_dnt":
		return fieldDNT
	case "http_sec_purpose", "http_purpose":
		return fieldPurpose
	case "status":
		return fieldStatus
	case "body_bytes_sent", "bytes_sent":
		return fieldBytes
	case "server_protocol":
		return fieldProtocol
	case "request_time":
		return fieldRequestSeconds
	case "upstream_response_time":
		return fieldUpstreamSeconds
	}
	return fieldIgnored
}

// apacheField reads text, or a directive: %h, %>s, %{Name}i.
func apacheField(format string) ([]piece, string, error) {
	if format[0] != '%' {
		end := strings.IndexByte(format, '%')
		if end < 0 {
			end = len(format)
		}
		return []piece{{text: format[:end]}}, format[end:], nil
	}
	rest := strings.TrimLeft(format[1:], "<>!,0123456789")
	argument := ""
	if inner, braced := strings.CutPrefix(rest, "{"); braced {
		var closed bool
		if argument, rest, closed = strings.Cut(inner, "}"); !closed {
			return nil, "", errors.New("%{ without }")
		}
	}
	if rest == "" {
		return nil, "", errors.New("% without a letter")
	}
	letter, rest := rest[0], rest[1:]
	if letter == '^' && len(rest) > 1 { // %^ti and %^to, trailers
		rest = rest[2:]
	}
	pieces, err := apacheDirective(letter, argument)
	return pieces, rest, err
}

//nolint:cyclop // a table, one line each.
func apacheDirective(letter byte, argument string) ([]piece, error) {
	one := func(f field) ([]piece, error) { return []piece{{field: f, isVar: true}}, nil }
	switch letter {
	case '%':
		return []piece{{text: "%"}}, nil
	case 'h', 'a':
		return one(fieldAddress)
	case 't':
		switch argument {
		case "":
			return []piece{{text: "["}, {field: fieldCommonTime, isVar: true}, {text: "]"}}, nil
		case "sec", "begin:sec":
			return one(fieldSeconds)
		}
		return nil, fmt.Errorf("%%{%s}t: of the times that Apache writes there are %%t and %%{sec}t", argument)
	case 'r':
		return one(fieldRequest)
	case 'm':
		return one(fieldMethod)
	case 'U':
		return one(fieldPath)
	case 'q':
		return one(fieldQuery)
	case 's':
		return one(fieldStatus)
	case 'b', 'B', 'O':
		return one(fieldBytes)
	case 'v', 'V':
		return one(fieldHost)
	case 'H':
		return one(fieldProtocol)
	case 'D':
		return one(fieldRequestMicros)
	case 'T':
		return one(fieldRequestSeconds)
	case 'i':
		return one(apacheHeader(strings.ToLower(argument)))
	}
	return one(fieldIgnored)
}

func apacheHeader(name string) field {
	switch name {
	case "referer":
		return fieldReferrer
	case "user-agent":
		return fieldAgent
	case "accept-language":
		return fieldLanguage
	case "sec-gpc":
		return fieldGPC
	case "dnt":
		return fieldDNT
	case "sec-purpose", "purpose":
		return fieldPurpose
	case "host":
		return fieldHost
	case "x-forwarded-for":
		return fieldForwarded
	}
	return fieldIgnored
}

func isAlnum(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
}
