/* SPDX-License-Identifier: MIT */
/* Certificates and rows of Allowed Hosts, for people and in JSON. */
#include <stdio.h>
#include <string.h>

#include "cli.h"

/* How one is shown: the rows of the JSON shape, in its order. */
typedef struct shown {
	char not_before[WHEN_SIZE], not_after[WHEN_SIZE], key[48], signature[64];
} shown;

static void
describe(const email_certificate *certificate, shown *s)
{
	when_text(certificate->not_before, s->not_before);
	when_text(certificate->not_after, s->not_after);
	snprintf(s->key, sizeof s->key, "%s %d bits", certificate->key_algorithm, certificate->key_size);
	snprintf(s->signature, sizeof s->signature, "%s %d bits", certificate->signature_algorithm,
	         certificate->signature_size);
}

void
certificate_print(const email_certificate *certificate)
{
	shown s;

	describe(certificate, &s);
	print_field("alias", certificate->alias);
	print_field("subject", certificate->subject);
	print_field("issued by", certificate->issued_by);
	print_field("not before", s.not_before);
	print_field("not after", s.not_after);
	print_field("key", s.key);
	print_field("signature", s.signature);
	print_field("valid today", certificate->valid ? "yes" : "no");
	print_field("self-signed", certificate->self_signed ? "yes" : "no");
	print_field("SHA-256", certificate->sha256);
	print_field("public key SHA-256", certificate->public_key_sha256);
}

void
certificate_json(json_t *object, const email_certificate *certificate)
{
	json_text(object, "alias", certificate->alias);
	json_text(object, "subject", certificate->subject);
	json_text(object, "issuedBy", certificate->issued_by);
	json_time(object, "notBefore", certificate->not_before);
	json_time(object, "notAfter", certificate->not_after);
	json_text(object, "keyAlgorithm", certificate->key_algorithm);
	json_number(object, "keySize", certificate->key_size);
	json_text(object, "signatureAlgorithm", certificate->signature_algorithm);
	json_number(object, "signatureSize", certificate->signature_size);
	json_flag(object, "valid", certificate->valid);
	json_flag(object, "selfSigned", certificate->self_signed);
	json_text(object, "sha256", certificate->sha256);
	json_text(object, "publicKeySha256", certificate->public_key_sha256);
}

void
certificate_compare(const email_certificate *before, const email_certificate *now)
{
	shown old, new;
	size_t i;

	describe(before, &old);
	describe(now, &new);
	{
		const char *const rows[][3] = {
			{"subject", before->subject, now->subject},
			{"issued by", before->issued_by, now->issued_by},
			{"not before", old.not_before, new.not_before},
			{"not after", old.not_after, new.not_after},
			{"key", old.key, new.key},
			{"signature", old.signature, new.signature},
			{"SHA-256", before->sha256, now->sha256},
			{"public key SHA-256", before->public_key_sha256, now->public_key_sha256},
		};
		table *t = table_new("|APPROVED|NOW");

		for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
			bool same = strcmp(rows[i][1], rows[i][2]) == 0;

			table_add(t, FAINT, "%s", rows[i][0]);
			table_add(t, PLAIN, "%s", rows[i][1]);
			table_add(t, same ? PLAIN : BAD, "%s", same ? "the same" : rows[i][2]);
		}
		table_print(t);
		table_free(t);
	}
}

/* --- rows of Allowed Hosts --- */

const char *
approval_name(email_approval approval)
{
	switch (approval) {
	case EMAIL_APPROVAL_NO: return "no";
	case EMAIL_APPROVAL_YES: return "yes";
	case EMAIL_APPROVAL_KEY_CHANGED: return "keyChanged";
	case EMAIL_APPROVAL_REJECTED: return "rejected";
	}
	return "";
}

const char *
reasons_text(email_reasons reasons, char *text, size_t size)
{
	size_t n = 0;
	unsigned i;

	text[0] = '\0';
	for (i = 0; i < EMAIL_REASON_COUNT; i++)
		if (reasons >> i & 1 && n < size)
			n += (size_t)snprintf(text + n, size - n, "%s%s", n ? ", " : "",
			                      email_reason_name(i));
	return text;
}

json_t *
reasons_json(email_reasons reasons)
{
	json_t *list = json_need(json_array());
	unsigned i;

	for (i = 0; i < EMAIL_REASON_COUNT; i++)
		if (reasons >> i & 1)
			json_array_append_new(list, json_need(json_string(email_reason_name(i))));
	return list;
}

static void
print_time(const char *name, int64_t seconds)
{
	char text[WHEN_SIZE];

	print_field(name, when_text(seconds, text));
}

void
host_print(const email_allowed_host *entry)
{
	bool v6 = strchr(entry->host, ':');
	char text[512];

	printf("%s%s%s%s:%d%s\n", tint_on(STRONG), v6 ? "[" : "", entry->host, v6 ? "]" : "", entry->port,
	       tint_off());
	print_field("approval", approval_name(entry->approval));
	print_field("reasons", reasons_text(entry->reasons, text, sizeof text));
	certificate_print(&entry->certificate);
	print_time("created", entry->created);
	print_time("approved", entry->approved);
	print_time("until", entry->until);
	print_time("last seen", entry->last_seen);
	snprintf(text, sizeof text, "%ld", entry->count);
	print_field("count", text);
	print_field("redundant", entry->redundant ? "yes: a root verifies it now" : "");
}

json_t *
host_json(const email_allowed_host *entry)
{
	json_t *row = json_need(json_object());

	json_text(row, "host", entry->host);
	json_number(row, "port", entry->port);
	json_text(row, "approval", approval_name(entry->approval));
	certificate_json(row, &entry->certificate);
	json_time(row, "created", entry->created);
	json_time(row, "approved", entry->approved);
	json_time(row, "until", entry->until);
	json_time(row, "lastSeen", entry->last_seen);
	json_number(row, "count", entry->count);
	json_object_set_new(row, "reasons", reasons_json(entry->reasons));
	json_flag(row, "redundant", entry->redundant);
	return row;
}
