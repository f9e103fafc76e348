/* SPDX-License-Identifier: MIT */
/* emailctl parse: what a message says, as one JSON document. */
#include <stdlib.h>
#include <string.h>

#include "cli.h"

/* Standard input cannot be read twice, so it is held: larger messages are to be given by name. */
#define INPUT_MAX (256 * 1024 * 1024)

/* Characters that jansson refuses or JSON readers stumble over do not occur: the library's texts are UTF-8. */
static json_t *
text_json(const char *text)
{
	json_t *value = json_string(text);

	return json_need(value ? value : json_string("?"));
}

static void
add_new(json_t *array, json_t *value)
{
	if (json_array_append_new(array, json_need(value)) != 0)
		need_memory(NULL);
}

/* Absent is left out: an empty list too. */
static void
set_list(json_t *object, const char *key, json_t *array)
{
	if (json_array_size(array))
		json_object_set_new(object, key, array);
	else
		json_decref(array);
}

/* --- the header --- */

static void
add_headers(json_t *document, email_message *m)
{
	json_t *headers = json_need(json_array());
	const char *name, *value;
	size_t i;

	for (i = 0; email_message_header_at(m, i, &name, &value); i++) {
		json_t *header = json_need(json_object());

		json_object_set_new(header, "name", text_json(name));
		json_object_set_new(header, "value", text_json(value));
		add_new(headers, header);
	}
	set_list(document, "headers", headers);
}

static void
add_mailboxes(json_t *document, email_message *m, const char *key, const char *field)
{
	json_t *array = json_need(json_array());
	const email_mailbox *list;
	size_t n = email_message_mailboxes(m, field, &list), i;

	for (i = 0; i < n; i++) {
		json_t *mailbox = json_need(json_object());

		json_text(mailbox, "name", list[i].name);
		json_object_set_new(mailbox, "address", text_json(list[i].address)); /* "": an empty group */
		json_text(mailbox, "group", list[i].group);
		add_new(array, mailbox);
	}
	set_list(document, key, array);
}

static void
add_ids(json_t *document, const char *key, const char *const *ids, size_t n)
{
	json_t *array = json_need(json_array());
	size_t i;

	for (i = 0; i < n; i++)
		add_new(array, text_json(ids[i]));
	set_list(document, key, array);
}

static void
add_fields(json_t *document, email_message *m)
{
	const char *const *ids;
	int64_t date;
	size_t n;

	add_headers(document, m);
	add_mailboxes(document, m, "from", "From");
	add_mailboxes(document, m, "to", "To");
	add_mailboxes(document, m, "cc", "Cc");
	add_mailboxes(document, m, "replyTo", "Reply-To");
	json_text(document, "subject", email_message_subject(m));
	/* a time of 0 is none elsewhere; here it is what somebody wrote */
	if (email_message_date(m, &date, NULL) && date == 0)
		json_text(document, "date", "1970-01-01T00:00:00Z");
	else
		json_time(document, "date", date);
	json_text(document, "messageId", email_message_message_id(m));
	n = email_message_in_reply_to(m, &ids);
	add_ids(document, "inReplyTo", ids, n);
	n = email_message_references(m, &ids);
	add_ids(document, "references", ids, n);
}

/* --- the parts --- */

static email_code
count(void *context, const void *bytes, size_t size)
{
	(void)bytes;
	*(uint64_t *)context += size;
	return EMAIL_OK;
}

/* What is given of a part in the tree and in the list of attachments alike; size is that of the content, decoded. */
static email_code
set_content(json_t *object, email_message *m, const email_part *part)
{
	uint64_t size = 0;
	email_code rc = EMAIL_OK;

	json_text(object, "fileName", part->file_name);
	json_text(object, "contentId", part->content_id);
	/* of a multipart it would say nothing that its parts do not */
	if (!part->has_parts || part->attachment) {
		rc = email_message_part_read(m, part->number, false, count, &size);
		json_number(object, "size", (int64_t)size);
	}
	return rc;
}

static email_code
add_attachment(json_t *list, email_message *m, const email_part *part)
{
	json_t *attachment = json_need(json_object());
	char hex[EMAIL_DIGEST_SIZE];
	email_code rc;

	json_number(attachment, "part", part->number);
	json_text(attachment, "type", part->type);
	rc = set_content(attachment, m, part);
	if (rc == EMAIL_OK && (rc = email_message_part_digest(m, part->number, hex)) == EMAIL_OK)
		json_text(attachment, "sha256", hex);
	add_new(list, attachment);
	return rc;
}

static json_t *
part_json(email_message *m, const email_part *part, email_code *rc)
{
	json_t *object = json_need(json_object());

	json_text(object, "type", part->type);
	json_text(object, "charset", part->charset);
	json_text(object, "disposition", part->disposition);
	*rc = set_content(object, m, part);
	return object;
}

/* Each part is hung into its parent's list, which came before it. */
static email_code
add_parts(json_t *document, email_message *m)
{
	size_t n = email_message_part_count(m), i;
	json_t **made = need_memory(calloc(n, sizeof *made));
	json_t *attachments = json_need(json_array());
	email_code rc = EMAIL_OK;

	for (i = 0; i < n && rc == EMAIL_OK; i++) {
		const email_part *part = email_message_part(m, (unsigned)i);
		json_t *parent, *list;

		if (!part) {
			rc = email_message_error(m)->code;
			break;
		}
		made[i] = part_json(m, part, &rc);
		parent = i ? made[part->parent] : document;
		if (!(list = json_object_get(parent, "parts")))
			json_object_set_new(parent, "parts", list = json_need(json_array()));
		add_new(list, made[i]);
		if (rc == EMAIL_OK && part->attachment)
			rc = add_attachment(attachments, m, part);
	}
	json_text(document, "text", email_message_text(m));
	json_text(document, "html", email_message_html(m));
	set_list(document, "attachments", attachments);
	free(made);
	return rc;
}

/* --- what else there is --- */

static void
add_deliveries(json_t *document, email_message *m)
{
	static const char *const automatic[] = {[EMAIL_AUTO_NO] = "",
	                                        [EMAIL_AUTO_GENERATED] = "generated",
	                                        [EMAIL_AUTO_REPLIED] = "replied",
	                                        [EMAIL_AUTO_REPORT] = "report"};
	json_t *array = json_need(json_array());
	const email_delivery *list;
	size_t n = email_message_deliveries(m, &list), i;

	for (i = 0; i < n; i++) {
		json_t *delivery = json_need(json_object());

		json_text(delivery, "recipient", list[i].recipient);
		json_text(delivery, "action", list[i].action);
		json_text(delivery, "status", list[i].status);
		json_text(delivery, "diagnostic", list[i].diagnostic);
		json_text(delivery, "remote", list[i].remote);
		json_text(delivery, "originalId", list[i].original_id);
		json_text(delivery, "envelopeId", list[i].envelope_id);
		add_new(array, delivery);
	}
	json_text(document, "auto", automatic[email_message_auto(m)]);
	set_list(document, "deliveries", array);
}

/* Last: looking at the message finds them. */
static void
add_defects(json_t *document, const email_message *m)
{
	json_t *array = json_need(json_array());
	unsigned i, part;

	for (i = 0; i < EMAIL_DEFECT_COUNT; i++) {
		json_t *defect;

		if (!email_message_defect(m, (email_defect)i, &part))
			continue;
		defect = json_need(json_object());
		json_text(defect, "code", email_defect_name((email_defect)i));
		json_text(defect, "text", email_defect_text((email_defect)i));
		if (part)
			json_number(defect, "part", part);
		add_new(array, defect);
	}
	set_list(document, "defects", array);
}

static int
print_message(cli *c, email_message *m)
{
	json_t *document = json_need(json_object());
	email_error e = {.code = EMAIL_E_MESSAGE};
	const char *name, *value;
	email_code rc;

	add_fields(document, m);
	rc = add_parts(document, m);
	if (rc == EMAIL_OK) {
		add_deliveries(document, m);
		rc = email_message_error(m)->code;
	}
	add_defects(document, m);
	if (rc)
		return fail(c, email_message_error(m), document);
	if (!email_message_header_at(m, 0, &name, &value)) {
		snprintf(e.text, sizeof e.text, "there is no header: this is no message");
		return fail(c, &e, document);
	}
	json_print(document);
	return DONE;
}

int
command_parse(cli *c)
{
	char *bytes = NULL;
	email_message *m;
	email_error e;
	size_t size;
	int status = DONE;

	c->json = true; /* there is no other form */
	if (strcmp(c->word[0], "-") == 0) {
		if (!(bytes = read_bytes(c, "-", INPUT_MAX, &size, &status)))
			return status;
		m = email_message_read_data(bytes, size, &e);
	} else {
		m = email_message_read_file(c->word[0], &e);
	}
	status = m ? print_message(c, m) : fail(c, &e, NULL);
	email_message_free(m);
	free(bytes);
	return status;
}
