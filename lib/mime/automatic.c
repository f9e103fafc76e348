/* SPDX-License-Identifier: MIT */
/* Who or what wrote a message: RFC 3834, and what mailers did before it and do beside it. */
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "mime/message.h"
#include "mime/parameter.h"
#include "mime/tree_state.h"

/* Fields that say so; `value` "" is any but a "no". The first row that fits counts. */
static const struct {
	const char *name, *value;
	email_auto what;
} marks[] = {
	{"X-Autoreply", "", EMAIL_AUTO_REPLIED},
	{"X-Autorespond", "", EMAIL_AUTO_REPLIED},
	{"X-Autoresponder", "", EMAIL_AUTO_REPLIED},
	{"X-Mail-Autoreply", "", EMAIL_AUTO_REPLIED},
	{"Precedence", "auto_reply", EMAIL_AUTO_REPLIED},
	{"Precedence", "bulk", EMAIL_AUTO_GENERATED},
	{"Precedence", "list", EMAIL_AUTO_GENERATED},
	{"Precedence", "junk", EMAIL_AUTO_GENERATED},
	{"List-Id", "", EMAIL_AUTO_GENERATED},          /* RFC 2919 */
	{"List-Unsubscribe", "", EMAIL_AUTO_GENERATED}, /* RFC 2369 */
	{"X-Auto-Response-Suppress", "", EMAIL_AUTO_GENERATED},
};

static bool
is_no(const char *value)
{
	return email__str_equal(value, "no") || email__str_equal(value, "none") ||
	       email__str_equal(value, "false");
}

/* The first word of a field, in lower case; "" where there is none. NULL: no memory. */
static const char *
first_word(email__tree *t, const char *name)
{
	email__field *f = email__tree_field(t, 0, name);
	const char *word = f ? email__parameter_value(&t->arena, email__field_value(f), f->value_n) : "";

	if (!word)
		email__error_memory(t->error, EMAIL_STAGE_NONE);
	return word;
}

static email_auto
by_marks(email__tree *t)
{
	size_t i;

	for (i = 0; i < sizeof marks / sizeof marks[0]; i++) {
		const char *value = email__tree_header(t, 0, marks[i].name);

		if (marks[i].value[0] ? email__str_equal(value, marks[i].value) : value[0] && !is_no(value))
			return marks[i].what;
	}
	return EMAIL_AUTO_NO;
}

static bool
answers(const email__tree *t)
{
	return email__tree_field(t, 0, "In-Reply-To") || email__tree_field(t, 0, "References");
}

/* RFC 3834 5. Exchange calls its out-of-office replies generated, but they answer, and forbid to be answered. */
static email_auto
by_word(const email__tree *t, const char *word)
{
	if (strcmp(word, "no") == 0)
		return EMAIL_AUTO_NO;
	if (strcmp(word, "auto-replied") == 0 ||
	    (answers(t) && email__tree_field(t, 0, "X-Auto-Response-Suppress")))
		return EMAIL_AUTO_REPLIED;
	return EMAIL_AUTO_GENERATED;
}

/* RFC 6522 3: what kind of report; a read receipt (RFC 8098) is an answer, others (RFC 5965) are not. */
static email_auto
by_report_type(email__tree *t)
{
	const email__field *f = email__tree_field(t, 0, "Content-Type");
	uint64_t ignored = 0;
	bool memory = false;
	const char *type;

	type = f ? email__parameter_read(&t->arena, email__field_value(f), f->value_n, "report-type",
	                                 &ignored, &memory)
	         : NULL;
	if (memory)
		email__error_memory(t->error, EMAIL_STAGE_NONE);
	if (type && email__str_equal(type, "disposition-notification"))
		return EMAIL_AUTO_REPLIED;
	if (type && !email__str_equal(type, "delivery-status"))
		return EMAIL_AUTO_GENERATED;
	return EMAIL_AUTO_REPORT;
}

email_auto
email_message_auto(email_message *message)
{
	email__tree *t = message->tree;
	email_auto what;
	const char *word;

	email__error_clear(&message->error);
	if (!t || email__tree_deliveries(t))
		return EMAIL_AUTO_NO;
	if (t->delivery_count || email__bounce_likely(t) == EMAIL__BOUNCE_SURE)
		return EMAIL_AUTO_REPORT;
	if (strcmp(t->node[0].part.type, "multipart/report") == 0)
		return by_report_type(t);
	if (!(word = first_word(t, "Auto-Submitted")))
		return EMAIL_AUTO_NO;
	if (word[0])
		return by_word(t, word);
	if ((what = by_marks(t)) != EMAIL_AUTO_NO)
		return what;
	/* nobody may answer to the null path, so it was a program that wrote (RFC 5321 4.5.5) */
	if (email__bounce_likely(t) == EMAIL__BOUNCE_MAYBE)
		return answers(t) ? EMAIL_AUTO_REPLIED : EMAIL_AUTO_GENERATED;
	return EMAIL_AUTO_NO;
}
