/* SPDX-License-Identifier: MIT */
#include "mime/type.h"

#include <stddef.h>
#include <string.h>

#include "base/str.h"

/* A message as a file (.eml) is bytes: message/rfc822 may not be base64. */
static const struct {
	const char *extension, *type;
} types[] = {
	{"7z", "application/x-7z-compressed"},
	{"apng", "image/apng"},
	{"avi", "video/x-msvideo"},
	{"avif", "image/avif"},
	{"bmp", "image/bmp"},
	{"css", "text/css"},
	{"csv", "text/csv"},
	{"doc", "application/msword"},
	{"docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
	{"emf", "image/emf"},
	{"flac", "audio/flac"},
	{"gif", "image/gif"},
	{"gz", "application/gzip"},
	{"heic", "image/heic"},
	{"htm", "text/html"},
	{"html", "text/html"},
	{"ico", "image/vnd.microsoft.icon"},
	{"ics", "text/calendar"},
	{"jfif", "image/jpeg"},
	{"jpe", "image/jpeg"},
	{"jpeg", "image/jpeg"},
	{"jpg", "image/jpeg"},
	{"js", "text/javascript"},
	{"json", "application/json"},
	{"log", "text/plain"},
	{"m4a", "audio/mp4"},
	{"md", "text/markdown"},
	{"mov", "video/quicktime"},
	{"mp3", "audio/mpeg"},
	{"mp4", "video/mp4"},
	{"ods", "application/vnd.oasis.opendocument.spreadsheet"},
	{"odt", "application/vnd.oasis.opendocument.text"},
	{"ogg", "audio/ogg"},
	{"otf", "font/otf"},
	{"pdf", "application/pdf"},
	{"png", "image/png"},
	{"ppt", "application/vnd.ms-powerpoint"},
	{"pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"},
	{"rtf", "application/rtf"},
	{"svg", "image/svg+xml"},
	{"tar", "application/x-tar"},
	{"tif", "image/tiff"},
	{"tiff", "image/tiff"},
	{"tsv", "text/tab-separated-values"},
	{"ttf", "font/ttf"},
	{"txt", "text/plain"},
	{"vcf", "text/vcard"},
	{"wav", "audio/x-wav"},
	{"webm", "video/webm"},
	{"webp", "image/webp"},
	{"wmf", "image/wmf"},
	{"woff", "font/woff"},
	{"woff2", "font/woff2"},
	{"xls", "application/vnd.ms-excel"},
	{"xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
	{"xml", "application/xml"},
	{"yaml", "application/yaml"},
	{"zip", "application/zip"},
};

const char *
email__type_of_name(const char *name)
{
	const char *dot = strrchr(name, '.');
	size_t i;

	for (i = 0; dot && i < sizeof types / sizeof *types; i++)
		if (email__str_equal(dot + 1, types[i].extension))
			return types[i].type;
	return "application/octet-stream";
}

/* token of RFC 2045 5.1; returns its end, which is `s` where there is none. */
static const char *
token(const char *s)
{
	while (*s > ' ' && *s < 0x7F && !strchr("()<>@,;:\\\"/[]?=", *s))
		s++;
	return s;
}

static const char *
quoted(const char *s)
{
	for (s++; *s != '"'; s++) {
		if (*s == '\\')
			s++;
		if (*s < ' ' || *s >= 0x7F)
			return NULL;
	}
	return s + 1;
}

/* *("; " name "=" value), to the end. */
static bool
parameters_valid(const char *s)
{
	while (*s == ';') {
		const char *name, *end;

		for (s++; *s == ' '; s++)
			;
		name = s;
		end = s = token(s);
		if (end == name || *s != '=' || (end - name >= 4 && email__str_equal_n(name, "name", 4)))
			return false;
		s++;
		if (*s == '"') {
			if (!(s = quoted(s)))
				return false;
		} else {
			end = token(s);
			if (end == s)
				return false;
			s = end;
		}
	}
	return *s == '\0';
}

bool
email__type_valid(const char *type)
{
	const char *slash = token(type), *end;

	if (slash == type || *slash != '/' || strlen(type) > 200)
		return false;
	end = token(slash + 1);
	if (end == slash + 1)
		return false;
	if (email__str_equal_n(type, "multipart/", 10) || email__str_equal_n(type, "message/", 8))
		return false;
	return parameters_valid(end);
}
