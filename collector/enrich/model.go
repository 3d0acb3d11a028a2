package enrich

import (
	"slices"
	"strings"

	"mayak/schema/event"
)

// addModel finds the model in the platform's comment and the brand behind it.
func addModel(told *event.Agent, ua *scanned) {
	switch told.OS {
	case iOS, iPadOS, macOS, tvOS, watchOS:
		told.Brand = "Apple"
		for _, m := range []struct{ mark, model string }{
			{"ipad", "iPad"}, {"ipod", "iPod touch"}, {"iphone", "iPhone"}, {"apple tv", "Apple TV"}, {"appletv", "Apple TV"},
		} {
			if ua.has(m.mark) {
				told.Model = m.model
				return
			}
		}
		return
	case android, harmonyOS, tizen:
		told.Model = modelIn(ua.comment)
		told.Brand = brandOf(told.Model)
	}
	if told.OS == webOS && ua.ofPalm() {
		told.Brand = "Palm"
	}
	if told.Brand == "" {
		told.Brand = soleMakers[told.OS]
	}
	if told.Brand == "" && told.Model == "" && (ua.phone || handheldSystems[told.OS]) {
		told.Brand = oldBrand(ua)
	}
	if ua.has("xbox") {
		told.Brand, told.Model = "Microsoft", "Xbox"
	}
}

// modelIn finds the model in "Linux; U; Android 12; ru-ru; SM-A536B Build/SP1A; wv": the first part behind the
// system's that is not one of the parts that every agent has.
func modelIn(comment string) string {
	behind := false
	for part := range strings.SplitSeq(comment, ";") {
		part = strings.TrimSpace(part)
		lower := lowerASCII(part)
		if !behind {
			behind = strings.HasPrefix(lower, "android") || strings.HasPrefix(lower, "adr ") || strings.HasPrefix(lower, "tizen") ||
				strings.HasPrefix(lower, "harmonyos") || strings.HasPrefix(lower, "openharmony")
			continue
		}
		if noModel(lower) {
			continue
		}
		for _, tail := range []string{" build", "/", " miui", "_td", " tizen", ")"} {
			if at := strings.Index(lower, tail); at > 0 {
				part, lower = part[:at], lower[:at]
			}
		}
		return cleaned(strings.TrimPrefix(part, "SAMSUNG "))
	}
	return ""
}

// noModel tells the parts that are not a model: a locale, an engine's version, what kind of device asks.
func noModel(lower string) bool {
	switch lower {
	case "", "k", "u", "wv", "mobile", "tablet", "phone", "harmonyos", "unspecified", "unknown", "linux", "arm", "arm_64", "tv", "smart tv", "android tv", "wear os":
		return true
	}
	if strings.HasPrefix(lower, "rv:") || strings.HasPrefix(lower, "build/") || strings.HasPrefix(lower, "android") ||
		strings.HasPrefix(lower, "harmonyos") || strings.HasPrefix(lower, "hmscore") || strings.HasPrefix(lower, "windows") || strings.HasPrefix(lower, "opera ") {
		return true
	}
	return isLocale(lower)
}

func isLocale(lower string) bool {
	letters := func(s string) bool {
		for i := range len(s) {
			if s[i] < 'a' || s[i] > 'z' {
				return false
			}
		}
		return true
	}
	return len(lower) == 2 && letters(lower) || len(lower) == 3 && lower[2] == '-' ||
		len(lower) == 5 && (lower[2] == '-' || lower[2] == '_') && letters(lower[:2]) && letters(lower[3:])
}

func isDigits(s string) bool { return strings.Trim(s, "0123456789") == "" }

// oldBrand knows the brand of a phone that tells no model behind its system.
func oldBrand(ua *scanned) string {
	for i := range oldBrands {
		if ua.hasWord(oldBrands[i].mark) {
			return oldBrands[i].brand
		}
	}
	return ""
}

// brandOf finds the brand of a model: by its longest prefix in the table.
func brandOf(model string) string {
	lower := lowerASCII(model)
	for size := min(len(lower), maxBrandPrefix); size > 1; size-- {
		if brand, ok := brands[lower[:size]]; ok {
			return brand
		}
	}
	return ""
}

// tvModel knows the televisions that their makers number by their inches, and whose browsers say that they are mobile:
// 43UK30G, 55UR50GR. A phone's number goes on with digits.
func tvModel(model string) bool {
	if strings.HasSuffix(lowerASCII(model), "box") {
		return true // what makes a television of a screen: TVBOX, MiBOX
	}
	return len(model) >= len("43U600") && slices.Contains(inches, model[:2]) && isUpper(model[2]) && strings.ContainsAny(model[3:6], "0123456789") &&
		!strings.Contains(model, " ")
}

func isUpper(c byte) bool { return c >= 'A' && c <= 'Z' }

// modelDevice tells tablets from phones by the model, where the table or the name itself says which; empty is unknown.
func modelDevice(brand, model string) string {
	if model == "" {
		return ""
	}
	lower := lowerASCII(model)
	if strings.Contains(lower, "pad") || strings.Contains(lower, "tab") && !strings.Contains(lower, "table ") || numberedTablet(lower) {
		return tablet
	}
	for size := min(len(lower), maxModelPrefix); size > 1; size-- {
		if device, ok := models[lower[:size]]; ok {
			if lower[:size] == "kf" && brand == "TECNO" { // Amazon's begin with it, too
				return mobile
			}
			return device
		}
	}
	return ""
}

// numberedTablet knows how makers number their tablets.
func numberedTablet(lower string) bool {
	// Huawei and HONOR: BAH4-W09, NDL-W19, which have no telephone in them.
	if at := strings.Index(lower, "-w"); at > 0 && len(lower) == at+len("-w09") && lower[at+3] == '9' {
		return true
	}
	// Alcatel and TCL: 8050 to 9499.
	return len(lower) >= 4 && lower >= "8050" && lower < "9500" && isDigits(lower[:4]) && (len(lower) == 4 || !isDigits(lower[4:5]))
}
