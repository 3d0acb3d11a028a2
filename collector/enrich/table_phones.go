//nolint:gochecknoglobals // tables, which nothing writes to.
package enrich

// phoneMakers are what the agents of phones with buttons begin with, in lower case: the maker's or the operator's name, and
// then the model's number. Those agents tell no engine and no system, as programs' do not.
var phoneMakers = []string{
	"acer", "aiko", "alcatel", "amoi", "asus-", "audiovox", "benq", "bird", "blackberry", "celkon", "cdm", "docomo", "dopod", "ericsson", "explay",
	"fly", "gionee", "gt-", "haier", "hisense", "hitachi", "hp ipaq", "hpipaq", "htc", "huawei", "i-mobile", "i-mate", "inq", "intex", "j-phone",
	"jiophone", "karbonn", "kddi", "konka", "kwc-", "kyocera", "lava", "lct", "lenovo", "lg", "lge", "malata", "maxx", "micromax", "mitsu", "mot-",
	"moto", "motorola", "mtk", "nec-", "ngm", "nokia", "o2", "palm", "panasonic", "pantech", "philips", "qtek", "rim", "sagem", "sam-", "samsung",
	"sanyo", "sch-", "sec-s", "sendo", "sgh-", "sharp", "sie-", "siemens", "softbank", "sonyericsson", "sph-", "spice", "spv", "tcl-", "telit",
	"tianyu", "toshiba", "treo", "utstar", "vertu", "videocon", "vodafone", "voxtel", "vx", "wellcom", "xda", "zte",
}

// phoneMarks are words of agents of phones with buttons alone, and of the services that turned pages into what they could show.
var phoneMarks = []string{
	"up.browser", "up.link", "midp", "cldc", "mmp/", "obigo", "foma;", "docomo", "softbank", "kddi-", "portalmmm", "j-phone", "brew ", "brew-", "brew/",
	"(brew", "windows; ppc", "ppc; 2", "ppc; 4", "ppc; 3", "(pda;", "palmos", "palmsource", "wap2.0", "wap browser", "smit-browser", "teleca", "telecabrowser", "plxbrow", "nucleus", "openwave",
	"ucweb", "hiptop", "jig browser", "polaris", "nf-browser", "au.browser", "rocketbrowser", "techsoft", "mauibrowser", "maui_wap", "maui wap", "dolfin", "semc-browser",
	"wireless transcoder", "opera mobi", "smartphone;", "iemobile", "(rex;", "xda_", "htc_", "samsung-", "sprint scp", "ddipocket", "willcom",
}

var phoneIndex = indexMarks(phoneMarks, func(mark string) string { return mark })
