package enrich

import "testing"

func TestNetworkKinds(t *testing.T) {
	index := newNetworkIndex()
	for _, tt := range []struct{ organisation, want string }{
		{"JSC Kazakhtelecom", isp},
		{"JSC Transtelecom", isp},
		{"JSC Alma Telecommunications", isp},
		{`"ASTEL" JSC`, isp},
		{"PJSC Rostelecom", isp},
		{`JSC "ER-Telecom Holding"`, isp},
		{`PJSC "Vimpelcom"`, isp},
		{"OJSC Kyrgyztelecom", isp},
		{`"Uzbektelekom" Joint Stock Company`, isp},
		{"Limited liability company Kursktelecom", isp},
		{"Comcast Cable Communications, LLC", isp},
		{"Google Fiber Inc.", isp},
		{"SpaceX Services, Inc.", isp},

		{"Kcell JSC", mobileNet},
		{"Kar-Tel LLC", mobileNet},
		{"Mobile Telecom-Service LLP", mobileNet},
		{"PJSC MegaFon", mobileNet},
		{"MTS PJSC", mobileNet},
		{"T2 Mobile LLC", mobileNet},
		{"COSCOM Liability Limited Company", mobileNet},
		{"CJSC Babilon-Mobile", mobileNet},
		{"Reliance Jio Infocomm Limited", mobileNet},

		{"Amazon.com, Inc.", hosting},
		{"Google LLC", hosting},
		{"Microsoft Corporation", hosting},
		{"Hetzner Online GmbH", hosting},
		{"OVH SAS", hosting},
		{"DigitalOcean, LLC", hosting},
		{"Yandex.Cloud LLC", hosting},
		{"JSC Selectel", hosting},
		{"PS Internet Company LLP", hosting},
		{`LLP "Kompaniya Hoster.KZ"`, hosting},
		{`"Cloud Services Kazakhstan" LLP`, hosting},
		{"Freedom Data Centers LLP", hosting},
		{"Datacamp Limited", hosting},
		{`"Domain names registrar REG.RU", Ltd`, hosting},
		{"Megahost Kazakhstan TOO", hosting},
		{"MYCLOUD LLC", hosting},

		{"JSC Narxoz University", education},
		{"KazRENA", education},
		{"Jisc Services Limited", education},
		{"KRENA - Kyrgyz research and education network association", education},
		{"Clark County School District", education},

		{"National Information Technologies Joint-Stock Company", government},
		{"UK Ministry of Defence", government},
		{"DoD Network Information Center", government},
		{"Customs service under the Government of the Republic of Tajikistan", government},

		{"JSC Kaspi Bank", corporate},
		{"Nurbank JSC", corporate},
		{"Ford Motor Company", corporate},
		{"Apple Inc.", corporate},
		{"Karachaganak Petroleum Operating b.v. Kazakhstan Branch Office", corporate},

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
	known := map[string]bool{hosting: true, mobileNet: true, isp: true, corporate: true, education: true, government: true}
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
