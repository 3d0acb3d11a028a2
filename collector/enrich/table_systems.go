//nolint:gochecknoglobals // tables, which nothing writes to.
package enrich

// system is one mark of an operating system; marks and versions are in lower case.
type system struct {
	mark    string
	name    string
	version string // what the version follows; empty is none
}

// systems are tried in this order: what imitates another system stands before it.
var systems = []system{
	{"windows phone os", "Windows Phone", "windows phone os"},
	{"windows phone", "Windows Phone", "windows phone"},
	{"wpdesktop", "Windows Phone", ""},
	{"windows mobile", "Windows Mobile", "windows mobile"},
	{"windowsmobile", "Windows Mobile", ""},
	{"windows ce", "Windows CE", "windows ce"},
	{"xbox", windows, "windows nt"},
	{"playstation 5", "PlayStation", "playstation 5"},
	{"playstation", "PlayStation", "playstation"},
	{"nintendo", "Nintendo", ""},
	{"watchos", watchOS, "watchos"},
	{"watch os,", watchOS, "watch os,"},
	{"apple watch", watchOS, "watch os"},
	{"apple tv", tvOS, "cpu os"},
	{"appletv", tvOS, "tvos"},
	{"tvos", tvOS, "tvos"},
	{"openharmony", harmonyOS, "openharmony"},
	{"harmonyos", harmonyOS, "harmonyos"},
	{"arkweb/", harmonyOS, ""},
	{"tizen", tizen, "tizen"},
	{"web0s", webOS, "web0s"},
	{"webos", webOS, "webos"},
	{"hpwos", webOS, "hpwos"},
	{"netcast", webOS, "netcast"},
	{"kaios", kaiOS, "kaios"},
	{"roku", "Roku OS", "rokuos"},
	{"vidaa", "VIDAA", "vidaa"},
	{"vizios", "ViziOS", "vizios"},
	{"cros", chromeOS, ""},
	{"crkey", "Chromecast", ""},
	{"fuchsia", "Fuchsia", ""},
	{"sailfish", "Sailfish OS", ""},
	{"palm os", palmOS, "palm os"},
	{"palmos", palmOS, ""},
	{"palmsource", palmOS, ""},
	{"palmscape", palmOS, ""},
	{"blackberry", "BlackBerry OS", "version"},
	{"bb10", "BlackBerry OS", "version"},
	{"playbook", "BlackBerry Tablet OS", "rim tablet os"},
	{"symbian", "Symbian", "symbianos"},
	{"series 60", "Symbian", ""},
	{"series60", "Symbian", ""},
	{"series40", "Series 40", ""},
	{"bada", "Bada", "bada"},
	{"meego", "MeeGo", ""},
	{"maemo", "Maemo", ""},
	{"(mobile;", firefoxOS, ""}, // and no word of Android behind it
	{"(tablet;", firefoxOS, ""},
	{"(tv;", firefoxOS, ""},
	{"windows nt", windows, "windows nt"},
	{"windows", windows, "windows"},
	{"win64", windows, ""},
	{"win32", windows, ""},
	{"winnt", windows, "winnt"},
	{"win98", windows, ""},
	{"win95", windows, ""},
	{"ipad", iPadOS, "cpu os"},
	{"cpu iphone os", iOS, "cpu iphone os"},
	{"iphone os", iOS, "iphone os"},
	{"cpu os", iPadOS, "cpu os"},
	{"iphone; ios", iOS, "ios"},
	{"iphone", iOS, "ios"},
	{"ipod", iOS, "ios"},
	{"ios/", iOS, "ios/"},
	{"(ios ", iOS, "(ios"},
	{"; ios ", iOS, "; ios"},
	{"android", android, "android"},
	{"andr0id", android, "andr0id"},
	{"adr ", android, "adr"},
	{"remixos", android, ""},
	{"haiku", "Haiku", ""}, // says that it is a Macintosh
	{"mac os x", macOS, "mac os x"},
	{"macintosh", macOS, "mac os"},
	{"mac os", macOS, "mac os"},
	{"macos", macOS, "macos"},
	{"mac_powerpc", macOS, ""},
	{"darwin/", iOSorMac, ""},
	{"freebsd", "FreeBSD", "freebsd"},
	{"openbsd", "OpenBSD", "openbsd"},
	{"netbsd", "NetBSD", "netbsd"},
	{"dragonfly", "DragonFly BSD", ""},
	{"sunos", "Solaris", ""},
	{"solaris", "Solaris", ""},
	{"hp-ux", "HP-UX", ""},
	{"risc os", "RISC OS", "risc os"},
	{"amigaos", "AmigaOS", ""},
	{"amiga", "AmigaOS", ""},
	{"morphos", "MorphOS", ""},
	{"beos", "BeOS", ""},
	{"osf1", "OSF1", ""},
	{"openvms", "OpenVMS", ""},
	{"webtv", "WebTV", ""},
	{"aix", "AIX", ""},
	{"irix", "IRIX", ""},
	{"os/2", "OS/2", ""},
	{"linux", linux, ""},
	{"ubuntu", linux, ""},
	{"fedora", linux, ""},
	{"x11", linux, ""},
	{"j2me", "Java ME", ""},
	{"midp", "Java ME", ""},
}

var systemIndex = indexMarks(systems, func(s system) string { return s.mark })

// windowsVersions are the names that people know the versions of Windows NT by. NT 10.0 is 10 or 11; only the
// client hint Platform-Version tells.
var windowsVersions = map[string]string{
	"10.0": "10", "6.4": "10", "6.3": "8.1", "6.2": "8", "6.1": "7", "6.0": "Vista", "5.2": "XP", "5.1": "XP", "5.0": "2000",
}

// androidOnly are the browsers that run on no other Linux.
var androidOnly = map[string]bool{
	"Samsung Internet": true, "MIUI Browser": true, "HeyTap Browser": true, "vivo Browser": true, "Huawei Browser": true,
	"OPPO Browser": true, "Realme Browser": true, "Mint Browser": true,
}

// handheldSystems are those that run on phones and tablets: their agents may begin with anything.
var handheldSystems = map[string]bool{
	android: true, iOS: true, iPadOS: true, harmonyOS: true, kaiOS: true, firefoxOS: true, palmOS: true, tizen: true, webOS: true, tvOS: true, watchOS: true,
	"Java ME": true, "BlackBerry OS": true, "Symbian": true, "Series 40": true, "Bada": true, "Windows Phone": true,
	"Windows Mobile": true, "Windows CE": true, "PlayStation": true, "Nintendo": true, "Roku OS": true,
}
