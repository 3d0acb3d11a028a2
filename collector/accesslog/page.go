package accesslog

import (
	"strings"
	"time"
)

// Page tells whether the request showed somebody a page: a GET that was answered with a whole document, or with "not
// modified" to a browser that has it, of something that is no part of a page by its name.
func (l *Line) Page() Reason {
	switch {
	case l.Method != get:
		return NotGet
	case !shown(l.Status):
		return NotServed
	case isAsset(path(l.Target)):
		return Asset
	case l.Target[0] != '/' && !l.IsWhole():
		return Unreadable
	}
	return Page
}

// IsWhole tells whether the target is a whole URL, as a proxy's client sends it.
func (l *Line) IsWhole() bool {
	return strings.HasPrefix(l.Target, "http://") || strings.HasPrefix(l.Target, "https://")
}

const get = "GET"

func shown(status int) bool {
	const firstGood, noContent, lastBad, afterGood, notModified = 200, 204, 207, 300, 304 // from 204 to 207: nothing, or a part
	return status >= firstGood && status < noContent || status > lastBad && status < afterGood || status == notModified
}

// InTime tells whether the time of the request can be right and is not past what is kept.
func (l *Line) InTime(oldest, now time.Time) Reason {
	const early = time.Minute
	switch {
	case l.Time.After(now.Add(early)):
		return FromFuture
	case l.Time.Before(oldest):
		return TooOld
	}
	return Page
}

// path is a target without its query.
func path(target string) string {
	if end := strings.IndexAny(target, "?#"); end >= 0 {
		return target[:end]
	}
	return target
}

// isAsset knows by its extension what browsers fetch for a page, what feeds and robots fetch, and what is downloaded.
// A name with an unknown extension, or none, is a page.
func isAsset(path string) bool {
	if strings.Contains(path, "/.well-known/") {
		return true
	}
	name := path[strings.LastIndexByte(path, '/')+1:]
	dot := strings.LastIndexByte(name, '.')
	if dot < 0 || len(name)-dot-1 > longestExtension {
		return false
	}
	var room [longestExtension]byte
	lower := room[:copy(room[:], name[dot+1:])]
	for i, c := range lower {
		if c >= 'A' && c <= 'Z' {
			lower[i] = c | 0x20
		}
	}
	return assetExtension(string(lower))
}

const longestExtension = 11

func assetExtension(extension string) bool {
	switch extension {
	case "css", "js", "mjs", "cjs", "ts", "map", "wasm", "json", "webmanifest", "xml", "rss", "atom", "xsl", "txt", "yaml", "yml",
		"png", "jpg", "jpeg", "jfif", "gif", "webp", "avif", "svg", "svgz", "ico", "cur", "bmp", "tif", "tiff", "heic", "apng",
		"woff", "woff2", "ttf", "otf", "eot",
		"mp3", "mp4", "m4a", "m4v", "m4s", "m3u8", "mpd", "webm", "ogg", "oga", "ogv", "opus", "wav", "flac", "aac", "mov", "avi", "mkv", "vtt", "srt",
		"pdf", "doc", "docx", "xls", "xlsx", "ppt", "pptx", "odt", "ods", "odp", "rtf", "csv", "tsv", "epub", "djvu", "ics", "vcf",
		"zip", "gz", "tgz", "bz2", "xz", "zst", "7z", "rar", "tar", "iso", "dmg", "exe", "msi", "apk", "ipa", "deb", "rpm", "bin", "jar",
		"sql", "bak", "log", "env", "ini", "conf", "swf":
		return true
	}
	return false
}
