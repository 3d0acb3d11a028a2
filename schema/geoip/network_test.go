package geoip

import "testing"

func TestNetworkKinds(t *testing.T) {
	index := newNetworkIndex()
	for _, tt := range []struct{ organisation, want string }{
		{"JSC Kazakhtelecom", ISP},
		{"JSC Transtelecom", ISP},
		{"JSC Alma Telecommunications", ISP},
		{`"ASTEL" JSC`, ISP},
		{"PJSC Rostelecom", ISP},
		{`JSC "ER-Telecom Holding"`, ISP},
		{`PJSC "Vimpelcom"`, ISP},
		{"OJSC Kyrgyztelecom", ISP},
		{`"Uzbektelekom" Joint Stock Company`, ISP},
		{"Limited liability company Kursktelecom", ISP},
		{"Comcast Cable Communications, LLC", ISP},
		{"Google Fiber Inc.", ISP},
		{"SpaceX Services, Inc.", ISP},

		{"Kcell JSC", Mobile},
		{"Kar-Tel LLC", Mobile},
		{"Mobile Telecom-Service LLP", Mobile},
		{"PJSC MegaFon", Mobile},
		{"MTS PJSC", Mobile},
		{"T2 Mobile LLC", Mobile},
		{"COSCOM Liability Limited Company", Mobile},
		{"CJSC Babilon-Mobile", Mobile},
		{"Reliance Jio Infocomm Limited", Mobile},

		{"Amazon.com, Inc.", Hosting},
		{"Google LLC", Hosting},
		{"Microsoft Corporation", Hosting},
		{"Hetzner Online GmbH", Hosting},
		{"OVH SAS", Hosting},
		{"DigitalOcean, LLC", Hosting},
		{"Yandex.Cloud LLC", Hosting},
		{"JSC Selectel", Hosting},
		{"PS Internet Company LLP", Hosting},
		{`LLP "Kompaniya Hoster.KZ"`, Hosting},
		{`"Cloud Services Kazakhstan" LLP`, Hosting},
		{"Freedom Data Centers LLP", Hosting},
		{"Datacamp Limited", Hosting},
		{`"Domain names registrar REG.RU", Ltd`, Hosting},
		{"Megahost Kazakhstan TOO", Hosting},
		{"MYCLOUD LLC", Hosting},

		{"JSC Narxoz University", Education},
		{"KazRENA", Education},
		{"Jisc Services Limited", Education},
		{"KRENA - Kyrgyz research and education network association", Education},
		{"Clark County School District", Education},

		{"National Information Technologies Joint-Stock Company", Government},
		{"UK Ministry of Defence", Government},
		{"DoD Network Information Center", Government},
		{"Customs service under the Government of the Republic of Tajikistan", Government},

		{"JSC Kaspi Bank", Corporate},
		{"Nurbank JSC", Corporate},
		{"Ford Motor Company", Corporate},
		{"Apple Inc.", Corporate},
		{"Karachaganak Petroleum Operating b.v. Kazakhstan Branch Office", Corporate},

		// What the beginning of a word says, its middle does not.
		{"Compartment LLP", ""},
		{"Ashland Works", ""},
		{"Nurmukan Zhantorin", ""},
		{"AS42004200", ""},
		{"\xff\xfe", ""},
		{"", ""},
	} {
		if got := index.kind(tt.organisation); got != tt.want {
			t.Errorf("kind(%q) = %q, want %q", tt.organisation, got, tt.want)
		}
	}
}

func TestEveryMarkOfTheNetworksCanBeFound(t *testing.T) {
	index := newNetworkIndex()
	known := map[string]bool{Hosting: true, Mobile: true, ISP: true, Corporate: true, Education: true, Government: true}
	found := 0
	for first, names := range index {
		for _, n := range names {
			found++
			if int(n.mark[0]) != first || !known[n.kind] || plainName(n.mark) != " "+n.mark && plainName(n.mark) != " "+n.mark+" " {
				t.Errorf("mark %q of %q is not written as names are", n.mark, n.kind)
			}
		}
	}
	if found < 400 {
		t.Errorf("%d marks, want at least 400", found)
	}
}

func BenchmarkNetworkKind(b *testing.B) {
	index := newNetworkIndex()
	b.ReportAllocs()
	for b.Loop() {
		index.kind(`JSC "Something that says nothing"`)
	}
}
