package beacon

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/valyala/fasthttp"

	"mayak/collector/hit"
)

// everything is a body with all keys, and complete is the hit that it is.
const everything = `{
	"site":"demo", "url":"http://localhost/a?b=c", "type":"error", "id":"4f1d", "page":"77aa", "referrer":"https://r.test/", "title":"\u0411\"e\"",
	"screen":"1920x1080", "viewport":"1200x800", "dpr":1.5, "lang":"kk-KZ", "tz":"Asia/Almaty", "name":"signup",
	"props":{"plan":"x","seats":3,"trial":true,"none":null}, "value":12.5, "currency":"KZT", "engaged_ms":1499.6, "scroll":80,
	"vitals":{"lcp":1200.5,"cls":0.01,"status":200}, "error":{"message":"m","source":"s","line":3,"column":4,"stack":"t","kind":"k"},
	"hints":{"brands":"\"A\";v=\"1\"","mobile":"?0","platform":"Windows","platformVersion":"15.0.0","model":"M","formFactors":"\"Desktop\"",
		"architecture":"x86","bitness":"64","touch":5},
	"webdriver":true, "ts":1767225600123
}`

func complete() hit.Hit {
	return hit.Hit{
		Site: "demo", URL: "http://localhost/a?b=c", Type: "error", ID: "4f1d", Page: "77aa", Referrer: "https://r.test/", Title: `Б"e"`,
		Screen: "1920x1080", Viewport: "1200x800", DPR: 1.5, Language: "kk-KZ", TimeZone: "Asia/Almaty", Name: "signup",
		Props: []hit.Prop{{Key: "plan", Value: "x"}, {Key: "seats", Value: "3"}, {Key: "trial", Value: "true"}},
		Value: 12.5, HasValue: true, Currency: "KZT", EngagedMS: 1500, Scroll: 80,
		Vitals: []hit.Vital{{Name: "lcp", Value: 1200.5}, {Name: "cls", Value: 0.01}, {Name: "status", Value: 200}},
		Error:  hit.Error{Message: "m", Source: "s", Line: 3, Column: 4, Stack: "t", Kind: "k"},
		Hints: hit.Hints{
			Brands: `"A";v="1"`, Mobile: "?0", Platform: "Windows", PlatformVersion: "15.0.0", Model: "M", FormFactors: `"Desktop"`,
			Architecture: "x86", Bitness: "64",
		},
		Touch: 5, Webdriver: true, Time: time.Date(2026, 1, 1, 0, 0, 0, 123e6, time.UTC),
	}
}

// hitsEqual compares hits field by field; cmp would print them as "[hit]".
func hitsEqual(t *testing.T, want, got hit.Hit) {
	t.Helper()
	type bare hit.Hit
	if diff := cmp.Diff(bare(want), bare(got), cmpopts.EquateEmpty(), cmpopts.EquateComparable(want.Address)); diff != "" {
		t.Errorf("hit (-want +got):\n%s", diff)
	}
}

func TestAllKeysOfABody(t *testing.T) {
	r := new(request)
	if p := r.decode([]byte(everything), wireFields()); p != (problem{}) || len(r.refusals) > 0 {
		t.Fatal(p, r.first)
	}
	hitsEqual(t, complete(), r.hits[0])
}

func TestAllKeysOfAQuery(t *testing.T) {
	const query = "site=demo&url=http%3A%2F%2Flocalhost%2Fa%3Fb%3Dc&type=error&id=4f1d&page=77aa&referrer=https://r.test/&title=%D0%91%22e%22" +
		"&screen=1920x1080&viewport=1200x800&dpr=1.5&lang=kk-KZ&tz=Asia/Almaty&name=signup&p.plan=x&props.seats=3&p.trial=true&value=12.5" +
		"&currency=KZT&engaged_ms=1499.6&scroll=80&vitals.lcp=1200.5&vitals.cls=0.01&vitals.status=200&error.message=m&error.source=s" +
		"&error.line=3&error.column=4&error.stack=t&error.kind=k&hints.brands=%22A%22;v=%221%22&hints.mobile=?0&hints.platform=Windows" +
		"&hints.platformVersion=15.0.0&hints.model=M&hints.formFactors=%22Desktop%22&hints.architecture=x86&hints.bitness=64&hints.touch=5" +
		"&webdriver=true&ts=1767225600123"
	var args fasthttp.Args
	args.Parse(query)
	r := new(request)
	r.decodeQuery(&args, "https://referer.test/", wireFields())
	if len(r.refusals) > 0 {
		t.Fatal(r.first)
	}
	hitsEqual(t, complete(), r.hits[0])
}

func TestWhatIsTakenOfAKey(t *testing.T) {
	base := hit.Hit{Site: "demo", URL: "u"}
	with := func(change func(*hit.Hit)) hit.Hit {
		h := base
		change(&h)
		return h
	}
	for _, tt := range []struct {
		name, keys string
		want       hit.Hit
	}{
		{"null is absent", `"title":null,"props":null,"hints":null,"dpr":null`, base},
		{"the last of two counts", `"name":"a","name":"b"`, with(func(h *hit.Hit) { h.Name = "b" })},
		{"the last of two properties counts", `"props":{"k":1,"k":2}`, with(func(h *hit.Hit) { h.Props = []hit.Prop{{Key: "k", Value: "2"}} })},
		{"the last of two objects counts", `"props":{"a":1},"props":{"b":2}`, with(func(h *hit.Hit) { h.Props = []hit.Prop{{Key: "b", Value: "2"}} })},
		{"an escaped key is the key", `"na\u006de":"a"`, with(func(h *hit.Hit) { h.Name = "a" })},
		{"a number of a property stays as written", `"props":{"k":1e3}`, with(func(h *hit.Hit) { h.Props = []hit.Prop{{Key: "k", Value: "1e3"}} })},
		{"nobody's keys are counted", `"ip":"203.0.113.1","user_agent":"x","hints":{"wow64":false}`, with(func(h *hit.Hit) { h.Unknown = 3 })},
		{"a time in words", `"ts":"2026-01-31T12:00:00+05:00"`, with(func(h *hit.Hit) { h.Time = time.Date(2026, 1, 31, 7, 0, 0, 0, time.UTC) })},
		{"a value of nothing is a value", `"value":0`, with(func(h *hit.Hit) { h.HasValue = true })},
		{"a number beyond what can be counted", `"engaged_ms":1e300`, with(func(h *hit.Hit) { h.EngagedMS = 1 << 53 })},
		{"mobile as a boolean", `"hints":{"mobile":true}`, with(func(h *hit.Hit) { h.Hints.Mobile = "?1" })},
		{
			"brands as browsers give them", `"hints":{"brands":[{"brand":"Not\"A","version":"8"},{"brand":"B","version":"150.0"}]}`,
			with(func(h *hit.Hit) { h.Hints.Brands = `"Not\"A";v="8", "B";v="150.0"` }),
		},
		{"brands as pairs", `"hints":{"brands":[["B","1"],["C","2"]]}`, with(func(h *hit.Hit) { h.Hints.Brands = `"B";v="1", "C";v="2"` })},
		{"form factors as a list", `"hints":{"formFactors":["Mobile","XR"]}`, with(func(h *hit.Hit) { h.Hints.FormFactors = `"Mobile", "XR"` })},
		{"half a surrogate", `"name":"\ud83d"`, with(func(h *hit.Hit) { h.Name = "\ufffd" })},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := new(request)
			if p := r.decode([]byte(`{"site":"demo","url":"u",`+tt.keys+`}`), wireFields()); p != (problem{}) || len(r.refusals) > 0 {
				t.Fatal(p, r.first)
			}
			hitsEqual(t, tt.want, r.hits[0])
		})
	}
}

func TestWhatIsRefusedOfAKey(t *testing.T) {
	manyProps := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, `"k%d":%d,`, i, i)
		}
		return `"props":{` + strings.TrimSuffix(b.String(), ",") + `}`
	}
	for _, tt := range []struct{ keys, want string }{
		{`"screen":[1920,1080]`, `screen: want a string like "1920x1080"`},
		{`"title":{"a":1}`, "title: want a string"},
		{`"id":"` + strings.Repeat("x", 65) + `"`, "id: want a string of at most 64 bytes"},
		{`"id":12`, "id: want a string of at most 64 bytes"},
		{`"url":"` + strings.Repeat("x", 8193) + `"`, "url: want a string of at most 8192 bytes"},
		{`"url":""`, ""},
		{`"dpr":"2"`, "dpr: want a finite number"},
		{`"dpr":1e999`, "dpr: want a finite number"},
		{`"dpr":-1e999`, "dpr: want a finite number"},
		{`"value":true`, "value: want a finite number"},
		{`"webdriver":"yes"`, "webdriver: want true or false"},
		{`"ts":"yesterday"`, "ts: want milliseconds since 1970, or a time like 2026-01-31T12:00:00Z"},
		{`"ts":1e300`, "ts: want milliseconds since 1970, or a time like 2026-01-31T12:00:00Z"},
		{`"ts":false`, "ts: want milliseconds since 1970, or a time like 2026-01-31T12:00:00Z"},
		{`"props":{"a":{"b":1}}`, "props: want an object of at most 30 strings, numbers or booleans, each with a key"},
		{`"props":{"a":[1]}`, "props: want an object of at most 30 strings, numbers or booleans, each with a key"},
		{`"props":{"":1}`, "props: want an object of at most 30 strings, numbers or booleans, each with a key"},
		{`"props":[1]`, "props: want an object of at most 30 strings, numbers or booleans, each with a key"},
		{manyProps(31), "props: want an object of at most 30 strings, numbers or booleans, each with a key"},
		{manyProps(30), ""},
		{`"vitals":7`, "vitals: want an object"},
		{`"vitals":{"lcp":"1"}`, "vitals.lcp: want a finite number"},
		{`"error":{"line":"3"}`, "error.line: want a finite number"},
		{`"hints":[]`, "hints: want an object"},
		{`"hints":{"mobile":1}`, "hints.mobile: want true or false"},
		{`"hints":{"brands":[{"version":"1"}]}`, "hints.brands: want a string, as the request header of that name has it"},
		{`"hints":{"brands":[{"brand":"B","version":1}]}`, "hints.brands: want a string, as the request header of that name has it"},
		{`"hints":{"formFactors":[7]}`, "hints.formFactors: want a string, as the request header of that name has it"},
		{`"type":"click"`, "type: want pageview, event, engage, vitals or error"},
		{`"type":7`, "type: want pageview, event, engage, vitals or error"},
	} {
		t.Run(tt.want, func(t *testing.T) {
			r := new(request)
			if p := r.decode([]byte(`{"site":"demo","url":"u",`+tt.keys+`}`), wireFields()); p != (problem{}) {
				t.Fatal(p)
			}
			got := ""
			if len(r.refusals) > 0 {
				got = r.told()
			}
			if got != tt.want {
				t.Errorf("problem of %.60s = %q, want %q", tt.keys, got, tt.want)
			}
		})
	}
}

func TestBodiesThatAreNone(t *testing.T) {
	for _, tt := range []struct{ name, body, want string }{
		{"nothing", "", "body: not JSON"},
		{"white space", " \n ", "body: not JSON"},
		{"a form", "site=demo&url=u", "body: not JSON"},
		{"a string", `"demo"`, "body: want an object, or an array of them"},
		{"a number", `7`, "body: want an object, or an array of them"},
		{"null", `null`, "body: want an object, or an array of them"},
		{"not a number", `{"dpr":NaN}`, "body: not JSON"},
		{"not a number, in small letters", `{"dpr":nan}`, "body: not JSON"},
		{"infinity", `{"dpr":-Infinity}`, "body: not JSON"},
		{"infinity with a sign", `{"dpr":+inf}`, "body: not JSON"},
		{"cut off", `{"site":"demo"`, "body: not JSON"},
		{"cut off in a string", `{"site":"demo`, "body: not JSON: a string does not end"},
		{"cut off in an escape", `{"site":"demo\`, "body: not JSON: a string does not end"},
		{"a quote that is escaped", `{"site":"demo\"}`, "body: not JSON: a string does not end"},
		{"something after the end", good + `x`, "body: not JSON"},
		{"two objects", good + good, "body: not JSON"},
		{"a comma too many", `{"site":"demo",}`, "body: not JSON"},
		{"a literal cut off", `{"webdriver":tru}`, "body: not JSON"},
		{"a byte order mark", "\ufeff" + good, "body: not JSON"},
		{"another encoding", "{\"title\":\"\xcf\xf0\xe8\xe2\xe5\xf2\"}", "body: want UTF-8"},
		{"too deep", strings.Repeat("[", 7), "body: nested deeper than any key is"},
		{"deep to the limit of the body", strings.Repeat(`{"a":`, 13000), "body: nested deeper than any key is"},
		{"too many values", `{"a":[` + strings.Repeat("0,", 9000) + `0]}`, "body: more values than any batch has"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := new(request).decode([]byte(tt.body), wireFields())
			if got := p.name + ": " + p.want; got != tt.want {
				t.Errorf("problem = %q, want %q", got, tt.want)
			}
		})
	}
}

// A batch must not see what the hit before it in the same memory had.
func TestMemoryIsReusedClean(t *testing.T) {
	r, known := new(request), wireFields()
	r.decode([]byte("["+everything+","+everything+"]"), known)
	r.reset()
	r.decode([]byte("["+good+`,{"site":"demo"},`+good+`,{"site":"demo","title":"t"}]`), known)
	for _, h := range r.hits {
		hitsEqual(t, hit.Hit{Site: "demo", URL: "http://localhost/"}, h)
	}
	r.reset()
	for i, h := range r.hits[:cap(r.hits)] {
		if h.Site != "" || h.URL != "" || h.Title != "" {
			t.Errorf("what a page sent is kept in place %d after its request has ended", i)
		}
	}
}

// A body may cost what the widest sensible batch costs, however it is made.
func TestNoBodyCostsMuchMemory(t *testing.T) {
	fill := func(item string) string { return strings.Repeat(item, (maxBodyBytes-10)/len(item)) }
	for name, body := range map[string]string{
		"zeros":    "[" + fill("0,") + "0]",
		"brackets": fill("["),
		"objects":  "[" + fill("{},") + "{}]",
		"keys":     `{"a":{` + fill(`"":0,`) + `"":0}}`,
		"literals": fill("n"),
		"words":    `[` + fill("trux"),
		"quotes":   fill(`"`),
		"escapes":  `"` + fill(`\"`),
		"at limit": `{"a":[` + strings.Repeat("0,", maxTokens-10) + `0]}`,
		"text":     `{"site":"demo","url":"u","title":"` + fill("x")[:maxBodyBytes-100] + `"}`,
	} {
		t.Run(name, func(t *testing.T) {
			known, data := wireFields(), []byte(body)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			new(request).decode(data, known)
			runtime.ReadMemStats(&after)
			const bound = 2 << 20
			got := after.TotalAlloc - before.TotalAlloc
			t.Logf("%d bytes of body: %d bytes allocated", len(body), got)
			if got > bound {
				t.Errorf("a body of %d bytes costs %d bytes, want at most %d", len(body), got, bound)
			}
		})
	}
}
