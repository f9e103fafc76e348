/* SPDX-License-Identifier: MIT */
/* Every row of the table keeps the table's own promises. */
#include "support/cm.h"

#include "account/properties.h"
#include "account/value.h"
#include "base/limits.h"
#include "support/samples.h"

#define EACH_ROW(TABLE, ROW) \
	for (const email__property *ROW = (TABLE).row; ROW < (TABLE).row + (TABLE).count; ROW++)

static void
names_are_unique_and_meanings_there(void **state)
{
	(void)state;
	EACH_ROW(email__account_table, row)
	{
		assert_ptr_equal(email__table_find(&email__account_table, row->p.name), row);
		assert_true(row->p.meaning[0] != '\0');
		assert_true(row->p.outgoing || row->p.incoming);
		/* they go into a schema as they are */
		assert_null(strpbrk(row->p.meaning, "<>&\""));
	}
	EACH_ROW(email__service_table, row)
	{
		assert_ptr_equal(email__table_find(&email__service_table, row->p.name), row);
		assert_false(row->p.outgoing || row->p.incoming);
	}
}

/* Two rows in one place would overwrite each other. */
static void
places_are_unique(void **state)
{
	(void)state;
	EACH_ROW(email__account_table, a)
	EACH_ROW(email__account_table, b)
	if (a != b && !a->compute && !b->compute && a->offset == b->offset)
		fail_msg("%s and %s share their place", a->p.name, b->p.name);
}

static void
ranges_say_what_the_numbers_do(void **state)
{
	char text[64];

	(void)state;
	EACH_ROW(email__account_table, row)
	{
		if (row->p.read_only || row->type != EMAIL__TYPE_INTEGER)
			continue;
		snprintf(text, sizeof text, "%s%lld..%lld", row->minus_one ? "-1, " : "",
		         (long long)row->least, (long long)row->most);
		assert_string_equal(row->p.range, text);
	}
}

/* Model 2, by name: what a user was promised, so that no default changes unseen. */
static void
defaults_are_the_models(void **state)
{
	static const char *const rows[][2] = {
		{"enabled", "true"},
		{"clientCertificate", ""},
		{"hostname", ""},
		{"port", "-1"},
		{"useSsl", "true"},
		{"useStartTls", "false"},
		{"tlsMinProtocol", "TLSv1.2+"},
		{"emailAuthenticator.type", "none"},
		{"emailAuthenticator.saslMechanism", "Auto"},
		{"allowPlaintextLogin", "false"},
		{"pollrate", "PT1M"},
		{"connectionTimeout", "PT10S"},
		{"responseTimeout", "PT1M"},
		{"localAddress", ""},
		{"debug", "false"},
		{"status", "unverified"},
		{"transport", "Smtp"},
		{"ehloName", ""},
		{"dataTimeout", "PT10M"},
		{"from", ""},
		{"replyTo", ""},
		{"persistent", "true"},
		{"persistenceDirectory", ""},
		{"maxPersistedEmailSize", "25000"},
		{"allowDisabledQueueing", "false"},
		{"maxQueueSize", "100"},
		{"overflowPolicy", "RefuseNew"},
		{"maxSendablePerDay", "100"},
		{"urgentReserve", "10"},
		{"maxSendablePerMinute", "-1"},
		{"suppressWithin", "PT0S"},
		{"digestAbove", "0"},
		{"expireAfter", "P2D"},
		{"failoverAccount", ""},
		{"queueSize", "0"},
		{"numberSent", "0"},
		{"numberDiscarded", "0"},
		{"store", "Imap"},
		{"folder", "INBOX"},
		{"deliveryPolicy", "MarkAsRead"},
		{"emailToRead", "UnreadEmail"},
		{"incomingEmailSizeLimit", "25000"},
		{"sizeLimitPerPoll", "25000"},
		{"ignoreAttachments", "false"},
		{"processedFolder", ""},
		{"useIdle", "true"},
		{"numberReceived", "0"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const email__property *row = email__table_find(&email__account_table, rows[i][0]);

		assert_non_null(row);
		assert_string_equal(row->p.default_text, rows[i][1]);
	}
}

/* Model 4: which type has which field, read from the other side. */
static void
authenticators_have_their_fields(void **state)
{
	static const char *const fields[] = {
		"",
		"account password saslMechanism",
		"authServerMetadataEndpoint tokenEndpoint account clientId scope clientSecret saslMechanism",
		("authServerMetadataEndpoint tokenEndpoint account clientId scope clientCertificate "
	         "privateKeyPassword "
	         "useJWTBearerAssertion saslMechanism"),
		"authServerMetadataEndpoint tokenEndpoint account clientId scope clientSecret refreshToken "
		"saslMechanism",
		"account",
		"account saslMechanism",
	};
	int64_t type;

	(void)state;
	for (type = 0; type < 7; type++)
		EACH_ROW(email__account_table, row)
		{
			const char *field = email__property_field(row);

			if (!field || strcmp(field, "type") == 0)
				continue;
			assert_int_equal(email__property_of_authenticator(row, type),
			                 email__words_index(fields[type], field) >= 0);
		}
}

static void
authenticator_names_are_the_rows(void **state)
{
	const email__property *row = email__table_find(&email__account_table, EMAIL__AUTHENTICATOR_TYPE);
	int i;

	(void)state;
	for (i = 0; email__authenticator_name(i)[0]; i++)
		assert_int_equal(email__words_index(row->p.range, email__authenticator_name(i)), i);
	assert_int_equal(i, 7);
	assert_string_equal(email__authenticator_name(-1), "");
}

static void
the_public_table_is_the_same(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < email__account_table.count; i++)
		assert_ptr_equal(email_property_at(i), &email__account_table.row[i].p);
	for (i = 0; i < email__service_table.count; i++)
		assert_ptr_equal(email_property_at(email__account_table.count + i),
		                 &email__service_table.row[i].p);
	assert_null(email_property_at(email__account_table.count + i));
	assert_null(email_property_at(SIZE_MAX));
}

static void
words(void **state)
{
	size_t n;

	(void)state;
	assert_int_equal(email__words_index("Imap Pop3", "Imap"), 0);
	assert_int_equal(email__words_index("Imap Pop3", "Pop3"), 1);
	assert_int_equal(email__words_index("Imap Pop3", "Pop"), -1);
	assert_int_equal(email__words_index("Imap Pop3", ""), -1);
	assert_int_equal(email__words_index("Imap Pop3", "Imap Pop3"), -1);
	assert_int_equal(email__words_index("", ""), -1);
	assert_null(email__words_at("a b", 2, &n));
	assert_string_equal(email__words_at("a b", 1, &n), "b");
}

static void
nearest_names(void **state)
{
	char near[64];

	(void)state;
	assert_string_equal(email__table_nearest(&email__account_table, EMAIL_OUTGOING, false, "hostName"),
	                    "hostname");
	assert_string_equal(email__table_nearest(&email__account_table, EMAIL_OUTGOING, false, "useStartTLS"),
	                    "useStartTls");
	assert_string_equal(email__table_nearest(&email__account_table, EMAIL_OUTGOING, false, "polrate"),
	                    "pollrate");
	assert_string_equal(email__table_nearest(&email__account_table, -1, true, "pasword"), "password");
	/* another kind's name is no help, and neither is one that has little in common */
	assert_null(email__table_nearest(&email__account_table, EMAIL_OUTGOING, false, "deliveryPolcy"));
	assert_null(email__table_nearest(&email__account_table, EMAIL_OUTGOING, false, "xyz"));
	assert_null(email__table_nearest(&email__account_table, EMAIL_OUTGOING, false, ""));
	email__words_nearest("Imap Pop3", "imap", near, sizeof near);
	assert_string_equal(near, "Imap");
	email__words_nearest("Imap Pop3", "exchange", near, sizeof near);
	assert_string_equal(near, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_unique_and_meanings_there),
		cmocka_unit_test(places_are_unique),
		cmocka_unit_test(ranges_say_what_the_numbers_do),
		cmocka_unit_test(defaults_are_the_models),
		cmocka_unit_test(authenticators_have_their_fields),
		cmocka_unit_test(authenticator_names_are_the_rows),
		cmocka_unit_test(the_public_table_is_the_same),
		cmocka_unit_test(words),
		cmocka_unit_test(nearest_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
