package enrich

import (
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

// phoneModel knows the models whose applications and browsers of their own do not say "Mobile" though they are phones.
func phoneModel(model string) bool {
	lower := lowerASCII(model)
	for _, prefix := range phonePrefixes {
		if strings.HasPrefix(lower, prefix) {
			return true
		}
	}
	return false
}

// tabletModel knows the models whose browsers say "Mobile" though they are tablets.
func tabletModel(brand, model string) string {
	lower := lowerASCII(model)
	for _, prefix := range tabletPrefixes {
		if strings.HasPrefix(lower, prefix) && (prefix != "kf" || brand != "TECNO") { // both makers begin with it
			return tablet
		}
	}
	if strings.Contains(lower, "pad") || strings.Contains(lower, "tab") && !strings.Contains(lower, "table ") {
		return tablet
	}
	// Huawei and HONOR number what has no telephone in it: BAH4-W09, NDL-W19.
	if at := strings.Index(lower, "-w"); at > 0 && len(lower) == at+len("-w09") && lower[at+3] == '9' {
		return tablet
	}
	return ""
}
