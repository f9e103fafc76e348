/* SPDX-License-Identifier: MIT */
#include <emailservice/parse.h>

static const struct {
	const char *name, *text;
} defects[] = {
#define X(name, code, text) {code, text},
	EMAIL_DEFECTS(X)
#undef X
};

const char *
email_defect_name(email_defect defect)
{
	return (unsigned)defect < EMAIL_DEFECT_COUNT ? defects[defect].name : "";
}

const char *
email_defect_text(email_defect defect)
{
	return (unsigned)defect < EMAIL_DEFECT_COUNT ? defects[defect].text : "";
}
